"""The store grows by numbered steps, and says so to versions that are too old or too new for it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from genesis_rag.errors import IndexMismatchError
from genesis_rag.index import migrations
from genesis_rag.index.connection import open_for_writing
from genesis_rag.index.doctor import doctor

Kit = Any


def add_note(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE documents ADD COLUMN note TEXT")


def test_steps_are_taken_once(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, add_note))
    for _ in range(2):
        connection = open_for_writing(filled)
        assert migrations.version(connection) == 3
        assert connection.execute("SELECT count(note) FROM documents").fetchone() == (0,)
        connection.close()


def test_a_failing_step_leaves_the_store_as_it_was(
    filled: Path, kit: Kit, texts: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(connection: sqlite3.Connection) -> None:
        add_note(connection)
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, broken))
        with pytest.raises(ZeroDivisionError):
            open_for_writing(filled)
    with kit.read(filled) as index:
        kit.require_whole(index, texts)
    with pytest.raises(sqlite3.OperationalError, match="note"):
        open_for_writing(filled).execute("SELECT note FROM documents")


def test_an_older_store_is_brought_up_to_date_by_the_doctor(
    filled: Path, kit: Kit, texts: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, add_note))
    with pytest.raises(IndexMismatchError, match="older version") as error:
        kit.read(filled)
    assert "doctor" in error.value.hint
    assert doctor(filled, kit.terms).findings == ()
    with kit.read(filled) as index:
        kit.require_whole(index, texts)


def test_a_store_of_the_first_version_gets_its_seals(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    with closing(sqlite3.connect(filled / "store.sqlite")) as connection:
        seals = connection.execute("SELECT id, seal FROM documents ORDER BY id").fetchall()
        connection.execute("ALTER TABLE documents DROP COLUMN seal")
        connection.execute("PRAGMA user_version = 1")
    assert len({seal for _, seal in seals}) == 3
    with pytest.raises(IndexMismatchError, match="older version"):
        kit.read(filled)
    assert doctor(filled, kit.terms).findings == ()
    with closing(sqlite3.connect(filled / "store.sqlite")) as connection:
        assert connection.execute("SELECT id, seal FROM documents ORDER BY id").fetchall() == seals
    with kit.read(filled) as index:
        kit.require_whole(index, texts)
