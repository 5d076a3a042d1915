"""One part of the search alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from genesis_rag.retrieval import Reranking, Retriever
from genesis_rag.retrieval.legs import LEGS

Library = Any

DOCUMENTS = {
    "quantum.ja.md": ["量子計算機の開発を進める。", "量子の誤り訂正は難しい。"],
    "quantum.en.md": ["A quantum computer is being built.", "Correcting errors is hard."],
    "copy.en.md": ["A quantum  computer is being built."],
    "spring.ja.md": ["箱根の温泉は古くから有名である。"],
}


@pytest.fixture
def retriever(library: Library) -> Any:
    library.fill(DOCUMENTS)
    return library.retriever()


def test_every_leg_is_named_and_no_other(retriever: Any) -> None:
    assert retriever.legs == LEGS == ("bm25", "keyword", "dense")
    with pytest.raises(ValueError, match="no leg 'sparse'"):
        retriever.search_leg("sparse", "量子", 3)


def test_the_dense_leg_goes_by_vectors_across_languages(retriever: Any, library: Library) -> None:
    hits = retriever.search_leg("dense", "quantum", 9)
    query = library.embedder.embed_queries(["quantum"])[0]
    texts = [hit.chunk.text for hit in hits]
    cosines = (library.embedder.embed_passages(texts) @ query).tolist()
    assert [hit.score for hit in hits] == pytest.approx(cosines, abs=1e-6)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert {"量子計算機の開発を進める。", "量子の誤り訂正は難しい。"} < set(texts[:3])
    assert all(set(hit.scores) == {"dense"} for hit in hits)


@pytest.mark.parametrize("leg", ["bm25", "keyword"])
def test_the_keyword_legs_go_by_words_alone(retriever: Any, leg: str) -> None:
    hits = retriever.search_leg(leg, "量子の誤り訂正", 9)
    assert hits[0].chunk.text == "量子の誤り訂正は難しい。"
    assert all(hit.chunk.language == "ja" for hit in hits), "no word is shared with English"
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert set(hits[0].scores) == {"lexical"}


def test_plain_bm25_weighs_all_terms_alike(retriever: Any, library: Library) -> None:
    question = "What is the quantum computer?"
    terms = [(term, 1.0) for term in dict.fromkeys(library.analyser.index_terms(question))]
    _, scores = library.index().search_lexical(terms, 3)
    assert retriever.search_leg("bm25", question, 1)[0].score == pytest.approx(float(np.max(scores)))
    assert retriever.search_leg("keyword", question, 1)[0].score != pytest.approx(float(np.max(scores)))


def test_with_a_reranker_the_search_without_it_is_a_leg(library: Library) -> None:
    class Backwards:
        fingerprint = "backwards"

        def score(self, question: str, texts: Sequence[str]) -> np.ndarray:
            return np.arange(len(texts), dtype=np.float32)

    library.fill(DOCUMENTS)
    reranked = Retriever(library.index(), library.embedder, library.analyser, reranking=Reranking(Backwards()))
    assert reranked.legs == (*LEGS, "hybrid")
    assert reranked.search_leg("hybrid", "量子", 5) == library.retriever().search("量子", 5)
    assert reranked.search_leg("hybrid", "量子", 5) != reranked.search("量子", 5, rerank=True)


@pytest.mark.parametrize("leg", LEGS)
def test_no_text_comes_twice_and_nothing_comes_for_nothing(retriever: Any, leg: str) -> None:
    texts = [" ".join(hit.chunk.text.split()) for hit in retriever.search_leg(leg, "quantum computer", 9)]
    assert len(texts) == len(set(texts))
    assert retriever.search_leg(leg, "？！", 5) == []
    assert retriever.search_leg(leg, "quantum", 0) == []
    assert len(retriever.search_leg(leg, "quantum computer", 1)) == 1
    assert retriever.search_leg(leg, "量子\ud800", 2)
