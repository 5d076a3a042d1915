"""Comparisons: what the passages say of each side, both cited."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from genesis_rag.answering.extractive import ExtractiveAnswerer
from genesis_rag.types import Passage

Make = Callable[[Sequence[Passage]], ExtractiveAnswerer]


@pytest.fixture
def passages(make_passage: Callable[..., Passage]) -> list[Passage]:
    return [
        make_passage("日本の量子計算の予算は300億円である。理化学研究所が中心となる。", 1, "日本の量子計算"),
        make_passage("米国の量子計算の予算は6億ドルである。国立研究所が中心となる。", 2, "米国の量子計算"),
        make_passage(
            "Japan's quantum budget is 30 billion yen. RIKEN leads the work.", 3, "Quantum computing in Japan"
        ),
        make_passage("The American quantum budget is $600 million.", 4, "Quantum computing in the United States"),
    ]


def test_both_sides_are_cited_in_japanese(answerer_for: Make, passages: list[Passage]) -> None:
    answer = answerer_for(passages).compose("日米の量子計算の予算の違いは何ですか。", passages)
    assert not answer.abstained
    first, second = answer.text.split("\n")
    assert first.startswith("日本：") and "300億円" in first
    assert second.startswith("米国：") and "6億ドル" in second
    assert {one.document_id for one in answer.citations} >= {"doc1", "doc2"}
    for one in answer.citations:
        assert one.quote in answer.text and f"[{one.marker}]" in answer.text[one.answer_start : one.answer_end]


def test_both_sides_are_cited_in_english(answerer_for: Make, passages: list[Passage]) -> None:
    question = "How do the Japanese and the US documents differ on the quantum budget?"
    answer = answerer_for(passages).compose(question, passages)
    first, second = answer.text.split("\n")
    assert first.startswith("Japanese: ") and "30 billion yen" in first
    assert second.startswith("US: ") and "$600 million" in second
    assert answer.question == question and answer.language == "en"


def test_one_side_alone_is_no_comparison(answerer_for: Make, passages: list[Passage]) -> None:
    answer = answerer_for(passages[:1]).compose("日米の量子計算の予算の違いは何ですか。", passages[:1])
    assert "米国：" not in answer.text
