"""Answers to questions that ask how two things differ: what the documents say of each, both cited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from genesis_rag.answering.citations import AnswerText
from genesis_rag.answering.verification import Terms
from genesis_rag.text.comparison import Side
from genesis_rag.types import Answer, Citation, Language, Passage

Compose = Callable[[str, Sequence[Passage], Language], Answer]
"""Answers a question from passages in a language."""

_MOST_QUOTES = 2
_HEADING_CHARS = 6


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
    first = _of_side(sides[0], sides, passages, target, compose)
    second = _of_side(sides[1], sides, passages, target, compose) if first else None
    if first and second and _share_words(first, second):
        others = [
            one for one in passages if not any(_covers(one, c.document_id, c.start, c.end) for c in first.citations)
        ]
        second = _of_side(sides[1], sides, others, target, compose)
    if first is None or second is None:
        return None
    answers = (first, second)
    quotes = [_telling(answer, side) for answer, side in zip(answers, sides, strict=True)]
    text = AnswerText(terms)
    for side, some in zip(sides, quotes, strict=True):
        text.say(f"{chr(10) if text.length else ''}{side.name}{'：' if target == 'ja' else ': '}")
        for number, one in enumerate(some):
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


def _share_words(one: Answer, other: Answer) -> bool:
    places = [{(c.document_id, c.start) for c in answer.citations} for answer in (one, other)]
    return bool(places[0] & places[1])


def _telling(answer: Answer, side: Side) -> Sequence[Citation]:
    """Return the first citations that are more than a heading with the name of the side."""
    telling = [one for one in answer.citations if len(one.quote) > len(side.name) + _HEADING_CHARS]
    return (telling or list(answer.citations))[:_MOST_QUOTES]


def _heading(passage: Passage) -> str:
    return "\n".join((passage.title, *passage.heading_path))


def _covers(passage: Passage, document_id: str, start: int, end: int) -> bool:
    return passage.document_id == document_id and passage.start <= start and end <= passage.end
