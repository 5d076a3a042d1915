"""Answers to questions that ask how two things differ: what the documents say of each, both cited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from genesis_rag.answering.citations import AnswerText
from genesis_rag.answering.phrases import phrase
from genesis_rag.answering.questions import analyse_question
from genesis_rag.answering.verification import Terms
from genesis_rag.text.agreement import completed
from genesis_rag.text.comparison import Side
from genesis_rag.text.contests import Contest, Wanted
from genesis_rag.text.normalize import fold
from genesis_rag.text.numbers import Quantity, quantities
from genesis_rag.types import Answer, Citation, Language, Passage

Compose = Callable[[str, Sequence[Passage], Language], Answer]
"""Answers a question from passages in a language."""

SideAnswers = tuple[Answer | None, Answer | None]

_MOST_QUOTES = 2
_HEADING_CHARS = 6
_FIRST_YEAR, _YEAR_END, _MONTH_END = 1000_00_00, 12_31, 31
"""Dates are numbers such as 20251124, a year 20250000 and a month 20251100."""


def answer_both(
    question: str,
    contest: Contest,
    answers: SideAnswers,
    passages: Sequence[Passage],
    target: Language,
    terms: Terms,
    *,
    one_is_enough: bool = False,
) -> Answer | None:
    """Return what the passages say of each side, in different words, and which side is the wanted one.

    Returns None unless something is said of both, or of one where that is enough: of the other it is then said that
    the passages do not say it.

    Args:
        question: the whole question.
        contest: what it compares, and which side is asked for; told only where the figures of both quotations leave no
            doubt.
        answers: those for both sides; see ``answer_sides``.
        passages: what was retrieved.
        target: language of the answer.
        terms: gives the content terms of a text.
        one_is_enough: whether to answer with one side where nothing is said of the other; if one of them is asked for,
            its figure is.
    """
    sides, wanted = contest.sides, contest.wanted
    found = [answer for answer in answers if answer is not None]
    if not found or (len(found) < len(answers) and not one_is_enough):
        return None
    quotes = [_telling(answer, side) if answer else () for answer, side in zip(answers, sides, strict=True)]
    if len(found) < len(answers) and wanted and not any(map(_figures, sides, quotes)):
        return None
    text = AnswerText(terms)
    _write(text, sides, quotes, passages, target, wanted)
    notes = tuple(dict.fromkeys(note for answer in found for note in answer.notes))
    return replace(
        min(found, key=lambda answer: answer.confidence or 0.0),
        question=question,
        text=text.text,
        citations=tuple(text.citations),
        passages=text.numbering.applied(passages),
        notes=notes,
    )


def _write(
    text: AnswerText,
    sides: tuple[Side, Side],
    quotes: Sequence[Sequence[Citation]],
    passages: Sequence[Passage],
    target: Language,
    wanted: Wanted | None,
) -> None:
    """Write which side is the wanted one, where that is sure, and what is said of each."""
    if wanted in ("most", "least", "first", "last") and (winner := _winner(wanted, sides, quotes)) is not None:
        text.say(phrase(wanted, target, name=sides[winner].name))
    for side, some in zip(sides, quotes, strict=True):
        text.say(f"{chr(10) if text.length else ''}{side.name}{'：' if target == 'ja' else ': '}")
        if not some:
            text.say(phrase("nothing_of", target))
        for number, one in enumerate(some):
            home = next(p for p in passages if _covers(p, one.document_id, one.start, one.end))
            text.say(" " if number else "")
            text.quote(home, one.start - home.start, one.end - home.start)


def answer_sides(
    sides: tuple[Side, Side], passages: Sequence[Passage], target: Language, compose: Compose
) -> SideAnswers:
    """Return the answers for both sides; where both would be told the same, the second is looked for elsewhere.

    Each is answered by ``compose`` from the passages that name it, in ``target``; None where nothing is said of it.
    """
    first, second = (_of_side(side, sides, passages, target, compose) for side in sides)
    if first and second and _share_words(first, second):
        others = [
            one for one in passages if not any(_covers(one, c.document_id, c.start, c.end) for c in first.citations)
        ]
        second = _of_side(sides[1], sides, others, target, compose)
    return first, second


def _winner(
    wanted: Literal["most", "least", "first", "last"], sides: tuple[Side, Side], quotes: Sequence[Sequence[Citation]]
) -> int | None:
    """Return the side with the wanted figure, None where there is any doubt.

    A quotation may give other figures as well. Those that the other side has as its own are that side's (RAISE, begun
    on November 3, in a sentence on a strategy of November 20); with any of the rest the outcome must be the same.
    """
    held = [_figures(side, some) for side, some in zip(sides, quotes, strict=True)]
    if not all(held):
        return None
    nearest = [some[0] for some in held]
    rivals = [
        [one for one in held[k] if (one.low, one.high) != (nearest[1 - k].low, nearest[1 - k].high)] for k in (0, 1)
    ]
    outcomes = {_greater(one, other) for one in rivals[0] for other in rivals[1]}
    if len(outcomes) != 1 or (greater := outcomes.pop()) is None:
        return None
    return greater if wanted in ("most", "last") else 1 - greater


def _figures(side: Side, quotes: Sequence[Citation]) -> list[Quantity]:
    """Return the figures of the first quotation of the kind that was asked for, nearest to the side's name first."""
    kinds = analyse_question(side.question).quantity_kinds - {"number", "fiscal_year"}
    if not quotes or not kinds or not side.is_in(quotes[0].quote):
        return []
    text = quotes[0].quote
    dated = "date" in kinds
    fit = [one for one in completed(quantities(text)) if one.kind in kinds and not (dated and one.low < _FIRST_YEAR)]
    exact = all(one.low == one.high and not one.approximate for one in fit)
    folded = fold(text)
    places = [folded.find(alias) for alias in side.aliases if alias in folded]
    return sorted(fit, key=lambda one: min(abs(one.span.start - at) for at in places)) if exact and places else []


def _greater(one: Quantity, other: Quantity) -> int | None:
    """Return which of two is more or later, None where they cannot be compared or may be the same."""
    if one.kind != other.kind or (one.kind != "date" and one.unit != other.unit):
        return None
    rest = {"year": _YEAR_END, "month": _MONTH_END} if one.kind == "date" else {}
    ends = [figure.high + rest.get(figure.unit, 0) for figure in (one, other)]
    if one.low <= ends[1] and other.low <= ends[0]:
        return None
    return 0 if one.low > other.low else 1


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
