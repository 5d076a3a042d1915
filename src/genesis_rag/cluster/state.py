"""One generation of a cluster, open for reading. Its rows never change, so what was read once is remembered."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from threading import Lock

from genesis_rag.cluster import rows as forms
from genesis_rag.cluster.filters import living, naming
from genesis_rag.cluster.manifest import DOCUMENTS_SUFFIX, Cluster, ClusterManifest
from genesis_rag.cluster.searching import MilvusLexicalIndex, MilvusVectorIndex
from genesis_rag.cluster.table import Row, Where, as_vectors, in_list
from genesis_rag.cluster.weights import Statistics
from genesis_rag.errors import IndexDamagedError, UserError
from genesis_rag.index.stored import StoredWhole
from genesis_rag.types import Chunk, Document, DocumentInfo

ROWS_KEPT = 20_000
NAMES_AT_ONCE = 500
PATIENCE_SECONDS = 10.0
_PATIENTLY = (False, True)
"""What is not found is asked for again, then waiting for every write up to now: a replica may lag."""
_WHOLE = ("number", "dense", "vector_key", *forms.CHUNK_META)
_DOCUMENT = ("number", *forms.DOCUMENT_META)


class ClusterState:
    """What a ``ClusterIndex`` reads from.

    Args:
        cluster: where it lies.
        manifest: what was published.

    Raises:
        IndexDamagedError: Milvus holds another number of chunks than was published.
    """

    def __init__(self, cluster: Cluster, manifest: ClusterManifest) -> None:
        self.manifest, self._texts = manifest, cluster.texts
        self._where = Where(living(manifest.generation))
        names = (manifest.collection, manifest.collection + DOCUMENTS_SUFFIX)
        for name in names:
            cluster.milvus.load(name)
        self._chunks, self._documents = (cluster.milvus.table(name) for name in names)
        self._rows: dict[int, Row] = {}
        self._infos: dict[str, Row] = {}
        self._lock = Lock()
        self._require_whole()
        self.vectors = MilvusVectorIndex(
            self._chunks, manifest.identity.dim, kind=manifest.dense, fields=forms.CHUNK_META, seen=self._remember
        )
        self.lexical = MilvusLexicalIndex(
            self._chunks,
            Statistics.from_bytes(self._texts.get(manifest.statistics)),
            rows=manifest.chunks,
            average=manifest.average,
            pivot=manifest.pivot,
            fields=forms.CHUNK_META,
            seen=self._remember,
        )

    def rows(self, numbers: Iterable[int]) -> dict[int, Row]:
        """Return the rows of those chunks that there are."""
        wanted = list(dict.fromkeys(numbers))
        found = {number: row for number in wanted if (row := self._rows.get(number)) is not None}
        for latest in _PATIENTLY:
            missing = [number for number in wanted if number not in found]
            for start in range(0, len(missing), NAMES_AT_ONCE):
                where = self._where.also(in_list("number", missing[start : start + NAMES_AT_ONCE]))
                read = self._chunks.query(where, ("number", *forms.CHUNK_META), latest=latest)
                found.update({int(row["number"]): row for row in read})
        self._remember(found.items())
        return found

    def chunks(self, numbers: Iterable[int]) -> dict[int, Chunk]:
        """Return the chunks under these numbers."""
        return {number: forms.chunk_from(row, self._texts) for number, row in self.rows(numbers).items()}

    def chunks_at(self, document_id: str, ordinals: Iterable[int]) -> dict[int, tuple[int, Chunk]]:
        """Return ordinal -> (number, chunk)."""
        wanted = [int(ordinal) for ordinal in ordinals] if document_id.isalnum() else []
        found: dict[int, tuple[int, Chunk]] = {}
        for start in range(0, len(wanted), NAMES_AT_ONCE):
            some = in_list("ordinal", wanted[start : start + NAMES_AT_ONCE])
            where = self._of([document_id]).also(some)
            rows = self._chunks.query(where, ("number", *forms.CHUNK_META))
            found.update({row["ordinal"]: (int(row["number"]), forms.chunk_from(row, self._texts)) for row in rows})
        return found

    def infos(self, document_ids: Sequence[str]) -> dict[str, DocumentInfo]:
        """Return what is known of these documents."""
        for latest in _PATIENTLY:
            missing = [one for one in document_ids if one not in self._infos and one.isalnum()]
            for start in range(0, len(missing), NAMES_AT_ONCE):
                some = missing[start : start + NAMES_AT_ONCE]
                for row in self._documents.query(self._of(some), _DOCUMENT, latest=latest):
                    self._infos[row["document"]] = row
        known = {one: self._infos[one] for one in document_ids if one in self._infos}
        return {one: forms.info_from(row, self._texts) for one, row in known.items()}

    def all_infos(self) -> Iterator[DocumentInfo]:
        """Yield what is known of every document."""
        for rows in self._documents.every(self._where, _DOCUMENT):
            yield from (forms.info_from(row, self._texts) for row in rows)

    def find(self, name: str) -> str | None:
        """Return the id of the document with this id or source."""
        if self.document_row(name) is not None:
            return name
        for row in self._documents.query(self._where.also(naming(name)), _DOCUMENT):
            if name in (source for source, _ in forms.about_from(row, self._texts).places):
                return str(row["document"])
        return None

    def document_row(self, document_id: str) -> Row | None:
        """Return the row of a document."""
        self.infos([document_id])
        return self._infos.get(document_id)

    def document(self, row: Row) -> Document:
        """Return the document of a row, its text compared with its hash."""
        return forms.document_from(row, self._texts)

    def whole(self, document_id: str) -> StoredWhole:
        """Return a document with everything that belongs to it."""
        row = self.document_row(document_id)
        if row is None:
            raise UserError(f"The index holds no document '{document_id}'.", "See them all: genesis-rag documents list")
        chunks = [one for some in self._chunks.every(self._of([document_id]), _WHOLE) for one in some]
        chunks.sort(key=lambda one: int(one["ordinal"]))
        whole = forms.whole_from(row, chunks, as_vectors(chunks, "dense", self.manifest.identity.dim), self._texts)
        if [chunk.ordinal for chunk in whole.chunks] != list(range(forms.about_from(row, self._texts).chunk_count)):
            raise IndexDamagedError(f"Chunks of {whole.document.source} are missing.", "Run: genesis-rag doctor")
        return whole

    def faults(self) -> list[str]:
        """Return in words what is not as it was published."""
        found: list[str] = []
        documents = 0
        for info in self.all_infos():
            documents += 1
            try:
                whole = self.whole(info.id)
                text = whole.document.text
                if any(text[chunk.start : chunk.end] != chunk.text for chunk in whole.chunks):
                    found.append(f"{info.source}: a chunk is not a part of its text")
            except IndexDamagedError as error:
                found.append(f"{info.source}: {error.message}")
        if documents != self.manifest.documents:
            found.append(f"{documents} documents instead of {self.manifest.documents}")
        return found

    def close(self) -> None:
        """Nothing is held beside the connection, which is the reader's."""

    def _of(self, document_ids: Sequence[str]) -> Where:
        return self._where.also(in_list("document", document_ids))

    def _remember(self, rows: Iterable[tuple[int, Row]]) -> None:
        kept = {number: {name: row[name] for name in forms.CHUNK_META} for number, row in rows}
        with self._lock:
            self._rows.update(kept)
            while len(self._rows) > ROWS_KEPT:
                self._rows.pop(next(iter(self._rows)))

    def _require_whole(self) -> None:
        """Wait until this node sees all that was published: a write may take seconds to reach it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while (count := self._chunks.count(self._where)) != self.manifest.chunks:
            if time.monotonic() > until:
                raise IndexDamagedError(
                    f"Milvus holds {count} chunks instead of {self.manifest.chunks}.",
                    "Fill the index anew: genesis-rag index --rebuild PATH…",
                )
            time.sleep(0.2)
