"""What a writer finds when it opens an index, and what it makes of it: unfinished runs, unfinished rebuilds."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict

from genesis_rag.index import migrations
from genesis_rag.index.manifest import IndexIdentity, require_same
from genesis_rag.index.store import damaged, describe, read_meta, read_published, write_meta


def prepare(connection: sqlite3.Connection, identity: IndexIdentity, rebuild: bool) -> list[str]:
    """Bring the unpublished generation into a state that a run with ``identity`` can go on from.

    Documents that a stopped run saved stay and will be published, unless they were made with other settings or by a
    rebuild that nobody continues: publishing a part of a rebuild would lose the rest of the old index.

    Returns:
        what was found and done, in words.

    Raises:
        IndexMismatchError: something else filled the index, and ``rebuild`` was not asked for.
    """
    published = read_published(connection)
    pending, rebuilding = read_pending(connection)
    if published is not None and not rebuild:
        require_same(published.identity, identity)
    same_kind = rebuilding == (rebuild and published is not None)
    found: list[str] = []
    connection.execute("BEGIN IMMEDIATE")
    generation = published.generation if published else 0
    waiting = connection.execute("SELECT count(*) FROM documents WHERE born > ?", (generation,)).fetchone()[0]
    if pending is not None and not (pending == identity and same_kind):
        give_up(connection, generation)
        if waiting or rebuilding:
            found.append(f"an unfinished run with other settings was given up ({waiting} documents)")
        pending = None
    elif waiting:
        found.append(f"{waiting} documents that a stopped run had saved were kept")
    if rebuild and published is not None and pending is None:
        give_up(connection, generation)
        _end_everything(connection, generation + 1)
    if published is None or rebuild:
        value = {"identity": asdict(identity), "rebuild": rebuild and published is not None}
        write_meta(connection, "pending", json.dumps(value, sort_keys=True))
    connection.execute("COMMIT")
    return found


def read_state(connection: sqlite3.Connection) -> None:
    """Read all that a store says of itself.

    Raises:
        IndexDamagedError: it cannot be read.
    """
    if not migrations.is_whole(connection):
        raise damaged("its tables are not those of this version")
    read_published(connection)
    read_pending(connection)


def publish_again(connection: sqlite3.Connection, identity: IndexIdentity) -> None:
    """Write anew what readers see, where that is damaged: all that is stored, under the newest generation there is.

    Raises:
        IndexDamagedError: a rebuild was not finished, so that it is not known what was published.
    """
    _, rebuilding = read_pending(connection)
    if rebuilding:
        raise damaged("what it says of its generation cannot be read, and a rebuild was not finished")
    newest = "SELECT max(born) FROM (SELECT born FROM documents UNION ALL SELECT born FROM sources)"
    generation = connection.execute(newest).fetchone()[0] or 1
    connection.execute("BEGIN IMMEDIATE")
    for table in ("sources", "documents"):
        connection.execute(f"DELETE FROM {table} WHERE died IS NOT NULL")
    write_meta(connection, "published", describe(connection, int(generation), identity).to_json())
    write_meta(connection, "pending", "")
    connection.execute("DELETE FROM files")
    connection.execute("COMMIT")


def read_pending(connection: sqlite3.Connection) -> tuple[IndexIdentity | None, bool]:
    """Return what fills the unpublished generation, if that was written down, and whether it is a rebuild."""
    try:
        value = read_meta(connection, "pending")
        if not value:
            return None, False
        pending = json.loads(value)
        return IndexIdentity(**pending["identity"]), bool(pending["rebuild"])
    except (ValueError, TypeError, LookupError) as error:
        raise damaged("what it says of an unfinished run cannot be read") from error


def give_up(connection: sqlite3.Connection, generation: int) -> None:
    """Go back to the published generation; files will be looked at again."""
    connection.execute("DELETE FROM sources WHERE born > ?", (generation,))
    connection.execute("DELETE FROM documents WHERE born > ?", (generation,))
    connection.execute("UPDATE documents SET died = NULL WHERE died IS NOT NULL")
    connection.execute("UPDATE sources SET died = NULL WHERE died IS NOT NULL")
    connection.execute("DELETE FROM files")
    write_meta(connection, "pending", "")


def _end_everything(connection: sqlite3.Connection, generation: int) -> None:
    connection.execute("UPDATE documents SET died = ?", (generation,))
    connection.execute("UPDATE sources SET died = ?", (generation,))
    connection.execute("DELETE FROM files")
