"""Finds the quantities of a view one after the other; spans are those of the view."""

from __future__ import annotations

import re
from collections.abc import Iterator

from genesis_rag.text import ordinals
from genesis_rag.text.amounts import amount_of, numeral_at, special_duration
from genesis_rag.text.dates_english import english_date
from genesis_rag.text.dates_japanese import japanese_date
from genesis_rag.text.eras import FIRST_YEAR, LONGEST
from genesis_rag.text.modifiers import modified
from genesis_rag.text.numerals import View
from genesis_rag.text.patterns import lazy
from genesis_rag.text.quantity import Quantity, century
from genesis_rag.text.ranges import ordinal_range, ranged

_WORDS = (
    "jan feb mar apr may jun jul aug sep oct nov dec fy jfy fiscal academic school zero one two three four five"
    " six seven eight nine ten eleven twel thirt fo fift sixt sevent eighty ninet twent several many few tens"
    " dozens hundred thousand millions billions trillions half first second third doubl tripl twice thrice phase"
    " stage part tier title chapter volume act"
).split()
_WORD = "|".join([*_WORDS, "an? ", "world war"])
# Where a quantity can begin. Names of eras are looked for before a numeral, not here.
_START = lazy(
    rf"[0-9一二三四五六七八九十百千{ordinals.CIRCLED}]|数(?=[十百千万億兆年か箇ヶカ日週時分秒人名社件回倍校])|元(?=年)|紀元前|西暦|午[前後]|倍[増加]"
    r"|半(?:分|数|年|日|世紀)|初(?=[のめ回代と会年ァ-ヶ])|最初の|首位|(?:フェ[ーイ]ズ|ステージ|ティア)(?= ?[ivx])"
    rf"|(?<![a-z])(?:{_WORD})|(?<![a-z0-9])[mtshr](?=\s?[0-9元])"
)
# What is passed over when there is no quantity at a start.
_SKIP = lazy(r"[0-9]+(?:[.,:/-][0-9]+)*[a-z0-9_]*|[一二三四五六七八九十百千]+|[a-z]+|.", re.DOTALL)
# Addresses, identifiers, telephone numbers and versions hold digits but no quantities.
_MASKED = lazy(
    r"〒 ?[0-9]{3}-[0-9]{4}|&#[0-9]+;?|(?<![0-9A-Za-z])0[xX][0-9A-Fa-f]*|(?:https?://|www\.)[!-~]+|(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+"
    r"|(?:doi:|doi\.org/)?10\.[0-9]{4,}/[!-~]+"
    r"|(?<![0-9-])[0-9]{1,5}(?:-[0-9]{1,7}){2,}(?![0-9])|(?<![0-9.])[0-9]+(?:\.[0-9]+){2,}(?![0-9])"
)


def scan(view: View) -> list[Quantity]:
    """Return the quantities of ``view`` in order, without overlaps but for the two ends of a range of days."""
    found: list[Quantity] = []
    if not _START.search(view.lower):
        return found
    masks = _masks(view)
    mask = next(masks, None)
    at = done = 0
    while start := _START.search(view.lower, at):
        at = start.start()
        while mask and mask[1] <= at:
            mask = next(masks, None)
        covered = mask if mask and mask[0] <= at else None
        here = _at(view, at, done)
        if covered and not (here and here[0].kind == "date" and here[0].span.end >= covered[1]):
            at = done = covered[1]
            continue
        if here:
            found += here
            at = done = max(here[-1].span.end, at + 1)
        else:
            skipped = _SKIP.match(view.lower, at)
            at = skipped.end() if skipped else at + 1
    return found


def _masks(view: View) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _MASKED.finditer(view.text))


def _at(view: View, at: int, done: int) -> list[Quantity]:
    """Return the quantity that begins at ``at`` (its sign, currency or era may stand before, not before ``done``)."""
    if dates := _dates(view, at, done):
        return dates
    if duration := special_duration(view, at):
        return ranged(view, duration)
    if word := ordinals.ordinal_word(view, at):
        return [_century(view, word) or modified(view, word)]
    numeral = numeral_at(view, at)
    if numeral is None:
        return []
    digits = numeral.style == "digits"
    if numeral.value.exponent >= 0 and (place := ordinals.ordinal_end(view, numeral.start, numeral.end, digits=digits)):
        return ordinal_range(view, ordinals.ordinal(numeral, *place))
    if fraction := ordinals.fraction_at(view, numeral.start, numeral.end):
        return [fraction]
    amount = amount_of(view, numeral)
    return ranged(view, amount) if amount else []


def _dates(view: View, at: int, done: int) -> list[Quantity]:
    era = _era_before(view.text, at)
    if era is not None and era >= done and (found := japanese_date(view.text, era)):
        return [found]
    if found := japanese_date(view.text, at):
        return [found]
    return english_date(view.text, view.lower, at)


def _era_before(text: str, at: int) -> int | None:
    """Return where the name of an era that ends at ``at`` begins."""
    end = at - 1 if text[at - 1 : at] == " " else at
    for length in range(LONGEST, 1, -1):
        if length <= end and text[end - length : end] in FIRST_YEAR:
            return end - length
    return None


_CENTURY = lazy(
    r"(?:[ -](?:and|or|to) (?:the )?(?:early |late |mid-)?[a-z-]{4,16}(?= centuries)|[ -]centur(?:y|ies))(?![a-z])"
)


def _century(view: View, ordinal: Quantity) -> Quantity | None:
    """Return the century that an ordinal in words names: the twenty-first century."""
    match = _CENTURY.match(view.lower, ordinal.span.end)
    if match is None or ordinal.kind != "ordinal":
        return None
    end = match.end() if "centur" in match[0] else ordinal.span.end
    return century(int(ordinal.low), ordinal.span.start, end)
