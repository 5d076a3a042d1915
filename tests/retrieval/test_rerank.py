"""Reranking changes the order of the best, and of those only that the reranker knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from genesis_rag.retrieval import Reranking, RetrievalSettings, Retriever
from genesis_rag.retrieval.fusion import Scored

Library = Any
TEXTS = {
    "a.md": ["量子計算機の開発を進める。"],
    "b.md": ["量子の誤り訂正は難しい。"],
    "c.md": ["量子通信の実験が続く。"],
    "d.md": ["鉄道の運賃は五百円である。"],
    "e.en.md": ["A quantum computer is being built."],
}


class ByLength:
    """Scores the shortest text best, and remembers what it read."""

    fingerprint = "by length"

    def __init__(self) -> None:
        self.read: list[str] = []

    def score(self, question: str, texts: Sequence[str]) -> np.ndarray:
        self.read += texts
        return np.array([-float(len(text)) for text in texts], np.float32)


def opened(library: Library, reranking: Reranking | None, **settings: object) -> Retriever:
    chosen = RetrievalSettings(**settings)  # type: ignore[arg-type]
    return Retriever(library.index(), library.embedder, library.analyser, chosen, reranking)


def sources(found: Sequence[Any]) -> list[str]:
    return [one.document.source if hasattr(one, "document") else one.source for one in found]


def test_a_weight_adds_the_score_to_the_fused_one() -> None:
    near, far = Scored(1, 0.5, 1.0, 0.9, False, reranked=-1.0), Scored(2, 0.5, 1.0, 0.5, False, reranked=2.0)
    for weight, wanted in ((0.0, far), (0.1, near), (0.2, far)):
        assert max((near, far), key=Reranking(ByLength(), weight=weight).order) is wanted


def test_hits_come_in_the_rerankers_order_where_asked_for(library: Library) -> None:
    library.fill({source: texts for source, texts in TEXTS.items() if source != "e.en.md"})
    retriever = opened(library, Reranking(ByLength(), depth=10))
    plain, again = retriever.search("量子", 4), retriever.search("量子", 4, rerank=True)
    assert retriever.reranks and sources(plain)[-1] == "d.md"
    assert sources(again) == ["c.md", "b.md", "a.md", "d.md"]
    assert [hit.rank for hit in again] == [1, 2, 3, 4]
    assert all("reranked" not in hit.scores for hit in plain)
    assert [hit.scores["reranked"] for hit in again] == sorted((h.scores["reranked"] for h in again), reverse=True)
    fused = {hit.document.source: hit.score for hit in plain}
    assert {hit.document.source: hit.score for hit in again} == fused


def test_passages_are_always_reranked(library: Library) -> None:
    library.fill({source: texts for source, texts in TEXTS.items() if source != "e.en.md"})
    found = opened(library, Reranking(ByLength(), depth=10), short_tokens=0).passages("量子", 3)
    assert sources(found) == ["c.md", "b.md", "a.md"]
    assert [one.marker for one in found] == [1, 2, 3] and "reranked" in found[0].scores


def test_only_the_best_are_read_and_the_rest_stays(library: Library) -> None:
    library.fill({source: texts for source, texts in TEXTS.items() if source != "e.en.md"})
    reader = ByLength()
    plain = opened(library, None).search("量子", 4)
    found = opened(library, Reranking(reader, depth=2)).search("量子", 4, rerank=True)
    assert len(reader.read) == 2
    assert set(sources(found)[:2]) == set(sources(plain)[:2]) and sources(found)[2:] == sources(plain)[2:]


def test_texts_in_unknown_languages_keep_their_places(library: Library) -> None:
    library.fill(TEXTS)
    reader = ByLength()
    plain = opened(library, None).search("量子", 5)
    found = opened(library, Reranking(reader, depth=10, languages=("ja",))).search("量子", 5, rerank=True)
    place = sources(plain).index("e.en.md")
    assert sources(found)[place] == "e.en.md" and "reranked" not in found[place].scores
    assert reader.read and not any("quantum" in text for text in reader.read)
    reader.read.clear()
    retriever = opened(library, Reranking(reader, depth=10, languages=("ja",)))
    assert sources(retriever.search("quantum computer", 5, rerank=True)) == sources(
        retriever.search("quantum computer", 5)
    )
    assert not reader.read


def test_the_reranker_reads_title_and_headings(library: Library, piece: Any) -> None:
    reader = ByLength()
    library.fill({"a.md": [piece("量子の本文。", ("見出し",))]}, {"a.md": "題名"})
    opened(library, Reranking(reader)).search("量子", 1, rerank=True)
    assert "題名" in reader.read[0] and "見出し" in reader.read[0] and "量子の本文。" in reader.read[0]


def test_nothing_found_asks_nobody(library: Library) -> None:
    reader = ByLength()
    library.fill({"a.md": ["量子。"]})
    assert opened(library, Reranking(reader)).search("？？", 3, rerank=True) == []
    assert not reader.read
    assert not opened(library, None).reranks
    assert sources(opened(library, None).search("量子", 1, rerank=True)) == ["a.md"]


@pytest.mark.parametrize("depth", [1, 24])
def test_depth_and_languages_are_values(depth: int) -> None:
    assert Reranking(ByLength(), depth).knows("en")
    assert not Reranking(ByLength(), depth, ("ja",)).knows("en")
