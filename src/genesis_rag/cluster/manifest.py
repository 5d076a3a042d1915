"""What readers of a cluster see: one small file beside the texts, replaced in one step by each new generation."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, field

from genesis_rag.cluster.address import ClusterAddress
from genesis_rag.cluster.milvus import Milvus
from genesis_rag.cluster.texts import Texts
from genesis_rag.errors import IndexDamagedError, IndexMismatchError, IndexNotFoundError
from genesis_rag.index import IndexIdentity
from genesis_rag.values import dataclass

FORM = 1
DOCUMENTS_SUFFIX = "_documents"


@dataclass(frozen=True, slots=True)
class ClusterManifest:
    """One generation.

    Attributes:
        generation: rows of it were born in it or before, and die after it.
        collection: name of the real collection of chunks; that of documents has ``DOCUMENTS_SUFFIX``.
        identity: what filled it.
        content: SHA-256 over documents and their sources, the same as that of the store it was made from.
        documents: how many.
        chunks: how many.
        languages: chunks by language.
        terms: keyword terms of all chunks together.
        pivot: average number of terms that the stored keyword weights were made for.
        statistics: key of the statistics of terms among the texts.
        dense: kind of its index over vectors.
        retired: a collection that the generation before still reads; it goes with the next one.
    """

    generation: int
    collection: str
    identity: IndexIdentity
    content: str
    documents: int
    chunks: int
    languages: dict[str, int]
    terms: int
    pivot: float
    statistics: str
    dense: str
    retired: str = ""

    @property
    def average(self) -> float:
        """Return the average number of terms of a chunk."""
        return self.terms / max(self.chunks, 1)


@dataclass(frozen=True, slots=True)
class Cluster:
    """The two places of an index, connected."""

    address: ClusterAddress
    milvus: Milvus
    texts: Texts

    token: str = field(default="", repr=False)

    @classmethod
    def connect(cls, address: ClusterAddress, token: str = "") -> Cluster:
        """Connect to both.

        Args:
            address: of both.
            token: for Milvus: user and password with a colon between, or a key; empty for none.

        Raises:
            MissingExtraError: a library is not installed.
            BackendError: nobody answers.
        """
        return cls(address, Milvus(address.uri, token), Texts(address.texts), token)

    def again(self) -> Cluster:
        """Return a connection of its own to the same places."""
        return Cluster.connect(self.address, self.token)

    @property
    def _name(self) -> str:
        return f"{self.address.collection}.json"

    def published(self) -> ClusterManifest | None:
        """Return the newest generation, None if there is none.

        Raises:
            IndexDamagedError: the manifest is not what was written.
            IndexMismatchError: a newer version of genesis-rag wrote it.
        """
        data = self.texts.read_named(self._name)
        if data is None:
            return None
        try:
            values = json.loads(data)
            body = values["manifest"]
            if values["form"] > FORM:
                raise IndexMismatchError("The index was written by a newer version of genesis-rag.", "Update it.")
            if values["sha256"] != _sum(body):
                raise ValueError("its sum is wrong")
            return ClusterManifest(**{**body, "identity": IndexIdentity(**body["identity"])})
        except (ValueError, KeyError, TypeError) as error:
            raise IndexDamagedError(
                f"{self._name} at {self.texts.address} is damaged: {error}.",
                "Fill the index anew: genesis-rag index --rebuild PATH…",
            ) from error

    def require_published(self) -> ClusterManifest:
        """Return the newest generation.

        Raises:
            IndexNotFoundError: there is none.
        """
        found = self.published()
        if found is None:
            raise IndexNotFoundError(
                f"There is no index '{self.address.collection}' at {self.texts.address}.",
                "Fill it: genesis-rag index --index ADDRESS PATH… — or: genesis-rag migrate --to ADDRESS",
            )
        return found

    def publish(self, manifest: ClusterManifest) -> None:
        """Let readers see a generation; the alias follows, for whoever looks at Milvus alone."""
        body = asdict(manifest)
        data = {"form": FORM, "manifest": body, "sha256": _sum(body)}
        self.texts.write_named(self._name, json.dumps(data, indent=1, sort_keys=True).encode())
        if self.milvus.aliased(self.address.collection) != manifest.collection:
            self.milvus.point_alias(self.address.collection, manifest.collection)

    def drop(self, collection: str) -> None:
        """Remove a real collection with its documents."""
        self.milvus.drop(collection)
        self.milvus.drop(collection + DOCUMENTS_SUFFIX)

    def close(self) -> None:
        """Let go of the connections."""
        self.milvus.close()


def _sum(body: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
