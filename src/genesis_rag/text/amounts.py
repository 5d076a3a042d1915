"""One number with its currency, unit or counter: US$1.2 trillion, 3割5分, 2時間30分, 26件, "26 challenges"."""

from __future__ import annotations

from dataclasses import replace

from genesis_rag.text.numeral_context import (
    after_odd,
    after_of,
    is_decade,
    is_plain_year,
    letters_follow,
    may_have_unit,
    sign_before,
    stands_alone,
    tail_of_word,
)
from genesis_rag.text.numerals import ONE, ZERO, Exact, Numeral, View, japanese_numeral
from genesis_rag.text.numerals_english import english_numeral, with_scale
from genesis_rag.text.patterns import lazy
from genesis_rag.text.quantity import Quantity, QuantityKind
from genesis_rag.text.units import Unit, counted_noun, currency_before, unit_at
from genesis_rag.types import Span
from genesis_rag.values import dataclass

_POWER = lazy(r"10(?:(?:\^|の)(?P<exponent>-?[0-9]{1,3})乗?|(?P<raised>⁻?[⁰¹²³⁴-⁹]{1,3}))")
_TIMES_POWER = lazy(
    r"\s?[x×*]\s?10(?:\^(?P<exponent>-?[0-9]{1,3})|の(?P<japanese>-?[0-9]{1,3})乗|(?P<raised>⁻?[⁰¹²³⁴-⁹]{1,3}))"
    r"|e\+?(?P<e>-?[0-9]{1,3})(?![0-9a-z])"
)
_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_HALF_MORE = lazy("半(?![期年径数導島分額])")
_TENTHS = lazy("(?P<bu>[0-9一二三四五六七八九])分(?!の|間|野)(?:(?P<rin>[0-9一二三四五六七八九])厘)?")
_COMPARED = lazy(
    r" (?:as|more|less|faster|slower|larger|smaller|higher|lower|greater|bigger|better|longer|stronger|over|the|its"
    r"|that|their|what)(?![a-z])"
)
_NAME = lazy(" [A-Z]")
_PER = lazy(" ?(?:当たり|あたり|につき)")
_SPECIAL = lazy(
    r"(?P<half>半(?P<ja>年|世紀)間?(?!期)|半(?P<day>日)(?![本])"
    r"|half[ -](?:an? )?(?P<en>year|decade|century|hour|day)(?![a-z]))"
    r"|(?:a|one) (?P<unit>year|month|week|day|hour|minute|decade|century|million|billion)(?P<and> and a half)(?![a-z])"
    r"|an? (?P<long>decade|century)(?![a-z])"
    # "a year" is mostly "each year", but not after these.
    r"|(?:(?<=about )|(?<=within )|(?<=nearly )|(?<=almost )|(?<=than ))"
    r"an? (?P<about>year|month|week|day|hour|minute)(?![a-z])"
)
_LENGTHS = {
    "年": ("month", Exact(12)),
    "世紀": ("month", Exact(1200)),
    "日": ("second", Exact(86400)),
    "year": ("month", Exact(12)),
    "decade": ("month", Exact(120)),
    "century": ("month", Exact(1200)),
    "month": ("month", ONE),
    "week": ("second", Exact(604800)),
    "day": ("second", Exact(86400)),
    "hour": ("second", Exact(3600)),
    "minute": ("second", Exact(60)),
}
_HALF = Exact(5, -1)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit, before ranges and modifiers: ``value`` and ``high`` times ``factor`` plus ``extra``.

    Attributes:
        start: where it begins, its currency sign included.
        bare: no unit, so that the unit of the other end of a range is its own (10〜20人).
        prefixed: the currency stands before it.
        rough: 余 or 数 stands between numeral and unit (100余人, 十数年).
    """

    kind: QuantityKind
    unit: str
    numeral: Numeral
    factor: Exact
    start: int
    end: int
    extra: Exact = ZERO
    negative: bool = False
    bare: bool = False
    prefixed: bool = False
    rough: bool = False

    def bounds(self) -> tuple[float, float]:
        """Return low and high as numbers."""
        ends = []
        for value in (self.numeral.value, self.numeral.high):
            number = value.times(self.factor).plus(self.extra).number()
            ends.append(-number if self.negative else number)
        return min(ends), max(ends)

    def quantity(self) -> Quantity:
        """Return the quantity of this amount alone; a vague numeral is an approximate range."""
        low, high = self.bounds()
        return Quantity(self.kind, low, high, self.unit, self.rough or low != high, Span(self.start, self.end))


def numeral_at(view: View, at: int) -> Numeral | None:
    """Return the numeral that begins at ``at``, in digits, kanji or English words."""
    if not view.text[at].isascii():
        return japanese_numeral(view.text, at)
    if not view.text[at].isdecimal():
        return english_numeral(view.lower, at)
    numeral = japanese_numeral(view.text, at)
    return numeral and _powered(view.text, numeral)


def _powered(text: str, numeral: Numeral) -> Numeral:
    """Complete 1.5×10^18, 10の18乗, 10¹⁸, 1.5e18."""
    match = _TIMES_POWER.match(text, numeral.end)
    base = numeral.value
    if match is None and base == Exact(10):
        match, base = _POWER.match(text, numeral.start), ONE
    if match is None:
        return numeral
    exponent = int(next(group for group in match.groups() if group).translate(_RAISED))
    value = base.times(Exact(1, exponent))
    return replace(numeral, end=match.end(), value=value, high=value, scale=ONE) if abs(exponent) <= 300 else numeral


def special_duration(view: View, at: int) -> Amount | None:
    """Return the length of time without a numeral at ``at``: 半年, half a century, a decade, a year and a half."""
    match = _SPECIAL.match(view.lower, at)
    if match is None:
        return None
    word = match["ja"] or match["day"] or match["en"] or match["unit"] or match["long"] or match["about"]
    if word not in _LENGTHS:
        return None
    name, factor = _LENGTHS[word]
    value = _HALF if match["half"] else Exact(15, -1) if match["and"] else ONE
    numeral = Numeral(at, match.end(), value, "word", ONE, value)
    return Amount("duration", name, numeral, factor, at, match.end())


def amount_at(view: View, at: int) -> Amount | None:
    """Return the number with its unit at ``at``; None where there is none, or only a numeral that is part of a word."""
    numeral = numeral_at(view, at)
    return None if numeral is None else amount_of(view, numeral)


def amount_of(view: View, numeral: Numeral) -> Amount | None:
    """Return the number ``numeral`` with its unit; None where it is part of a word."""
    at, digits = numeral.start, numeral.style == "digits"
    currency = currency_before(view.text, at) if digits else None
    glued = currency is None and tail_of_word(view.text, numeral)
    if glued and not may_have_unit(view.text, numeral):
        return None
    if digits:
        numeral = with_scale(view, numeral, money=currency is not None)
    start, negative = sign_before(view.lower, currency[1] if currency else at, digits=digits)
    if currency:
        found = unit_at(view, numeral.end, digits=digits)
        end = found[1] if found and found[0] == Unit("money", currency[0], ONE) else numeral.end
        return Amount("money", currency[0], numeral, ONE, start, end, negative=negative, prefixed=True)
    unit_from = after_odd(view.text, after_of(view, numeral))
    found = _unit_after(view, unit_from, numeral)
    if found and (settled := _settled(found[0], numeral)):
        rough = unit_from > after_of(view, numeral)
        amount = Amount(*settled, numeral, found[0].factor, start, found[1], negative=negative, rough=rough)
        return _completed(view, amount)
    return None if glued else _without_unit(view, numeral, start, negative=negative)


def _unit_after(view: View, at: int, numeral: Numeral) -> tuple[Unit, int] | None:
    """Return the unit of a numeral, but not the people of "in 2025 people"."""
    symbols = numeral.style == "digits" or (numeral.style == "kanji" and view.text[at : at + 1].isascii())  # 数十km
    found = unit_at(view, at, digits=symbols)
    if found and view.lower[at : found[1]] == "s" and is_decade(view.lower, numeral.start):
        return None
    if found and found[0].kind == "count" and view.text[found[1] - 1].isascii() and is_plain_year(view, numeral):
        return None
    return found


def _settled(unit: Unit, numeral: Numeral) -> tuple[QuantityKind, str] | None:
    """Decide what units with two meanings are: pounds of money or weight, points of percent or of a game."""
    if unit.kind == "pound":
        if numeral.scale != ONE:
            return "money", unit.name
        return ("measure", "pound") if unit.name == "GBP" else None
    if unit.kind == "point":
        return "count", "point"
    if unit.kind == "count" and numeral.value == ONE and numeral.style != "digits":
        return None  # 一つ, 一人, one place: mostly "a".
    kind: QuantityKind = unit.kind  # type: ignore[assignment]
    return kind, unit.name


def _completed(view: View, amount: Amount) -> Amount | None:
    """Add what goes on after the unit: 3割5分, 2時間半, 2 hours and 30 minutes; "10 times faster" is no count."""
    if amount.unit == "time" and (_COMPARED.match(view.lower, amount.end) or _NAME.match(view.text, amount.end)):
        return replace(amount, kind="measure", unit="times")
    if _PER.match(view.text, amount.end) and amount.numeral.value == ONE:
        return None  # 1人当たり
    if amount.kind == "percent" and amount.factor == Exact(10) and (match := _TENTHS.match(view.text, amount.end)):
        extra = Exact(_digit(match["bu"])).plus(Exact(_digit(match["rin"] or "0"), -1))
        return replace(amount, extra=extra, end=match.end())
    if amount.kind == "duration":
        if match := _HALF_MORE.match(view.text, amount.end):
            return replace(amount, extra=amount.factor.times(_HALF), end=match.end())
        return _compound(view, amount)
    return amount


_LINK = lazy(r"(?:,? and |, | |と)?(?=[0-9a-z一-鿿])")


def _compound(view: View, amount: Amount) -> Amount:
    """Add smaller units of time: 1年6か月, 2 hours and 30 minutes, 3時間20分10秒."""
    while link := _LINK.match(view.lower, amount.end):
        numeral = numeral_at(view, link.end())
        found = numeral and unit_at(view, numeral.end, digits=numeral.style == "digits")
        if not numeral or not found or found[0].kind != "duration" or found[0].name != amount.unit:
            break
        unit, end = found
        whole = numeral.value.times(unit.factor)
        if numeral.high != numeral.value or not 0 < whole.number() < amount.factor.number():
            break
        amount = replace(
            amount, extra=amount.extra.plus(whole), factor=unit.factor, end=end, numeral=_scaled(amount, unit)
        )
    return amount


def _scaled(amount: Amount, unit: Unit) -> Numeral:
    """Return the amount's numeral in the smaller ``unit``, so that one factor serves the whole."""
    ratio = Exact(int(amount.factor.number() / unit.factor.number()))
    numeral = amount.numeral
    return replace(numeral, value=numeral.value.times(ratio), high=numeral.high.times(ratio))


def _digit(sign: str) -> int:
    return int(sign) if sign.isascii() else "〇一二三四五六七八九".index(sign)


def _without_unit(view: View, numeral: Numeral, start: int, *, negative: bool) -> Amount | None:
    """Return a count of a thing named further on, or a bare number; None for parts of words and for "one"."""
    end, digits = numeral.end, numeral.style == "digits"
    if digits and letters_follow(view.text, end):
        return None
    if is_plain_year(view, numeral):
        return Amount("number", "", numeral, ONE, start, end, negative=negative, bare=True)
    if noun := counted_noun(view, after_of(view, numeral)):
        if numeral.value == ONE and not digits:
            return None
        return Amount("count", noun, numeral, ONE, start, end, negative=negative)
    if not digits and not stands_alone(view, numeral):
        return None
    return Amount("number", "", numeral, ONE, start, end, negative=negative, bare=True)
