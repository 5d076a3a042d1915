"""Documents that give different figures for the same thing: found among the passages, and shown as such.

A false conflict is worse than none: two sentences of different documents, in one language, must speak of the same thing
(``same_thing``) and give figures of the kind that was asked for, of the same unit, which do not agree.
"""

from __future__ import annotations

from collections.abc import Sequence

from genesis_rag.answering.citations import AnswerText
from genesis_rag.answering.features import Question, UnitTable
from genesis_rag.answering.phrases import phrase
from genesis_rag.answering.same_thing import Statement, read_statement, same_thing
from genesis_rag.text.numbers import Quantity, agrees
from genesis_rag.types import Language, Passage

_MOST = 4


def disagreeing(question: Question, table: UnitTable, chosen: int, passages: Sequence[Passage]) -> tuple[int, ...]:
    """Return ``chosen`` with the units of other documents that give another figure for the same thing, newest first.

    Args:
        question: what was asked; only questions for a figure or a date can be answered differently.
        table: the units of all passages.
        chosen: the unit that answers.
        passages: where the units stand; those without a date come last.

    Returns:
        Indices of units, one a document; empty where nothing disagrees.
    """
    own = _stated(question, table, chosen, passages)
    if own is None:
        return ()
    found: dict[str, int] = {passages[table.units[chosen].passage].document_id: chosen}
    said = [own]
    kind, language = table.units[chosen].kind, table.units[chosen].language
    for k, unit in enumerate(table.units):
        document = passages[unit.passage].document_id
        if document in found or len(found) == _MOST or (unit.kind, unit.language) != (kind, language):
            continue
        other = _stated(question, table, k, passages)
        if other is None or not same_thing(own, other, question.profile.core):
            continue
        if all(_differ(one.figure, other.figure) for one in said):
            found[document] = k
            said.append(other)
    if len(found) == 1:
        return ()
    return tuple(sorted(found.values(), key=lambda k: _date(table, k, passages), reverse=True))


def write_disagreeing(
    text: AnswerText, table: UnitTable, units: Sequence[int], passages: Sequence[Passage], target: Language
) -> None:
    """Write that the documents differ, and what each says, with its title and date."""
    text.say(phrase("differ", target))
    for k in units:
        passage = passages[table.units[k].passage]
        date = passage.date or phrase("undated", target)
        title = " ".join(passage.title.split()) or phrase("untitled", target)
        text.say(f"\n{title}（{date}）：" if target == "ja" else f"\n{title} ({date}): ")
        text.quote(passage, table.units[k].start, table.units[k].end)


def _stated(question: Question, table: UnitTable, k: int, passages: Sequence[Passage]) -> Statement | None:
    """Return what a unit states of the kind that was asked for, None where there is nothing or too much."""
    unit = table.units[k]
    if not question.profile.quantity_kinds or unit.kind == "heading":
        return None
    passage = passages[unit.passage]
    context = "\n".join((passage.title, *passage.heading_path, unit.lead_text))
    return read_statement(unit.text, context, question.profile.core, question.profile.quantity_kinds)


def _differ(one: Quantity, other: Quantity) -> bool:
    return one.kind == other.kind and one.unit == other.unit and not agrees(one, other) and not agrees(other, one)


def _date(table: UnitTable, k: int, passages: Sequence[Passage]) -> str:
    return passages[table.units[k].passage].date
