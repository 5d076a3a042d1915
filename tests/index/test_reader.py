"""Reading an index: searches, filters, texts, identity, generations."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis_rag.errors import IndexMismatchError, IndexNotFoundError, UserError
from genesis_rag.index import Index
from genesis_rag.index.store import BLOCK_CHARACTERS
from genesis_rag.types import SearchFilter

Kit = Any

anywhere = pytest.mark.parametrize("kit", ["here", pytest.param("cluster", marks=pytest.mark.slow)], indirect=True)
"""What holds for every index, wherever it lies."""


@contextmanager
def beside(work: Callable[[], None], number: int, done: threading.Event) -> Iterator[None]:
    """Let threads work until the block ends, however it ends."""
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


@anywhere
def test_what_was_put_comes_back(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    with kit.read(filled) as index:
        kit.require_whole(index, texts)
        assert index.generation == 1 and index.repairs == () and index.identity == kit.identity
        document = kit.document("ja.txt", texts["ja.txt"])
        assert index.document(document.id) == document
        info = index.documents_info([document.id, "unknown"])[document.id]
        assert (info.source, info.sources, info.title, info.language) == ("ja.txt", ("ja.txt",), "Title", "ja")
        assert (info.modified_at, dict(info.metadata), info.chunk_count) == (1.5, {"date": "2026-01-01"}, 4)
        assert index.find_document("ja.txt") == document.id == index.find_document(document.id)
        assert index.find_document("nothing") is None


@anywhere
def test_a_part_of_a_text_is_read_without_the_rest(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    with kit.read(filled) as index:
        document = kit.document("ja.txt", texts["ja.txt"])
        assert index.text(document.id, 3, 17) == texts["ja.txt"][3:17]
        assert index.text(document.id, 0, len(texts["ja.txt"])) == texts["ja.txt"]
        for name, start, end in ((document.id, 0, len(texts["ja.txt"]) + 1), (document.id, 5, 4), ("unknown", 0, 1)):
            with pytest.raises(UserError, match="no document"):
                index.text(name, start, end)


@anywhere
def test_cosines_of_named_chunks_are_those_of_the_search(filled: Path, kit: Kit) -> None:
    with kit.read(filled) as index:
        vector = kit.vector("any")
        ((numbers, scores),) = index.search_dense(vector[None], 100)
        found = index.cosines(vector, [*numbers.tolist(), 10**9])
        assert list(found) == numbers.tolist()
        assert list(found.values()) == pytest.approx(scores.tolist(), abs=1e-6)


@anywhere
def test_it_tells_which_chunks_a_filter_lets_through(filled: Path, kit: Kit) -> None:
    with kit.read(filled) as index:
        ((numbers, _),) = index.search_dense(kit.vector("any")[None], 100)
        languages = {number: chunk.language for number, chunk in index.chunks(numbers).items()}
        passing = index.passes(numbers, SearchFilter(language="ja"))
        assert passing.tolist() == [languages[number] == "ja" for number in numbers.tolist()]
        assert 0 < passing.sum() < len(numbers)
        assert index.passes(numbers, None).all() and index.passes(numbers, SearchFilter()).all()
        assert not index.passes(numbers, SearchFilter(source_glob="nothing")).any()
        assert index.passes(np.array([10**9]), SearchFilter(language="ja")).tolist() == [False]
        assert index.passes(np.empty(0, np.int64), SearchFilter(language="ja")).tolist() == []


@anywhere
def test_vectors_are_the_same_bytes_after_reload(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    with kit.read(filled) as index:
        document = kit.document("en.txt", texts["en.txt"])
        found = index.chunk_ids_at(document.id, range(100))
        vectors = index.vectors_of(number for number, _ in found.values())
        for number, chunk in found.values():
            assert vectors[number].tobytes() == kit.vector(chunk.text).tobytes()


@anywhere
def test_neighbours_by_ordinal(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    with kit.read(filled) as index:
        chunks = kit.chunks(kit.document("en.txt", texts["en.txt"]))
        found = index.chunk_ids_at(chunks[0].document_id, [-1, 1, 2, 99])
        assert {ordinal: chunk for ordinal, (_, chunk) in found.items()} == {1: chunks[1], 2: chunks[2]}
        assert index.chunks(number for number, _ in found.values()) == dict(found.values())
        assert index.chunks([10**6]) == {} and index.chunks([]) == {}


@anywhere
def test_quotes_are_compared_exactly(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    document = kit.document("ja.txt", texts["ja.txt"])
    with kit.read(filled) as index:
        assert index.verify_quote(document.id, 2, 9, document.text[2:9])
        for start, end, quote in ((2, 9, document.text[2:8]), (-1, 3, ""), (5, 2, ""), (0, 10**6, document.text)):
            assert not index.verify_quote(document.id, start, end, quote)
        assert not index.verify_quote("unknown", 0, 1, "日")


@anywhere
@pytest.mark.parametrize(
    ("wanted", "sources"),
    [
        (SearchFilter(language="ja"), {"ja.txt"}),
        (SearchFilter(language="en"), {"en.txt", "same.md"}),
        (SearchFilter(source_glob="*.txt"), {"en.txt", "ja.txt"}),
        (SearchFilter(source_glob="[!e]*"), {"ja.txt", "same.md"}),
        (SearchFilter(language="ja", source_glob="*.md"), set()),
        (SearchFilter(language="other"), set()),
        (SearchFilter(dated_from="2025-12"), {"en.txt", "ja.txt", "same.md"}),
        (SearchFilter(dated_from="2026-01-02"), set()),
        (SearchFilter(dated_to="2026", source_glob="*.md"), {"same.md"}),
        (SearchFilter(dated_to="2025-12-31"), set()),
        (SearchFilter(), {"en.txt", "ja.txt", "same.md"}),
        (None, {"en.txt", "ja.txt", "same.md"}),
    ],
)
def test_filters(filled: Path, kit: Kit, wanted: SearchFilter | None, sources: set[str]) -> None:
    with kit.read(filled) as index:
        for _ in range(2):  # the second time from the memory of filters
            ((ids, _),) = index.search_dense(kit.vector("x")[None], 100, wanted)
            found = {chunk.document_id for chunk in index.chunks(ids).values()}
            assert {info.source for info in index.documents_info(found).values()} == sources
            terms = [(term, 1.0) for term in ("on", "投資", "日本", "。「", "ne")]
            lexical, _ = index.search_lexical(terms, 100, wanted)
            assert set(lexical.tolist()) <= set(ids.tolist())
            assert bool(len(lexical)) == bool(sources)


@anywhere
def test_counts(filled: Path, kit: Kit) -> None:
    with kit.read(filled) as index:
        assert dict(index.language_counts()) == {"en": 9, "ja": 4} and index.chunk_count == 13
        assert index.document_frequency("日本") >= 1 and index.document_frequency("qq") == 0


def test_no_index(tmp_path: Path, kit: Kit) -> None:
    with pytest.raises(IndexNotFoundError, match="no index") as error:
        kit.read(tmp_path)
    assert "genesis-rag index" in error.value.hint
    with kit.write(tmp_path) as writer:
        kit.put(writer, kit.document("a", "text"))
        writer.save()
    with pytest.raises(IndexNotFoundError, match="not finished"):
        kit.read(tmp_path)


@anywhere
def test_unknown_document(filled: Path, kit: Kit) -> None:
    with kit.read(filled) as index, pytest.raises(UserError, match="no document"):
        index.document("unknown")


@pytest.mark.parametrize(
    ("part", "value", "told"),
    [
        ("embedder", "embedder-2", "embedding model"),
        ("dim", 64, "vector length"),
        ("chunker", "chunker-2", "chunker"),
        ("analyser", "words-1", "term analyser"),
    ],
)
def test_another_identity_is_refused(filled: Path, kit: Kit, part: str, value: object, told: str) -> None:
    other = replace(kit.identity, **{part: value})
    for opened in (lambda: Index.open(filled, other, kit.terms), lambda: kit.write(filled, other)):
        with pytest.raises(IndexMismatchError, match=told) as error:
            opened()
        assert "--rebuild" in error.value.hint
    with Index.open(filled, None, kit.terms) as index:
        assert index.identity == kit.identity


def test_a_mismatch_is_told_before_anything_is_repaired(filled: Path, kit: Kit) -> None:
    (vectors,) = filled.glob("derived/*/vectors.faiss")
    vectors.unlink()
    with pytest.raises(IndexMismatchError):
        Index.open(filled, replace(kit.identity, analyser="words-1"), kit.terms)
    assert not list(filled.glob("derived/*/vectors.faiss"))


@anywhere
def test_a_reader_keeps_its_generation_until_refresh(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    index = kit.read(filled)
    before = index.fingerprint
    with kit.write(filled) as writer:
        kit.put(writer, kit.document("new.txt", "A new document about energy. " * 5))
        writer.remove_source("en.txt")
        writer.save()
        kit.require_whole(index, texts)
        with kit.read(filled) as other:
            kit.require_whole(other, texts)  # saved is not published
        writer.commit()
    kit.require_whole(index, texts)
    assert index.generation == 1
    assert index.refresh() and index.generation == 2 and not index.refresh()
    assert index.fingerprint != before
    new = "A new document about energy. " * 5
    kit.require_whole(index, {"ja.txt": texts["ja.txt"], "same.md": texts["same.md"], "new.txt": new})
    index.close()


def test_many_generations_behind_an_open_reader(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    with kit.read(filled) as index:
        for number in range(5):
            with kit.write(filled) as writer:
                kit.put(writer, kit.document("ja.txt", f"第{number}版。" * 30))
                writer.commit()
            kit.require_whole(index, texts)
        assert index.refresh() and index.generation == 6
        kit.require_whole(index, {**texts, "ja.txt": "第4版。" * 30})
        assert len(list((filled / "derived").iterdir())) == 1


@anywhere
def test_the_fingerprint_tells_content_and_identity(tmp_path: Path, kit: Kit, texts: dict[str, str]) -> None:
    documents = [kit.document(source, text) for source, text in texts.items()]
    kit.fill(tmp_path / "a", *documents)
    for document in reversed(documents):
        kit.fill(tmp_path / "b", document)
    with kit.read(tmp_path / "a") as a, kit.read(tmp_path / "b") as b:
        assert a.generation != b.generation and a.fingerprint == b.fingerprint
        kit.fill(tmp_path / "b", kit.document("x", "more"))
        b.refresh()
        assert a.fingerprint != b.fingerprint


@anywhere
def test_threads_search_while_another_refreshes(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    failures: list[BaseException] = []
    done = threading.Event()
    with kit.read(filled) as index:

        def look() -> None:
            try:
                while not done.is_set():
                    with index.reading():
                        ((ids, _),) = index.search_dense(kit.vector("x")[None], 100)
                        chunks = index.chunks(ids)
                        assert set(chunks) == set(ids.tolist()) and len(ids) == index.chunk_count
                        infos = index.documents_info(chunk.document_id for chunk in chunks.values())
                        assert sum(info.chunk_count for info in infos.values()) == index.chunk_count
            except BaseException as error:
                failures.append(error)

        with beside(look, 3, done):
            for number in range(6):
                with kit.write(filled) as writer:
                    kit.put(writer, kit.document("ja.txt", f"第{number}版。" * (20 + number)))
                    writer.commit()
                assert index.refresh()
    assert failures == []


@anywhere
@pytest.mark.slow
def test_opening_while_another_publishes_never_needs_repair(filled: Path, kit: Kit) -> None:
    seen: list[tuple[str, ...]] = []
    failures: list[BaseException] = []
    done = threading.Event()

    def keep_opening() -> None:
        try:
            while not done.is_set():
                with kit.read(filled) as index:
                    seen.append(index.repairs)
                    ((ids, _),) = index.search_dense(kit.vector("x")[None], 100)
                    assert len(index.chunks(ids)) == len(ids) == index.chunk_count
        except BaseException as error:
            failures.append(error)

    with beside(keep_opening, 2, done):
        for number in range(25):
            kit.fill(filled, kit.document("ja.txt", f"第{number}版。" * 20))
    assert failures == [] and len(seen) > 10 and set(seen) == {()}


def test_a_thread_that_reads_keeps_its_generation(filled: Path, kit: Kit, texts: dict[str, str]) -> None:
    with kit.read(filled) as index:
        kit.fill(filled, kit.document("x", "more"))
        with index.reading():
            old = index._states.newest
            assert index.refresh() and not index.refresh() and index.generation == 1
            ((ids, _),) = index.search_dense(kit.vector("x")[None], 100)
            assert len(ids) == 13 and len(index.documents()) == 3
            assert old.snapshot.rows("SELECT 1") == [(1,)]
        with pytest.raises(Exception, match="closed"):
            old.snapshot.rows("SELECT 1")
        assert index.generation == 2
        kit.require_whole(index, {**texts, "x": "more"})


@settings(max_examples=settings.default.max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet="aあ漢𠮷\n。 \ud800é", min_size=1, max_size=60), factor=st.sampled_from([1, 50, 2000]))
def test_any_text_comes_back_in_any_part(tmp_path: Path, kit: Kit, text: str, factor: int) -> None:
    directory = tmp_path / os.urandom(6).hex()
    document = kit.document("t", text * factor)
    with kit.write(directory) as writer:
        chunks = kit.put(writer, document, size=997)
        writer.commit()
    with kit.read(directory) as index:
        assert index.document(document.id).text == document.text
        found = index.chunk_ids_at(document.id, range(len(chunks)))
        assert [found[n][1] for n in range(len(chunks))] == chunks
        start = min(BLOCK_CHARACTERS - 3, max(0, len(document.text) - 5))
        assert index.verify_quote(document.id, start, len(document.text), document.text[start:])


def test_an_empty_index_finds_nothing(tmp_path: Path, kit: Kit) -> None:
    with kit.write(tmp_path) as writer:
        writer.commit()
    with kit.read(tmp_path) as index:
        assert index.chunk_count == 0 and index.documents() == []
        assert [ids.size for ids, _ in index.search_dense(np.zeros((2, kit.identity.dim), np.float32), 3)] == [0, 0]
        assert index.search_lexical([("ab", 1.0)], 3)[0].size == 0
