"""What this room needs of an index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from genesis_rag.protocols import Ids, Vectors
from genesis_rag.types import Chunk, DocumentInfo, SearchFilter

Found = tuple[Ids, NDArray[np.float32]]
"""Chunk numbers and their scores, best first, ties by rising number."""


class Searchable(Protocol):
    """An index that can be searched; chunks go by numbers, which mean nothing outside of it."""

    @property
    def chunk_count(self) -> int:
        """Return the number of chunks."""
        ...

    def reading(self) -> AbstractContextManager[object]:
        """Let all calls inside see one generation."""
        ...

    def language_counts(self) -> Mapping[str, int]:
        """Return the number of chunks by language."""
        ...

    def search_dense(self, vectors: Vectors, k: int, filter: SearchFilter | None, /) -> list[Found]:
        """Return for each row at most ``k`` (numbers, cosines)."""
        ...

    def search_lexical(self, terms: Sequence[tuple[str, float]], k: int, filter: SearchFilter | None, /) -> Found:
        """Return at most ``k`` (numbers, BM25 scores) for weighted terms."""
        ...

    def document_frequency(self, term: str, /) -> int:
        """Return the number of chunks that hold ``term``."""
        ...

    def passes(self, numbers: Ids, filter: SearchFilter | None, /) -> NDArray[np.bool_]:
        """Tell for each number whether the filter lets its chunk through."""
        ...

    def cosines(self, vector: NDArray[np.float32], numbers: Sequence[int], /) -> Mapping[int, float]:
        """Return the cosine of ``vector`` with each of these chunks."""
        ...

    def chunks(self, numbers: Iterable[int], /) -> Mapping[int, Chunk]:
        """Return the chunks under ``numbers``."""
        ...

    def chunk_ids_at(self, document_id: str, ordinals: Iterable[int], /) -> Mapping[int, tuple[int, Chunk]]:
        """Return ordinal -> (number, chunk) for those of ``ordinals`` that the document has."""
        ...

    def documents_info(self, document_ids: Iterable[str], /) -> Mapping[str, DocumentInfo]:
        """Return what is known of these documents."""
        ...

    def text(self, document_id: str, start: int, end: int, /) -> str:
        """Return ``document.text[start:end]``."""
        ...
