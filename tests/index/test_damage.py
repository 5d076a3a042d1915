"""Search files that are missing, torn, stale or foreign are made anew from the store; a damaged store says so."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from genesis_rag.errors import IndexDamagedError
from genesis_rag.index import state
from genesis_rag.index.connection import open_for_writing
from genesis_rag.index.vectors import FaissVectorIndex

Kit = Any
Damage = Callable[[Path], None]


def place(directory: Path) -> Path:
    (found,) = (directory / "derived").iterdir()
    return found


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 0xFF
    path.unlink()  # never in place: a reader may have the file mapped
    path.write_bytes(data)


def cut(path: Path) -> None:
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[: len(data) // 2])


def other_rows(directory: Path) -> None:
    """Right generation, right sums, wrong rows: what no checksum can tell."""
    vectors = FaissVectorIndex.load(place(directory) / "vectors.faiss", mapped=False)
    ids = vectors.ids()
    moved = vectors.vector(int(ids[0]))
    vectors.remove(ids[:1])
    vectors.add(ids[:1] + 1_000_000, moved[None])
    (place(directory) / "vectors.faiss").unlink()
    vectors.save(place(directory) / "vectors.faiss")
    from genesis_rag.index.manifest import DerivedManifest, record_files

    old = DerivedManifest.read(place(directory))
    DerivedManifest(old.generation, old.rows, old.dim, old.analyser, record_files(place(directory))).write(
        place(directory)
    )


def manifest_says(key: str, value: object) -> Damage:
    def damage(directory: Path) -> None:
        path = place(directory) / "manifest.json"
        values = json.loads(path.read_bytes())
        path.write_text(json.dumps({**values, key: value}))

    return damage


def largest_lexical(directory: Path) -> Path:
    return max((place(directory) / "lexical").iterdir(), key=lambda path: path.stat().st_size)


DAMAGES: dict[str, Damage] = {
    "no vectors": lambda d: (place(d) / "vectors.faiss").unlink(),
    "no keywords": lambda d: shutil.rmtree(place(d) / "lexical"),
    "no manifest": lambda d: (place(d) / "manifest.json").unlink(),
    "empty manifest": lambda d: (place(d) / "manifest.json").write_bytes(b""),
    "no derived": lambda d: shutil.rmtree(d / "derived"),
    "torn vectors": lambda d: cut(place(d) / "vectors.faiss"),
    "torn keywords": lambda d: cut(largest_lexical(d)),
    "flipped vector": lambda d: flip(place(d) / "vectors.faiss", 300),
    "flipped header": lambda d: flip(place(d) / "vectors.faiss", 1),
    "flipped keywords": lambda d: flip(largest_lexical(d), 10),
    "old generation": manifest_says("generation", 0),
    "wrong rows": manifest_says("rows", 3),
    "other analyser": manifest_says("analyser", "words-9"),
    "unknown key": manifest_says("surprise", 1),
}


@pytest.mark.parametrize("writable", [True, False])
@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_search_files_are_made_anew(
    filled: Path, kit: Kit, texts: dict[str, str], name: str, writable: bool
) -> None:
    DAMAGES[name](filled)
    before = sorted((filled / "derived").rglob("*"))
    with kit.read(filled, writable=writable) as index:
        (repair,) = index.repairs
        assert "made anew from the store" in repair and ("for this run only" in repair) is not writable
        kit.require_whole(index, texts)
        if not writable:
            assert sorted((filled / "derived").rglob("*")) == before
    with kit.read(filled) as index:
        assert bool(index.repairs) is not writable
        kit.require_whole(index, texts)


def test_rows_that_the_store_does_not_know_never_surface(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    other_rows(filled)
    with kit.read(filled) as index:
        assert index.repairs == ()
        ((ids, _),) = index.search_dense(kit.vector("x")[None], 99)
        assert set(index.chunks(ids)) == set(ids.tolist()) and len(ids) == index.chunk_count
        assert "does not hold" in index.repairs[0]
        kit.require_whole(index, texts)


def test_a_repair_beside_a_writer_is_for_the_reader_only(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    (place(filled) / "vectors.faiss").unlink()
    with kit.write(filled), kit.read(filled) as index:
        assert "for this run only" in index.repairs[0]
        kit.require_whole(index, texts)
    temporary = index._states.newest._temporary
    assert temporary is None


def test_an_update_never_builds_on_damaged_files(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    flip(place(filled) / "vectors.faiss", 300)
    with kit.write(filled) as writer:
        kit.put(writer, kit.document("x", "more"))
        writer.commit()
        assert any("made anew" in repair for repair in writer.repairs)
    with kit.read(filled) as index:
        assert index.repairs == ()
        kit.require_whole(index, {**texts, "x": "more"})


def test_damage_in_large_files_is_found_by_the_full_check(
    filled: Path, kit: Kit, texts: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "FULL_CHECK_BYTES", 0)
    monkeypatch.setattr("genesis_rag.index.manifest.EDGE_BYTES", 16)
    with kit.write(filled) as writer:
        kit.put(writer, kit.document("x", "more"))
        writer.commit()
    texts = {**texts, "x": "more"}
    flip(place(filled) / "vectors.faiss", 300)
    with kit.read(filled) as index:
        assert index.repairs == ()
        assert index.check() == ["vectors.faiss has another checksum"]
        assert "made anew" in index.repairs[0] and index.check() == []
        kit.require_whole(index, texts)


def test_temporary_files_of_a_stopped_writer_go(filled: Path, kit: Kit) -> None:
    (filled / "derived" / ".tmp-2-abc" / "lexical").mkdir(parents=True)
    (filled / "derived" / "2-unnamed").mkdir()
    with kit.read(filled) as index:
        assert index.repairs == ()
    with kit.write(filled) as writer:
        assert writer.repairs == ("unfinished files of a run that was stopped were removed",)
    assert place(filled).name.startswith("1-")


@pytest.mark.parametrize("table", ["texts", "chunks"])
def test_a_damaged_text_is_never_shown(filled: Path, kit: Kit, texts: dict[str, str], table: str) -> None:
    document = kit.document("en.txt", texts["en.txt"])
    connection = open_for_writing(filled)
    if table == "texts":
        other = kit.document("x", texts["en.txt"].replace("Japan", "Egypt"))
        from genesis_rag.index.store import text_blocks

        (data,) = text_blocks(other.text)
        connection.execute(
            "UPDATE texts SET data = ? WHERE document = (SELECT number FROM documents WHERE id = ?)",
            (data, document.id),
        )
    else:
        connection.execute("UPDATE chunks SET start = start + 1 WHERE ordinal = 1")
    connection.close()
    with kit.read(filled) as index:
        with pytest.raises(IndexDamagedError, match="damaged") as error:
            index.chunk_ids_at(document.id, range(9))
        assert "doctor" in error.value.hint
        if table == "texts":
            with pytest.raises(IndexDamagedError):
                index.document(document.id)


@pytest.mark.parametrize("name", ["rubbish", "empty", "torn"])
def test_a_store_that_sqlite_cannot_read_says_what_to_do(filled: Path, kit: Kit, name: str) -> None:
    store = filled / "store.sqlite"
    data = store.read_bytes()
    for path in filled.glob("store.sqlite*"):
        path.unlink()
    store.write_bytes({"rubbish": b"rubbish" * 9000, "empty": b"", "torn": data[: len(data) // 3]}[name])
    if name == "empty":  # SQLite takes an empty file for a new database
        with pytest.raises(Exception, match="no index"):
            kit.read(filled)
        return

    def read_all() -> None:
        with kit.read(filled) as index:
            index.documents()
            kit.require_whole(index, {})

    with pytest.raises(IndexDamagedError) as error:
        read_all()
    assert "--rebuild" in error.value.hint


def test_a_database_of_another_program_is_left_alone(tmp_path: Path, kit: Kit) -> None:
    connection = sqlite3.connect(tmp_path / "store.sqlite")
    connection.execute("CREATE TABLE theirs (a)")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    for opened in (kit.read, kit.write):
        with pytest.raises(Exception, match="another program"):
            opened(tmp_path)


def test_an_index_of_a_newer_version_is_left_alone(filled: Path, kit: Kit) -> None:
    connection = open_for_writing(filled)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    for opened in (kit.read, kit.write):
        with pytest.raises(Exception, match="newer version"):
            opened(filled)
