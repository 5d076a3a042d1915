"""Generations in a cluster: whole or not seen, whatever stops a writer, from however many homes they come."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from genesis_rag.cluster.table import LANGUAGES, Table, Where
from genesis_rag.errors import IndexDamagedError, IndexLockedError, IndexMismatchError, IndexNotFoundError
from genesis_rag.types import SearchFilter

Place = Any
pytestmark = pytest.mark.slow

ONE = {"a.txt": "Rice grows in wet fields all summer long.", "b.txt": "Trains run fast on new rails every day."}
TWO = {"b.txt": "Trains run slow on old rails every day.", "c.txt": "Hot springs heal tired travellers in winter."}


def test_nothing_was_published_yet(place: Place) -> None:
    with pytest.raises(IndexNotFoundError, match="no index"):
        place.read()


def test_changes_become_visible_together(place: Place) -> None:
    place.fill(ONE)
    place.require(ONE)
    before = place.read()
    place.fill(TWO)
    place.require(TWO)
    assert before.generation == 1 and {info.source for info in before.documents()} == set(ONE)
    ((ids, _),) = before.search_dense(place.vector("x")[None], 50)
    assert len(ids) == before.chunk_count == len(before.chunks(ids))
    assert before.refresh() and before.generation == 2
    assert {info.source for info in before.documents()} == set(TWO)


def test_back_and_forth_leaves_no_row_behind(place: Place) -> None:
    for texts in (ONE, TWO, ONE, {}, ONE):
        place.fill(texts)
        place.require(texts)
    cluster = place.cluster()
    manifest = cluster.published()
    assert manifest.generation == 5
    # The rows of the generation before the last are still there for those who read it; it was empty.
    assert cluster.milvus.table(manifest.collection).count() == manifest.chunks
    cluster.close()


def test_rows_lie_in_the_partition_of_their_language_and_a_filter_reads_no_other(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {"a.txt": ONE["a.txt"], "b.txt": "米は夏のあいだ水田で育つ。鉄道は毎日走る。", "c.txt": "123 456"}
    languages = {"a.txt": "en", "b.txt": "ja", "c.txt": "other"}
    with place.write() as writer:
        for source, text in texts.items():
            place.put(writer, source, text, language=languages[source])
        writer.commit()
    index, cluster = place.read(), place.cluster()
    counts = index.language_counts()
    assert set(counts) == set(LANGUAGES) and counts["en"] > 1
    table = cluster.milvus.table(cluster.published().collection)
    for language in LANGUAGES:
        rows = table.query(Where("number >= 0", (language,)), ["language"])
        assert [row["language"] for row in rows] == [language] * counts[language]
    asked: list[tuple[str, ...]] = []
    search = Table.search

    def noted(self: Table, *arguments: Any, **options: Any) -> Any:
        asked.extend(one.partitions for one in [*arguments, *options.values()] if isinstance(one, Where))
        return search(self, *arguments, **options)

    monkeypatch.setattr(Table, "search", noted)
    ((ids, _),) = index.search_dense(place.vector("x")[None], 50, SearchFilter(language="ja"))
    assert len(ids) == counts["ja"] and {chunk.language for chunk in index.chunks(ids).values()} == {"ja"}
    found, _ = index.search_lexical([("t", 1.0)], 50, SearchFilter(language="ja"))
    assert len(found) == counts["ja"] and len(asked) >= 2 and set(asked) == {("ja",)}
    cluster.close()


def test_a_renamed_document_is_found_under_its_new_name_alone(place: Place) -> None:
    place.fill({"old.txt": ONE["a.txt"], "b.txt": ONE["b.txt"]})
    place.fill({"new.txt": ONE["a.txt"], "b.txt": ONE["b.txt"]})
    place.require({"new.txt": ONE["a.txt"], "b.txt": ONE["b.txt"]})
    index = place.read()
    assert index.find_document("old.txt") is None and index.find_document("new.txt")


@pytest.mark.parametrize("rebuild", [False, True])
@pytest.mark.parametrize("stop_at", [1, 2, 3])
def test_a_writer_that_is_killed_loses_and_repeats_nothing(
    place: Place, stopped: type[BaseException], stop_at: int, rebuild: bool
) -> None:
    place.fill(ONE)
    with pytest.raises(stopped) as stop:
        place.fill(TWO, stop_at=stop_at, rebuild=rebuild)
    seen = TWO if str(stop.value) == "published" else ONE
    place.require(seen)
    place.fill(TWO, rebuild=rebuild)
    place.require(TWO)
    place.fill(ONE)
    place.require(ONE)


@pytest.mark.parametrize("stop_at", [1, 2])
def test_a_first_run_that_is_killed_goes_on_even_with_other_documents(
    place: Place, stopped: type[BaseException], stop_at: int
) -> None:
    with pytest.raises(stopped):
        place.fill(ONE, stop_at=stop_at)
    with pytest.raises(IndexNotFoundError):
        place.read()
    place.fill(TWO)
    place.require(TWO)
    cluster = place.cluster()
    ours = [name for name in cluster.milvus.names() if name.startswith(place.address.collection)]
    assert len(ours) == 2, "what the killed run left is gone"
    cluster.close()


def test_a_rebuild_swaps_the_alias_and_readers_of_the_old_go_on(place: Place) -> None:
    place.fill(ONE)
    index, cluster = place.read(), place.cluster()
    first = cluster.milvus.aliased(place.address.collection)
    assert first == cluster.published().collection
    place.fill(TWO, rebuild=True)
    second = cluster.milvus.aliased(place.address.collection)
    assert second == cluster.published().collection != first
    ((ids, _),) = index.search_dense(place.vector("x")[None], 50)
    assert len(ids) == index.chunk_count and {info.source for info in index.documents()} == set(ONE)
    place.fill(ONE, rebuild=True)
    assert first not in cluster.milvus.names() and second in cluster.milvus.names()
    cluster.close()


def test_another_home_takes_in_what_the_cluster_holds(place: Place) -> None:
    place.fill(ONE)
    with place.write("other") as writer:
        assert "2 documents" in writer.repairs[-1]
        assert writer.lookup(writer.document_at("a.txt")).sources == ("a.txt",)
        place.put(writer, "c.txt", TWO["c.txt"])
        writer.remove_source("a.txt")
        writer.commit()
    place.require({"b.txt": ONE["b.txt"], "c.txt": TWO["c.txt"]})
    with place.write() as writer:
        assert writer.document_at("a.txt") is None and writer.document_at("c.txt")
        assert writer.stored_vectors([b"x"]) == {}
        writer.commit()
    place.require({"b.txt": ONE["b.txt"], "c.txt": TWO["c.txt"]})
    cluster = place.cluster()
    assert cluster.published().generation == 2, "taking in is no new generation for others"
    cluster.close()


def test_two_homes_at_once_do_not_overwrite_each_other(place: Place) -> None:
    place.fill(ONE)
    with place.write("other") as writer:
        place.put(writer, "c.txt", TWO["c.txt"])
        place.fill(TWO)
        with pytest.raises(IndexLockedError, match="Another home"):
            writer.commit()
    place.require(TWO)
    with place.write("other") as writer:
        writer.commit()
    place.require(TWO)


def test_a_home_that_was_stopped_while_it_took_in_goes_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from genesis_rag.cluster import copying

    place.fill(ONE)
    put, read = copying.put_whole, []

    def put_one(*arguments: Any) -> None:
        if read:
            raise KeyboardInterrupt
        put(*arguments)
        read.append(arguments[0].document.source)
        arguments[1].save()

    with monkeypatch.context() as patch:
        patch.setattr(copying, "put_whole", put_one)
        with pytest.raises(KeyboardInterrupt):
            place.write("other")
    with place.write("other") as writer:
        assert "1 documents" in writer.repairs[-1], "the one that was there already is not read again"
        writer.commit()
    place.require(ONE)


def test_what_a_stopped_run_had_saved_does_not_undo_what_others_did(place: Place) -> None:
    place.fill(ONE)
    with place.write() as writer:
        place.put(writer, "d.txt", "Saved but never brought to the cluster.")
        writer.save()
    with place.write("other") as writer:
        writer.remove_source("a.txt")
        writer.commit()
    with place.write() as writer:
        assert writer.document_at("a.txt") is None and writer.document_at("d.txt") is None
        writer.commit()
    place.require({"b.txt": ONE["b.txt"]})


def test_an_unfinished_rebuild_from_a_new_home_is_not_shown(place: Place) -> None:
    place.fill(ONE)
    with place.write("other", rebuild=True) as writer:
        assert writer.is_read and writer.generation == 0, "ingest then commits only once, at the end"


def test_another_identity_is_refused_until_a_rebuild(place: Place) -> None:
    place.fill(ONE)
    index = place.read()
    place.identity = replace(place.identity, chunker="other")
    with pytest.raises(IndexMismatchError, match="chunker"):
        place.write()
    with pytest.raises(IndexMismatchError, match="chunker"):
        place.read()
    place.fill(TWO, rebuild=True)
    place.require(TWO)
    with pytest.raises(IndexMismatchError):
        index.refresh()
    assert {info.source for info in index.documents()} == set(ONE)


def test_another_home_follows_a_new_identity(place: Place) -> None:
    place.fill(ONE)
    place.identity = replace(place.identity, chunker="other")
    place.fill(ONE | TWO, "other", rebuild=True)
    with place.write() as writer:
        assert "3 documents" in writer.repairs[-1] and writer.published.identity == place.identity
        writer.remove_source("a.txt")
        writer.commit()
    place.require(TWO)


def test_damage_is_told_and_never_quoted(place: Place) -> None:
    place.fill(ONE)
    index, cluster = place.read(), place.cluster()
    info = next(info for info in index.documents() if info.source == "a.txt")
    table = cluster.milvus.table(cluster.published().collection)
    from genesis_rag.cluster.publishing import ALL_CHUNK_FIELDS
    from genesis_rag.cluster.table import Where

    rows = table.query(Where(f"document == '{info.id}'"), ALL_CHUNK_FIELDS)
    table.insert([{**row, "text": row["text"].replace("Rice", "Wheat")} for row in rows], "en")
    assert any("damaged" in fault for fault in index.check())
    ((ids, _),) = index.search_dense(place.vector("x")[None], 50)
    with pytest.raises(IndexDamagedError):
        index.chunks(ids)
    assert index.verify_quote(info.id, 0, 4, "Rice") and not index.verify_quote(info.id, 0, 5, "Wheat")
    table.delete(f"document == '{info.id}'")
    cluster.close()


def test_a_collection_that_lost_rows_is_not_opened(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis_rag.cluster.state.PATIENCE_SECONDS", 0.1)
    place.fill(ONE)
    cluster = place.cluster()
    cluster.milvus.table(cluster.published().collection).delete("ordinal == 0")
    cluster.close()
    with pytest.raises(IndexDamagedError, match="instead of"):
        place.read()
    place.fill(ONE, rebuild=True)
    place.require(ONE)


def test_a_manifest_that_was_changed_is_damage(place: Place) -> None:
    place.fill(ONE)
    cluster = place.cluster()
    name = f"{place.address.collection}.json"
    data = cluster.texts.read_named(name)
    cluster.texts.write_named(name, data.replace(b'"generation": 1', b'"generation": 2'))
    with pytest.raises(IndexDamagedError, match="sum"):
        place.read()
    cluster.close()


STRANGE = {
    "quotes": "He said \"no\" and 'yes' \\ % _ {} [] \x00 \x7f \u2028 end of it.",
    "surrogates": "before \ud800 between \udfff after 𠮷野家 ﾊﾝｶｸ e\u0301 ‮",
    "long chunk": "あ" * 30_000 + "終",
    "empty words": "。、！？ " * 30,
}


@pytest.mark.parametrize("name", STRANGE)
def test_any_text_comes_back(place: Place, name: str) -> None:
    place.fill({f"{name}.txt": STRANGE[name]}, size=10**6 if name == "long chunk" else 24)
    index = place.read()
    (info,) = index.documents()
    text = STRANGE[name]
    assert index.document(info.id).text == text and index.check() == []
    for number, chunk in index.chunk_ids_at(info.id, range(info.chunk_count)).values():
        assert chunk.text == text[chunk.start : chunk.end] and index.chunks([number]) == {number: chunk}
        assert index.verify_quote(info.id, chunk.start, chunk.end, chunk.text)
    assert index.find_document(f"{name}.txt") == info.id


def test_a_document_with_very_many_names_and_a_long_title(place: Place) -> None:
    names = [f"folder/ファイル{number:05}.txt" for number in range(4000)]
    with place.write() as writer:
        place.put(writer, names[0], ONE["a.txt"], title="題" * 30_000)
        stored = writer.document_at(names[0])
        for name in names[1:]:
            writer.attach(stored, name)
        writer.commit()
    index = place.read()
    (info,) = index.documents()
    assert info.sources == tuple(names) and len(info.title) == 30_000 and index.check() == []
    assert index.find_document(names[7]) == info.id
    with place.write("other") as writer:
        assert writer.lookup(info.id).sources == tuple(names)
