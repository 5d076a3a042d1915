"""The one place that speaks with Milvus: collections of rows under int64 numbers, with vectors and keyword weights.

Traps this file knows of: a collection has no transactions, so visibility is a matter of ``born`` and ``died`` in every
row and filter; a read may lag behind a write by seconds unless it asks for ``Strong``; one answer holds at most
``MOST_ROWS``; an upsert without its partition would move a row.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis_rag.errors import BackendError, IndexLockedError, MissingExtraError
from genesis_rag.protocols import Vectors

Row = Mapping[str, Any]
Weights = Mapping[int, float]
MOST_ROWS = 16_384
ROWS_AT_ONCE = 500
"""In one message: Milvus takes 64 MB, and a row with a long text and a large vector has 70 kB and more."""
LANGUAGES = ("ja", "en", "other")
NEVER = 2**62
"""``died`` of a living row."""

_TEXT_BYTES = 65_535
_SHORT = 64
_SEARCH_WIDTH = 256


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


@dataclass(frozen=True, slots=True)
class Match:
    """A row that a search found."""

    number: int
    score: float
    row: Row


class Milvus:
    """A connection.

    Args:
        uri: a URL, or a file of Milvus Lite, which runs inside this process and lets no other one in.
        token: user and password with a colon between, or a key; empty for none.

    Raises:
        MissingExtraError: the client is not installed.
        BackendError: nobody answers there.
        IndexLockedError: another process uses the file.
    """

    def __init__(self, uri: str, token: str = "") -> None:
        pymilvus = _client_library()
        for name in ("pymilvus", "milvus_lite", "grpc"):  # what fails is raised; the rest is noise
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._library: Any = pymilvus
        own_file = uri.endswith(".db")
        try:
            if own_file:
                Path(uri).parent.mkdir(parents=True, exist_ok=True)
            self.client: Any = pymilvus.MilvusClient(uri, token=token)
        except OSError as error:
            raise BackendError(f"{uri} cannot be made: {error.strerror}.", "Choose a place to write to.") from error
        except pymilvus.MilvusException as error:
            if own_file:
                raise IndexLockedError(
                    f"{uri} cannot be opened: {error.message}.",
                    "Milvus Lite serves one process at a time; if another uses the file, end that first.",
                ) from error
            hint = "Is it running, and reachable? Does it want a token (GENESIS_INDEX_TOKEN)?"
            raise BackendError(f"Milvus does not answer at {uri}: {error.message}.", hint) from error

    def table(self, name: str) -> Table:
        """Return the collection of this name, which may also be an alias."""
        return Table(self, name)

    def load(self, name: str) -> None:
        """Let a collection be searched: after a start of Milvus it may lie on its disks alone."""
        with _told(self._library):
            self.client.load_collection(name)

    def create(self, name: str, fields: Mapping[str, Any], partitions: Sequence[str] = (), dense: str = "FLAT") -> None:
        """Make a collection, ready for searches; one that is there already is left as it is.

        Args:
            name: of the collection.
            fields: name -> kind: int, str (up to 64 bytes), "text" (up to 64 KiB), a length (float vector), or
                "sparse". ``number`` is the key of every collection and not named here.
            partitions: to divide it into.
            dense: kind of the index over float vectors.
        """
        with _told(self._library):
            if self.client.has_collection(name):
                self.client.load_collection(name)
                return
            schema = self.client.create_schema(auto_id=False, enable_dynamic_field=False)
            schema.add_field("number", self._library.DataType.INT64, is_primary=True)
            indexes = self.client.prepare_index_params()
            for field, kind in fields.items():
                self._add_field(schema, indexes, field, kind, dense)
            self.client.create_collection(name, schema=schema, index_params=indexes, consistency_level="Bounded")
            for partition in partitions:
                self.client.create_partition(name, partition)

    def _add_field(self, schema: Any, indexes: Any, field: str, kind: Any, dense: str) -> None:
        types = self._library.DataType
        if kind == "sparse":
            schema.add_field(field, types.SPARSE_FLOAT_VECTOR)
            indexes.add_index(field, index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
        elif kind is int:
            schema.add_field(field, types.INT64)
        elif isinstance(kind, int):
            schema.add_field(field, types.FLOAT_VECTOR, dim=kind)
            graph = {"M": 32, "efConstruction": 256} if dense == "HNSW" else {}
            indexes.add_index(field, index_type=dense, metric_type="IP", params=graph)
        else:
            schema.add_field(field, types.VARCHAR, max_length=_TEXT_BYTES if kind == "text" else _SHORT)

    def point_alias(self, alias: str, name: str) -> None:
        """Let ``alias`` stand for the collection ``name``, whatever it stood for before."""
        with _told(self._library):
            known = self.client.list_aliases().get("aliases", [])
            change = self.client.alter_alias if alias in known else self.client.create_alias
            change(name, alias)

    def drop_alias(self, alias: str) -> None:
        """Remove an alias if it is there."""
        with _told(self._library):
            if alias in self.client.list_aliases().get("aliases", []):
                self.client.drop_alias(alias)

    def aliased(self, alias: str) -> str:
        """Return the name of the collection that ``alias`` stands for, empty if there is none."""
        with _told(self._library):
            known = alias in self.client.list_aliases().get("aliases", [])
            return str(self.client.describe_alias(alias)["collection_name"]) if known else ""

    def names(self) -> list[str]:
        """Return the names of all collections."""
        with _told(self._library):
            return sorted(self.client.list_collections())

    def require_answer(self, seconds: float) -> None:
        """Raise BackendError unless Milvus answers in time."""
        with _told(self._library):
            self.client.list_collections(timeout=seconds)

    def drop(self, name: str) -> None:
        """Remove a collection if it is there."""
        with _told(self._library):
            self.client.drop_collection(name)

    def close(self) -> None:
        """Let go of the connection; others to the same address stay."""
        self.client.close()


class Table:
    """One collection. May be used by several threads at once."""

    def __init__(self, milvus: Milvus, name: str) -> None:
        self.milvus, self.name = milvus, name
        self._client, self._library = milvus.client, milvus._library

    def insert(self, rows: Sequence[Row], partition: str = "") -> None:
        """Add any number of rows, replacing those of the same number in the same partition."""
        with _told(self._library):
            for start in range(0, len(rows), ROWS_AT_ONCE):
                some = [dict(row) for row in rows[start : start + ROWS_AT_ONCE]]
                self._client.upsert(self.name, some, partition_name=partition or None)

    def delete(self, where: str) -> None:
        """Remove the rows that an expression lets through."""
        with _told(self._library):
            self._client.delete(self.name, filter=where)

    def count(self, where: Where = EVERYWHERE) -> int:
        """Return the number of rows, every write up to now included."""
        with _told(self._library):
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
        with _told(self._library):
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
        with _told(self._library):
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
    ) -> list[list[Match]]:
        """Return for each query at most ``k`` rows of the largest inner product, with these fields.

        Args:
            field: the vectors to compare with.
            queries: rows of floats, or dimension -> weight for keywords.
            k: at most ``MOST_ROWS``.
            where: which rows.
            fields: to return.
        """
        dense = isinstance(queries, np.ndarray)
        with _told(self._library):
            found = self._client.search(
                self.name,
                data=list(queries),
                anns_field=field,
                limit=min(k, MOST_ROWS),
                filter=where.expression,
                partition_names=list(where.partitions) or None,
                output_fields=list(fields) or ["number"],
                search_params={"metric_type": "IP", "params": {"ef": max(_SEARCH_WIDTH, 2 * k)} if dense else {}},
            )
            return [
                [Match(int(hit["number"]), float(hit["distance"]), hit["entity"]) for hit in hits] for hits in found
            ]

    def flush(self) -> None:
        """Wait until what was written lies on the disks of the cluster, and is indexed."""
        with _told(self._library):
            self._client.flush(self.name)


def _client_library() -> Any:
    """Import the client, without the ``.env`` of whatever folder lies above it, which it would read into the process.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import dotenv

        load, dotenv.load_dotenv = dotenv.load_dotenv, lambda *_, **__: False
        try:
            import pymilvus
        finally:
            dotenv.load_dotenv = load
    except ImportError as error:
        raise MissingExtraError("pymilvus", "milvus") from error
    return pymilvus


def in_list(field: str, values: Sequence[Any]) -> str:
    """Return an expression that lets the rows through whose ``field`` is one of ``values`` (ints, or plain words)."""
    return f"{field} in [{', '.join(repr(value) for value in values)}]"


def as_vectors(rows: Sequence[Row], field: str, dim: int) -> NDArray[np.float32]:
    """Return a field of rows as float32[n, dim]."""
    return np.array([row[field] for row in rows], dtype=np.float32).reshape(len(rows), dim)


class _told:
    """Turns complaints of the client into errors that say what to do."""

    def __init__(self, library: Any) -> None:
        self._library = library

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, self._library.MilvusException):
            raise BackendError(f"Milvus cannot do this: {error.message}.", "Is it running, and reachable?") from error
