"""What every loader has: a name, a version that changes with its output, its endings, and its limits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

from genesis_rag.documents.limits import DEFAULT_LIMITS, LoadLimits
from genesis_rag.types import Document


class DocumentLoader(ABC):
    """Reads files of one format (the Loader protocol).

    Attributes:
        name: part of document ids; never changes.
        version: goes up whenever the same file gives another text or other sections, so that files are read anew.
        suffixes: endings, lower case, with their dot.
        label: the format in words for people.
        content: what the first bytes must show (``sniffing.kind_of``).
        streamed: read piece by piece, so that the file may be of any size.
    """

    name: str
    version: str
    suffixes: tuple[str, ...]
    label: str
    content: str = "text"
    streamed: bool = False

    def __init__(self, limits: LoadLimits = DEFAULT_LIMITS) -> None:
        self.limits = limits

    @classmethod
    def identity(cls) -> str:
        """Return name and version."""
        return f"{cls.name}-{cls.version}"

    @abstractmethod
    def load(self, path: Path, source: str) -> Iterator[Document]:
        """Yield the documents of ``path``, named ``source``.

        Raises UnreadableDocumentError with a reason that a user understands; may raise anything else on damaged
        files, which the registry translates. Never yields a document without text.
        """
