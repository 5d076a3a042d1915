"""Documents that give different figures for the same thing, and those that only seem to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.answering.extractive import ExtractiveAnswerer
from genesis_rag.answering.generative import GenerativeAnswerer
from genesis_rag.answering.prompts import build_messages
from genesis_rag.answering.same_thing import read_statement, same_thing
from genesis_rag.generation.scripted import ScriptedGenerator
from genesis_rag.types import Answer, AnswerDone, Passage

PAIRS = Path(__file__).parent / "conflicting_pairs.tsv"
"""kind, question, and two sentences of two documents.

Written by hand: the first 54 before the rules, the next 43 after a first version of them, 26 when they were done, two
later on sources. "missed" is a conflict that is not told; a rule that tells it may move it to "conflict".
"""
Make = Callable[[Sequence[Passage]], ExtractiveAnswerer]
MakePassage = Callable[..., Passage]
JAPANESE = "観測船みらい丸の建造費はいくらですか。"
ENGLISH = "What is the construction cost of the research vessel Mirai?"


def ask(answerer_for: Make, question: str, *passages: Passage) -> Answer:
    answer = answerer_for(passages).compose(question, passages)
    assert not answer.abstained
    for one in answer.citations:
        assert f"[{one.marker}]" in answer.text[one.answer_start : one.answer_end] and one.quote in answer.text
    return answer


def differs(answer: Answer) -> bool:
    return any("値が異なります" in note or "different values" in note for note in answer.notes)


def test_both_are_shown_newest_first(answerer_for: Make, make_passage: MakePassage) -> None:
    answer = ask(
        answerer_for,
        JAPANESE,
        make_passage("観測船みらい丸の建造費は120億円である。", 1, "当初計画", date="2024-04-01"),
        make_passage("観測船みらい丸の建造費は150億円である。", 2, "改訂計画", date="2026-05-01"),
        make_passage("観測船みらい丸の建造費は135億円である。", 3, "覚え書き"),
    )
    assert answer.text.split("\n") == [
        "文書によって値が異なります（新しい順）。",
        "改訂計画（2026-05-01）：観測船みらい丸の建造費は150億円である。 [1]",
        "当初計画（2024-04-01）：観測船みらい丸の建造費は120億円である。 [2]",
        "覚え書き（日付なし）：観測船みらい丸の建造費は135億円である。 [3]",
    ]
    assert [one.document_id for one in answer.citations] == ["doc2", "doc1", "doc3"] and differs(answer)


def test_both_are_shown_in_english(answerer_for: Make, make_passage: MakePassage) -> None:
    answer = ask(
        answerer_for,
        ENGLISH,
        make_passage("The construction cost of the research vessel Mirai is $80 million.", 1, "Plan", date="2024"),
        make_passage("The construction cost of the research vessel Mirai is $95 million.", 2, "New plan", date="2026"),
    )
    first, second, third = answer.text.split("\n")
    assert first == "The documents give different values (newest first)."
    assert second.startswith("New plan (2026): ") and "$95 million" in second
    assert third.startswith("Plan (2024): ") and "$80 million" in third


def test_dates_conflict_too(answerer_for: Make, make_passage: MakePassage) -> None:
    answer = ask(
        answerer_for,
        "観測船みらい丸はいつ完成しますか。",
        make_passage("観測船みらい丸は2027年3月に完成する。", 1, "甲"),
        make_passage("観測船みらい丸は2028年9月に完成する。", 2, "乙"),
    )
    assert differs(answer) and {one.document_id for one in answer.citations} == {"doc1", "doc2"}


@pytest.mark.parametrize(
    "other",
    [
        "観測船みらい丸の建造費は約120億円である。",
        "観測船みらい丸の建造費は1.2百億円である。",
        "観測船みらい丸の建造費は120億円とされる。",
        "観測船あおば丸の建造費は150億円である。",
        "観測船みらい丸の運航費は150億円である。",
        "2年後に観測船みらい丸の建造費は150億円である。",
        "観測船みらい丸の建造費は100億円から150億円である。",
        "観測船みらい丸の建造費は8000万ドルである。",
        "観測船みらい丸の建造費は当初120億円、のちに150億円である。",
        "The construction cost of the research vessel Mirai is 15 billion yen.",
        "観測船みらい丸の定員は150人である。",
    ],
)
def test_what_is_no_conflict(answerer_for: Make, make_passage: MakePassage, other: str) -> None:
    first = make_passage("観測船みらい丸の建造費は120億円である。", 1, "計画")
    assert not differs(ask(answerer_for, JAPANESE, first, make_passage(other, 2, "別の文書")))


@pytest.mark.parametrize("line", PAIRS.read_text(encoding="utf-8").splitlines())
def test_pairs_that_differ_and_pairs_that_only_look_alike(
    answerer_for: Make, make_passage: MakePassage, line: str
) -> None:
    kind, question, *texts = line.split("\t")
    assert kind in ("alike", "conflict", "missed") and len(texts) == 2
    for first, second in (texts, texts[::-1]):
        passages = [make_passage(first, 1, "甲"), make_passage(second, 2, "乙")]
        answer = answerer_for(passages).compose(question, passages)
        assert differs(answer) == (kind == "conflict")  # one that refuses tells of no conflict either


def test_one_document_does_not_conflict_with_itself(answerer_for: Make, make_passage: MakePassage) -> None:
    passages = [
        make_passage("観測船みらい丸の建造費は120億円である。", 1, "計画", document_id="same"),
        make_passage("観測船みらい丸の建造費は150億円である。", 2, "計画", document_id="same", start=500),
    ]
    assert not differs(ask(answerer_for, JAPANESE, *passages))


def test_years_that_were_asked_for_tell_budgets_apart(answerer_for: Make, make_passage: MakePassage) -> None:
    passages = [
        make_passage("2025年度の海洋予算は120億円である。", 1, "前年"),
        make_passage("2026年度の海洋予算は150億円である。", 2, "今年"),
    ]
    assert not differs(ask(answerer_for, "2026年度の海洋予算はいくらですか。", *passages))


def test_a_model_is_told_the_dates_and_the_reader_that_they_differ(
    answerer_for: Make, make_passage: MakePassage
) -> None:
    passages = [
        make_passage("観測船みらい丸の建造費は120億円である。", 1, "当初計画", date="2024-04-01"),
        make_passage("観測船みらい丸の建造費は150億円である。", 2, "改訂計画", date="2026-05-01"),
    ]
    (_, rules), (_, user) = build_messages(JAPANESE, passages, "ja")
    assert "日付の新しい順" in rules and "題名: 改訂計画 (2026-05-01)" in user
    generator = ScriptedGenerator(["観測船みらい丸の建造費は150億円です。[2]"])
    *_, last = GenerativeAnswerer(generator, answerer_for(passages)).answer(JAPANESE, passages)
    assert isinstance(last, AnswerDone) and last.answer.answerer == "generative" and differs(last.answer)


@given(st.text(alphabet="ab 灯台の高さは、「」mメ3千円\0\1,.", max_size=60), st.text(max_size=30))
def test_any_text_can_be_read_and_is_the_same_as_itself(text: str, asked: str) -> None:
    statement = read_statement(text, "", asked, frozenset({"number", "measure", "money"}))
    if statement is not None:
        assert same_thing(statement, statement, asked) == bool(statement.around)
