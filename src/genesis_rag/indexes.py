"""Where the index lies: in a folder of this machine, or in a cluster. The only place that tells one from the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from genesis_rag.errors import IndexNotFoundError, UserError
from genesis_rag.index import Index, IndexIdentity
from genesis_rag.index.connection import damage_told, open_for_reading, unfinished_first_run
from genesis_rag.index.derived import Progress, TermMaker
from genesis_rag.index.manifest import require_same
from genesis_rag.index.reading import IndexReader
from genesis_rag.index.snapshot import Snapshot
from genesis_rag.index.store import read_published
from genesis_rag.settings import Settings

if TYPE_CHECKING:
    from genesis_rag.cluster.copying import Contents
    from genesis_rag.cluster.manifest import Cluster
    from genesis_rag.index import IndexWriter
    from genesis_rag.index.doctor import DoctorReport

OpenWriter = Callable[..., "IndexWriter"]

_MEND = "Bring it to the cluster again from its documents: genesis-rag index --rebuild PATH…"


def open_reader(
    settings: Settings, identity: IndexIdentity, term_maker: TermMaker, *, as_new: bool = False
) -> IndexReader:
    """Open the index of the settings for reading.

    Args:
        settings: say where it lies.
        identity: what must have filled it.
        term_maker: makes keyword terms of (document title, chunk).
        as_new: search as an index would that was made of the same documents in one go.

    Raises:
        IndexNotFoundError: nothing was indexed yet.
        IndexMismatchError: something other than ``identity`` filled it.
    """
    if settings.is_cluster:
        from genesis_rag.cluster import ClusterIndex

        return ClusterIndex.open(_cluster(settings), identity)
    index = Index.open(settings.index_dir, identity, term_maker)
    if as_new:
        index.forget_the_gone()
    return index


def writer_opener(settings: Settings) -> OpenWriter:
    """Return what opens the index of the settings for writing, called as ``IndexWriter.open`` is."""
    if not settings.is_cluster:
        from genesis_rag.index import IndexWriter

        return IndexWriter.open
    from genesis_rag.cluster import ClusterWriter

    return partial(ClusterWriter.connect, _cluster(settings))


def examine(settings: Settings, identity: IndexIdentity, term_maker: TermMaker) -> DoctorReport:
    """Check the index thoroughly, and mend what can be mended; in a cluster nothing is."""
    from genesis_rag.index.doctor import DoctorReport, Finding, doctor

    if not settings.is_cluster:
        return doctor(settings.index_dir, term_maker, expected=identity)
    from genesis_rag.cluster import ClusterIndex

    with ClusterIndex.open(_cluster(settings), identity) as index:
        return DoctorReport(tuple(Finding("cluster", fault, False, _MEND) for fault in index.check()))


def copy_index(
    source: Settings,
    target: Settings,
    identity: IndexIdentity,
    term_maker: TermMaker,
    *,
    force: bool,
    progress: Progress,
) -> int:
    """Copy all documents of one index to another and publish them there; return how many were not there yet.

    Args:
        source: names the index to copy.
        target: names the index to fill; what a stopped copy left there is gone on from.
        identity: what filled ``source``; its tools must be those of this process.
        term_maker: makes keyword terms of (document title, chunk).
        force: replace what ``target`` holds; readers see the old until the new is whole.
        progress: told about phases.

    Raises:
        UserError: ``target`` holds other documents, and ``force`` was not given; or both are the same.
    """
    from genesis_rag.cluster.copying import copy_documents

    if (source.index, source.index_dir) == (target.index, target.index_dir):
        raise UserError("Both addresses are the same.", "Name two.")
    with _contents(source, identity) as (contents, content):
        there = _content(target, identity)
        if there not in (None, content) and not force:
            raise UserError(
                f"There is another index at {target.index or target.index_dir} already.",
                "Choose an empty place, or let --force replace it.",
            )
        open_writer, replaces = writer_opener(target), there not in (None, content)
        with open_writer(target.index_dir, identity, term_maker, rebuild=replaces, progress=progress) as writer:
            copied = copy_documents(contents, writer, progress)
            writer.commit()
    return copied


def differences(source: Settings, target: Settings, identity: IndexIdentity, progress: Progress) -> list[str]:
    """Read every document of both indexes with all that belongs to it, and return in words what differs."""
    found: list[str] = []
    with _contents(source, identity) as (here, _), _contents(target, identity) as (there, _):
        infos, others = here.documents(), {info.id for info in there.documents()}
        found += [f"{len(others)} documents instead of {len(infos)}"] if len(others) != len(infos) else []
        for done, info in enumerate(infos, start=1):
            if info.id not in others:
                found.append(f"{info.source} is missing")
                continue
            one, other = here.whole(info.id), there.whole(info.id)
            same = (one.document, one.chunks, one.keys, sorted(one.places)) == (
                other.document,
                other.chunks,
                other.keys,
                sorted(other.places),
            )
            if not same or not np.array_equal(one.vectors, other.vectors):
                found.append(f"{info.source} differs")
            progress("compare", done, len(infos))
    return found


@contextmanager
def _contents(settings: Settings, identity: IndexIdentity) -> Iterator[tuple[Contents, str]]:
    """Open an index to read all of it; also give the hash of its content."""
    from genesis_rag.cluster import ClusterIndex
    from genesis_rag.cluster.copying import StoreContents

    if settings.is_cluster:
        cluster = _cluster(settings)
        with ClusterIndex.open(cluster, identity) as index:
            yield index, cluster.require_published().content
        return
    with closing(open_for_reading(settings.index_dir)) as connection, damage_told():
        connection.execute("BEGIN")
        published = read_published(connection)
        if published is None:
            raise unfinished_first_run(settings.index_dir)
        require_same(published.identity, identity)
        yield StoreContents(Snapshot(connection, published.generation), identity.dim), published.content


def _content(settings: Settings, identity: IndexIdentity) -> str | None:
    """Return the hash of what an index holds, empty if something else filled it, None if there is nothing."""
    if settings.is_cluster:
        with closing(_cluster(settings)) as cluster:
            found = cluster.published()
        return None if found is None else found.content if found.identity == identity else ""
    try:
        with closing(open_for_reading(settings.index_dir)) as connection:
            published = read_published(connection)
    except IndexNotFoundError:
        return None
    return None if published is None else published.content if published.identity == identity else ""


def _cluster(settings: Settings) -> Cluster:
    from genesis_rag.cluster import parse_address
    from genesis_rag.cluster.manifest import Cluster

    return Cluster.connect(parse_address(settings.index), settings.index_token)
