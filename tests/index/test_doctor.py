"""The doctor finds every kind of damage, repairs what can be repaired, and says what cannot."""

from __future__ import annotations

import shutil
import sqlite3
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genesis_rag.errors import IndexDamagedError, IndexLockedError, IndexMismatchError, IndexNotFoundError
from genesis_rag.index.connection import open_for_writing
from genesis_rag.index.doctor import doctor
from genesis_rag.index.lock import LOCK_NAME
from genesis_rag.index.manifest import DerivedManifest, record_files
from genesis_rag.index.vectors import FaissVectorIndex

Kit = Any
Damage = Callable[[sqlite3.Connection, Path], None]


def place(directory: Path) -> Path:
    (found,) = (directory / "derived").iterdir()
    return found


def document_number(source: str) -> str:
    return f"(SELECT document FROM sources WHERE source = '{source}')"


def sql(*statements: str, loose: bool = False) -> Damage:
    def damage(connection: sqlite3.Connection, directory: Path) -> None:
        if loose:
            connection.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            connection.execute(statement)

    return damage


def bad_vector(connection: sqlite3.Connection, directory: Path) -> None:
    """A vector of the right checksum that is not of unit length."""
    data = np.full(32, 0.5, dtype="<f4").tobytes()
    number = f"(SELECT vector FROM chunks WHERE document = {document_number('en.txt')} AND ordinal = 2)"
    connection.execute(f"UPDATE vectors SET vector = ?, crc = ? WHERE number = {number}", (data, zlib.crc32(data)))


def torn_without_copy(connection: sqlite3.Connection, directory: Path) -> None:
    connection.execute(f"UPDATE vectors SET vector = x'00' WHERE number = {VECTOR}")
    shutil.rmtree(directory / "derived")


EN, JA = document_number("en.txt"), document_number("ja.txt")
VECTOR = f"(SELECT vector FROM chunks WHERE document = {EN} AND ordinal = 2)"

DROPPING: dict[str, tuple[Damage, str]] = {
    "text replaced": (sql(f"UPDATE texts SET data = x'{zlib.compress(b'other').hex()}' WHERE document = {EN}"), "text"),
    "text torn": (sql(f"UPDATE texts SET data = substr(data, 1, 20) WHERE document = {EN}"), "text"),
    "text missing": (sql(f"DELETE FROM texts WHERE document = {EN}"), "text"),
    "text hash": (sql(f"UPDATE documents SET text_sha256 = zeroblob(32) WHERE number = {EN}"), "text"),
    "span moved": (sql(f"UPDATE chunks SET end = end - 1 WHERE document = {EN} AND ordinal = 3"), "not a part"),
    "span outside": (sql(f"UPDATE chunks SET end = 99999 WHERE document = {EN} AND ordinal = 3"), "not a part"),
    "chunk missing": (sql(f"DELETE FROM chunks WHERE document = {EN} AND ordinal = 1"), "chunks are missing"),
    "title": (sql(f"UPDATE documents SET title = 'Titlf' WHERE number = {EN}"), "title, sections or chunks"),
    "page": (sql(f"UPDATE chunks SET page = 2 WHERE document = {EN} AND ordinal = 1"), "title, sections or chunks"),
    "heading": (
        sql(f"UPDATE sections SET heading_path = '[\"X\"]' WHERE document = {EN}"),
        "title, sections or chunks",
    ),
    "no number": (sql(f"UPDATE chunks SET page = x'ff' WHERE document = {EN} AND ordinal = 1"), "title, sections"),
    "another vector": (
        sql(f"UPDATE chunks SET vector = vector + 1 WHERE document = {EN} AND ordinal = 2"),
        "title, sections or chunks",
    ),
    "not of unit length": (bad_vector, "unit length"),
    "vector missing": (sql(f"DELETE FROM vectors WHERE number = {VECTOR}", loose=True), "vector is missing"),
    "vector torn, files gone": (
        torn_without_copy,
        "vector is damaged",
    ),
}


