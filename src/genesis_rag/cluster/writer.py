"""The writer of a cluster: the store of this home is filled as ever, and each commit is brought to the cluster.

So everything that is true of a store holds here too: what was saved is never lost, unchanged texts are not embedded
again, one writer at a time. Another home may have written meanwhile; then its documents are taken in first.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Self

from genesis_rag.cluster.copying import copy_documents
from genesis_rag.cluster.lease import Lease
from genesis_rag.cluster.manifest import Cluster, ClusterManifest
from genesis_rag.cluster.publishing import Publication
from genesis_rag.cluster.reader import ClusterIndex
from genesis_rag.errors import IndexDamagedError, IndexLockedError, IndexMismatchError
from genesis_rag.index import IndexIdentity, IndexWriter
from genesis_rag.index.derived import Progress, TermMaker, no_progress
from genesis_rag.index.manifest import require_same
from genesis_rag.index.recovery import give_up
from genesis_rag.index.snapshot import Snapshot
from genesis_rag.index.store import describe, read_meta, write_meta

Step = Callable[[str], None]


_TAKING_IN = "taking in"
"""Marks a store that is being filled from the cluster: what waits in it then came from there."""


def _no_step(name: str) -> None:
    """Do nothing at a step."""


class ClusterWriter(IndexWriter):
    """An ``IndexWriter`` whose readers are on many machines."""

    _cluster: Cluster
    _seen: ClusterManifest | None
    _whole: bool
    _step: Step
    _takes_in = False

    @classmethod
    def connect(
        cls,
        cluster: Cluster,
        directory: Path,
        identity: IndexIdentity,
        term_maker: TermMaker,
        *,
        rebuild: bool = False,
        progress: Progress = no_progress,
        step: Step = _no_step,
    ) -> ClusterWriter:
        """Open the store in ``directory`` for writing, and bring it level with the cluster.

        Args:
            cluster: closed with the writer.
            directory: the store of this home for this cluster; it is made when it is not there.
            identity: what will fill it.
            term_maker: makes the keyword terms of (document title, chunk).
            rebuild: start anew; readers keep the old documents until the first ``commit``.
            progress: is told about phases.
            step: called after every step of a commit, for tests.

        Raises:
            IndexLockedError: another process of this home is writing.
            IndexMismatchError: something else filled the cluster, and ``rebuild`` was not asked for.
            BackendError: the cluster does not answer.
        """
        try:
            seen = cluster.published()
            if seen is not None and not rebuild:
                require_same(seen.identity, identity)
            writer, stale = cls._open_store(directory, identity, term_maker, rebuild, progress, seen)
        except BaseException:
            cluster.close()
            raise
        writer._cluster, writer._seen, writer._whole, writer._step = cluster, seen, rebuild, step
        try:
            if not rebuild:
                writer._catch_up(anew=stale)
        except BaseException:
            writer.close()
            raise
        return writer

    @classmethod
    def _open_store(
        cls,
        directory: Path,
        identity: IndexIdentity,
        term_maker: TermMaker,
        rebuild: bool,
        progress: Progress,
        seen: ClusterManifest | None,
    ) -> tuple[Self, bool]:
        """Open the store; tell whether it was a copy of what the cluster held before another home filled it anew."""
        try:
            return cls.open(directory, identity, term_maker, rebuild=rebuild, progress=progress), False
        except IndexMismatchError:
            if seen is None:
                raise
            return cls.open(directory, identity, term_maker, rebuild=True, progress=progress), True

    @property
    def is_read(self) -> bool:
        """Tell whether readers have something to lose by an unfinished rebuild."""
        return self._seen is not None

    def close(self) -> None:
        """Drop what was not saved, let the next writer in, and let go of the cluster."""
        super().close()
        self._cluster.close()

    def _catch_up(self, *, anew: bool) -> None:
        """Let the store of this home hold what another home has brought to the cluster, and nothing else.

        What a stopped run of this home had saved is given up, as what it was made from may be gone; its files are read
        again. So whatever waits afterwards is a change to what the cluster holds.

        Args:
            anew: the store was opened to be filled from nothing.

        Raises:
            IndexDamagedError: the cluster holds other documents than it says.
        """
        seen, own = self._seen, self._published
        if seen is None or (own is not None and own.content == seen.content):
            return
        if not read_meta(self._connection, _TAKING_IN):
            self.begin()
            if not anew:
                give_up(self._connection, self.generation)
            write_meta(self._connection, _TAKING_IN, "yes")
            self.save()
        with ClusterIndex.open(self._cluster.again(), self._recipe.identity) as theirs:
            here = {info.id for info in theirs.documents()}
            copied = copy_documents(theirs, self, self._recipe.progress)
        living = Snapshot(self._connection, self._next).infos()
        gone = [source for info in living if info.id not in here for source in info.sources]
        for source in gone:
            self.remove_source(source)
        self._takes_in = True
        self.commit()
        self._takes_in = False
        write_meta(self._connection, _TAKING_IN, "")
        if self._published is None or self._published.content != seen.content:
            raise IndexDamagedError("The cluster holds other documents than it says.", "Run: genesis-rag doctor")
        self._repairs.append(f"{copied} documents of the cluster were taken into this home, {len(gone)} names let go")

    def _is_current(self) -> bool:
        there = self._cluster.published()
        own = self._published
        level = there is not None and own is not None and there.content == own.content
        return super()._is_current() and (level or self._takes_in) and not self._whole

    def _make_searchable(self) -> str:
        if self._takes_in:
            return ""
        cluster, identity = self._cluster, self._recipe.identity
        whole = self._whole or self._seen is None or self._seen.identity != identity
        with Lease(cluster.texts, f"{cluster.address.collection}.lock") as lease:
            if cluster.published() != self._seen:
                raise IndexLockedError(
                    "Another home has written to the cluster meanwhile.", "Run this again; it takes that in."
                )
            snapshot = Snapshot(self._connection, self._next)
            published = describe(self._connection, self._next, identity)
            publication = Publication(
                cluster, snapshot, published, self._recipe, self._seen, lease, whole=whole, step=self._step
            )
            self._seen, self._whole = publication.run(), False
        return ""
