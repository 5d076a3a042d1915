"""The two searches behind ``protocols.VectorIndex`` and ``protocols.LexicalIndex``, in a collection of Milvus."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genesis_rag.cluster.milvus import Milvus
from genesis_rag.cluster.table import (
    EVERYWHERE,
    MOST_ROWS,
    ROWS_AT_ONCE,
    Match,
    Row,
    Table,
    Where,
    as_vectors,
    in_list,
)
from genesis_rag.cluster.weights import Statistics, chunk_weights, dimension, exact_scores
from genesis_rag.protocols import Ids, Vectors

Scores = NDArray[np.float32]
Found = tuple[Ids, Scores]
Seen = Callable[[Iterable[tuple[int, Row]]], None]
Keep = Callable[[Row], bool]

PLACES = 6
SEARCH_WIDTH = 256
"""Candidates that an approximate index looks at, or twice as many as are wanted."""
KEYWORDS = ("keywords", "length")


def _unseen(rows: Iterable[tuple[int, Row]]) -> None:
    """Show rows to nobody."""


class MilvusVectorIndex:
    """Inner products in one field of a collection: exact where its index is ``FLAT``, else as near as that index comes.

    Scores are rounded to ``PLACES``: engines add up in an order that depends on where a row lies, and equal rows must
    tie.

    Args:
        table: the collection; its key is ``number``.
        dim: length of the vectors.
        kind: of its index.
        fields: what else to read of every row that is found.
        seen: is shown those rows.
    """

    def __init__(
        self, table: Table, dim: int, *, kind: str = "FLAT", fields: Sequence[str] = (), seen: Seen = _unseen
    ) -> None:
        self.dim, self._table, self._kind, self._fields, self._seen = dim, table, kind, fields, seen

    @classmethod
    def create(cls, milvus: Milvus, name: str, dim: int) -> MilvusVectorIndex:
        """Make a collection that holds vectors and nothing else."""
        milvus.create(name, {"dense": dim})
        return cls(milvus.table(name), dim)

    @classmethod
    def load(cls, milvus: Milvus, path: Path) -> MilvusVectorIndex:
        """Open the collection that the file names, which ``save`` wrote.

        Raises:
            ValueError: it is no such file.
        """
        try:
            values = json.loads(path.read_bytes())
            return cls(milvus.table(values["collection"]), int(values["dim"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path.name} does not name a collection") from error

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add rows; an id that is already present is replaced, and of equal ids in one call the last one counts."""
        vectors = self._checked(vectors)
        if np.shape(ids) != (len(vectors),):
            raise ValueError(f"{np.shape(ids)} ids for {vectors.shape} vectors")
        if len(ids) and int(np.min(ids)) < 0:
            raise ValueError("ids are 0 or more; -1 stands for a missing result")
        rows = {int(number): {"number": int(number), "dense": row} for number, row in zip(ids, vectors, strict=True)}
        self._table.insert(list(rows.values()))

    def remove(self, ids: Ids) -> None:
        """Remove rows; unknown ids are ignored."""
        for start in range(0, len(ids), ROWS_AT_ONCE):
            self._table.delete(in_list("number", ids[start : start + ROWS_AT_ONCE].tolist()))

    def search(
        self,
        vectors: Vectors,
        k: int,
        allowed: Ids | None = None,
        *,
        where: Where = EVERYWHERE,
        keep: Keep | None = None,
    ) -> list[Found]:
        """Return for each query row at most ``k`` (ids, scores), only ids in ``allowed`` if given.

        Args:
            vectors: float32[n, dim].
            k: how many; no more than ``MOST_ROWS`` are ever looked at.
            allowed: only these ids.
            where: only these rows.
            keep: asked about every row that was found.
        """
        vectors, where = self._checked(vectors), _only(where, allowed)
        if k <= 0 or not len(vectors) or (allowed is not None and not len(allowed)):
            return [_sorted([], 0) for _ in vectors]
        found = self._table.search("dense", vectors, k + 1, where, self._fields, _params(self._kind, k + 1))
        return [self._whole(row, matches, k, where, keep) for row, matches in zip(vectors, found, strict=True)]

    def vectors(self, ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """Return the vectors under these ids, in their order; unknown ids are left out."""
        found: dict[int, NDArray[np.float32]] = {}
        for start in range(0, len(ids), ROWS_AT_ONCE):
            some = Where(in_list("number", list(ids[start : start + ROWS_AT_ONCE])))
            rows = self._table.query(some, ("number", "dense"))
            found.update(zip((int(row["number"]) for row in rows), as_vectors(rows, "dense", self.dim), strict=True))
        return {number: found[number] for number in ids if number in found}

    def save(self, path: Path) -> None:
        """Let the cluster write everything to its disks, and note in ``path`` where it is."""
        self._table.flush()
        path.write_text(json.dumps({"collection": self._table.name, "dim": self.dim}))

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._table.count()

    def _whole(
        self, vector: NDArray[np.float32], matches: list[Match], k: int, where: Where, keep: Keep | None
    ) -> Found:
        """Ask for more while rows may be missing: a tie was cut, or ``keep`` refused some."""
        asked = k + 1
        while True:
            self._seen((match.number, match.row) for match in matches)
            matches = [replace(match, score=round(match.score, PLACES)) for match in matches]
            kept = [match for match in matches if keep is None or keep(match.row)]
            full = len(matches) < asked or asked >= MOST_ROWS
            if full or (len(kept) > k and kept[k - 1].score != matches[-1].score):
                return _sorted([(match.number, match.score) for match in kept], k)
            asked = min(4 * asked, MOST_ROWS)
            params = _params(self._kind, asked)
            (matches,) = self._table.search("dense", vector[None], asked, where, self._fields, params)

    def _checked(self, vectors: Vectors) -> Vectors:
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        if vectors.ndim != 2 or vectors.shape[1] != self.dim:
            raise ValueError(f"vectors of shape {vectors.shape}, but the index holds rows of {self.dim}")
        return vectors


class MilvusLexicalIndex:
    """BM25 over terms of our own; see ``weights``.

    Args:
        table: the collection.
        statistics: of the rows that are searched.
        rows: how many those are.
        average: their average number of terms.
        pivot: the average that the stored weights were made for.
        fields: what else to read of every row that is found.
        seen: is shown those rows.
    """

    def __init__(
        self,
        table: Table,
        statistics: Statistics,
        *,
        rows: int,
        average: float,
        pivot: float,
        fields: Sequence[str] = (),
        seen: Seen = _unseen,
    ) -> None:
        self._table, self._statistics, self._rows = table, statistics, rows
        self._average, self._pivot, self._fields, self._seen = average, pivot, fields, seen

    @classmethod
    def build(cls, milvus: Milvus, name: str, rows: Sequence[tuple[int, Sequence[str]]]) -> MilvusLexicalIndex:
        """Make a collection of (id, terms) and nothing else."""
        milvus.create(name, {"keywords": "sparse", "length": int})
        table, total = milvus.table(name), sum(len(terms) for _, terms in rows)
        average = total / max(len(rows), 1)
        table.insert([{"number": i, "keywords": chunk_weights(t, average), "length": len(t)} for i, t in rows])
        held = Counter(key for _, terms in rows for key in set(map(dimension, terms)))
        statistics = Statistics.none().changed(held, Counter())
        return cls(table, statistics, rows=len(rows), average=average, pivot=average)

    def search(
        self,
        terms: Sequence[tuple[str, float]],
        k: int,
        allowed: Ids | None = None,
        *,
        where: Where = EVERYWHERE,
        keep: Keep | None = None,
    ) -> Found:
        """Return at most ``k`` (ids, scores) for weighted query terms, by falling score, ties by rising id."""
        query, where = self._statistics.query(terms, self._rows), _only(where, allowed)
        if not query or k <= 0 or (allowed is not None and not len(allowed)):
            return _sorted([], 0)
        asked = min(2 * k + 50, MOST_ROWS)
        while True:
            (matches,) = self._table.search("keywords", [query], asked, where, (*KEYWORDS, *self._fields))
            self._seen((match.number, match.row) for match in matches)
            kept = [match for match in matches if keep is None or keep(match.row)]
            above = sum(match.score > matches[-1].score for match in kept)
            # Complete once all rows were seen, or k rows stand above the score at which the list was cut.
            if len(matches) < asked or asked >= MOST_ROWS or above >= k:
                break
            asked = min(4 * asked, MOST_ROWS)
        stored = [(match.row["keywords"], match.row["length"]) for match in kept]
        scores = exact_scores(query, stored, self._pivot, self._average)
        found = zip((match.number for match in kept), scores.tolist(), strict=True)
        return _sorted([(number, score) for number, score in found if score > 0], k)

    def document_frequency(self, term: str) -> int:
        """Return the number of rows that hold ``term``."""
        return self._statistics.frequency(term)

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._rows


def _params(kind: str, k: int) -> dict[str, int]:
    """Return how thoroughly to search for ``k`` rows."""
    if kind == "HNSW":
        return {"ef": max(SEARCH_WIDTH, 2 * k)}
    return {"search_list": max(SEARCH_WIDTH, 2 * k)} if kind == "DISKANN" else {}


def _only(where: Where, allowed: Ids | None) -> Where:
    return where if allowed is None or not len(allowed) else where.also(in_list("number", allowed.tolist()))


def _sorted(found: Sequence[tuple[int, float]], k: int) -> Found:
    """Order by falling score, ties by rising id, and cut at ``k``."""
    ids = np.array([number for number, _ in found], dtype=np.int64)
    scores = np.array([score for _, score in found], dtype=np.float32)
    order = np.lexsort((ids, -scores))[:k]
    return ids[order], scores[order]
