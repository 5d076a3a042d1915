"""Answers to questions that ask how two things differ: what the documents say of each, both cited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from genesis_rag.answering.citations import AnswerText
from genesis_rag.answering.verification import Terms
from genesis_rag.text.comparison import Side
from genesis_rag.types import Answer, Language, Passage

Compose = Callable[[str, Sequence[Passage], Language], Answer]
"""Answers a question from passages in a language."""

_MOST_QUOTES = 2


def answer_both(
    question: str,
    sides: tuple[Side, Side],
    passages: Sequence[Passage],
    target: Language,
    compose: Compose,
    terms: Terms,
) -> Answer | None:
    """Return what the passages say of each side, or None unless they say something of both, in different words.

    Args:
        question: the whole question.
        sides: what it compares; each is answered from the passages that name it.
        passages: what was retrieved.
        target: language of the answer.
        compose: answers the question for one side.
        terms: gives the content terms of a text.
    """
    found = [_of_side(side, sides, passages, target, compose) for side in sides]
    answers = [answer for answer in found if answer is not None]
    if len(answers) < len(sides):
        return None
    places = [{(one.document_id, one.start) for one in answer.citations[:_MOST_QUOTES]} for answer in answers]
    if places[0] & places[1]:
        return None
    text = AnswerText(terms)
    for side, answer in zip(sides, answers, strict=True):
        text.say(f"{chr(10) if text.length else ''}{side.name}{'：' if target == 'ja' else ': '}")
        for number, one in enumerate(answer.citations[:_MOST_QUOTES]):
            home = next(p for p in passages if _covers(p, one.document_id, one.start, one.end))
            text.say(" " if number else "")
            text.quote(home, one.start - home.start, one.end - home.start)
    notes = tuple(dict.fromkeys(note for answer in answers for note in answer.notes))
    return replace(
        min(answers, key=lambda answer: answer.confidence or 0.0),
        question=question,
        text=text.text,
        citations=tuple(text.citations),
        passages=text.numbering.applied(passages),
        notes=notes,
    )


def _of_side(
    side: Side, sides: tuple[Side, Side], passages: Sequence[Passage], target: Language, compose: Compose
) -> Answer | None:
    """Return the answer for one side, if there is one: from what is about it alone, else from whatever names it."""
    other = sides[0] if side is sides[1] else sides[1]
    named = [passage for passage in passages if side.is_in(f"{_heading(passage)}\n{passage.text}")]
    titled = [passage for passage in named if side.is_in(_heading(passage))]
    alone = [passage for passage in titled if not other.is_in(_heading(passage))]
    for some in (alone, titled, named):
        answer = compose(side.question, some, target) if some else None
        if answer is None or answer.abstained or not answer.citations:
            continue
        first = answer.citations[0]
        if side.is_in("\n".join((first.title, *first.heading_path, first.quote))):
            return answer
    return None


def _heading(passage: Passage) -> str:
    return "\n".join((passage.title, *passage.heading_path))


def _covers(passage: Passage, document_id: str, start: int, end: int) -> bool:
    return passage.document_id == document_id and passage.start <= start and end <= passage.end
