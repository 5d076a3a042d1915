"""Exact vector indexes behind ``protocols.VectorIndex``: FAISS, and numpy as the reference; see ``coded`` too.

Both give the same ids and, within float32 rounding, the same scores; ties go by rising id, also across the border of k.
Traps of FAISS this file knows of: ``add_with_ids`` of an id that is there makes a second row; a result that is
missing comes as id -1; the order of equal scores is not by id; ``IndexIDMap2`` over an IVF index silently returns wrong
ids after a removal, so an inverted file must never stand under the IndexIDMap2 here.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis_rag.index.faiss_parts import Selections, one_thread, read_faiss, write_faiss
from genesis_rag.protocols import Ids, Vectors

Scores = NDArray[np.float32]
Found = tuple[Ids, Scores]

QUERIES_AT_ONCE = 16
"""FAISS changes to matrix multiplication from 20 queries on, which rounds differently: below it, a query in a batch
gets exactly the scores it gets alone, at the same speed (0.09 ms a query over 10,000 rows of 256)."""


class FaissVectorIndex:
    """Exact inner product in FAISS: ``IndexIDMap2(IndexFlatIP)``. Searches may run at once, changes may not."""

    file_name = "vectors.faiss"
    exact = True

    def __init__(self, dim: int) -> None:
        import faiss

        self.dim = dim
        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dim))
        self._selections = Selections()

    @classmethod
    def load(cls, path: Path, *, mapped: bool = True) -> FaissVectorIndex:
        """Read what ``save`` wrote; a mapped index opens at once and must not be changed.

        Raises:
            ValueError: the file is not such an index.
        """
        index = read_faiss(path, mapped=mapped)
        if type(index).__name__ != "IndexIDMap2":
            raise ValueError(f"{path.name} holds a {type(index).__name__}, not an IndexIDMap2")
        loaded = cls.__new__(cls)
        loaded.dim, loaded._index, loaded._selections = int(index.d), index, Selections()
        return loaded

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add rows; an id that is already present is replaced, and of equal ids in one call the last one counts."""
        ids, vectors = last_of_each(*checked_rows(ids, vectors, self.dim))
        if len(ids):
            if int(ids.min()) <= self._highest():
                self.remove(ids)
            self._index.add_with_ids(vectors, ids)

    def remove(self, ids: Ids) -> None:
        """Remove rows; unknown ids are ignored."""
        ids = np.ascontiguousarray(ids, dtype=np.int64)
        if len(ids) and len(self):
            import faiss

            self._index.remove_ids(faiss.IDSelectorBatch(ids))

    def search(self, vectors: Vectors, k: int, allowed: Ids | None = None) -> list[Found]:
        """Return for each query row at most ``k`` (ids, scores), only ids in ``allowed`` if given."""
        vectors = checked_queries(vectors, self.dim)
        rows = len(self) if allowed is None else min(len(self), len(allowed))
        if k <= 0 or not rows:
            return [_nothing() for _ in vectors]
        parameters = self._selections.of(allowed)
        found: list[Found] = []
        with one_thread() if len(vectors) == 1 else nullcontext():
            for start in range(0, len(vectors), QUERIES_AT_ONCE):
                found += self._search(vectors[start : start + QUERIES_AT_ONCE], min(k, rows), rows, parameters)
        return found

    def _search(self, vectors: Vectors, k: int, rows: int, parameters: Any) -> list[Found]:
        """Ask for one more than ``k``: if that one ties with the last, ask that query again until no tie is cut."""
        asked = min(k + 1, rows)
        scores, ids = self._index.search(vectors, asked, params=parameters)
        found: list[Found] = []
        for row in range(len(vectors)):
            row_ids, row_scores, size = ids[row], scores[row], asked
            while size < rows and row_ids[-1] != -1 and row_scores[k - 1] == row_scores[-1]:
                size = min(size * 2, rows)
                wider = self._index.search(vectors[row : row + 1], size, params=parameters)
                row_scores, row_ids = wider[0][0], wider[1][0]
            found.append(sorted_found(row_ids, row_scores, k))
        return found

    def save(self, path: Path) -> None:
        """Write to ``path`` (the caller provides atomicity).

        Raises:
            OSError: it cannot be written, as when the disk is full.
        """
        write_faiss(self._index, path)

    def ids(self) -> Ids:
        """Return the ids of all rows, in the order of the rows."""
        import faiss

        return np.asarray(faiss.vector_to_array(self._index.id_map), dtype=np.int64)

    def rows(self, start: int, end: int) -> Vectors:
        """Return rows ``start`` to ``end`` in the order of ``ids()``: float32[end - start, dim]."""
        return np.asarray(self._index.index.reconstruct_n(start, end - start), dtype=np.float32)

    def holds(self, ids: Ids, vectors: Vectors) -> bool:
        """Tell whether exactly these vectors are kept under ``ids``."""
        try:
            return all(np.array_equal(self.vector(n), row) for n, row in zip(ids.tolist(), vectors, strict=True))
        except KeyError:
            return False

    def vector(self, row_id: int) -> NDArray[np.float32]:
        """Return the vector under ``row_id``.

        Raises:
            KeyError: there is none.
        """
        try:
            return np.asarray(self._index.reconstruct(int(row_id)), dtype=np.float32)
        except RuntimeError as error:
            raise KeyError(row_id) from error

    def products(self, vector: NDArray[np.float32], ids: Sequence[int]) -> dict[int, float]:
        """Return the inner product of ``vector`` with the row under each of ``ids``; unknown ids are left out."""
        found: dict[int, float] = {}
        for row_id in ids:
            try:
                found[row_id] = float(self._index.reconstruct(int(row_id)) @ vector)
            except RuntimeError:
                continue
        return found

    def _highest(self) -> int:
        return int(self.ids().max()) if len(self) else -1

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self._index.ntotal)


