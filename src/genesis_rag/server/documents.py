"""What names and filters mean among the documents of the index, and where their original files are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Literal

from genesis_rag.server.problems import ExistsError, UnknownDocumentError
from genesis_rag.server.uploads import UploadFolder, hash_of
from genesis_rag.settings import built_in_corpus
from genesis_rag.types import DocumentInfo
from genesis_rag.values import dataclass

MAX_TOLD = 20  # documents of one upload that are told in full


State = Literal["current", "changed", "missing", "part"]
"""The file of a document has the bytes that were indexed, has others, is gone, or holds other documents too."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a listing is restricted to; empty or None for no restriction. Dates are those the documents tell."""

    language: str | None = None
    source: str | None = None
    words: str = ""
    since: str = ""
    until: str = ""

    def lets_through(self, info: DocumentInfo) -> bool:
        """Tell whether a document passes."""
        if self.language and info.language != self.language:
            return False
        if self.source and not any(fnmatchcase(place, self.source) for place in info.sources or (info.source,)):
            return False
        told = f"{info.title}\n{info.source}".casefold()
        if any(word not in told for word in self.words.casefold().split()):
            return False
        date = info.metadata.get("date", "")
        return not (self.since and date[: len(self.since)] < self.since) and not (
            self.until and (not date or date[: len(self.until)] > self.until)
        )


def of_source(infos: Sequence[DocumentInfo], source: str) -> list[DocumentInfo]:
    """Return the documents found in one file: itself, or the lines of a passages file."""
    lines = f"{source}#"
    return [info for info in infos if any(s == source or s.startswith(lines) for s in (info.source, *info.sources))]


def find(infos: Sequence[DocumentInfo], name: str) -> DocumentInfo:
    """Return the document with this id or source.

    Raises:
        UnknownDocumentError: there is none.
    """
    for info in infos:
        if name == info.id or name == info.source or name in info.sources:
            return info
    raise UnknownDocumentError(f"The index holds no document '{name}'.", "List them: GET /api/documents")


def removal(infos: Sequence[DocumentInfo], name: str, uploads: UploadFolder) -> dict[Path | None, list[str]]:
    """Return what the removal of an id, a source or an uploaded passages file means: uploaded file -> its sources.

    Under None stand the sources whose files are not uploads; those files stay.

    Raises:
        UnknownDocumentError: nothing has this name.
        ExistsError: it is one line of an uploaded file that holds others too.
    """
    whole = uploads.file_of(name)
    if whole is not None and "#" not in name:
        lines = [s for info in of_source(infos, name) for s in info.sources if s == name or s.startswith(f"{name}#")]
        if lines:
            return {whole: lines}
    info = find(infos, name)
    sources = [name] if name in info.sources else list(info.sources)
    meant: dict[Path | None, list[str]] = {}
    for source in sources:
        file = uploads.file_of(source)
        if file is not None and "#" in source:
            raise ExistsError(
                f"'{source}' is one line of an uploaded file.",
                f"Delete the whole file: DELETE /api/documents/{source.partition('#')[0]}",
            )
        meant.setdefault(file, []).append(source)
    return meant


def original(info: DocumentInfo, home: Path) -> Path:
    """Return the file that a document was read from, if it still has the very bytes that were indexed.

    The comparison is also what keeps anything but indexed files from being read through this door.

    Raises:
        UnknownDocumentError: the file is gone or has changed, or the document is one line of a file.
    """
    for path in _places(info, home):
        if _hash(path) == info.content_sha256:
            return path
    raise UnknownDocumentError(
        f"The file of '{info.source}' is gone, has changed since, or holds other documents too.",
        f"Its text is at /api/documents/{info.id}",
    )


def state_of(info: DocumentInfo, home: Path) -> State:
    """Return how the file of a document stands to what was indexed."""
    found = {_hash(path) for path in _places(info, home)}
    if info.content_sha256 in found:
        return "current"
    if any("#" in source for source in info.sources or (info.source,)):
        return "part"
    return "changed" if found - {None} else "missing"


def _hash(path: Path) -> str | None:
    """Return the SHA-256 of a file, None where none can be read; a file that stays as it is is read once."""
    try:
        told = path.stat()
        return _hash_as_of(path, told.st_ino, told.st_size, told.st_mtime_ns) if path.is_file() else None
    except OSError:
        return None


@lru_cache(maxsize=10_000)
def _hash_as_of(path: Path, inode: int, size: int, modified: int) -> str:
    return hash_of(path)


def _places(info: DocumentInfo, home: Path) -> Iterator[Path]:
    for source in info.sources or (info.source,):
        for base in (home, built_in_corpus().parents[1]):
            yield base / source  # an absolute source stays what it is
