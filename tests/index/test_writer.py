"""Writing an index: documents and their sources, reuse of vectors, publishing, rebuilding, one writer."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genesis_rag.errors import GenesisError, IndexLockedError, IndexMismatchError, IndexNotFoundError
from genesis_rag.index import Index
from genesis_rag.index.connection import open_for_reading, open_for_writing
from genesis_rag.index.lock import LOCK_NAME
from genesis_rag.types import Chunk

Kit = Any


def sources(directory: Path, kit: Kit) -> dict[str, tuple[str, ...]]:
    with kit.read(directory) as index:
        return {info.title: info.sources for info in index.documents()}


def count(directory: Path, table: str) -> int:
    connection = open_for_reading(directory)
    try:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    finally:
        connection.close()


def test_same_content_under_two_names_is_one_document(tmp_path: Path, kit: Kit) -> None:
    document = kit.document("a.txt", "Some words. " * 10, title="A")
    with kit.write(tmp_path) as writer:
        kit.put(writer, document)
        writer.attach(document.id, "b.txt")
        writer.commit()
    assert sources(tmp_path, kit) == {"A": ("a.txt", "b.txt")}
    with kit.write(tmp_path) as writer:
        assert writer.remove_source("a.txt") and not writer.remove_source("a.txt")
        writer.commit()
    assert sources(tmp_path, kit) == {"A": ("b.txt",)}
    with kit.write(tmp_path) as writer:
        assert writer.remove_source("b.txt")
        writer.commit()
    assert sources(tmp_path, kit) == {}
    assert {table: count(tmp_path, table) for table in ("chunks", "texts", "sections", "vectors", "sources")} == {
        "chunks": 0,
        "texts": 0,
        "sections": 0,
        "vectors": 0,
        "sources": 0,
    }


def test_a_changed_source_leads_to_the_new_document(tmp_path: Path, kit: Kit) -> None:
    kit.fill(tmp_path, kit.document("a.txt", "Old words. " * 10, title="Old"))
    kit.fill(tmp_path, kit.document("a.txt", "New words. " * 10, title="New"))
    assert sources(tmp_path, kit) == {"New": ("a.txt",)}


def test_a_document_put_again_keeps_its_other_sources(tmp_path: Path, kit: Kit) -> None:
    document = kit.document("a.txt", "Words. " * 10, title="Old title")
    with kit.write(tmp_path) as writer:
        kit.put(writer, document)
        writer.attach(document.id, "b.txt")
        writer.commit()
        kit.put(writer, replace(document, title="New title"))
        writer.commit()
    assert sources(tmp_path, kit) == {"New title": ("b.txt", "a.txt")}


def test_numbers_of_chunks_are_never_given_twice(tmp_path: Path, kit: Kit) -> None:
    seen: set[int] = set()
    for turn in range(4):
        document = kit.document("a.txt", f"Turn {turn}. " * 10)
        kit.fill(tmp_path, document)
        with kit.read(tmp_path) as index:
            numbers = {number for number, _ in index.chunk_ids_at(document.id, range(99)).values()}
        assert numbers and not numbers & seen
        seen |= numbers
        with kit.write(tmp_path) as writer:
            writer.remove_source("a.txt")
            writer.commit()


def test_vectors_are_found_by_hash_and_shared(tmp_path: Path, kit: Kit) -> None:
    text = "The same forty characters in each chunk." * 6
    kit.fill(tmp_path, kit.document("a.txt", text), kit.document("b.txt", "x" + text))
    document = kit.document("a.txt", text)
    (key,) = {bytes(kit_hash) for kit_hash in hashes(kit, document)}
    with kit.write(tmp_path) as writer:
        found = writer.stored_vectors([key, b"unknown", key])
        assert set(found) == {key}
        assert found[key].tobytes() == kit.vector(text[:40]).tobytes()
    assert count(tmp_path, "chunks") == 13 and count(tmp_path, "vectors") == 1 + 3
    with kit.write(tmp_path) as writer:
        writer.remove_source("a.txt")
        writer.commit()
    assert count(tmp_path, "vectors") == 3


def hashes(kit: Kit, document: Any) -> list[bytes]:
    from hashlib import sha256

    return [sha256(c.text.encode()).hexdigest()[:16].encode() for c in kit.chunks(document)]


def test_a_damaged_vector_is_not_reused_but_replaced(tmp_path: Path, kit: Kit) -> None:
    document = kit.document("a.txt", "Words to embed. " * 9)
    kit.fill(tmp_path, document)
    connection = open_for_writing(tmp_path)
    connection.execute("UPDATE vectors SET vector = zeroblob(length(vector)) WHERE number = 1")
    connection.close()
    with kit.write(tmp_path) as writer:
        found = writer.stored_vectors(hashes(kit, document))
        assert len(found) == len(set(hashes(kit, document))) - 1
        kit.put(writer, replace(document, title="Again"))
        writer.commit()
    with kit.read(tmp_path) as index:
        kit.require_whole(index, {"a.txt": document.text})


@pytest.mark.parametrize("what", ["length", "unit", "span", "document", "hashes"])
def test_what_does_not_belong_together_is_refused(tmp_path: Path, kit: Kit, what: str) -> None:
    document = kit.document("a.txt", "Some words here. " * 5)
    chunks: list[Chunk] = kit.chunks(document)
    rows = np.array([kit.vector(c.text) for c in chunks])
    keys = [b"k%d" % n for n in range(len(chunks))]
    if what == "length":
        rows = rows[:, :-1]
    elif what == "unit":
        rows[1] *= 1.01
    elif what == "span":
        chunks[1] = replace(chunks[1], text=chunks[1].text + "!")
    elif what == "document":
        chunks[1] = replace(chunks[1], document_id="another")
    else:
        keys.pop()
    with kit.write(tmp_path) as writer:
        with pytest.raises(ValueError):
            writer.put(document, chunks, rows, keys)
        assert writer.commit() == 1
    assert count(tmp_path, "documents") == 0


def test_nothing_new_is_no_new_generation(filled: Path, kit: Kit) -> None:
    with kit.write(filled) as writer:
        assert writer.commit() == 1
        assert writer.remove_source("unknown") is False
        assert writer.commit() == 1


def test_what_was_not_saved_is_dropped_and_what_was_saved_stays(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    with kit.write(filled) as writer:
        kit.put(writer, kit.document("saved.txt", "Saved. " * 9))
        writer.save()
        kit.put(writer, kit.document("lost.txt", "Lost. " * 9))
    with kit.read(filled) as index:
        kit.require_whole(index, texts)
    with kit.write(filled) as writer:
        assert "1 documents that a stopped run had saved were kept" in writer.repairs
        assert writer.document_at("saved.txt") and not writer.document_at("lost.txt")
        writer.commit()
    with kit.read(filled) as index:
        kit.require_whole(index, {**texts, "saved.txt": "Saved. " * 9})


def test_an_update_equals_a_build_from_nothing(filled: Path, tmp_path: Path, kit: Kit, texts: dict[str, str]) -> None:
    new = kit.document("new.txt", "Something new. " * 20)
    with kit.write(filled) as writer:
        kit.put(writer, new)
        writer.remove_source("en.txt")
        writer.commit()
    rest = {source: text for source, text in texts.items() if source != "en.txt"}
    kit.fill(tmp_path / "fresh", *(kit.document(s, t) for s, t in rest.items()), new)
    query = kit.vector("query")[None]
    terms = [("so", 1.0), ("投資", 0.5), ("ne", 0.1)]
    with kit.read(filled) as updated, kit.read(tmp_path / "fresh") as fresh:
        assert updated.fingerprint == fresh.fingerprint
        results = []
        for index in (updated, fresh):
            ((ids, scores),) = index.search_dense(query, 99)
            lexical_ids, lexical_scores = index.search_lexical(terms, 99)
            chunks = index.chunks([*ids, *lexical_ids])
            results.append(
                (
                    [chunks[int(n)].id for n in ids],
                    scores.tolist(),
                    sorted(
                        zip([chunks[int(n)].id for n in lexical_ids], lexical_scores.round(4).tolist(), strict=True)
                    ),
                )
            )
        assert results[0] == results[1]


def test_one_writer_and_the_other_learns_who(filled: Path, kit: Kit) -> None:
    with kit.write(filled):
        with pytest.raises(IndexLockedError, match=f"process {os.getpid()} on ") as error:
            kit.write(filled)
        assert error.value.hint
        with kit.read(filled) as index:
            assert index.chunk_count
    with kit.write(filled) as writer:
        assert writer.left_by is None
    assert (filled / LOCK_NAME).read_bytes() == b""


def test_a_lock_whose_holder_died_is_free(filled: Path, kit: Kit) -> None:
    code = (
        "import os, sys; from pathlib import Path; from genesis_rag.index.lock import WriterLock\n"
        "lock = WriterLock(Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, filled], check=False).returncode == -9
    with kit.write(filled) as writer:
        assert writer.left_by is not None and writer.left_by.pid != os.getpid()


def test_rebuild_keeps_the_old_answering_until_it_is_whole(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    other = replace(kit.identity, embedder="embedder-2")
    ja = kit.document("ja.txt", texts["ja.txt"])
    with kit.write(filled, other, rebuild=True) as writer:
        kit.put(writer, ja)
        writer.save()
    with kit.read(filled) as index:
        kit.require_whole(index, texts)
    with kit.write(filled, other, rebuild=True) as writer:  # goes on where the stopped one was
        assert writer.document_at("ja.txt") == ja.id and writer.document_at("en.txt") is None
        writer.commit()
    with pytest.raises(IndexMismatchError):
        kit.read(filled)
    with Index.open(filled, other, kit.terms) as index:
        kit.require_whole(index, {"ja.txt": texts["ja.txt"]})
    assert count(filled, "documents") == 1


def test_a_stopped_rebuild_is_given_up_by_a_plain_run(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    with kit.write(filled, rebuild=True) as writer:
        kit.put(writer, kit.document("ja.txt", texts["ja.txt"]))
        writer.save()
    with kit.write(filled) as writer:
        assert any("given up" in repair for repair in writer.repairs)
        kit.put(writer, kit.document("x", "more"))
        writer.commit()
    with kit.read(filled) as index:
        kit.require_whole(index, {**texts, "x": "more"})


def test_a_stopped_first_run_with_other_settings_is_given_up(tmp_path: Path, kit: Kit) -> None:
    with kit.write(tmp_path) as writer:
        kit.put(writer, kit.document("a", "text"))
        writer.save()
    other = replace(kit.identity, chunker="chunker-2")
    with kit.write(tmp_path, other) as writer:
        assert writer.document_at("a") is None
        writer.commit()
    with Index.open(tmp_path, other, kit.terms) as index:
        assert index.documents() == []


def test_rebuild_of_a_damaged_store_sets_it_aside(filled: Path, kit: Kit) -> None:
    (filled / "store.sqlite").write_bytes(b"rubbish" * 5000)
    with kit.write(filled, rebuild=True) as writer:
        assert any("set aside as store.sqlite.damaged-" in repair for repair in writer.repairs)
        kit.put(writer, kit.document("a", "text"))
        writer.commit()
    with kit.read(filled) as index:
        kit.require_whole(index, {"a": "text"})
    assert [p.name for p in filled.glob("*.damaged-*")] and not list(filled.glob("*.damaged-*-wal"))


def test_an_aborted_open_lets_go_of_the_lock(filled: Path, kit: Kit) -> None:
    with pytest.raises(IndexMismatchError):
        kit.write(filled, replace(kit.identity, dim=7))
    kit.write(filled).close()


def test_open_for_repair_wants_a_published_index(tmp_path: Path, kit: Kit) -> None:
    from genesis_rag.index import IndexWriter

    kit.write(tmp_path).close()
    with pytest.raises(IndexNotFoundError):
        IndexWriter.open_for_repair(tmp_path, kit.terms)
    kit.write(tmp_path).close()


def test_a_folder_that_cannot_be_written_to_says_so(tmp_path: Path, kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GenesisError, match="cannot be made"):
        kit.write(tmp_path / "file" / "index")
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / LOCK_NAME).symlink_to("/dev/full")
    # A link in the place of the lock is not followed.
    with pytest.raises(GenesisError, match="Nothing can be written"):
        kit.write(tmp_path / "index")


def test_a_lock_that_cannot_be_written_is_not_held_for_ever(
    filled: Path, kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("genesis_rag.index.lock.os.pwrite", full)
        with pytest.raises(GenesisError, match="No space left"):
            kit.write(filled)
    with kit.write(filled) as writer:
        assert writer.left_by is None
