"""Answers that are remembered: only for exactly the same, never after anything changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from genesis_rag.answering.cache import CachingAnswerer
from genesis_rag.answering.extractive import ExtractiveAnswerer
from genesis_rag.answering.generative import GenerativeAnswerer
from genesis_rag.errors import BackendError
from genesis_rag.generation.scripted import ScriptedGenerator
from genesis_rag.types import Answer, AnswerDone, AnswerEvent, Language, Passage, TextDelta


class Counting:
    """Answers with the number of the call."""

    name = "generative"

    def __init__(self) -> None:
        self.calls = 0

    def answer(
        self, question: str, passages: Sequence[Passage], language: Language | None = None
    ) -> Iterator[AnswerEvent]:
        self.calls += 1
        yield TextDelta(f"{self.calls}")
        if "fails" in question:
            raise BackendError("down", "")
        text = f"{self.calls}"
        answer = Answer(question, text, "ja", False, "", (), tuple(passages), (), self.name, 0.5, "m", "")
        yield AnswerDone(answer)

    def needs_passages(self, question: str) -> bool:
        return question != "こんにちは"

    def nothing_indexed(self, question: str, language: Language | None = None) -> Answer:
        return Answer(question, "nothing", "ja", True, "empty_index", (), (), (), self.name, None, "m", "")


@pytest.fixture
def one(make_passage: Callable[..., Passage]) -> Passage:
    return make_passage("観測船の建造費は120億円である。", 1, "計画")


class Kept:
    def __init__(self, most: int = 256, made_by: str = "model+prompt1") -> None:
        self.generation, self.inner = 1, Counting()
        self.answerer = CachingAnswerer(self.inner, made_by, lambda: self.generation, most)

    def ask(self, question: str, *passages: Passage, language: Language | None = None) -> str:
        *_, last = self.answerer.answer(question, passages, language)
        assert isinstance(last, AnswerDone) and last.answer.question == question
        assert last.answer.passages == passages
        return last.answer.text


def test_the_same_question_is_answered_once(one: Passage) -> None:
    kept = Kept()
    for question in ("建造費は？", "建造費は?", " 建造費は？ ", "建造費は？"):
        assert kept.ask(question, one) == "1"
    assert kept.inner.calls == 1


@pytest.mark.parametrize(
    "change",
    [
        {"text": "観測船の建造費は130億円である。"},
        {"content_sha256": "1" * 64},
        {"start": 1},
        {"marker": 2},
        {"title": "別の計画"},
        {"heading_path": ("予算",)},
        {"page": 2},
        {"source": "moved.md"},
        {"score": 0.25},
        {"scores": {"dense": 0.1}},
    ],
)
def test_another_passage_is_another_question(one: Passage, change: dict[str, Any]) -> None:
    kept = Kept()
    assert kept.ask("建造費は？", one) == "1"
    assert kept.ask("建造費は？", replace(one, **change)) == "2"
    assert kept.ask("建造費は？", one) == "1"


def test_number_and_order_of_passages_and_the_language_count(one: Passage) -> None:
    kept, other = Kept(), replace(one, document_id="doc2", marker=2)
    asked: list[tuple[tuple[Passage, ...], Language | None]] = [
        ((one,), None),
        ((one, other), None),
        ((other, one), None),
        ((one,), "en"),
        ((one,), "ja"),
        ((), None),
    ]
    assert [kept.ask("建造費は？", *passages, language=language) for passages, language in asked] == list("123456")
    assert kept.ask("建造日は？", one) == "7"


def test_a_new_generation_of_the_index_forgets_everything(one: Passage) -> None:
    kept = Kept()
    assert [kept.ask("建造費は？", one), kept.ask("建造費は？", one)] == ["1", "1"]
    kept.generation = 2
    assert kept.ask("建造費は？", one) == "2"
    kept.generation = 1  # a restored index: what was said before is forgotten for good
    assert kept.ask("建造費は？", one) == "3"


def test_models_do_not_share_answers(one: Passage) -> None:
    keys = {Kept(made_by=made_by).answerer._key("x", [one], None, 1) for made_by in ("m1+p1", "m2+p1", "m1+p2")}
    assert len(keys) == 3


def test_what_was_used_last_is_kept(one: Passage) -> None:
    kept = Kept(most=2)
    for question, text in (("a", "1"), ("b", "2"), ("a", "1"), ("c", "3"), ("a", "1"), ("b", "4")):
        assert kept.ask(question, one) == text


def test_what_failed_or_was_broken_off_is_not_kept(one: Passage) -> None:
    kept = Kept()
    for _ in range(2):
        with pytest.raises(BackendError):
            kept.ask("fails", one)
    events = kept.answerer.answer("建造費は？", [one])
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert kept.ask("建造費は？", one) == "4"


def test_the_rest_is_passed_on() -> None:
    kept = Kept().answerer
    assert (kept.name, kept.needs_passages("こんにちは")) == ("generative", False)
    assert kept.nothing_indexed("x").reason == "empty_index"
    kept.require_healthy()


def test_threads_share_it(one: Passage) -> None:
    kept, wrong = Kept(most=8), []

    def work(client: int) -> None:
        for number in range(200):
            question = f"q{(client + number) % 12}"
            *_, last = kept.answerer.answer(question, [one])
            if not isinstance(last, AnswerDone) or last.answer.question != question:
                wrong.append(question)

    threads = [threading.Thread(target=work, args=(client,)) for client in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_written_answer_comes_again_word_for_word(
    answerer_for: Callable[[Sequence[Passage]], ExtractiveAnswerer], one: Passage
) -> None:
    generator = ScriptedGenerator(["観測船の建造費は120億円です。[1]", "嘘です。[1]"])
    written = GenerativeAnswerer(generator, answerer_for([one]))
    kept = CachingAnswerer(written, written.made_by, lambda: 1)
    question = "観測船の建造費はいくらですか。"
    first, second = list(kept.answer(question, [one])), list(kept.answer(question, [one]))
    assert first[-1] == second[-1] and len(generator.prompts) == 1
    texts = ["".join(event.text for event in events if isinstance(event, TextDelta)) for events in (first, second)]
    assert texts[0] == texts[1] == "観測船の建造費は120億円です。 [1]"
