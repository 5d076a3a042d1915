"""What stands around a numeral and decides what it is: a part of a code, a minus sign, a year, "the two"."""

from __future__ import annotations

from itertools import pairwise

from genesis_rag.text.numerals import ONE, Exact, Numeral, View
from genesis_rag.text.patterns import lazy

_ODD = lazy("[余数](?=[\u4e00-\u9fffか-ヶ])")
_WORD_BEFORE = lazy(r"[A-Za-z_](?:[-'.]?)$|[0-9][.,:/]$")
_PREFIX_BEFORE = lazy(r"(?<![A-Za-z])(?:mid|pre|post|late|early|sub|non|[Mm]id|[Pp]re|[Pp]ost)-$")
_HAN = lazy("[\u3400-\u4dbf\u4e00-\u9fff々]")
# Kanji that stand before a numeral of one kanji without making a word of the two.
_BEFORE_ONE_KANJI = frozenset("約計全各毎延同翌後前残他満最以去今間")
_MINUS = lazy(r"(?:(?<![0-9a-z.)\]%年月日円人度時分-])-|(?<=[^\n])[▲△]|(?<![a-z])minus |マイナス|零下)$")


def tail_of_word(text: str, numeral: Numeral) -> bool:
    """Return whether a numeral ends a word or code (H100, GPT-4, 唯一) rather than standing for itself."""
    start = numeral.start
    if numeral.style == "digits":
        before = _WORD_BEFORE.search(text, max(0, start - 2), start)
        return before is not None and not _PREFIX_BEFORE.search(text, max(0, start - 6), start)
    if numeral.style == "kanji" and numeral.end - start == 1 and start:
        return bool(_HAN.match(text[start - 1])) and text[start - 1] not in _BEFORE_ONE_KANJI
    return False


def may_have_unit(text: str, numeral: Numeral) -> bool:
    """Return whether the numeral after a kanji may count if a unit follows: 参加国三か国, but not 唯一人 or 第三者."""
    return (
        numeral.style == "kanji"
        and numeral.value != ONE
        and text[numeral.start - 1] != "第"
        and text[numeral.start] != "数"
    )


def after_odd(text: str, end: int) -> int:
    """Skip the 余 of 100余人 and the 数 of 十数年."""
    match = _ODD.match(text, end)
    return match.end() if match else end


def after_of(view: View, numeral: Numeral) -> int:
    """Return where the unit of a numeral may stand: behind the "of" of "hundreds of people"."""
    vague = numeral.style == "word" and numeral.high != numeral.value
    return numeral.end + 3 if vague and view.lower.startswith(" of ", numeral.end) else numeral.end


_DECADE_BEFORE = lazy(r"(?<![a-z])(?:the|their|his|her|my|our|your|mid|early|late)[ -]$")


def is_decade(lower: str, start: int) -> bool:
    """Return whether the "s" of 20s means years rather than seconds: in their 20s, the 90s."""
    return _DECADE_BEFORE.search(lower, max(0, start - 6), start) is not None


def sign_before(lower: str, at: int, *, digits: bool) -> tuple[int, bool]:
    """Return where a number with its minus sign begins, and whether it has one."""
    match = _MINUS.search(lower, max(0, at - 6), at) if digits else None
    return (match.start(), True) if match else (at, False)


_LETTERS_AFTER = lazy(r"[A-Za-z_]|-(?![a-z]{3})[A-Za-z]|'[A-Za-z]|\.[0-9]")


def letters_follow(text: str, end: int) -> bool:
    """Return whether a number runs into a word (3D, 5-HT), but not one such as the 12 of "12-layer"."""
    return _LETTERS_AFTER.match(text, end) is not None


_TWO = Exact(2)
_NEIGHBOURS = frozenset(
    f"{one}、{other}" for row in ("123456789", "一二三四五六七八九") for one, other in pairwise(row)
)


def before_next_digit(text: str, start: int, end: int) -> bool:
    """Return whether ``text[start:end]`` begins a range such as 2、3人, rather than the list 2、5、8."""
    return text[start : end + 2] in _NEIGHBOURS


def stands_alone(view: View, numeral: Numeral) -> bool:
    """Return whether a numeral in kanji or words without a unit is a number rather than part of a phrase."""
    if numeral.style == "word":
        # "one" is mostly "a", and "several" says little without a unit.
        several = numeral.value == _TWO and numeral.high != numeral.value
        return numeral.value != ONE and not several
    if numeral.end - numeral.start < 2:
        return before_next_digit(view.text, numeral.start, numeral.end)
    return not _HAN.match(view.text[numeral.end : numeral.end + 1])


_PLAIN_YEAR = lazy("(?:1[5-9]|20)[0-9]{2}")
_YEAR_BEFORE = lazy(
    r"(?<![a-z])(?:in|since|by|until|till|from|of|during|before|after|the|early|late|mid|between|and|to|through|for"
    r"|year)[ -]$"
)


def is_plain_year(view: View, numeral: Numeral) -> bool:
    """Return whether four digits stand where a year does: "in 2025 people ...", "the 2024 projects"."""
    return (
        _PLAIN_YEAR.fullmatch(view.text, numeral.start, numeral.end) is not None
        and _YEAR_BEFORE.search(view.lower, max(0, numeral.start - 9), numeral.start) is not None
    )
