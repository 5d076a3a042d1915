"""One collection of Milvus: rows under int64 numbers, with vectors and keyword weights.

Traps this file knows of: a collection has no transactions, so visibility is a matter of ``born`` and ``died`` in every
row and filter; a read may lag behind a write by seconds unless it asks for ``Strong``; one answer holds at most
``MOST_ROWS``; an upsert without its partition would move a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis_rag.errors import BackendError
from genesis_rag.protocols import Vectors
from genesis_rag.values import dataclass

Row = Mapping[str, Any]
Weights = Mapping[int, float]
MOST_ROWS = 16_384
ROWS_AT_ONCE = 500
"""In one message: Milvus takes 64 MB, and a row with a long text and a large vector has 70 kB and more."""
LANGUAGES = ("ja", "en", "other")
NEVER = 2**62
"""``died`` of a living row."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which rows: an expression of Milvus, empty for all, and the partitions to look into, none for all."""

    expression: str = ""
    partitions: tuple[str, ...] = ()

    def also(self, expression: str) -> Where:
        """Return the same with one more condition."""
        both = f"({self.expression}) and ({expression})" if self.expression else expression
        return Where(both, self.partitions)


EVERYWHERE = Where()
NO_PARAMS: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class Match:
    """A row that a search found."""

    number: int
    score: float
    row: Row


class Table:
    """One collection. May be used by several threads at once.

    Args:
        client: of Milvus.
        failure: the class of its errors.
        name: of the collection, or an alias of it.
    """

    def __init__(self, client: Any, failure: type[Exception], name: str) -> None:
        self.name, self._client, self._failure = name, client, failure

    def insert(self, rows: Sequence[Row], partition: str = "") -> None:
        """Add any number of rows, replacing those of the same number in the same partition."""
        with told(self._failure):
            for start in range(0, len(rows), ROWS_AT_ONCE):
                some = [dict(row) for row in rows[start : start + ROWS_AT_ONCE]]
                self._client.upsert(self.name, some, partition_name=partition or None)

    def delete(self, where: str) -> None:
        """Remove the rows that an expression lets through."""
        with told(self._failure):
            self._client.delete(self.name, filter=where)

    def count(self, where: Where = EVERYWHERE) -> int:
        """Return the number of rows, every write up to now included."""
        with told(self._failure):
            found = self._client.query(
                self.name,
                filter=where.expression,
                partition_names=list(where.partitions) or None,
                output_fields=["count(*)"],
                consistency_level="Strong",
            )
        return int(found[0]["count(*)"])

    def query(self, where: Where, fields: Sequence[str], *, latest: bool = False) -> list[Row]:
        """Return these fields of matching rows, at most ``MOST_ROWS``; ``latest`` includes every write up to now."""
        with told(self._failure):
            found = self._client.query(
                self.name,
                filter=where.expression,
                partition_names=list(where.partitions) or None,
                output_fields=list(fields),
                limit=MOST_ROWS,
                consistency_level="Strong" if latest else "Bounded",
            )
            return [dict(row) for row in found]

    def every(self, where: Where, fields: Sequence[str], batch: int = 1_000) -> Iterator[list[Row]]:
        """Yield these fields of any number of matching rows, in batches."""
        with told(self._failure):
            rows = self._client.query_iterator(
                self.name,
                batch_size=batch,
                filter=where.expression,
                output_fields=list(fields),
                consistency_level="Strong",
            )
            try:
                while found := rows.next():
                    yield [dict(row) for row in found]
            finally:
                rows.close()

    def search(
        self,
        field: str,
        queries: Vectors | Sequence[Weights],
        k: int,
        where: Where = EVERYWHERE,
        fields: Sequence[str] = (),
        params: Mapping[str, int] = NO_PARAMS,
    ) -> list[list[Match]]:
        """Return for each query at most ``k`` rows of the largest inner product, with these fields.

        Args:
            field: the vectors to compare with.
            queries: rows of floats, or dimension -> weight for keywords.
            k: at most ``MOST_ROWS``.
            where: which rows.
            fields: to return.
            params: how thoroughly to search an index that is approximate.
        """
        with told(self._failure):
            found = self._client.search(
                self.name,
                data=list(queries),
                anns_field=field,
                limit=min(k, MOST_ROWS),
                filter=where.expression,
                partition_names=list(where.partitions) or None,
                output_fields=list(fields) or ["number"],
                search_params={"metric_type": "IP", "params": dict(params)},
            )
            return [
                [Match(int(hit["number"]), float(hit["distance"]), hit["entity"]) for hit in hits] for hits in found
            ]

    def flush(self) -> None:
        """Wait until what was written lies on the disks of the cluster, and is indexed."""
        with told(self._failure):
            self._client.flush(self.name)


def in_list(field: str, values: Sequence[Any]) -> str:
    """Return an expression that lets the rows through whose ``field`` is one of ``values`` (ints, or plain words)."""
    return f"{field} in [{', '.join(repr(value) for value in values)}]"


def as_vectors(rows: Sequence[Row], field: str, dim: int) -> NDArray[np.float32]:
    """Return a field of rows as float32[n, dim]."""
    return np.array([row[field] for row in rows], dtype=np.float32).reshape(len(rows), dim)


class told:
    """Turns complaints of the client into errors that say what to do."""

    def __init__(self, failure: type[Exception]) -> None:
        self._failure = failure

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, self._failure):
            message = getattr(error, "message", error)
            raise BackendError(f"Milvus cannot do this: {message}.", "Is it running, and reachable?") from error
