"""What creating or restoring a backup did."""

from __future__ import annotations

from genesis_rag.types import SkippedFile
from genesis_rag.values import dataclass


@dataclass(frozen=True, slots=True)
class BackupReport:
    """In numbers, and in words for what was left out.

    Attributes:
        documents: how many documents the index holds.
        chunks: how many chunks.
        originals: how many original files were copied.
        there: how many original files were there already (only when restoring).
        bytes: size of the backup file.
        left: files that are not in the backup, or that were left as they are, and why.
        seconds: how long it took.
    """

    documents: int
    chunks: int
    originals: int
    there: int
    bytes: int
    left: tuple[SkippedFile, ...]
    seconds: float
