"""Numerals of digits and kanji as exact decimal values: 1兆2,000億, 二十六, ５億, 数百.

All functions read a ``View``: a text whose full-width, half-width and squared characters are already plain.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from genesis_rag.text.alignment import Aligned, align
from genesis_rag.text.patterns import lazy
from genesis_rag.values import dataclass

_MAX_DIGITS = 40


class Exact(NamedTuple):
    """The decimal number ``digits * 10 ** exponent``."""

    digits: int
    exponent: int = 0

    def times(self, other: Exact) -> Exact:
        """Return the product."""
        return Exact(self.digits * other.digits, self.exponent + other.exponent)

    def plus(self, other: Exact) -> Exact:
        """Return the sum."""
        apart = self.exponent - other.exponent
        if apart >= 0:
            return Exact(self.digits * 10**apart + other.digits, other.exponent)
        return Exact(self.digits + other.digits * 10**-apart, self.exponent)

    def number(self) -> float:
        """Return the value, as an int where it is whole, else as the nearest float."""
        if self.exponent >= 0:
            return int(self.digits * 10**self.exponent)
        whole, rest = divmod(self.digits, 10**-self.exponent)
        return float(f"{self.digits}e{self.exponent}") if rest else whole


ZERO = Exact(0)
ONE = Exact(1)


@dataclass(frozen=True, slots=True)
class View:
    """A text made plain, in its own case and in lower case (same length), and the way back to the original."""

    text: str
    lower: str
    aligned: Aligned


@dataclass(frozen=True, slots=True)
class Numeral:
    """A numeral at ``text[start:end]`` of a view.

    Attributes:
        style: "digits" (with Arabic digits), "kanji", "word" (English), "circled" (⑧).
        scale: the last big unit in it (億, million), which a range gives to its first number too (5〜10億), or ONE.
        high: other end of a vague numeral (数百, hundreds of: 200 to 900), else the value itself.
    """

    start: int
    end: int
    value: Exact
    style: str
    scale: Exact
    high: Exact


_KEPT = lazy("[\u00b2\u00b3\u00b9\u2070-\u209c\u2460-\u24ff\u3251-\u325f\u32b1-\u32bf]")
_WIDE = lazy("[\u3000\uff01-\uff9d]+")
_SIGNS = str.maketrans("〜∼〰‐‑‒–—―−─“”’‘∕⁄", "~~~-------" + "-" + "\"\"''//")
_HAS_SIGN = lazy("[〜∼〰‐-―−─“”’‘∕⁄]")


def view_of(text: str) -> View:
    """Return the view in which the numerals of ``text`` are read."""
    aligned = align(text, _plain) if not text.isascii() else Aligned(text, len(text))
    key = aligned.key
    # U+0130 is the one letter whose lower case is longer.
    return View(key, key.replace("\u0130", "I").lower(), aligned)


def _plain(piece: str) -> str:
    """NFKC without losing what superscripts and circled numbers are; one form for dashes and quotation marks."""
    if len(piece) <= 4 and not _KEPT.search(piece):
        piece = unicodedata.normalize("NFKC", piece)
    elif _WIDE.search(piece):
        piece = _WIDE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), piece)
    return piece.translate(_SIGNS) if _HAS_SIGN.search(piece) else piece


# --- Arabic and kanji ---------------------------------------------------------------------------------------------

DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?)"
_KANJI_DIGITS = dict(zip("〇一二三四五六七八九", range(10), strict=True)) | {"零": 0, "○": 0, "◯": 0}
_SMALL = {"十": Exact(1, 1), "百": Exact(1, 2), "千": Exact(1, 3)}
_BIG = {"万": Exact(1, 4), "億": Exact(1, 8), "兆": Exact(1, 12), "京": Exact(1, 16)}
_TOKEN = lazy(
    rf"(?P<digits>{DIGITS})|(?P<kanji>[一二三四五六七八九〇零][一二三四五六七八九〇零○◯]*)|(?P<unit>[十百千万億兆京])"
)
_VAGUE = lazy("数(?P<units>[十百千][万億兆]?|[万億兆])?")


def japanese_numeral(text: str, start: int) -> Numeral | None:
    """Return the numeral of digits and kanji at ``start``, as long as it goes on being well formed."""
    if text.startswith("数", start):
        return _vague_numeral(text, start)
    total = section = ZERO
    pending: Exact | None = None
    last_small, last_big = 4, 99
    scale = ONE
    at, has_digits = start, False
    while match := _TOKEN.match(text, at):
        kind = match.lastgroup
        if kind == "unit":
            unit = match[0]
            if unit in _SMALL:
                if _SMALL[unit].exponent >= last_small:
                    break
                last_small = _SMALL[unit].exponent
                section = section.plus((pending or ONE).times(_SMALL[unit]))
            else:
                if _BIG[unit].exponent >= last_big or (pending is None and section == ZERO):
                    break
                last_big, last_small, scale = _BIG[unit].exponent, 4, _BIG[unit]
                total = total.plus(section.plus(pending or ZERO).times(scale))
                section = ZERO
            pending = None
        else:
            if pending is not None or len(match[0]) > _MAX_DIGITS:
                break
            pending = _exact(match[0]) if kind == "digits" else _positional(match[0])
            if kind == "kanji" and len(match[0]) > 1 and text[match.end() : match.end() + 1] in _SMALL:
                return None  # 二三十 is twenty or thirty.
            has_digits = has_digits or kind == "digits"
        at = match.end()
    if at == start:
        return None
    value = total.plus(section).plus(pending or ZERO)
    if pending is not None or section != ZERO:
        scale = ONE
    return Numeral(start, at, value, "digits" if has_digits else "kanji", scale, value)


def _vague_numeral(text: str, start: int) -> Numeral | None:
    """数百: from two to nine hundred; 数 alone: from two to nine."""
    match = _VAGUE.match(text, start)
    if not match:
        return None
    scale = ONE
    for unit in match["units"] or "":
        scale = scale.times(_SMALL.get(unit) or _BIG[unit])
    return Numeral(start, match.end(), Exact(2).times(scale), "kanji", ONE, Exact(9).times(scale))


def _exact(digits: str) -> Exact:
    whole, _, fraction = digits.replace(",", "").partition(".")
    return Exact(int(whole + fraction), -len(fraction))


def _positional(kanji: str) -> Exact:
    value = 0
    for digit in kanji:
        value = value * 10 + _KANJI_DIGITS[digit]
    return Exact(value)


def whole_number(text: str) -> int | None:
    """Return the value of a string that is one numeral (8, 元 excluded, 二十六, 二〇二六), or None."""
    numeral = japanese_numeral(text, 0)
    if numeral is None or numeral.end != len(text) or numeral.value.exponent < 0:
        return None
    return int(numeral.value.digits * 10**numeral.value.exponent)
