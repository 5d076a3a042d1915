"""The reader of a cluster: the same face as ``index.Index``, without any file of its own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from genesis_rag.cluster import filters
from genesis_rag.cluster.manifest import Cluster
from genesis_rag.cluster.searching import Found
from genesis_rag.cluster.state import ClusterState
from genesis_rag.errors import BackendError, IndexDamagedError, UserError
from genesis_rag.index import IndexIdentity
from genesis_rag.index.manifest import require_same
from genesis_rag.index.sharing import Replaceable
from genesis_rag.index.stored import StoredWhole
from genesis_rag.protocols import Ids, Vectors
from genesis_rag.types import Chunk, Document, DocumentInfo, SearchFilter

DOCUMENTS_KEPT = 64
HEALTH_SECONDS = 2.0


class ClusterIndex:
    """A cluster open for reading. Every method may be called from several threads at once.

    All answers come from one generation until ``refresh`` is called, as with ``index.Index``. A generation is kept
    while the next one is read; who stays behind further than that must refresh.
    """

    repairs: tuple[str, ...] = ()
    """Nothing is ever repaired by a reader."""

    def __init__(self, cluster: Cluster, state: ClusterState) -> None:
        """Take over what was opened; use ``open``."""
        self._cluster = cluster
        self._states = Replaceable(state)
        self._refreshing = Lock()
        self._documents: OrderedDict[str, Document] = OrderedDict()

    @classmethod
    def open(cls, cluster: Cluster, expected: IndexIdentity | None) -> ClusterIndex:
        """Open the newest generation.

        Args:
            cluster: closed with the reader, and where it cannot be read.
            expected: what must have filled it; None to take what is there.

        Raises:
            IndexNotFoundError: nothing was published yet.
            IndexMismatchError: something other than ``expected`` filled it.
            IndexDamagedError: Milvus does not hold what was published.
        """
        try:
            return cls(cluster, _newest(cluster, expected))
        except BaseException:
            cluster.close()
            raise

    @property
    def generation(self) -> int:
        """Return the number of the generation that is read."""
        return self._states.current.manifest.generation

    @property
    def identity(self) -> IndexIdentity:
        """Return what filled the index."""
        return self._states.current.manifest.identity

    @property
    def fingerprint(self) -> str:
        """Return a hash of identity and content, the same as that of an ``index.Index`` of the same documents."""
        manifest = self._states.current.manifest
        return manifest.identity.fingerprint(manifest.content)

    @property
    def chunk_count(self) -> int:
        """Return the number of chunks."""
        return self._states.current.manifest.chunks

    def language_counts(self) -> Mapping[str, int]:
        """Return the number of chunks by language."""
        return dict(self._states.current.manifest.languages)

    def search_dense(self, vectors: Vectors, k: int, filter: SearchFilter | None = None) -> list[Found]:
        """Return for each row of ``vectors`` at most ``k`` (numbers, cosines), by falling cosine, ties by number."""
        with self._states.use() as state:
            where = filters.where(state.manifest.generation, filter)
            return state.vectors.search(vectors, k, where=where, keep=lambda row: filters.lets_through(row, filter))

    def search_lexical(self, terms: Sequence[tuple[str, float]], k: int, filter: SearchFilter | None = None) -> Found:
        """Return at most ``k`` (numbers, BM25 scores) for weighted terms, by falling score, ties by number."""
        with self._states.use() as state:
            where = filters.where(state.manifest.generation, filter)
            return state.lexical.search(terms, k, where=where, keep=lambda row: filters.lets_through(row, filter))

    def cosines(self, vector: NDArray[np.float32], numbers: Sequence[int]) -> dict[int, float]:
        """Return the cosine of ``vector`` (float32[dim]) with each of these chunks."""
        return {number: float(row @ vector) for number, row in self.vectors_of(numbers).items()}

    def passes(self, numbers: Ids, filter: SearchFilter | None) -> NDArray[np.bool_]:
        """Tell for each chunk number whether ``filter`` lets it through."""
        with self._states.use() as state:
            rows = state.rows(numbers.tolist())
        told = [number in rows and filters.lets_through(rows[number], filter) for number in numbers.tolist()]
        return np.array(told, dtype=np.bool_)

    def document_frequency(self, term: str) -> int:
        """Return the number of chunks that hold ``term``."""
        return self._states.current.lexical.document_frequency(term)

    def chunks(self, numbers: Iterable[int] | Ids) -> dict[int, Chunk]:
        """Return the chunks under ``numbers``, their texts checked.

        Raises:
            IndexDamagedError: a stored text is not what was stored.
        """
        with self._states.use() as state:
            return state.chunks(int(number) for number in numbers)

    def chunk_ids_at(self, document_id: str, ordinals: Iterable[int]) -> dict[int, tuple[int, Chunk]]:
        """Return ordinal -> (number, chunk) for those of ``ordinals`` that the document has: its neighbours."""
        with self._states.use() as state:
            return state.chunks_at(document_id, ordinals)

    def documents_info(self, document_ids: Iterable[str]) -> dict[str, DocumentInfo]:
        """Return what is known of these documents without their texts."""
        with self._states.use() as state:
            return state.infos(list(dict.fromkeys(document_ids)))

    def documents(self) -> list[DocumentInfo]:
        """Return what is known of all documents, in the order of their sources."""
        with self._states.use() as state:
            return sorted(state.all_infos(), key=lambda info: (info.source, info.id))

    def find_document(self, name: str) -> str | None:
        """Return the id of the document with this id or source."""
        with self._states.use() as state:
            return state.find(name)

    def document(self, document_id: str) -> Document:
        """Return one document with its whole text, checked against its hash.

        Raises:
            UserError: there is none with this id.
            IndexDamagedError: the stored text is not what was stored.
        """
        with self._states.use() as state:
            return self._document(state, document_id)

    def text(self, document_id: str, start: int, end: int) -> str:
        """Return ``document.text[start:end]``.

        Raises:
            UserError: there is no such document or span.
            IndexDamagedError: the stored text is damaged.
        """
        text = self.document(document_id).text
        if not 0 <= start <= end <= len(text):
            raise UserError(f"The index holds no document '{document_id}' with characters {start} to {end}.")
        return text[start:end]

    def verify_quote(self, document_id: str, start: int, end: int, quote: str) -> bool:
        """Tell whether ``quote`` is exactly the stored text from ``start`` to ``end``.

        The text comes from the store of texts and was compared with its hash: what a row of Milvus says is not enough.
        """
        try:
            return self.text(document_id, start, end) == quote
        except UserError:
            return False

    def vectors_of(self, numbers: Iterable[int] | Ids) -> dict[int, NDArray[np.float32]]:
        """Return the stored vectors of these chunks, float32[dim] each."""
        with self._states.use() as state:
            return state.vectors.vectors([int(number) for number in numbers])

    def whole(self, document_id: str) -> StoredWhole:
        """Return one document with everything that belongs to it.

        Raises:
            UserError: there is none with this id.
            IndexDamagedError: something of it is not what was stored.
        """
        with self._states.use() as state:
            return state.whole(document_id)

    @contextmanager
    def reading(self) -> Iterator[ClusterIndex]:
        """Let all calls of this thread inside see one generation, whatever another thread refreshes to."""
        with self._states.use():
            yield self

    def refresh(self) -> bool:
        """Switch to the newest generation; tell whether there was a newer one. Nobody has to wait for it.

        Raises:
            IndexMismatchError: the newest was filled by something else; this reader stays where it is.
        """
        with self._refreshing:
            if self._cluster.require_published() == self._states.newest.manifest:
                return False
            self._states.replace(_newest(self._cluster, self.identity))
            return True

    def check(self) -> list[str]:
        """Compare every row of a document and every text with what was published. Return in words what differs."""
        with self._states.use() as state:
            return state.faults()

    def require_healthy(self) -> None:
        """Raise BackendError unless Milvus answers; see ``protocols.Remote``."""
        self._cluster.milvus.require_answer(HEALTH_SECONDS)

    def close(self) -> None:
        """Let go of the connections."""
        self._states.newest.close()
        self._cluster.close()

    def __enter__(self) -> ClusterIndex:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _document(self, state: ClusterState, document_id: str) -> Document:
        """Return a document, remembered under the key of its row: that is a hash of all that is in it."""
        row = state.document_row(document_id)
        if row is None:
            raise UserError(f"The index holds no document '{document_id}'.", "See them all: genesis-rag documents list")
        key = str(row["number"])
        known = self._documents.get(key)
        if known is None:
            known = self._documents[key] = state.document(row)
            while len(self._documents) > DOCUMENTS_KEPT:
                self._documents.popitem(last=False)
        if known.id != document_id:
            raise IndexDamagedError(f"The row of document '{document_id}' is damaged.", "Run: genesis-rag doctor")
        return known


def _newest(cluster: Cluster, expected: IndexIdentity | None) -> ClusterState:
    """Open the newest generation; one that others replaced meanwhile may not be whole any more."""
    while True:
        manifest = cluster.require_published()
        if expected is not None:
            require_same(manifest.identity, expected)
        try:
            return ClusterState(cluster, manifest)
        except (IndexDamagedError, BackendError):
            if cluster.published() == manifest:
                raise
