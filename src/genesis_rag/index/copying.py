"""Whole copies of a store: taken while it is in use, examined to the last value, and put in its place in one step."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from genesis_rag.errors import IndexDamagedError
from genesis_rag.index import checks, derived
from genesis_rag.index.connection import (
    STORE_NAME,
    damage_told,
    make_directory,
    open_for_reading,
    open_for_writing,
    set_aside_if_damaged,
    unfinished_first_run,
)
from genesis_rag.index.derived import Recipe, TermMaker, no_progress
from genesis_rag.index.lock import WriterLock
from genesis_rag.index.recovery import read_state
from genesis_rag.index.snapshot import Snapshot
from genesis_rag.index.store import Published, describe, read_published, write_meta
from genesis_rag.values import dataclass

RESTORING = ".restore"
"""Where a store waits inside the folder of an index until it is found sound."""

_TOLD = 3
_PAGES_AT_ONCE = 4_096


@dataclass(frozen=True, slots=True)
class Contents:
    """What a store holds for its readers.

    Attributes:
        published: generation, identity, chunks and content hash.
        documents: how many documents.
        sources: how many places they are found at.
        files: file -> SHA-256 of it when it was indexed, empty where that is not known.
    """

    published: Published
    documents: int
    sources: int
    files: dict[str, str]


def copy_store(directory: Path, target: Path) -> Contents:
    """Copy the store of the index in ``directory``, as it is at one instant, to the new file ``target``.

    Readers and a writer may go on meanwhile. What a run of ``index`` has saved but not published is copied too.

    Raises:
        IndexNotFoundError: nothing was published there yet.
        IndexDamagedError: SQLite finds damage in the copy, so the store has it too.
    """
    with damage_told(), closing(open_for_reading(directory)) as store, closing(sqlite3.connect(target)) as copy:
        copy.execute("PRAGMA synchronous = OFF")  # it is not relied on before it has become a part of something else
        store.execute("BEGIN")  # every page comes from the instant of this transaction
        if read_published(store) is None:
            raise unfinished_first_run(directory)
        store.backup(copy, pages=_PAGES_AT_ONCE)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without helpers beside it
        if faults := checks.store_faults(copy):
            raise IndexDamagedError(f"The store of the index is damaged: {faults[0]}.", "Run: genesis-rag doctor")
        return contents(copy)


def contents(connection: sqlite3.Connection) -> Contents:
    """Count what a store holds for its readers."""
    published = read_published(connection)
    if published is None:
        raise IndexDamagedError("The store holds no generation.", "Take another backup.")
    generation = {"g": published.generation}
    visible = "born <= :g AND (died IS NULL OR died > :g)"
    (documents,) = connection.execute(f"SELECT count(*) FROM documents WHERE {visible}", generation).fetchone()
    (sources,) = connection.execute(f"SELECT count(*) FROM sources WHERE {visible}", generation).fetchone()
    files = connection.execute(
        "SELECT DISTINCT s.file, coalesce(f.sha256, '') FROM sources s LEFT JOIN files f ON f.file = s.file "
        f"WHERE {visible} ORDER BY s.file",
        generation,
    ).fetchall()
    return Contents(published, documents, sources, dict(files))


class Replacement:
    """A store that waits in the folder of an index to take its place. Holds the lock of the writer; a context manager.

    Whatever happens before ``install`` has returned, the index is what it was.
    """

    def __init__(self, directory: Path) -> None:
        """Make room for the store.

        Raises:
            IndexLockedError: another process is writing to the index.
        """
        make_directory(directory)
        self._directory = directory
        self._lock = WriterLock(directory)
        try:
            self._place = directory / RESTORING
            self._clear()
            self._place.mkdir(mode=0o700)
        except BaseException:
            self._lock.release()
            raise

    @property
    def path(self) -> Path:
        """Return where the store has to be written."""
        return self._place / STORE_NAME

    def examine(self) -> Contents:
        """Read and check every value of the store, and bring one of an older version up to date.

        Raises:
            IndexDamagedError: something is not as it was stored; the message says what.
            IndexMismatchError: it was written by a newer version or another program.
        """
        with damage_told(), closing(open_for_writing(self._place)) as copy:
            copy.execute("PRAGMA journal_mode = DELETE")
            found = contents(copy)
            faults = list(islice(_faults(copy, found.published), _TOLD))
            if faults:
                raise IndexDamagedError(f"The store in it is damaged: {'; '.join(faults)}.", "Take another backup.")
            return found

    def install(self, term_maker: TermMaker) -> None:
        """Make the search files of the store, and put both in the place of what the index holds, in one step.

        Args:
            term_maker: makes keyword terms as the analyser of the store does.
        """
        with damage_told(), closing(open_for_writing(self._place)) as copy:
            copy.execute("PRAGMA journal_mode = DELETE")
            published = contents(copy).published
            recipe = Recipe(published.identity, term_maker, no_progress)
            name = derived.new_name(published.generation)
            snapshot = Snapshot(copy, published.generation)
            derived.publish(self._directory, name, lambda place: derived.build(place, snapshot, recipe))
            write_meta(copy, "derived", name)
            set_aside_if_damaged(self._directory, read_state)
            with closing(open_for_writing(self._directory)) as store:
                copy.backup(store)  # one transaction: who reads sees the old or the new, and so does who starts anew
            derived.remove_leftovers(self._directory, name)

    def __enter__(self) -> Replacement:
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self._clear()
        finally:
            self._lock.release()

    def _clear(self) -> None:
        for path in sorted(self._place.glob("*")) if self._place.is_dir() else ():
            path.unlink()
        if self._place.exists():
            self._place.rmdir()


def _faults(connection: sqlite3.Connection, published: Published) -> Iterator[str]:
    """Yield what is wrong with a store, in words."""
    yield from checks.store_faults(connection)
    if number := checks.dangling_rows(connection):
        yield f"{number} rows point at nothing"
    snapshot = Snapshot(connection, published.generation)
    for fault in checks.document_faults(snapshot):
        yield f"document number {fault.document}: {fault.what}"
    for fault in checks.vector_faults(snapshot, published.identity.dim):
        yield f"document number {fault.document}: {fault.what}"
    if snapshot.count() != published.chunks:
        yield "it holds another number of chunks than it says"
    pending = connection.execute("SELECT 1 FROM documents WHERE born > ? OR died IS NOT NULL", (published.generation,))
    if pending.fetchone() is None and describe(connection, published.generation, published.identity) != published:
        yield "its documents and sources differ from their hash"
