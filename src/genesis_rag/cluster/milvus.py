"""The connection to Milvus: the one place that imports its client, and makes, names and drops collections."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genesis_rag.cluster.table import Table, told
from genesis_rag.errors import BackendError, IndexLockedError, MissingExtraError

_TEXT_BYTES = 65_535
_SHORT = 64


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
            # Milvus Lite hangs up on a client that pings it every ten seconds, which pymilvus does.
            quiet = {"grpc_options": {"grpc.keepalive_time_ms": 2**31 - 1}} if own_file else {}
            self.client: Any = pymilvus.MilvusClient(uri, token=token, **quiet)
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
        return Table(self.client, self._library.MilvusException, name)

    def load(self, name: str) -> None:
        """Let a collection be searched: after a start of Milvus it may lie on its disks alone."""
        with told(self._library.MilvusException):
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
        with told(self._library.MilvusException):
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
        with told(self._library.MilvusException):
            known = self.client.list_aliases().get("aliases", [])
            change = self.client.alter_alias if alias in known else self.client.create_alias
            change(name, alias)

    def drop_alias(self, alias: str) -> None:
        """Remove an alias if it is there."""
        with told(self._library.MilvusException):
            if alias in self.client.list_aliases().get("aliases", []):
                self.client.drop_alias(alias)

    def aliased(self, alias: str) -> str:
        """Return the name of the collection that ``alias`` stands for, empty if there is none."""
        with told(self._library.MilvusException):
            known = alias in self.client.list_aliases().get("aliases", [])
            return str(self.client.describe_alias(alias)["collection_name"]) if known else ""

    def names(self) -> list[str]:
        """Return the names of all collections."""
        with told(self._library.MilvusException):
            return sorted(self.client.list_collections())

    def require_answer(self, seconds: float) -> None:
        """Raise BackendError unless Milvus answers in time."""
        with told(self._library.MilvusException):
            self.client.list_collections(timeout=seconds)

    def drop(self, name: str) -> None:
        """Remove a collection if it is there."""
        with told(self._library.MilvusException):
            self.client.drop_collection(name)

    def close(self) -> None:
        """Let go of the connection; others to the same address stay."""
        self.client.close()


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
