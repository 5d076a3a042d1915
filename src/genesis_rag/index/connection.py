"""Opening SQLite: one file in WAL mode, for one writer and any number of readers."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from genesis_rag.errors import GenesisError, IndexDamagedError, IndexMismatchError, IndexNotFoundError
from genesis_rag.index import durable, migrations

STORE_NAME = "store.sqlite"
BUSY_SECONDS = 30.0
DAMAGED_HINT = "Restore a backup, or fill the index anew: genesis-rag index --rebuild PATH…"


NO_ROOM_HINT = "Free some space or check the disk, then run the same command again; nothing that was saved is lost."
FORBIDDEN_HINT = "Check who may read and write the folder of the index and its files; nothing that was saved is lost."
_FORBIDDEN = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)


@contextmanager
def damage_told() -> Iterator[None]:
    """Turn SQLite's complaints about its file into errors that say what to do.

    Raises:
        IndexDamagedError: the file is malformed.
        GenesisError: the disk is full, or cannot be read or written.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        if _code(error) in (0, sqlite3.SQLITE_ERROR):  # a stored text is no text; a table or a column is missing
            raise IndexDamagedError(f"The store of the index is damaged: {error}.", DAMAGED_HINT) from error
        hint = FORBIDDEN_HINT if _code(error) in _FORBIDDEN else NO_ROOM_HINT
        raise GenesisError(f"The store of the index cannot be used: {error}.", hint) from error
    except UnicodeDecodeError as error:
        raise IndexDamagedError(
            f"The store of the index is damaged: a text in it is none ({error}).", DAMAGED_HINT
        ) from error
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.DatabaseError as error:
        raise IndexDamagedError(f"The store of the index is damaged: {error}.", DAMAGED_HINT) from error


@contextmanager
def closing_on_error(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Close the connection if what is done with it fails; else it stays open."""
    try:
        yield connection
    except BaseException:
        connection.close()
        raise


def missing_index(directory: Path) -> IndexNotFoundError:
    """Return the error for a directory that holds no index."""
    return IndexNotFoundError(
        f"There is no index in {directory}.", "Index your documents first: genesis-rag index PATH…"
    )


def unfinished_first_run(directory: Path) -> IndexNotFoundError:
    """Return the error for an index whose first generation was never published."""
    return IndexNotFoundError(
        f"The first run of index in {directory} was not finished.",
        "Finish it with the same command: genesis-rag index PATH…",
    )


def store_path(directory: Path) -> Path:
    """Return where the store of the index in ``directory`` lies."""
    return directory / STORE_NAME


def open_for_writing(directory: Path) -> sqlite3.Connection:
    """Open or create the store; every commit has reached the disk when it returns.

    Raises:
        IndexMismatchError: the store belongs to a newer version or to another program.
        IndexDamagedError: SQLite cannot read it.
    """
    make_directory(directory)
    connection = sqlite3.connect(
        store_path(directory), timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    with closing_on_error(connection), damage_told():
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -32000")
        migrations.migrate(connection)
    return connection


def make_directory(directory: Path) -> None:
    """Make a directory that lasts, with those above it.

    Raises:
        GenesisError: that is not allowed, or there is no room.
    """
    try:
        missing = [place for place in (directory, *directory.parents) if not place.exists()]
        directory.mkdir(parents=True, exist_ok=True)
        for place in missing:
            durable.fsync_directory(place.parent)
    except OSError as error:
        raise GenesisError(f"{directory} cannot be made: {error.strerror}.", FORBIDDEN_HINT) from error


def open_for_reading(directory: Path) -> sqlite3.Connection:
    """Open the store of an index that exists; a directory that cannot be written to is no hindrance.

    Raises:
        IndexNotFoundError: there is no store.
        IndexMismatchError: the store belongs to another version or to another program.
        IndexDamagedError: SQLite cannot read it.
    """
    path = store_path(directory)
    if not path.is_file():
        raise missing_index(directory)
    for query in ("mode=rw", "mode=ro"):
        try:
            return _open_to_read(path, query)
        except sqlite3.OperationalError as error:
            if _code(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                raise _unreadable(error) from error
            failure = error
        except sqlite3.Error as error:
            raise _unreadable(error) from error
    return _open_where_nobody_writes(path, failure)


def _open_to_read(path: Path, query: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{query}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    with closing_on_error(connection):
        connection.execute("PRAGMA query_only = ON")
        migrations.require_known_version(connection)
        steps = migrations.version(connection)
        if steps == 0:
            raise missing_index(path.parent)
        if steps < len(migrations.MIGRATIONS):
            raise IndexMismatchError(
                "The index was written by an older version of genesis-rag.", "Bring it up to date: genesis-rag doctor"
            )
    return connection


def _open_where_nobody_writes(path: Path, failure: sqlite3.Error) -> sqlite3.Connection:
    """Open a store on a read-only disk, without the locks and helper files that SQLite cannot make there.

    Changes that wait beside the store must not be ignored: that would show an old or a torn state.
    """
    if os.access(path.parent, os.W_OK):
        raise _unreadable(failure)
    if journal_size(path.parent):
        raise GenesisError(
            "The index was not closed by its last writer, and it lies where nothing can be written.",
            "Make the folder writable and run: genesis-rag doctor. Or copy the folder to another place.",
        )
    try:
        return _open_to_read(path, "immutable=1")
    except sqlite3.Error as error:
        raise _unreadable(error) from error


def _code(error: sqlite3.Error) -> int:
    """Return the primary code of an error of SQLite, 0 where it has none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _unreadable(error: sqlite3.Error) -> GenesisError:
    if _code(error) in _FORBIDDEN:
        return GenesisError(f"The store of the index cannot be used: {error}.", FORBIDDEN_HINT)
    return IndexDamagedError(f"The store of the index cannot be read: {error}.", DAMAGED_HINT)


def set_aside_if_damaged(directory: Path, read: Callable[[sqlite3.Connection], object]) -> str:
    """Rename a store that cannot be read, for someone who fills the index anew; return its new name, or nothing.

    Args:
        directory: the index.
        read: reads what a store says of itself; raises IndexDamagedError where that is damaged.
    """
    path = store_path(directory)
    if not path.exists():
        return ""
    try:
        with closing(open_for_writing(directory)) as connection:
            if connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok":
                read(connection)
                return ""
    except (IndexDamagedError, sqlite3.DatabaseError, UnicodeDecodeError):
        pass
    aside = f"{STORE_NAME}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"
    for ending in ("-wal", "-shm", ""):
        part = path.with_name(STORE_NAME + ending)
        if part.exists():
            durable.replace(part, path.with_name(aside + ending))
    durable.fsync_directory(directory)
    return aside


def journal_size(directory: Path) -> int:
    """Return how many bytes of changes wait beside the store to be folded into it."""
    path = store_path(directory)
    journal = path.with_name(path.name + "-wal")
    return journal.stat().st_size if journal.exists() else 0
