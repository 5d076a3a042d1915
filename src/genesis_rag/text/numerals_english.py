"""Numerals in English words, and English scale words after digits: twenty-six, half a million, 1.2 trillion, 500M."""

from __future__ import annotations

import re

from genesis_rag.text.numerals import ONE, ZERO, Exact, Numeral, View
from genesis_rag.text.patterns import lazy

_ONES = "one two three four five six seven eight nine"
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORDS = {word: value for value, word in enumerate(f"zero {_ONES} {_TEENS}".split())}
_WORDS |= {word: 10 * value for value, word in enumerate(_TENS.split(), 2)}
_SCALES = {
    "thousand": Exact(1, 3),
    "million": Exact(1, 6),
    "billion": Exact(1, 9),
    "trillion": Exact(1, 12),
    "quadrillion": Exact(1, 15),
    "quintillion": Exact(1, 18),
}
_UNITS = _SCALES | {"ten": Exact(1, 1), "dozen": Exact(12), "hundred": Exact(1, 2)}
_ABBREVIATED = {"k": "thousand", "K": "thousand", "M": "million", "mn": "million", "B": "billion", "bn": "billion"}
_ABBREVIATED_MONEY = _ABBREVIATED | {"tn": "trillion", "m": "million", "b": "billion", "T": "trillion", "t": "trillion"}

_ONE = _ONES.replace(" ", "|")
_TEEN = _TEENS.replace(" ", "|")
_TEN = _TENS.replace(" ", "|")
_SMALL_EN = rf"(?:(?:{_TEN})(?:[ -](?:{_ONE})(?![a-z]))?|{_TEEN}|{_ONE}|zero)(?![a-z])"
_SCALE_WORD = "|".join(_SCALES)
_GROUP = lazy(
    rf"(?P<first>{_SMALL_EN})(?P<hundred>[ -]hundred(?![a-z])(?:(?: and)? (?P<rest>{_SMALL_EN})(?! (?:hundred|dozen)))?"
    rf"|[ -]dozen(?![a-z]))?(?P<half> and (?:a|one) half(?![a-z]))?(?:[ -](?P<scale>{_SCALE_WORD})(?![a-z]))?"
)
_NEXT_GROUP = lazy(r",? and | ")
_HALF_A = lazy(
    rf"(?P<half>half )?an? (?P<unit>dozen|hundred|{_SCALE_WORD})(?![a-z])(?P<and_half> and a half(?![a-z]))?"
)
_VAGUE_EN = lazy(
    rf"(?:(?:several|a few)(?! (?:dozen|hundred|{_SCALE_WORD})(?![a-z]))"
    rf"|(?:several|a few|few|many) (?P<unit>dozen|hundred|{_SCALE_WORD})"
    rf"|(?P<times>tens|hundreds) of (?P<of>{_SCALE_WORD})s"
    rf"|(?P<plural>ten|dozen|hundred|{_SCALE_WORD})s(?= of\b))(?![a-z])"
)
_WRITTEN_SCALE = lazy(rf"(?P<half> and a half)?[ \n-]?(?P<unit>dozen|hundred|{_SCALE_WORD})(?![a-z])")
_LETTER_SCALE = lazy(r" ?(?P<unit>[kKMBTmbt]|[mbt]n)(?![A-Za-z0-9/])")


def english_numeral(lower: str, start: int) -> Numeral | None:
    """Return the numeral in English words at ``start`` of a text in lower case (not "second", not ordinals)."""
    if match := _HALF_A.match(lower, start):
        value = _UNITS[match["unit"]].times(Exact(5, -1) if match["half"] else ONE)
        if match["and_half"]:
            value = value.times(Exact(15, -1))
        return Numeral(start, match.end(), value, "word", ONE, value)
    if match := _VAGUE_EN.match(lower, start):
        name = match["unit"] or match["of"] or match["plural"]
        unit = _UNITS[name] if name else ONE
        if match["times"]:
            unit = unit.times(_UNITS[match["times"].removesuffix("s")])
        if unit == _UNITS["dozen"]:
            unit = _UNITS["ten"]
        return Numeral(start, match.end(), Exact(2).times(unit), "word", ONE, Exact(9).times(unit))
    return _english_groups(lower, start)


def _english_groups(lower: str, start: int) -> Numeral | None:
    """Groups with falling scales: two million three hundred and six thousand and one."""
    total, at, end, last, scale = ZERO, start, start, 99, ONE
    while group := _GROUP.match(lower, at):
        exponent = _SCALES[group["scale"]].exponent if group["scale"] else 0
        if exponent >= last or (last <= 3 and group["scale"]):
            break
        scale = Exact(1, exponent)
        total, end, last = total.plus(_group_value(group).times(scale)), group.end(), exponent
        link = _NEXT_GROUP.match(lower, end)
        if not link or not exponent:
            break
        at = link.end()
    if end == start:
        return None
    return Numeral(start, end, total, "word", scale, total)


def _group_value(group: re.Match[str]) -> Exact:
    value = Exact(_small(group["first"]))
    if group["hundred"]:
        value = value.times(_UNITS["dozen" if "dozen" in group["hundred"] else "hundred"])
    if group["rest"]:
        value = value.plus(Exact(_small(group["rest"])))
    return value.plus(Exact(5, -1)) if group["half"] else value


def _small(words: str) -> int:
    return sum(_WORDS[word] for word in re.split("[ -]", words))


def with_scale(view: View, numeral: Numeral, *, money: bool) -> Numeral:
    """Return ``numeral``, written in digits, with the English scale after it: 1.2 trillion, 500M; 5m only of money."""
    if match := _WRITTEN_SCALE.match(view.lower, numeral.end):
        scale = _UNITS[match["unit"]]
        value = (numeral.value.plus(Exact(5, -1)) if match["half"] else numeral.value).times(scale)
    elif match := _LETTER_SCALE.match(view.text, numeral.end):
        name = (_ABBREVIATED_MONEY if money else _ABBREVIATED).get(match["unit"])
        if name is None or (match[0][0] == " " and not money):
            return numeral
        scale = _SCALES[name]
        value = numeral.value.times(scale)
    else:
        return numeral
    return Numeral(numeral.start, match.end(), value, numeral.style, scale, value)
