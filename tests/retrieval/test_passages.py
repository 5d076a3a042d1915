"""Merging: neighbours, pages, headings, caps, budgets; and what must hold of any passages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis_rag.retrieval import RetrievalSettings
from genesis_rag.types import Passage

Library = Any
NO_WIDENING = RetrievalSettings(short_tokens=0)
TALK = ["量子の話の一。", "量子の話の二。", "温泉の話。", "鉄道の話。", "量子の話の三。"]


def whole(library: Library, passages: list[Passage]) -> None:
    """What holds of any passages: exact texts, markers from 1, falling scores, nothing twice."""
    assert [passage.marker for passage in passages] == list(range(1, len(passages) + 1))
    scores = [passage.score for passage in passages]
    assert scores == sorted(scores, reverse=True)
    seen: list[str] = []
    for passage in passages:
        assert passage.text and passage.text == library.texts[passage.source][passage.start : passage.end]
        assert passage.score == passage.scores["fused"] and set(passage.scores) == {"dense", "lexical", "fused"}
        seen += passage.chunk_ids
    assert len(seen) == len(set(seen))


def test_neighbouring_hits_become_one_passage(library: Library) -> None:
    library.fill({"talk.md": TALK, "other.md": ["米の話。"]})
    passages = library.retriever(RetrievalSettings(short_tokens=0, candidates=3, keyword_depth=3)).passages(
        "量子の話", 4
    )
    whole(library, passages)
    first = next(passage for passage in passages if passage.start == 0)
    assert first.text == "量子の話の一。\n\n量子の話の二。" and len(first.chunk_ids) == 2
    assert any(passage.text == "量子の話の三。" for passage in passages)


def test_merging_stops_at_the_size_of_a_passage(library: Library) -> None:
    library.fill({"talk.md": ["量子の話その一。", "量子の話その二。", "量子の話その三。"]})
    passages = library.retriever(RetrievalSettings(short_tokens=0, passage_tokens=16)).passages("量子の話", 4)
    whole(library, passages)
    assert sorted(len(passage.chunk_ids) for passage in passages) == [1, 2]
    (one,) = library.retriever(RetrievalSettings(short_tokens=0, passage_tokens=24)).passages("量子の話", 4)
    assert one.text == library.texts["talk.md"]


def test_a_passage_stays_on_one_page(library: Library, piece: Any) -> None:
    pages = [piece("量子の話の一。", page=1), piece("量子の話の二。", page=1), piece("量子の話の三。", page=2)]
    library.fill({"talk.pdf": pages})
    passages = library.retriever().passages("量子の話", 4)
    whole(library, passages)
    assert sorted((passage.page, len(passage.chunk_ids)) for passage in passages) == [(1, 2), (2, 1)]


def test_sections_side_by_side_are_not_merged(library: Library, piece: Any) -> None:
    pieces = [
        piece("量子の話の一。", ("甲",)),
        piece("量子の話の二。", ("甲", "一")),
        piece("量子の話の三。", ("乙",)),
    ]
    library.fill({"talk.md": pieces})
    passages = library.retriever().passages("量子の話", 4)
    whole(library, passages)
    assert sorted((passage.heading_path, len(passage.chunk_ids)) for passage in passages) == [
        (("乙",), 1),
        (("甲",), 2),
    ]


def test_a_short_hit_takes_in_what_stands_around_it_under_its_heading(library: Library, piece: Any) -> None:
    pieces = [
        piece("前の章の終わり。", ("甲",)),
        piece("概要は次のとおり。", ("乙",)),
        piece("温泉である。", ("乙", "丙")),
        piece("続きの文。", ("乙", "丙")),
        piece("次の章。", ("丁",)),
    ]
    library.fill({"deck.md": pieces, **{f"{n}.md": ["鉄道。" * 9 + str(n)] for n in range(9)}})
    one = RetrievalSettings(candidates=1, keyword_depth=1, short_tokens=1000)
    (passage,) = library.retriever(one).passages("温泉", 1)
    assert passage.text == "概要は次のとおり。\n\n温泉である。\n\n続きの文。"
    assert passage.heading_path == ("乙",)
    short = RetrievalSettings(candidates=1, keyword_depth=1, short_tokens=10)
    (passage,) = library.retriever(short).passages("温泉", 1)
    assert passage.text == "温泉である。\n\n続きの文。" and passage.heading_path == ("乙", "丙")
    (passage,) = library.retriever(NO_WIDENING).passages("温泉", 1)
    assert passage.text == "温泉である。"


def test_one_document_does_not_take_all_places(library: Library) -> None:
    apart = [text for n in range(4) for text in (f"量子の話その{n}。", f"間の文その{n}。" * 9)]
    library.fill({"long.md": apart, **{f"{n}.md": [f"量子と鉄道{n}"] for n in range(4)}})
    capped = library.retriever(RetrievalSettings(short_tokens=0, per_document=2, passage_tokens=30))
    passages = capped.passages("量子の話", 5)
    whole(library, passages)
    assert [passage.source for passage in passages].count("long.md") == 2 and len(passages) == 5


def test_a_cap_leaves_no_place_empty(library: Library) -> None:
    apart = [text for n in range(4) for text in (f"量子の話その{n}。", f"間の文その{n}。" * 9)]
    library.fill({"long.md": apart})
    passages = library.retriever(RetrievalSettings(short_tokens=0, per_document=1, passage_tokens=30)).passages(
        "量子の話", 4
    )
    whole(library, passages)
    assert len(passages) == 4


def test_the_budget_drops_the_last_but_never_the_first(library: Library) -> None:
    library.fill({f"{n}.md": [f"量子の話その{n}。" + "詳" * n] for n in range(6)})
    sizes = RetrievalSettings(short_tokens=0, total_tokens=30)
    passages = library.retriever(sizes).passages("量子の話", 6)
    whole(library, passages)
    assert 1 < len(passages) < 6 and sum(len(passage.text) for passage in passages) <= 30
    (only,) = library.retriever(RetrievalSettings(total_tokens=1)).passages("量子の話", 6)
    assert only.marker == 1


def test_both_languages_get_passages(library: Library) -> None:
    japanese = {f"{n}.ja.md": [f"量子計算機の応用その{n}。"] for n in range(8)}
    library.fill({**japanese, "a.en.md": ["Quantum computers are new."], "b.en.md": ["The quantum age began."]})
    blind = RetrievalSettings(dense_weight=0.1, foreign_slope=0.0, language_margin=0.0)
    passages = library.retriever(blind).passages("量子計算機の応用", 6)
    whole(library, passages)
    assert [passage.language for passage in passages] == ["ja"] * 4 + ["en"] * 2
    assert [passage.language for passage in library.retriever(blind).passages("量子計算機の応用", 2)] == ["ja"] * 2


WORDS = st.sampled_from(
    [
        "量子",
        "投資する。",
        "温泉は",
        "鉄道の",
        "5億ドル",
        "第3章",
        "rail",
        "invest",
        "the",
        "2026",
        "。",
        "\n",
        " ",
        "𠮟",
        "e\u0301",
    ]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=8).map("".join).filter(lambda text: text.strip() == text)


@pytest.mark.parametrize("name", ["concepts", "hashing"])
@settings(max_examples=settings.default.max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_passages_of_any_library(
    library: Library, make_library: Callable[[Any], Library], name: str, data: st.DataObject
) -> None:
    embedder = library.embedder
    if name == "hashing":
        from genesis_rag.embedding.hashing import HashingEmbedder

        embedder = HashingEmbedder()
    made = make_library(embedder)
    documents = st.lists(st.lists(TEXTS, min_size=1, max_size=6), min_size=1, max_size=5)
    made.fill({f"{n}.md": texts for n, texts in enumerate(data.draw(documents))})
    sizes = RetrievalSettings(
        per_document=data.draw(st.integers(1, 3)),
        passage_tokens=data.draw(st.integers(0, 40)),
        short_tokens=data.draw(st.integers(0, 40)),
        total_tokens=data.draw(st.integers(0, 80)),
    )
    query, count = data.draw(TEXTS), data.draw(st.integers(1, 7))
    passages = made.retriever(sizes).passages(query, count)
    whole(made, passages)
    assert len(passages) <= count
    assert bool(passages) == any(character.isalnum() for character in query)
    hits = made.retriever(sizes).search(query, count)
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({"".join(hit.chunk.text.split()) for hit in hits}) == len(hits)
    made.close()
