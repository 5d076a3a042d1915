"""From files to the index: the only writer. Unchanged files are not read, unchanged texts are not embedded again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from genesis_rag.documents.processes import ReadingLimits
from genesis_rag.index import IndexIdentity, IndexWriter
from genesis_rag.index.connection import damage_told
from genesis_rag.ingest.batch import Tools
from genesis_rag.ingest.run import DEFAULT_READING, Listener, Progress, Run
from genesis_rag.ingest.spread import Spread, Workers
from genesis_rag.ingest.work import Cutter
from genesis_rag.types import Chunk, IngestReport

__all__ = ["Cutter", "Progress", "ReadingLimits", "Tools", "Workers", "ingest", "remove"]

OpenWriter = Callable[..., IndexWriter]
"""Called with directory, identity, term maker, and ``rebuild`` and ``progress`` by name."""


def ingest(
    paths: Sequence[Path],
    *,
    base: Path,
    directory: Path,
    tools: Tools,
    progress: Progress | None = None,
    prune: bool = False,
    rebuild: bool = False,
    gone: Sequence[Path] = (),
    reading: ReadingLimits = DEFAULT_READING,
    workers: Workers | None = None,
    trace: Callable[[str], None] | None = None,
    open_writer: OpenWriter = IndexWriter.open,
) -> IngestReport:
    """Add the documents under ``paths`` to the index in ``directory``, or bring it up to date.

    What was finished is saved every few seconds and never lost; readers see it in steps of about a minute. A file that
    cannot be read is reported and never stops the run. One that was renamed keeps its document. Ctrl-C commits.

    Args:
        paths: files and folders; sources are named relative to ``base``.
        base: where relative names begin.
        directory: the index.
        tools: what fills the index.
        progress: told about the phases of the run.
        prune: remove the documents under ``paths`` whose files are gone.
        gone: files and folders whose documents go if they are gone.
        rebuild: start anew; the old index answers until the new one is whole.
        reading: what reading files in processes of their own may cost.
        workers: read and embed, with ``tools`` of their own; None for doing all here.
        trace: told the name of every step, for tests.
        open_writer: opens ``directory`` for writing, as ``IndexWriter.open`` does.

    Raises:
        IndexLockedError: another process is writing.
        IndexMismatchError: something else filled the index, and ``rebuild`` was not asked for.
        IndexDamagedError: the store is damaged; with ``rebuild`` it is set aside instead.
    """
    started = time.monotonic()
    listener = Listener(progress, trace)
    with damage_told(), _open(open_writer, directory, tools, rebuild, listener) as writer:
        whole_only = rebuild and writer.is_read
        spread = None if workers is None else Spread(tools, workers, writer.vector_keys)
        run = Run(writer, spread.tools if spread else tools, base, listener, whole_only, spread or reading)
        with _kept_on_interrupt(writer, keep=not whole_only):
            run.take_in(paths)
            run.prune([*gone, *(paths if prune else ())])
            writer.commit()
        return run.report(time.monotonic() - started)


def remove(
    sources: Iterable[str],
    *,
    directory: Path,
    identity: IndexIdentity,
    term_maker: Callable[[str, Chunk], Sequence[str]],
    open_writer: OpenWriter = IndexWriter.open,
) -> int:
    """Remove sources from the index and publish that; return how many there were. Their files are not touched."""
    with damage_told(), open_writer(directory, identity, term_maker) as writer:
        removed = 0
        for source in sources:
            file = writer.file_of(source)
            if file is not None and writer.remove_source(source):
                writer.forget_stamp(file)
                removed += 1
        writer.commit()
    return removed


def _open(open_writer: OpenWriter, directory: Path, tools: Tools, rebuild: bool, listener: Listener) -> IndexWriter:
    return open_writer(directory, tools.identity, tools.term_maker, rebuild=rebuild, progress=listener.on_commit)


@contextmanager
def _kept_on_interrupt(writer: IndexWriter, *, keep: bool) -> Iterator[None]:
    """On Ctrl-C publish what was saved, if that is to be kept."""
    try:
        yield
    except KeyboardInterrupt:
        writer.discard()
        if keep:
            writer.commit()
        raise
