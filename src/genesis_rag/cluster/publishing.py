"""Bringing a generation of a store to the cluster. Killed at any point, the next run goes on from there.

Rows come first, ``born`` in the next generation, so that no reader sees them; rows that go get ``died``. Then the
manifest names the generation, and at the next one the dead are deleted. A new identity, or a rebuild, fills collections
of its own, and the alias is swapped. Rows are named by their content: writing them again changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from genesis_rag.cluster.lease import Lease
from genesis_rag.cluster.manifest import DOCUMENTS_SUFFIX, Cluster, ClusterManifest
from genesis_rag.cluster.rows import CHUNK_FIELDS, DOCUMENT_FIELDS, chunk_rows, document_row
from genesis_rag.cluster.table import LANGUAGES, NEVER, Row, Table, Where, in_list
from genesis_rag.cluster.weights import PADDING, Statistics, dimension
from genesis_rag.index.derived import Recipe
from genesis_rag.index.snapshot import Snapshot
from genesis_rag.index.store import Published
from genesis_rag.index.stored import StoredWhole, all_ids, changed_ids, read_whole

DOCUMENTS_AT_ONCE = 64
PIVOT_DOCUMENTS = 200
ALL_DOCUMENT_FIELDS = ("number", *DOCUMENT_FIELDS)
ALL_CHUNK_FIELDS = ("number", "dense", *CHUNK_FIELDS)


class Publication:
    """One generation on its way.

    Args:
        cluster: where to.
        snapshot: shows what is to be seen.
        published: sums up what ``snapshot`` shows.
        recipe: how terms are made, and who is told.
        before: the generation that readers see now.
        lease: held while this goes on.
        whole: fill new collections instead of changing those of ``before``.
        step: called after every step, for tests.
    """

    def __init__(
        self,
        cluster: Cluster,
        snapshot: Snapshot,
        published: Published,
        recipe: Recipe,
        before: ClusterManifest | None,
        lease: Lease,
        *,
        whole: bool,
        step: Callable[[str], None],
    ) -> None:
        self._cluster, self._snapshot, self._recipe, self._step = cluster, snapshot, recipe, step
        self._published, self._lease = published, lease
        self._before = None if whole else before
        self._replaced = before.collection if before and whole else ""
        self._generation = (before.generation if before else 0) + 1
        # An attempt with other content must not go on in the rows of one that was stopped.
        made_of = hashlib.sha256(f"{recipe.identity.to_json()}{published.content}".encode()).hexdigest()[:8]
        name = f"{cluster.address.collection}_{self._generation}_{made_of}"
        self._collection = self._before.collection if self._before else name
        self._pivot = self._before.pivot if self._before else self._guess_pivot()
        self._chunks: Table = cluster.milvus.table(self._collection)
        self._documents: Table = cluster.milvus.table(self._collection + DOCUMENTS_SUFFIX)
        self._more: Counter[int] = Counter()
        self._fewer: Counter[int] = Counter()
        self._terms = self._before.terms if self._before else 0

    def run(self) -> ClusterManifest:
        """Do it and return what readers see now."""
        address, fields = self._cluster.address, {**CHUNK_FIELDS, "dense": self._recipe.identity.dim}
        self._cluster.milvus.create(self._collection, fields, LANGUAGES, address.dense)
        self._cluster.milvus.create(self._collection + DOCUMENTS_SUFFIX, DOCUMENT_FIELDS)
        if self._before:
            self._clear(self._before.generation)
            here, gone = changed_ids(self._snapshot)
            self._end(gone)
        else:
            here = list(all_ids(self._snapshot))
        self._step("cleared")
        for start in range(0, len(here), DOCUMENTS_AT_ONCE):
            self._put(here[start : start + DOCUMENTS_AT_ONCE])
            self._lease.renew()
            self._recipe.progress("cluster", min(start + DOCUMENTS_AT_ONCE, len(here)), len(here))
            self._step("batch")
        if not self._before:  # small changes are sealed by Milvus when it sees fit
            self._chunks.flush()
            self._documents.flush()
        manifest = self._manifest()
        self._lease.require()
        self._cluster.publish(manifest)
        self._step("published")
        self._tidy(manifest)
        return manifest

    def _guess_pivot(self) -> float:
        """Return the average number of terms of chunks of documents spread over all."""
        ids = list(all_ids(self._snapshot))
        some = ids[:: max(1, len(ids) // PIVOT_DOCUMENTS)]
        lengths = [len(terms) for whole in self._read(some) for terms in self._terms_of(whole)]
        return sum(lengths) / max(len(lengths), 1) or 1.0

    def _read(self, ids: Iterable[str]) -> list[StoredWhole]:
        return [read_whole(self._snapshot, one, self._recipe.identity.dim) for one in ids]

    def _terms_of(self, whole: StoredWhole) -> list[Sequence[str]]:
        return [self._recipe.term_maker(whole.document.title, chunk) for chunk in whole.chunks]

    def _clear(self, seen: int) -> None:
        """Delete what died before generation ``seen``, and undo what an attempt at this one has left."""
        for table in (self._chunks, self._documents):
            table.delete(f"died <= {seen}")
            table.delete(f"born == {self._generation}")
        where = Where(f"died == {self._generation}")
        for chunks in self._chunks.every(where, ALL_CHUNK_FIELDS):
            self._write(chunks, died=NEVER)
        for documents in self._documents.every(where, ALL_DOCUMENT_FIELDS):
            self._documents.insert([{**row, "died": NEVER} for row in documents])

    def _end(self, ids: Sequence[str]) -> None:
        """Let the rows of these documents die."""
        for start in range(0, len(ids), DOCUMENTS_AT_ONCE):
            some = in_list("document", ids[start : start + DOCUMENTS_AT_ONCE])
            where = Where(f"born < {self._generation} and died == {NEVER} and {some}")
            for chunks in self._chunks.every(where, ALL_CHUNK_FIELDS):
                self._terms -= sum(int(row["length"]) for row in chunks)
                self._fewer.update(key for row in chunks for key in row["keywords"] if key != PADDING)
                self._write(chunks, died=self._generation)
            self._lease.renew()
            documents = self._documents.query(where, ALL_DOCUMENT_FIELDS, latest=True)
            self._documents.insert([{**row, "died": self._generation} for row in documents])

    def _put(self, ids: Sequence[str]) -> None:
        """Write documents, those that are there in another form first ended: their chunks, then their own rows.

        A row of a document says that its chunks are there.
        """
        texts, generation = self._cluster.texts, self._generation
        wholes = {int(row["number"]): (row, whole) for row, whole in self._rows(ids)}
        there = self._documents.query(
            Where(f"died == {NEVER} and {in_list('number', list(wholes))}"), ("number", "born"), latest=True
        )
        known = {int(row["number"]): int(row["born"]) for row in there}
        changed = {number: pair for number, pair in wholes.items() if known.get(number, generation) == generation}
        if self._before:
            self._end([whole.document.id for _, whole in changed.values()])
        for number, (_, whole) in changed.items():
            terms = self._terms_of(whole)
            self._terms += sum(map(len, terms))
            self._more.update(key for words in terms for key in set(map(dimension, words)))
            if number not in known:
                self._write(chunk_rows(whole, number, terms, self._pivot, texts, generation))
        self._documents.insert([row for number, (row, _) in changed.items() if number not in known])

    def _rows(self, ids: Sequence[str]) -> Iterator[tuple[Row, StoredWhole]]:
        for whole in self._read(ids):
            yield document_row(whole, self._cluster.texts, self._generation), whole

    def _write(self, rows: Sequence[Row], died: int | None = None) -> None:
        for language in LANGUAGES:
            some = [row for row in rows if row["language"] == language]
            self._chunks.insert(some if died is None else [{**row, "died": died} for row in some], language)

    def _manifest(self) -> ClusterManifest:
        before, texts, published = self._before, self._cluster.texts, self._published
        known = Statistics.from_bytes(texts.get(before.statistics)) if before else Statistics.none()
        documents = self._snapshot.rows(
            "SELECT count(*) FROM documents d WHERE d.born <= :g AND (d.died IS NULL OR d.died > :g)"
        )
        return ClusterManifest(
            generation=self._generation,
            collection=self._collection,
            identity=self._recipe.identity,
            content=published.content,
            documents=int(documents[0][0]),
            chunks=published.chunks,
            languages=dict(published.languages),
            terms=self._terms,
            pivot=self._pivot,
            statistics=texts.put(known.changed(self._more, self._fewer).to_bytes()),
            dense=before.dense if before else self._cluster.address.dense,
            retired=self._replaced,
        )

    def _tidy(self, manifest: ClusterManifest) -> None:
        """Drop collections of this index that neither this generation nor the one before it reads."""
        ours = re.compile(rf"{self._cluster.address.collection}_\d+_[0-9a-f]{{8}}")
        for name in {one.removesuffix(DOCUMENTS_SUFFIX) for one in self._cluster.milvus.names()}:
            if ours.fullmatch(name) and name not in (manifest.collection, manifest.retired):
                self._cluster.drop(name)