class ExactVectorIndex:
    """Exact inner product in numpy: the reference of the contract tests, usable where FAISS is not installed."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._ids: Ids = np.empty(0, dtype=np.int64)
        self._vectors: Vectors = np.empty((0, dim), dtype=np.float32)

    @classmethod
    def load(cls, path: Path, *, mapped: bool = True) -> ExactVectorIndex:
        """Read what ``save`` wrote.

        Raises:
            ValueError: the file is not such an index.
        """
        with path.open("rb") as stream:
            ids = np.load(stream, allow_pickle=False)
            vectors = np.load(stream, allow_pickle=False)
        if ids.ndim != 1 or vectors.ndim != 2 or len(ids) != len(vectors):
            raise ValueError(f"{path.name} does not hold ids and their vectors")
        loaded = cls(vectors.shape[1])
        loaded._ids, loaded._vectors = ids, vectors
        return loaded

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add rows; an id that is already present is replaced, and of equal ids in one call the last one counts."""
        ids, vectors = last_of_each(*checked_rows(ids, vectors, self.dim))
        self.remove(ids)
        self._ids = np.concatenate([self._ids, ids])
        self._vectors = np.concatenate([self._vectors, vectors])

    def remove(self, ids: Ids) -> None:
        """Remove rows; unknown ids are ignored."""
        kept = ~np.isin(self._ids, ids)
        self._ids, self._vectors = self._ids[kept], np.ascontiguousarray(self._vectors[kept])

    def search(self, vectors: Vectors, k: int, allowed: Ids | None = None) -> list[Found]:
        """Return for each query row at most ``k`` (ids, scores), only ids in ``allowed`` if given."""
        vectors = checked_queries(vectors, self.dim)
        mask = slice(None) if allowed is None else np.isin(self._ids, allowed)
        ids, rows = self._ids[mask], self._vectors[mask]
        # Not a matrix product: its rounding depends on where a row stands, and equal rows must tie.
        return [sorted_found(ids, (rows * query).sum(axis=1), max(k, 0)) for query in vectors]

    def save(self, path: Path) -> None:
        """Write to ``path`` (the caller provides atomicity)."""
        with path.open("wb") as stream:
            np.save(stream, self._ids, allow_pickle=False)
            np.save(stream, self._vectors, allow_pickle=False)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._ids)


def sorted_found(ids: Ids, scores: Scores, k: int) -> Found:
    """Order by falling score, ties by rising id, without the missing ones (-1), and cut at ``k``."""
    present = ids != -1
    ids, scores = ids[present], np.asarray(scores[present], dtype=np.float32)
    order = np.lexsort((ids, -scores))[:k]
    return ids[order], scores[order]


def _nothing() -> Found:
    return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)


def among(ids: Ids, rising: Ids) -> NDArray[np.bool_]:
    """Return for each of ``ids`` whether it is in ``rising``."""
    if not len(rising):
        return np.zeros(len(ids), dtype=np.bool_)
    places = np.minimum(np.searchsorted(rising, ids), len(rising) - 1)
    return np.asarray(rising[places] == ids, dtype=np.bool_)


def checked_rows(ids: Ids, vectors: Vectors, dim: int) -> tuple[Ids, Vectors]:
    """Return ids and rows as FAISS takes them; raise ValueError where they do not fit each other or the index."""
    vectors = checked_queries(vectors, dim)
    ids = np.ascontiguousarray(ids, dtype=np.int64)
    if ids.shape != (len(vectors),):
        raise ValueError(f"{ids.shape} ids for {vectors.shape} vectors")
    if len(ids) and int(ids.min()) < 0:
        raise ValueError("ids are 0 or more; -1 stands for a missing result")
    return ids, vectors


def checked_queries(vectors: Vectors, dim: int) -> Vectors:
    """Return rows as FAISS takes them; raise ValueError where they do not fit the index."""
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        raise ValueError(f"vectors of shape {vectors.shape}, but the index holds rows of {dim}")
    return vectors


def last_of_each(ids: Ids, vectors: Vectors) -> tuple[Ids, Vectors]:
    """Keep the last row of every id, in the order given."""
    unique, last = np.unique(ids[::-1], return_index=True)
    if len(unique) == len(ids):
        return ids, vectors
    kept = np.sort(len(ids) - 1 - last)
    return ids[kept], np.ascontiguousarray(vectors[kept])
