"""Documents that give different figures for the same thing: found among the passages, and shown as such.

A false conflict is worse than none, so two sentences must say the same but for one figure: of different documents, in
one language, with nearly the same words, the same names, the same other figures, and each one figure of the kind that
was asked for, of the same unit, which do not agree.
"""

from __future__ import annotations

from collections.abc import Sequence

from genesis_rag.answering.citations import AnswerText
from genesis_rag.answering.features import Question, UnitTable
from genesis_rag.answering.phrases import phrase
from genesis_rag.text.numbers import Quantity, agrees, quantities
from genesis_rag.text.patterns import lazy
from genesis_rag.types import Language, Passage

_LIKE = 0.6
"""Least share of the words of both sentences, figures aside, that they have in common."""
_MOST = 4
_FIGURE = lazy(r"[0-9〇一二三四五六七八九十百千万億兆]|yen|dollar|円|ドル|ユーロ|年|月|日")
_NAME = lazy(r"(?<![A-Za-z])[A-Z][A-Za-z0-9-]*[A-Za-z0-9]|[ァ-ヶー]{3,}|「[^」]{1,30}」")
_MONTHS = frozenset("january february march april may june july august september october november december".split())


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
    own = _figure(question, table, chosen)
    if own is None:
        return ()
    found: dict[str, int] = {passages[table.units[chosen].passage].document_id: chosen}
    said = [own]
    for k in range(len(table.units)):
        document = passages[table.units[k].passage].document_id
        other = _figure(question, table, k) if document not in found else None
        if other is None or not _same_thing(question, table, chosen, k, passages):
            continue
        if all(_differ(one, other) for one in said) and len(found) < _MOST:
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


def _figure(question: Question, table: UnitTable, k: int) -> Quantity | None:
    """Return the one figure of a unit of the kind that was asked for, None where there is none or are several."""
    unit = table.units[k]
    wanted = question.profile.quantity_kinds
    if not wanted or unit.kind == "heading":
        return None
    known = {(one.kind, one.low, one.high) for one in quantities(question.profile.core)}
    found = [one for one in quantities(unit.text) if one.kind in wanted and (one.kind, one.low, one.high) not in known]
    exact = found[0] if len(found) == 1 and found[0].low == found[0].high and not found[0].approximate else None
    return exact


def _same_thing(question: Question, table: UnitTable, one: int, other: int, passages: Sequence[Passage]) -> bool:
    units = table.units[one], table.units[other]
    if units[0].language != units[1].language or units[0].kind != units[1].kind:
        return False
    words = [_words(table.terms[k]) for k in (one, other)]
    if len(words[0] & words[1]) < _LIKE * len(words[0] | words[1]) or not words[0] & words[1]:
        return False
    asked = [set(question.terms) & set(table.terms[k]) for k in (one, other)]
    if not asked[0] or _words(asked[0]) != _words(asked[1]):
        return False
    texts = [unit.text for unit in units]
    return _names(texts[0]) == _names(texts[1]) and _same_setting(question, *texts)


def _words(terms: frozenset[str] | set[str]) -> set[str]:
    return {term for term in terms if not _FIGURE.search(term) and term not in _MONTHS}


def _names(text: str) -> set[str]:
    return {name for name in _NAME.findall(text) if name.casefold() not in _MONTHS}


def _same_setting(question: Question, one: str, other: str) -> bool:
    """Tell whether the figures that were not asked for are the same: of 2025 one budget is right, of 2026 another."""
    wanted = question.profile.quantity_kinds
    known = {(q.kind, q.low, q.high) for q in quantities(question.profile.core)}
    sets = []
    for text in (one, other):
        found = quantities(text)
        sets.append([q for q in found if q.kind not in wanted or (q.kind, q.low, q.high) in known])
    first, second = sets
    return all(any(agrees(a, b) for b in second) for a in first) and all(
        any(agrees(b, a) for a in first) for b in second
    )


def _differ(one: Quantity, other: Quantity) -> bool:
    return one.kind == other.kind and one.unit == other.unit and not agrees(one, other) and not agrees(other, one)


def _date(table: UnitTable, k: int, passages: Sequence[Passage]) -> str:
    return passages[table.units[k].passage].date
