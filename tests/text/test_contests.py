"""Questions which of two is more or came first, taken apart into one question for each side."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.text.contests import contested


@pytest.mark.parametrize(
    ("question", "wanted", "asked", "aliases"),
    [
        (
            "しおさい丸とABC-3はどちらが速いですか。",
            "most",
            ["しおさい丸の性能はどのくらいですか。", "ABC-3の性能はどのくらいですか。"],
            ("しおさい丸", "abc-3"),
        ),
        (
            "港湾法の公布とトリトン計画の開始は、どちらが先でしたか。",
            "first",
            ["港湾法の公布はいつですか。", "トリトン計画の開始はいつですか。"],
            ("港湾法", "トリトン"),
        ),
        (
            "フランスの予算と韓国の予算はどちらが少ないですか。",
            "least",
            ["フランスの予算はいくらですか。", "韓国の予算はいくらですか。"],
            ("france", "korea"),
        ),
        (
            "トリトン計画の開始と港湾法の公布は、それぞれいつですか。",
            "each",
            ["トリトン計画の開始はいつですか。", "港湾法の公布はいつですか。"],
            ("トリトン", "港湾法"),
        ),
        (
            "Which came first, the Harbor Act or the launch of Triton?",
            "first",
            ["When was the Harbor Act?", "When was the launch of Triton?"],
            ("harbor act", "triton"),
        ),
        (
            "Which has more nodes, Triton or Nereid-2?",
            "most",
            ["How many nodes does Triton have?", "How many nodes does Nereid-2 have?"],
            ("triton", "nereid-2"),
        ),
        (
            "Which opened later: Triton or Nereid?",
            "last",
            ["When was Triton?", "When was Nereid?"],
            ("triton", "nereid"),
        ),
    ],
)
def test_each_side_is_asked_for(question: str, wanted: str, asked: list[str], aliases: tuple[str, str]) -> None:
    contest = contested(question)
    assert contest is not None and contest.wanted == wanted
    assert [side.question for side in contest.sides] == asked
    for side, alias in zip(contest.sides, aliases, strict=True):
        assert alias in side.aliases


@pytest.mark.parametrize(
    "question",
    [
        "しおさい丸の建造費はいくらですか。",
        "計画の公布と予算の公表は、どちらが先でしたか。",  # nothing names a side
        "2025年度の予算と2026年度の予算はどちらが大きいですか。",
        "Which ministry leads the program?",
        "Which is larger?",
        "Which color, red or blue?",
        "Which came first, the law or the plan?",
        "しおさい丸とABC-3はどちらが速いですか。" * 20,
    ],
)
def test_other_questions_are_left_alone(question: str) -> None:
    assert contested(question) is None


def test_words_that_many_texts_have_name_no_side() -> None:
    contest = contested("2026年度のトリトンの要求額と、ネレイドの支援額を答えてください。")
    assert contest is not None
    assert [side.aliases for side in contest.sides] == [("トリトン",), ("ネレイド",)]


@given(st.text(alphabet="どちらが先とは、のAB計画?年 which or,それぞれいつ", max_size=80))
def test_any_text_gives_two_sides_with_names_or_none(text: str) -> None:
    contest = contested(text)
    assert contest is None or all(side.name and side.question and side.aliases for side in contest.sides)
