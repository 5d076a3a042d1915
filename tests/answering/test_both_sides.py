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


def test_the_whole_question_is_answered_where_one_side_is_not(answerer_for: Make, passages: list[Passage]) -> None:
    answer = answerer_for(passages[:1]).compose("日米の量子計算の予算の違いは何ですか。", passages[:1])
    assert not answer.abstained and "米国：" not in answer.text and "300億円" in answer.text


@pytest.fixture
def ships(make_passage: Callable[..., Passage]) -> list[Passage]:
    return [
        make_passage("トリトン号の全長は96メートルである。トリトン号は2019年5月に就航した。", 1, "トリトン号"),
        make_passage("ネレイド号の全長は128メートルである。ネレイド号は2015年3月に就航した。", 2, "ネレイド号"),
    ]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("トリトン号とネレイド号ではどちらの全長が長いですか。", "値が大きいのはネレイド号です。"),
        ("ネレイド号とトリトン号ではどちらの全長が短いですか。", "値が小さいのはトリトン号です。"),
        ("トリトン号の就航とネレイド号の就航は、どちらが先でしたか。", "日付が先なのはネレイド号の就航です。"),
        ("トリトン号の就航とネレイド号の就航は、どちらが後でしたか。", "日付が後なのはトリトン号の就航です。"),
    ],
)
def test_the_wanted_side_is_told_and_both_are_cited(
    answerer_for: Make, ships: list[Passage], question: str, first: str
) -> None:
    answer = answerer_for(ships).compose(question, ships)
    assert answer.text.split("\n")[0] == first
    assert {one.document_id for one in answer.citations} == {"doc1", "doc2"}


def test_both_dates_are_given_where_both_are_asked_for(answerer_for: Make, ships: list[Passage]) -> None:
    answer = answerer_for(ships).compose("トリトン号の就航とネレイド号の就航は、それぞれいつですか。", ships)
    first, second = answer.text.split("\n")
    assert first.startswith("トリトン号の就航：") and "2019年5月" in first
    assert second.startswith("ネレイド号の就航：") and "2015年3月" in second


@pytest.mark.parametrize(
    "other",
    [
        "ネレイド号の全長は約98メートルである。",
        "ネレイド号の全長は90メートルから100メートルである。",
        "ネレイド号の全長は、就航時が90メートル、改造後が110メートルである。",
        "ネレイド号の全長は96メートルである。",
        "ネレイド号の全長は、同じ造船所の船の中でも長い部類に入る。",
    ],
)
def test_no_side_is_told_where_there_is_doubt(
    answerer_for: Make, make_passage: Callable[..., Passage], other: str
) -> None:
    passages = [
        make_passage("トリトン号の全長は96メートルである。", 1, "トリトン号"),
        make_passage(other, 2, "ネレイド号"),
    ]
    answer = answerer_for(passages).compose("トリトン号とネレイド号ではどちらの全長が長いですか。", passages)
    assert not answer.abstained and "値が大きい" not in answer.text


def test_a_figure_of_the_other_side_is_not_taken_for_its_own(
    answerer_for: Make, make_passage: Callable[..., Passage]
) -> None:
    passages = [
        make_passage("トリトン計画は2025年11月3日に始まった。", 1, "トリトン計画"),
        make_passage(
            "ネレイド計画は2025年11月20日に始まり、これはトリトン計画の2025年11月3日の開始と同じ月である。",
            2,
            "ネレイド計画",
        ),
    ]
    answer = answerer_for(passages).compose("トリトン計画とネレイド計画はどちらが先に始まりましたか。", passages)
    assert answer.text.startswith("日付が先なのはトリトン計画です。")


def test_of_the_side_that_is_missing_it_is_said(answerer_for: Make, make_passage: Callable[..., Passage]) -> None:
    passages = [
        make_passage("トリトン号の全長は96メートルである。", 1, "トリトン号"),
        make_passage("港の食堂では春に限り海草の汁物を出す。", 2, "港の食堂"),
    ]
    answer = answerer_for(passages).compose("トリトン号とネレイド号の全長の違いは何ですか。", passages)
    assert not answer.abstained and {one.document_id for one in answer.citations} == {"doc1"}
