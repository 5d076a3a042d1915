"""The tables, as numbered steps; ``PRAGMA user_version`` counts those that were taken.

Who sees what: ``meta`` tells the published generation, which readers see. A run of ``index`` works on the next one:
what it adds is ``born`` in it, what it takes away has ``died`` in it, and both become visible in one transaction when
it is published. So readers see ``born <= generation``, and the writer sees ``died IS NULL``; published rows that died
are deleted in the same transaction. Numbers of chunks are never given twice (AUTOINCREMENT): a number that a derived
index still holds can only ever mean the chunk that it was made for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

from genesis_rag.errors import IndexMismatchError
from genesis_rag.index.seals import write_seal

APPLICATION_ID = 0x67656E31  # "gen1": tells our file from any other SQLite file

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    language TEXT NOT NULL,
    content_sha256 TEXT NOT NULL,
    text_sha256 BLOB NOT NULL,
    characters INTEGER NOT NULL,
    modified_at REAL,
    metadata TEXT NOT NULL,
    chunk_count INTEGER NOT NULL,
    born INTEGER NOT NULL,
    died INTEGER
);
CREATE UNIQUE INDEX documents_living ON documents (id) WHERE died IS NULL;
CREATE INDEX documents_by_id ON documents (id);
CREATE INDEX documents_dead ON documents (died) WHERE died IS NOT NULL;
CREATE INDEX documents_born ON documents (born);

-- The text in pieces of BLOCK_CHARACTERS, zlib: a chunk of a book of a thousand pages is read without the whole book.
CREATE TABLE texts (
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    block INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (document, block)
);

CREATE TABLE sections (
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    page INTEGER,
    kind TEXT NOT NULL,
    heading_path TEXT NOT NULL,
    PRIMARY KEY (document, ordinal)
) WITHOUT ROWID;

-- What a file looked like when it was indexed; only the writer reads it.
CREATE TABLE files (
    file TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    loader TEXT NOT NULL
) WITHOUT ROWID;

-- One row a place where a document is found; the same bytes under two names are one document with two sources.
CREATE TABLE sources (
    number INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    file TEXT NOT NULL,
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    born INTEGER NOT NULL,
    died INTEGER
);
CREATE UNIQUE INDEX sources_living ON sources (source) WHERE died IS NULL;
CREATE INDEX sources_by_file ON sources (file);
CREATE INDEX sources_by_document ON sources (document);
CREATE INDEX sources_dead ON sources (died) WHERE died IS NOT NULL;

-- One row an embedded text; ``hash`` is of the embedder's fingerprint and the text, so equal texts share a vector and
-- unchanged ones are never embedded again. ``vector`` is float32, little-endian, exactly as the embedder gave it.
CREATE TABLE vectors (
    number INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    crc INTEGER NOT NULL,
    vector BLOB NOT NULL
);

-- The text of a chunk is documents' text[start:end]; ``check`` is the beginning of its BLAKE2b and tells damage.
CREATE TABLE chunks (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    page INTEGER,
    heading_path TEXT NOT NULL,
    language TEXT NOT NULL,
    vector INTEGER NOT NULL REFERENCES vectors,
    text_check BLOB NOT NULL,
    UNIQUE (document, ordinal)
);
CREATE INDEX chunks_by_vector ON chunks (vector);
"""


def _create_tables(connection: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _seal_documents(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE documents ADD COLUMN seal BLOB NOT NULL DEFAULT x''")
    for (number,) in connection.execute("SELECT number FROM documents").fetchall():
        write_seal(connection, number)


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_create_tables, _seal_documents)
"""Step n leads from version n to n + 1. Steps that were released are never changed."""


def version(connection: sqlite3.Connection) -> int:
    """Return how many steps this database has taken."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def require_known_version(connection: sqlite3.Connection) -> None:
    """Refuse a database that is not ours, or of a newer or (for a reader) an older form.

    Raises:
        IndexMismatchError: says which and what to do.
    """
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if version(connection) and application != APPLICATION_ID:
        raise IndexMismatchError("The file is an SQLite database of another program.", "Choose another folder.")
    if version(connection) > len(MIGRATIONS):
        raise IndexMismatchError("The index was written by a newer version of genesis-rag.", "Update genesis-rag.")


def migrate(connection: sqlite3.Connection) -> None:
    """Take the steps that are missing, each in its own transaction.

    Raises:
        IndexMismatchError: the database is of a newer version or of another program.
    """
    require_known_version(connection)
    for step in range(version(connection), len(MIGRATIONS)):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            MIGRATIONS[step](connection)
            connection.execute(f"PRAGMA user_version = {step + 1}")


def is_whole(connection: sqlite3.Connection) -> bool:
    """Tell whether the tables, their columns and their indexes are those that the steps make."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        migrate(fresh)
        return _shape(connection) == _shape(fresh)


def _shape(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    listed = connection.execute("SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%'")
    shape: list[tuple[object, ...]] = [*sorted(listed.fetchall(), key=repr)]
    for kind, name, _ in list(shape):
        if kind == "table":
            columns = 'SELECT name, type, "notnull", pk FROM pragma_table_info(?)'
            shape += [(name, *row) for row in connection.execute(columns, (name,)).fetchall()]
    return shape
