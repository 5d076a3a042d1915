"""Searching a real index: legs, languages, filters, duplicates, ties, nothing to find."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from genesis_rag.retrieval import RetrievalSettings
from genesis_rag.types import Hit, SearchFilter

Library = Any

JAPANESE = {
    "quantum.ja.md": ["量子計算機の開発を進める。", "量子の誤り訂正は難しい。"],
    "spring.ja.md": ["箱根の温泉は古くから有名である。"],
    "rail.ja.md": ["新しい鉄道が開通した。", "鉄道の運賃は五百円である。"],
}
ENGLISH = {
    "quantum.en.md": ["A quantum computer is being built.", "Correcting quantum errors is hard."],
    "spring.en.md": ["The hot spring of Hakone has long been famous."],
    "rail.en.md": ["A new railway was opened.", "The railway costs 500 yen."],
}


def sources(hits: list[Hit]) -> list[str]:
    return [hit.document.source for hit in hits]


def test_hits_carry_rank_and_scores_by_stage(library: Library) -> None:
    library.fill(JAPANESE)
    hits = library.retriever(RetrievalSettings(dense_weight=0.25)).search("量子の誤り訂正", 3)
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert hits[0].chunk.text == "量子の誤り訂正は難しい。" and hits[0].document.source == "quantum.ja.md"
    assert set(hits[0].scores) == {"dense", "lexical", "fused"}
    assert hits[0].score == hits[0].scores["fused"] > hits[1].score >= hits[2].score
    assert hits[0].scores["dense"] == pytest.approx(1.0)  # the same single concept
    index = library.index()
    (ids, scores) = index.search_lexical(library.analyser.search_terms("量子の誤り訂正"), 1)
    assert index.chunks(ids)[int(ids[0])].id == hits[0].chunk.id
    assert hits[0].scores["lexical"] == pytest.approx(float(scores[0]))


def test_what_one_leg_finds_gets_its_score_in_the_other(library: Library) -> None:
    library.fill(JAPANESE)
    settings = RetrievalSettings(candidates=1, keyword_depth=1, dense_weight=0.5)
    # Both legs propose one chunk. The concept is that of the springs; the words are those of the fare.
    hits = {hit.document.source: hit for hit in library.retriever(settings).search("運賃は五百円 温泉", 5)}
    assert set(hits) == {"spring.ja.md", "rail.ja.md"}
    fare, query = library.embedder.embed_passages(["鉄道", "温泉"])
    assert hits["rail.ja.md"].scores["dense"] == pytest.approx(float(fare @ query), abs=1e-6)
    assert hits["spring.ja.md"].scores["lexical"] == 0.0
    deep = RetrievalSettings(candidates=1, keyword_depth=9, dense_weight=0.5)
    hits = {hit.document.source: hit for hit in library.retriever(deep).search("運賃は五百円 温泉", 5)}
    assert hits["spring.ja.md"].scores["lexical"] > 0.0


def test_the_title_and_the_headings_are_searched(library: Library, piece: Any) -> None:
    body = "対象は全国である。"
    library.fill(
        {
            "a.md": [piece(body, ("概要",))],
            "b.md": [piece("期間は五年である。", ("補助金の条件",))],
            "c.md": ["その他。"],
        },
        titles={"a.md": "洋上風力の方針"},
    )
    retriever = library.retriever()
    assert sources(retriever.search("洋上風力", 1)) == ["a.md"]
    assert sources(retriever.search("補助金の条件", 1)) == ["b.md"]


@pytest.mark.parametrize("query", ["", "  \n", "？！。", "🙂", "\ud800"])
def test_nothing_is_found_for_a_query_without_words(library: Library, query: str) -> None:
    library.fill(JAPANESE)
    assert library.retriever().search(query, 5) == [] == library.retriever().passages(query, 5)


@pytest.mark.parametrize("k", [0, -1])
def test_no_places_no_hits(library: Library, k: int) -> None:
    library.fill(JAPANESE)
    assert library.retriever().search("量子", k) == [] == library.retriever().passages("量子", k)


def test_an_empty_index_has_nothing(library: Library) -> None:
    library.fill({})
    assert library.retriever().search("量子", 5) == [] == library.retriever().passages("量子", 5)


def test_strange_and_long_queries_are_searched(library: Library) -> None:
    library.fill(JAPANESE)
    retriever = library.retriever()
    assert sources(retriever.search("\ud800温泉\ud800", 1)) == ["spring.ja.md"]
    assert sources(retriever.search("温泉" + "無関係" * 20_000, 1)) == ["spring.ja.md"]
    assert len(retriever.search("量子", 1000)) == 5


def test_filters_restrict_every_leg(library: Library) -> None:
    library.fill({**JAPANESE, **ENGLISH})
    retriever = library.retriever()
    assert {hit.chunk.language for hit in retriever.search("量子", 10, SearchFilter(language="en"))} == {"en"}
    assert set(sources(retriever.search("量子", 10, SearchFilter(source_glob="rail.*")))) == {
        "rail.ja.md",
        "rail.en.md",
    }
    both = SearchFilter(language="ja", source_glob="*.en.md")
    assert retriever.search("量子", 10, both) == [] == retriever.passages("量子", 10, both)


def test_the_same_text_is_shown_once(library: Library) -> None:
    library.fill(
        {"a.md": ["量子計算機の開発。"], "b.md": ["量子計算機の\n開発。", "温泉。"], "c.md": ["量子計算機の開発。"]}
    )
    hits = library.retriever().search("量子計算機の開発", 10)
    assert [hit.chunk.text for hit in hits] == ["量子計算機の開発。", "温泉。"]  # a line break makes no other text
    passages = library.retriever().passages("量子計算機の開発", 10)
    assert len({passage.text for passage in passages}) == len(passages)


MANY = {f"{n}.ja.md": [f"量子計算機の応用その{n}。"] for n in range(8)}
ASKED = "量子計算機の応用"


def test_both_languages_get_their_share(library: Library) -> None:
    library.fill({**MANY, **ENGLISH})
    shared = RetrievalSettings(dense_weight=0.1, foreign_slope=0.0, language_margin=0.0)
    hits = library.retriever(shared).search(ASKED, 6)
    assert [hit.chunk.language for hit in hits] == ["ja"] * 4 + ["en"] * 2
    assert {hit.document.source for hit in hits[4:]} == {"quantum.en.md"}  # its best, not any
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    unshared = library.retriever(replace(shared, language_share=0.0)).search(ASKED, 6)
    assert [hit.chunk.language for hit in unshared] == ["ja"] * 6
    assert hits[:4] == unshared[:4]  # only the worst make room


@pytest.mark.parametrize(("places", "foreign"), [(1, 0), (2, 0), (3, 1), (5, 2), (6, 2), (8, 3)])
def test_the_share_is_less_than_half(library: Library, places: int, foreign: int) -> None:
    library.fill({**MANY, **ENGLISH})
    shared = RetrievalSettings(dense_weight=0.1, foreign_slope=0.0, language_margin=0.0, language_share=0.4)
    hits = library.retriever(shared).search(ASKED, places)
    assert sum(hit.chunk.language == "en" for hit in hits) == foreign and len(hits) == places


def test_a_share_goes_only_to_what_is_near(library: Library) -> None:
    library.fill({**MANY, **ENGLISH})
    settings = RetrievalSettings(foreign_slope=0.0)
    every = library.retriever(settings).search(ASKED, 99)
    kept = sorted((hit.score for hit in every if hit.chunk.language == "ja"), reverse=True)[3]
    best = max(hit.score for hit in every if hit.chunk.language == "en")
    near, far = (replace(settings, language_margin=best / kept * factor) for factor in (0.99, 1.01))
    assert [hit.chunk.language for hit in library.retriever(near).search(ASKED, 6)].count("en") == 2
    assert [hit.chunk.language for hit in library.retriever(far).search(ASKED, 6)] == ["ja"] * 6


def test_an_answer_in_the_other_language_comes_before_noise_in_the_own(library: Library) -> None:
    noise = {f"{n}.ja.md": [f"鉄道の話その{n}。"] for n in range(8)}
    library.fill({**noise, "spring.en.md": ENGLISH["spring.en.md"]})
    assert sources(library.retriever().search("温泉はどこですか", 3))[0] == "spring.en.md"


def test_the_whole_corpus_may_be_in_the_other_language(library: Library) -> None:
    library.fill(JAPANESE)
    hits = library.retriever().search("Which hot spring is famous?", 3)
    assert hits[0].document.source == "spring.ja.md"
    numbers = library.retriever().search("railway 500", 5)
    assert numbers[0].document.source == "rail.ja.md"


def test_ties_are_in_the_order_of_the_chunks(library: Library) -> None:
    library.fill({f"{n}.md": [f"量子その{n}"] for n in range(5)})
    retriever = library.retriever()
    first = retriever.search("量子", 5)
    assert sources(first) == [f"{n}.md" for n in range(5)]
    assert len({hit.score for hit in first}) == 1
    assert retriever.search("量子", 5) == first
    assert sources(retriever.search("量子", 2)) == ["0.md", "1.md"]


def test_settings_refuse_what_finds_nothing() -> None:
    for wrong in ({"candidates": 0}, {"keyword_depth": 1}, {"dense_weight": 0.0}, {"dense_weight": 1.2},
                  {"language_share": 0.6}, {"per_document": 0}):  # fmt: skip
        with pytest.raises(ValueError):
            RetrievalSettings(**wrong)  # type: ignore[arg-type]


def test_vectors_of_the_query_are_asked_for_once(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.fill({**JAPANESE, **ENGLISH})
    calls: list[list[str]] = []
    inner = library.embedder.embed_queries

    def counted(texts: list[str]) -> np.ndarray:
        calls.append(list(texts))
        return inner(texts)

    monkeypatch.setattr(library.embedder, "embed_queries", counted)
    library.retriever().passages("量子 quantum", 6)
    assert calls == [["量子 quantum"]]
