"""Follow-up questions as users write them, and questions that must stay as they are."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.conversation import RuleRewriter
from genesis_rag.conversation.rewriting import MOST_CHARS
from genesis_rag.text.language import detect_language
from genesis_rag.types import NO_CONVERSATION, Conversation, Turn

HERE = Path(__file__).resolve().parent
CORPUS_QUESTIONS = HERE.parents[1] / "corpus" / "qa" / "genesis_qa.jsonl"
RULES = RuleRewriter()


def after(*questions: str) -> Conversation:
    return Conversation(tuple(Turn(one, one) for one in questions))


def follow_ups(language: str) -> Iterator[tuple[str, str, str]]:
    for block in (HERE / f"followups_{language}.txt").read_text("utf-8").strip().split("\n\n"):
        before, *lines = block.split("\n")
        yield from ((before.removeprefix("# "), *line.split(" => ")) for line in lines)  # type: ignore[misc]


def self_contained(language: str) -> list[str]:
    return (HERE / f"self_contained_{language}.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize(("before", "asked", "searched"), [*follow_ups("ja"), *follow_ups("en")])
def test_follow_ups_are_made_self_contained(before: str, asked: str, searched: str) -> None:
    turn = RULES.turn(asked, after(before))
    assert (turn.asked, turn.searched) == (asked, searched)
    wanted = detect_language(asked)
    assert wanted == "other" or (turn.language or detect_language(searched)) == wanted


@pytest.mark.parametrize("language", ["ja", "en"])
def test_there_are_enough_of_each(language: str) -> None:
    assert len(list(follow_ups(language))) >= 60 and len(self_contained(language)) >= 60


@pytest.mark.parametrize("asked", [*self_contained("ja"), *self_contained("en")])
def test_self_contained_questions_stay_as_they_are(asked: str) -> None:
    for before in (
        *self_contained("ja"),
        *self_contained("en"),
        "日本のAI予算は2026年度にいくらですか？",
        "who leads it?",
    ):
        assert RULES.turn(asked, after(before)) == Turn(asked, asked), before


def test_the_fixed_questions_stay_as_they_are() -> None:
    questions = [json.loads(line)["question"] for line in CORPUS_QUESTIONS.read_text("utf-8").splitlines()]
    for number, question in enumerate(questions):
        for step in (1, 400):
            assert RULES.turn(question, after(questions[number - step])).searched == question


def test_a_conversation_goes_on_from_what_was_searched() -> None:
    conversation, seen = after("富岳NEXTの運用開始はいつですか。"), []
    for asked in ("予算は？", "アメリカでは？", "それはなぜですか？"):
        turn = RULES.turn(asked, conversation)
        conversation = Conversation((*conversation.turns, turn))
        seen.append(turn.searched)
    assert seen[0] == "富岳NEXTの予算は何ですか？"
    assert all("富岳NEXT" in one for one in seen)


def test_nothing_is_made_up_without_a_question_before() -> None:
    for asked in ("それはいつですか", "and in 2027?", "why?", ""):
        assert RULES.turn(asked, NO_CONVERSATION) == Turn(asked, asked)


TEXTS = st.one_of(
    st.text(max_size=80),
    st.text(alphabet="それそのこのはがをにでの、。？?予算日本年2027いつなぜABC ", max_size=40),
    st.text(alphabet=" itsthaowdbugernJp2026?.,'", max_size=60),
)


@given(before=TEXTS, asked=TEXTS)
def test_any_text_is_taken(before: str, asked: str) -> None:
    turn = RULES.turn(asked, after(before))
    assert turn.asked == asked
    assert turn.searched == asked or 0 < len(turn.searched) <= MOST_CHARS + 1
    assert RULES.turn(asked, after(before)) == turn


@given(year=st.integers(1990, 2060), before=st.sampled_from([b for b, _, _ in [*follow_ups("ja"), *follow_ups("en")]]))
def test_the_year_that_is_asked_for_is_searched(year: int, before: str) -> None:
    for asked in (f"{year}年は？", f"and in {year}?"):
        assert re.search(rf"(?<!\d){year}(?!\d)", RULES.turn(asked, after(before)).searched)


def test_long_texts_take_no_time() -> None:
    started = time.perf_counter()
    for unit in ("それは", "の予算は", "in the ", "it was and ", "日本の", "A B ", "a" * 50 + " "):
        for length in (MOST_CHARS - 5, 4_000):
            text = (unit * length)[:length]
            RULES.turn(text, after(text))
            RULES.turn("それは？", after(text))
            RULES.turn("what about it?", after(text))
    assert time.perf_counter() - started < 5
