"""What every index open for reading offers, whether it lies on this machine (``Index``) or in a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from genesis_rag.protocols import Ids, Vectors
from genesis_rag.types import Chunk, Document, DocumentInfo, SearchFilter

Found = tuple[Ids, NDArray[np.float32]]


class IndexReader(Protocol):
    """One generation of an index until ``refresh``; see ``Index`` for what each method does and raises.

    Contract: chunks go by numbers, which mean nothing outside of this index; scores, texts and counts are the same for
    the same documents wherever the index lies; a quote is verified against stored text that was compared with its hash.
    """

    @property
    def generation(self) -> int:
        """The number of the generation that is read."""
        ...

    @property
    def repairs(self) -> tuple[str, ...]:
        """What had to be put right to open or search the index."""
        ...

    @property
    def fingerprint(self) -> str:
        """A hash of identity and content."""
        ...

    @property
    def chunk_count(self) -> int:
        """The number of chunks."""
        ...

    def language_counts(self) -> Mapping[str, int]:
        """Return the number of chunks by language."""
        ...

    def search_dense(self, vectors: Vectors, k: int, filter: SearchFilter | None = None) -> list[Found]:
        """Return for each row at most ``k`` (numbers, cosines)."""
        ...

    def search_lexical(self, terms: Sequence[tuple[str, float]], k: int, filter: SearchFilter | None = None) -> Found:
        """Return at most ``k`` (numbers, BM25 scores)."""
        ...

    def cosines(self, vector: NDArray[np.float32], numbers: Sequence[int]) -> dict[int, float]:
        """Return the cosine of ``vector`` with each of these chunks."""
        ...

    def passes(self, numbers: Ids, filter: SearchFilter | None) -> NDArray[np.bool_]:
        """Tell for each number whether the filter lets its chunk through."""
        ...

    def document_frequency(self, term: str) -> int:
        """Return the number of chunks that hold ``term``."""
        ...

    def chunks(self, numbers: Iterable[int] | Ids) -> dict[int, Chunk]:
        """Return the chunks under ``numbers``."""
        ...

    def chunk_ids_at(self, document_id: str, ordinals: Iterable[int]) -> dict[int, tuple[int, Chunk]]:
        """Return ordinal -> (number, chunk)."""
        ...

    def documents_info(self, document_ids: Iterable[str]) -> dict[str, DocumentInfo]:
        """Return what is known of these documents."""
        ...

    def documents(self) -> list[DocumentInfo]:
        """Return what is known of all documents."""
        ...

    def find_document(self, name: str) -> str | None:
        """Return the id of the document with this id or source."""
        ...

    def document(self, document_id: str) -> Document:
        """Return one document with its text."""
        ...

    def text(self, document_id: str, start: int, end: int) -> str:
        """Return ``document.text[start:end]``."""
        ...

    def verify_quote(self, document_id: str, start: int, end: int, quote: str) -> bool:
        """Tell whether ``quote`` is exactly the stored text from ``start`` to ``end``."""
        ...

    def reading(self) -> AbstractContextManager[Any]:
        """Let all calls inside see one generation."""
        ...

    def refresh(self) -> bool:
        """Switch to the newest generation; tell whether there was a newer one."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...