def damage_store(directory: Path, damage: Damage) -> None:
    connection = open_for_writing(directory)
    damage(connection, directory)
    connection.close()


def test_a_sound_index_has_no_findings(filled: Path, kit: Kit) -> None:
    assert doctor(filled, kit.terms, expected=kit.identity).findings == ()


@pytest.mark.parametrize("name", DROPPING)
def test_a_damaged_document_is_dropped_and_named(filled: Path, kit: Kit, texts: dict[str, str], name: str) -> None:
    damage, told = DROPPING[name]
    damage_store(filled, damage)
    report = doctor(filled, kit.terms)
    (found,) = [finding for finding in report.findings if finding.kind == "document"]
    assert found.repaired and report.sound
    assert found.what.startswith("en.txt: ") and told in found.what and "genesis-rag index en.txt" in found.hint
    assert doctor(filled, kit.terms).findings == ()
    with kit.read(filled) as index:
        assert index.repairs == () and index.generation == 2
        kit.require_whole(index, {source: text for source, text in texts.items() if source != "en.txt"})
    kit.fill(filled, kit.document("en.txt", texts["en.txt"]))
    with kit.read(filled) as index:
        kit.require_whole(index, texts)


def test_a_damaged_vector_is_restored_from_the_search_files(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    damage_store(filled, sql(f"UPDATE vectors SET vector = zeroblob(128) WHERE number = {VECTOR}"))
    report = doctor(filled, kit.terms)
    assert {(f.kind, f.repaired) for f in report.findings} == {("vector", True)}
    assert doctor(filled, kit.terms).findings == ()
    with kit.read(filled) as index:
        kit.require_whole(index, texts)
        document = kit.document("en.txt", texts["en.txt"])
        number, chunk = index.chunk_ids_at(document.id, [2])[2]
        assert index.vectors_of([number])[number].tobytes() == kit.vector(chunk.text).tobytes()


def test_rows_that_point_at_nothing_go(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    damage_store(filled, sql(f"DELETE FROM documents WHERE number = {JA}", loose=True))
    report = doctor(filled, kit.terms)
    assert report.sound and "pointed at nothing" in report.findings[0].what
    assert doctor(filled, kit.terms).findings == ()
    with kit.read(filled) as index:
        kit.require_whole(index, {source: text for source, text in texts.items() if source != "ja.txt"})


def test_wrong_counts_are_put_right(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    damage_store(
        filled, sql("UPDATE meta SET value = replace(value, '\"ja\": 4', '\"ja\": 5') WHERE key = 'published'")
    )
    (finding,) = doctor(filled, kit.terms).findings
    assert (finding.kind, finding.repaired) == ("counts", True)
    with kit.read(filled) as index:
        kit.require_whole(index, texts)


def test_another_name_of_a_source_is_noticed_and_its_file_read_again(filled: Path, kit: Kit) -> None:
    damage_store(filled, sql("UPDATE sources SET source = 'em.txt' WHERE source = 'en.txt'"))
    (finding,) = doctor(filled, kit.terms).findings
    assert (finding.kind, finding.repaired) == ("counts", True)
    assert "names of sources" in finding.what and "--prune" in finding.hint
    assert doctor(filled, kit.terms).findings == ()
    with kit.write(filled) as writer:
        assert writer.file_stamp("en.txt") is None


@pytest.mark.parametrize("value", ["{", "[1]", '{"generation": 1}', "", "null"])
def test_what_the_store_says_of_itself_is_worked_out_anew(
    filled: Path, kit: Kit, texts: dict[str, str], value: str
) -> None:
    damage_store(filled, sql(f"UPDATE meta SET value = '{value}' WHERE key = 'published'"))
    with pytest.raises(IndexDamagedError, match="generation cannot be read"):
        kit.read(filled)
    (finding,) = doctor(filled, kit.terms).findings  # nobody knows what filled it
    assert not finding.repaired and "--rebuild" in finding.hint
    (finding,) = doctor(filled, kit.terms, expected=kit.identity).findings
    assert (finding.kind, finding.repaired) == ("store", True) and "worked out anew" in finding.what
    assert doctor(filled, kit.terms, expected=kit.identity).findings == ()
    with kit.read(filled) as index:
        assert index.repairs == () and index.generation == 1
        kit.require_whole(index, texts)


def test_a_rebuild_sets_a_store_aside_that_says_nothing_of_itself(
    filled: Path, kit: Kit, texts: dict[str, str]
) -> None:
    damage_store(filled, sql("UPDATE meta SET value = '{' WHERE key = 'published'"))
    with kit.write(filled, rebuild=True) as writer:
        assert "set aside" in writer.repairs[0]
        kit.put(writer, kit.document("en.txt", texts["en.txt"]))
        writer.commit()
    with kit.read(filled) as index:
        kit.require_whole(index, {"en.txt": texts["en.txt"]})


def swap_vectors(directory: Path) -> None:
    """Two vectors under each other's ids, with sums to match: only comparing with the store tells."""
    vectors = FaissVectorIndex.load(place(directory) / "vectors.faiss", mapped=False)
    first, second = vectors.ids()[:2]
    rows = np.stack([vectors.vector(int(second)), vectors.vector(int(first))])
    vectors.add(np.array([first, second]), rows)
    (place(directory) / "vectors.faiss").unlink()
    vectors.save(place(directory) / "vectors.faiss")
    seal(directory)


def shift_keywords(directory: Path) -> None:
    """A keyword index whose rows are called by other numbers, with sums to match."""
    from genesis_rag.index.lexical import TantivyIndex

    shutil.rmtree(place(directory) / "lexical")
    (place(directory) / "lexical").mkdir()
    rows = [(1_000 + number, ["ab", "cd"]) for number in range(13)]
    TantivyIndex.build(place(directory) / "lexical", rows)
    seal(directory)


def seal(directory: Path) -> None:
    old = DerivedManifest.read(place(directory))
    replace(old, files=record_files(place(directory))).write(place(directory))


def cut_vectors(directory: Path) -> None:
    path = place(directory) / "vectors.faiss"
    path.write_bytes(path.read_bytes()[:-9])


@pytest.mark.parametrize("damage", [swap_vectors, shift_keywords, cut_vectors])
def test_search_files_are_compared_with_the_store(
    filled: Path, kit: Kit, texts: dict[str, str], damage: Callable[[Path], None]
) -> None:
    damage(filled)
    (finding,) = doctor(filled, kit.terms).findings
    assert (finding.kind, finding.repaired) == ("search files", True) and "made anew" in finding.what
    assert doctor(filled, kit.terms).findings == ()
    with kit.read(filled) as index:
        assert index.repairs == () and index.generation == 1
        kit.require_whole(index, texts)


def test_a_stopped_run_is_finished(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    with kit.write(filled) as writer:
        kit.put(writer, kit.document("saved.txt", "Saved. " * 9))
        writer.save()
    (filled / "derived" / ".tmp-2-abc").mkdir()
    (filled / LOCK_NAME).write_text('{"pid": 1, "host": "h", "command": "c", "since": "s"}')
    report = doctor(filled, kit.terms)
    assert report.sound and {finding.kind for finding in report.findings} == {"unfinished run"}
    assert len(report.findings) == 3
    assert doctor(filled, kit.terms).findings == ()
    with kit.read(filled) as index:
        kit.require_whole(index, {**texts, "saved.txt": "Saved. " * 9})


def test_an_unfinished_rebuild_is_told_and_kept(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    other = replace(kit.identity, embedder="embedder-2")
    with kit.write(filled, other, rebuild=True) as writer:
        kit.put(writer, kit.document("x", "more"))
        writer.save()
    report = doctor(filled, kit.terms)
    (finding,) = report.findings
    assert (finding.kind, finding.repaired) == ("unfinished rebuild", False) and "--rebuild" in finding.hint
    with kit.write(filled, other, rebuild=True) as writer:
        assert writer.document_at("x")
    with kit.read(filled) as index:
        kit.require_whole(index, texts)
    damage_store(filled, DROPPING["text missing"][0])
    report = doctor(filled, kit.terms)
    assert [(f.kind, f.repaired) for f in report.findings] == [("document", False), ("unfinished rebuild", False)]


def test_broken_sqlite_indexes_are_mended(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    """An index of SQLite over another column than its entries were made of misses every row."""
    connection = open_for_writing(filled)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "UPDATE sqlite_schema SET sql = replace(sql, '(file)', '(source)') WHERE name = 'sources_by_file'"
    )
    connection.execute("UPDATE sources SET file = 'elsewhere/' || file")
    connection.close()
    (finding,) = doctor(filled, kit.terms).findings
    assert (finding.kind, finding.repaired) == ("store", True) and "sources_by_file" in finding.what
    assert doctor(filled, kit.terms).findings == ()
    with kit.read(filled) as index:
        kit.require_whole(index, texts)


def test_files_are_read_again_after_a_row_and_its_sqlite_index_differed(filled: Path, kit: Kit) -> None:
    """One bit of the file that a source is of: the row is the damaged one, and its index is made anew from it."""
    connection = open_for_writing(filled)
    connection.execute("INSERT OR REPLACE INTO files VALUES ('en.txt', 1, 1, 'sum', 'text')")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    store = filled / "store.sqlite"
    data = store.read_bytes()
    assert data.count(b"en.txten.txt") == 1  # source and file
    store.write_bytes(data.replace(b"en.txten.txt", b"en.txten.tyt"))
    (finding,) = doctor(filled, kit.terms).findings
    assert (finding.kind, finding.repaired) == ("store", True) and "--prune" in finding.hint
    assert doctor(filled, kit.terms).findings == ()
    with kit.write(filled) as writer:
        assert writer.file_stamp("en.txt") is None


def test_a_malformed_store_is_told_with_what_to_do(filled: Path, kit: Kit) -> None:
    connection = open_for_writing(filled)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    store = filled / "store.sqlite"
    data = bytearray(store.read_bytes())
    for start in range(4096 * 3, len(data), 4096):
        data[start : start + 100] = b"\xa5" * 100
    store.write_bytes(data)
    report = doctor(filled, kit.terms)
    assert not report.sound
    (finding,) = report.findings
    assert finding.kind == "store" and "--rebuild" in finding.hint


def test_what_the_doctor_refuses(tmp_path: Path, filled: Path, kit: Kit) -> None:
    with pytest.raises(IndexNotFoundError):
        doctor(tmp_path / "nothing", kit.terms)
    with pytest.raises(IndexMismatchError):
        doctor(filled, kit.terms, expected=replace(kit.identity, analyser="words-1"))
    with kit.write(filled), pytest.raises(IndexLockedError):
        doctor(filled, kit.terms)


def test_tables_that_are_not_ours_are_told_and_set_aside_by_a_rebuild(
    filled: Path, kit: Kit, texts: dict[str, str]
) -> None:
    damage_store(filled, sql("ALTER TABLE documents RENAME COLUMN characters TO charactfrs"))
    (finding,) = doctor(filled, kit.terms).findings
    assert not finding.repaired and "tables are not those" in finding.what and "--rebuild" in finding.hint
    with pytest.raises(IndexDamagedError, match="no such column"), kit.read(filled) as index:
        index.document(index.documents()[0].id)
    with kit.write(filled, rebuild=True) as writer:
        assert "set aside" in writer.repairs[0]
        kit.put(writer, kit.document("en.txt", texts["en.txt"]))
        writer.commit()
    with kit.read(filled) as index:
        kit.require_whole(index, {"en.txt": texts["en.txt"]})
