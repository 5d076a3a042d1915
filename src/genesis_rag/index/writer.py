"""The one writer of an index: collects changes, saves them, and publishes them as a new generation."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from genesis_rag.errors import IndexDamagedError
from genesis_rag.index import derived
from genesis_rag.index.connection import (
    closing_on_error,
    damage_told,
    make_directory,
    missing_index,
    open_for_writing,
    set_aside_if_damaged,
    store_path,
    unfinished_first_run,
)
from genesis_rag.index.derived import Progress, Recipe, TermMaker, no_progress
from genesis_rag.index.edits import Edits
from genesis_rag.index.lock import Holder, WriterLock
from genesis_rag.index.manifest import IndexIdentity
from genesis_rag.index.recovery import prepare, publish_again, read_state
from genesis_rag.index.snapshot import Snapshot
from genesis_rag.index.store import Published, describe, read_meta, read_published, sweep_vectors, write_meta


class IndexWriter(Edits):
    """Changes an index: ``put``, ``attach`` and ``remove_source``, then ``save`` now and then, and ``commit``.

    What was saved is never lost; what was committed is what readers see. Use it as a context manager.

    Attributes:
        repairs: what had to be put right when it was opened or committed, in words.
    """

    def __init__(
        self, directory: Path, lock: WriterLock, connection: sqlite3.Connection, recipe: Recipe, repairs: list[str]
    ) -> None:
        """Take over an opened index; use ``open``."""
        self._directory, self._lock, self._recipe = directory, lock, recipe
        self._published = read_published(connection)
        self._repairs = repairs
        super().__init__(connection, self.generation + 1, recipe.identity.dim)

    @classmethod
    def open(
        cls,
        directory: Path,
        identity: IndexIdentity,
        term_maker: TermMaker,
        *,
        rebuild: bool = False,
        progress: Progress = no_progress,
    ) -> Self:
        """Open or create the index in ``directory`` for writing, and put right what a stopped run left behind.

        Args:
            directory: the index; it is made when it is not there.
            identity: what will fill it.
            term_maker: makes the keyword terms of (document title, chunk).
            rebuild: start anew; readers keep the old documents until the first ``commit``. A stopped rebuild with
                the same identity is continued.
            progress: is told about the phases of ``commit``.

        Raises:
            IndexLockedError: another process is writing.
            IndexMismatchError: something else filled the index, and ``rebuild`` was not asked for.
            IndexDamagedError: SQLite cannot read the store.
        """
        make_directory(directory)
        lock = WriterLock(directory)
        try:
            aside = set_aside_if_damaged(directory, read_state) if rebuild else ""
            with closing_on_error(open_for_writing(directory)) as connection, damage_told():
                repairs = prepare(connection, identity, rebuild)
                if aside:
                    repairs.append(f"the damaged store was set aside as {aside}")
                if derived.remove_leftovers(directory, read_meta(connection, "derived")):
                    repairs.append("unfinished files of a run that was stopped were removed")
                return cls(directory, lock, connection, Recipe(identity, term_maker, progress), repairs)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def open_for_repair(
        cls, directory: Path, term_maker: TermMaker, expected: IndexIdentity | None = None
    ) -> IndexWriter:
        """Open a published index as it is, unfinished runs and all; whoever repairs it decides about those.

        Where it is damaged what filled the index, ``expected`` is taken for that.

        Raises:
            IndexNotFoundError: nothing was published yet.
            IndexLockedError: another process is writing.
            IndexDamagedError: SQLite cannot read the store.
        """
        if not store_path(directory).is_file():
            raise missing_index(directory)
        lock = WriterLock(directory)
        try:
            with closing_on_error(open_for_writing(directory)) as connection, damage_told():
                repairs = _readable(connection, expected)
                published = read_published(connection)
                if published is None:
                    raise unfinished_first_run(directory)
                return cls(directory, lock, connection, Recipe(published.identity, term_maker, no_progress), repairs)
        except BaseException:
            lock.release()
            raise

    @property
    def generation(self) -> int:
        """Return the published generation, 0 if there is none yet."""
        return self._published.generation if self._published else 0

    @property
    def is_read(self) -> bool:
        """Tell whether readers have something to lose by an unfinished rebuild."""
        return self.generation > 0

    @property
    def published(self) -> Published | None:
        """Return what readers see."""
        return self._published

    @property
    def left_by(self) -> Holder | None:
        """Return the writer before this one, if it was stopped before it could let go."""
        return self._lock.left_by

    @property
    def repairs(self) -> tuple[str, ...]:
        """Return what was put right so far."""
        return tuple(self._repairs)

    def save(self) -> None:
        """Make the changes so far last, for the next generation; readers do not see them yet."""
        if self._connection.in_transaction:
            self._recipe.progress("save", 0, 0)
            self._connection.execute("COMMIT")

    def rederive(self) -> None:
        """Make the search files of the published generation anew from the store."""
        self.save()
        snapshot = Snapshot(self._connection, self.generation)
        name = derived.replace_for(self._directory, self._connection, snapshot, self._recipe)
        derived.remove_leftovers(self._directory, name)

    def reload(self) -> None:
        """Save, and look again at what is published, after a repair of that."""
        self.save()
        self._published = read_published(self._connection)

    def discard(self) -> None:
        """Go back to what was saved last."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def commit(self) -> int:
        """Save, derive the search files, and publish all changes as one generation; return its number.

        Without any change nothing is published.
        """
        self.save()
        if self._is_current():
            return self.generation
        name = self._make_searchable()
        self._recipe.progress("publish", 0, 0)
        self._published = self._publish(name)
        self._next = self.generation + 1
        self._recipe.progress("clean", 0, 0)
        derived.remove_leftovers(self._directory, name)
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        return self.generation

    def close(self) -> None:
        """Drop what was not saved and let the next writer in."""
        self.discard()
        self._connection.close()
        self._lock.release()

    def __enter__(self) -> IndexWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _is_current(self) -> bool:
        """Tell whether readers see all that is saved."""
        return self._published is not None and not self._changed()

    def _make_searchable(self) -> str:
        """Make what searches of the next generation need, and return the name of its directory."""
        name = derived.new_name(self._next)
        derived.publish(self._directory, name, self._make)
        return name

    def _changed(self) -> bool:
        return any(
            self._one(f"SELECT 1 FROM {table} WHERE born >= ? OR died IS NOT NULL LIMIT 1", self._next)
            for table in ("documents", "sources")
        )

    def _make(self, place: Path) -> None:
        self._derive(place)
        self._recipe.progress("sync", 0, 0)

    def _derive(self, place: Path) -> None:
        """Fill ``place`` from the directory of the published generation if that is sound, else from the store."""
        snapshot = Snapshot(self._connection, self._next)
        base = self._directory / derived.DERIVED_NAME / read_meta(self._connection, "derived")
        published = self._published
        if published is None or published.identity != self._recipe.identity:
            derived.build(place, snapshot, self._recipe)
            return
        removed = self._all(
            "SELECT c.number FROM documents d JOIN chunks c ON c.document = d.number "
            "WHERE d.died IS NOT NULL AND d.born < ?",
            self._next,
        )
        if len(removed) > published.chunks // 2:
            derived.build(place, snapshot, self._recipe)
            return
        ids = np.fromiter((row[0] for row in removed), dtype=np.int64, count=len(removed))
        try:
            derived.require_sound(base, published.identity, published.generation, published.chunks, full=True)
            derived.update(place, base, snapshot, self._recipe, ids)
        except ValueError as error:
            self._repairs.append(f"the search files were made anew from the store ({error})")
            shutil.rmtree(place, ignore_errors=True)
            derived.build(place, snapshot, self._recipe)

    def _publish(self, name: str) -> Published:
        connection = self._connection
        self.begin()
        try:
            connection.execute("DELETE FROM sources WHERE died IS NOT NULL")
            connection.execute("DELETE FROM documents WHERE died IS NOT NULL")
            sweep_vectors(connection)
            published = describe(connection, self._next, self._recipe.identity)
            write_meta(connection, "published", published.to_json())
            write_meta(connection, "derived", name)
            write_meta(connection, "pending", "")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return published


def _readable(connection: sqlite3.Connection, expected: IndexIdentity | None) -> list[str]:
    """Make what the store says of its generation readable; return in words what had to be done."""
    try:
        read_published(connection)
    except IndexDamagedError:
        if expected is None:
            raise
        publish_again(connection, expected)
        return ["what it says of its generation was damaged; it was worked out anew from what it holds"]
    return []
