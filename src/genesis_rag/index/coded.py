"""Vector search for many rows: all of them compared by one bit a number, the nearest then by 8 bits a number.

A row is kept twice. Its signs (after the centre of the rows is taken away) are 1 bit a number, 32 bytes for 256; a
query is compared with those of every row that the filter lets through, by Hamming distance, a million in about a
millisecond. The nearest ``RESCORED`` are scored by their rows rounded to 8 bits with one scale a row. So nothing is
trained, rows come and go without wearing anything out, and a filter makes a search cheaper and never poorer: the rows
it lets through are compared, no others. Of the true first
ten of a million it finds 9.8 (docs/scale.md, where the other kinds of index stand too), and scores are within
``TOLERANCE`` of the true ones.

The bits are those of RaBitQ (Gao and Long 2024, arXiv 2405.12497) without its rotation and its correction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genesis_rag.index.coded_rows import CodedFile, CodedRows, coded, read_coded, shapes, signs_of
from genesis_rag.index.faiss_parts import one_thread
from genesis_rag.index.vectors import Found, among, checked_queries, checked_rows, last_of_each, sorted_found
from genesis_rag.protocols import Ids, Vectors
from genesis_rag.values import dataclass

RESCORED = 3_000
"""Rows that are scored for one query; a filter that lets no more through is searched exactly but for rounding."""

RESCORED_A_HIT = 4
SCORED_AT_ONCE = 512
TOLERANCE = 0.005
ROUNDING = 0.05
"""How far, as a length, a rounded row may lie from the true one of length 1."""

PARTS_KEPT = 4


@dataclass(frozen=True, slots=True)
class _Part:
    """The rows that a filter lets through: their places, None for all, and a copy of their signs."""

    allowed: Ids | None
    places: NDArray[np.int64] | None
    signs: NDArray[np.uint8]


class CodedVectorIndex:
    """Approximate inner product. Searches may run at once, changes may not."""

    file_name = "vectors.codes"
    exact = False

    def __init__(self, dim: int, centre: NDArray[np.float32] | None = None) -> None:
        """Make an empty index; ``centre`` is the mean of rows like those that will come, float32[dim]."""
        self.dim = dim
        self._centre = np.zeros(dim, np.float32) if centre is None else np.ascontiguousarray(centre, np.float32)
        self._rows = CodedRows(*(np.empty(shape, kind) for shape, kind in shapes(0, dim)))
        self._added: list[CodedRows] = []
        self._parts: dict[int, _Part] = {}

    @classmethod
    def load(cls, path: Path, *, mapped: bool = True) -> CodedVectorIndex:
        """Read what ``save`` wrote; a mapped index opens at once, and changes of it stay in memory.

        Raises:
            ValueError: the file is not such an index.
        """
        centre, rows = read_coded(path, mapped=mapped)
        loaded = cls(len(centre), centre)
        loaded._rows = rows
        return loaded

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add rows; an id that is already present is replaced, and of equal ids in one call the last one counts."""
        ids, vectors = last_of_each(*checked_rows(ids, vectors, self.dim))
        if not len(ids):
            return
        if any(len(rows.ids) and int(ids.min()) <= int(rows.ids.max()) for rows in (self._rows, *self._added)):
            self.remove(ids)
        self._added.append(coded(ids, vectors, self._centre))
        self._parts = {}

    def remove(self, ids: Ids) -> None:
        """Remove rows; unknown ids are ignored."""
        rows = self._joined()
        gone = np.isin(rows.ids, ids)
        if gone.any():
            self._rows, self._parts = rows.only(~gone), {}

    def search(self, vectors: Vectors, k: int, allowed: Ids | None = None) -> list[Found]:
        """Return for each query row at most ``k`` (ids, scores), only ids in ``allowed`` if given."""
        vectors = checked_queries(vectors, self.dim)
        rows, part = self._joined(), self._part(allowed)
        found: list[Found] = []
        for query, signs in zip(vectors, signs_of(vectors, self._centre), strict=True):
            places = _nearest(signs, part, max(RESCORED, RESCORED_A_HIT * k))
            found.append(sorted_found(rows.ids[places], _scores(rows, places, query), max(k, 0)))
        return found

    def save(self, path: Path) -> None:
        """Write to ``path`` (the caller provides atomicity)."""
        rows = self._joined()
        with CodedFile(path, self._centre, len(rows.ids)) as file:
            file.put(rows)

    def ids(self) -> Ids:
        """Return the ids of all rows."""
        return np.array(self._joined().ids)

    def centre(self) -> NDArray[np.float32]:
        """Return what is taken away before signs are, float32[dim]."""
        return self._centre

    def products(self, vector: NDArray[np.float32], ids: Sequence[int]) -> dict[int, float]:
        """Return the product of ``vector`` with the row under each of ``ids``; unknown ids are left out."""
        rows, sought = self._joined(), np.array(ids, dtype=np.int64)
        sought = sought[among(sought, rows.ids)]
        scores = _scores(rows, np.searchsorted(rows.ids, sought), vector)
        return dict(zip(sought.tolist(), scores.tolist(), strict=True))

    def holds(self, ids: Ids, vectors: Vectors) -> bool:
        """Tell whether these vectors are kept under ``ids``, as well as rounded rows can tell."""
        rows = self._joined()
        if not among(ids, rows.ids).all():
            return False
        mine = rows.only(np.searchsorted(rows.ids, ids))
        apart = np.linalg.norm(mine.codes * mine.scales[:, None] - vectors, axis=1)
        return np.array_equal(mine.signs, signs_of(vectors, self._centre)) and bool((apart <= ROUNDING).all())

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows.ids) + sum(len(rows.ids) for rows in self._added)

    def _joined(self) -> CodedRows:
        if self._added:
            every = (self._rows, *self._added)
            names = [field.name for field in fields(CodedRows)]
            rows = CodedRows(*(np.concatenate([getattr(rows, name) for rows in every]) for name in names))
            rising = bool((rows.ids[1:] > rows.ids[:-1]).all())
            self._rows, self._added = rows if rising else rows.only(np.argsort(rows.ids)), []
        return self._rows

    def _part(self, allowed: Ids | None) -> _Part:
        """Return the rows that ``allowed`` names, kept for the last few filters.

        A filter is known again by being the same array: who filters hands in the same one for the same filter.
        """
        rows = self._joined()
        if allowed is None:
            return _Part(None, None, rows.signs)
        known = self._parts.get(id(allowed))
        if known is None or known.allowed is not allowed:
            places = np.flatnonzero(np.isin(rows.ids, np.asarray(allowed, dtype=np.int64)))
            known = _Part(allowed, places, rows.signs[places])
            kept = dict(list(self._parts.items())[1 - PARTS_KEPT :])
            self._parts = {**kept, id(allowed): known}
        return known


def _scores(rows: CodedRows, places: NDArray[np.int64], query: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the products of ``query`` with the rows at ``places``.

    A block at a time: larger products are spread over threads, which then wait for each other longer than that saves.
    """
    scores = np.empty(len(places), dtype=np.float32)
    for start in range(0, len(places), SCORED_AT_ONCE):
        some = places[start : start + SCORED_AT_ONCE]
        scores[start : start + len(some)] = (rows.codes[some].astype(np.float32) @ query) * rows.scales[some]
    return scores


def _nearest(signs: NDArray[np.uint8], part: _Part, count: int) -> NDArray[np.int64]:
    """Return the places of the ``count`` rows of ``part`` whose signs are most like ``signs``, of all if fewer."""
    if count >= len(part.signs):
        return np.arange(len(part.signs)) if part.places is None else part.places
    import faiss

    with one_thread():
        _, near = faiss.knn_hamming(signs[None], part.signs, count, variant="mc")
    chosen = np.sort(near[0][near[0] >= 0])  # rising: their codes lie in a file
    return chosen if part.places is None else part.places[chosen]
