"""Two amounts that are the ends of a range: 5〜10億円, $5-10 million, between 10 and 20 percent, 4〜6月."""

from __future__ import annotations

from dataclasses import replace

from genesis_rag.text import ordinals
from genesis_rag.text.amounts import Amount, amount_at
from genesis_rag.text.dates_japanese import japanese_date
from genesis_rag.text.modifiers import loosened, modified
from genesis_rag.text.numeral_context import before_next_digit
from genesis_rag.text.numerals import ONE, Numeral, View, japanese_numeral
from genesis_rag.text.patterns import lazy
from genesis_rag.text.quantity import Quantity, date, exactly
from genesis_rag.text.units import currency_before, unit_at
from genesis_rag.types import Span

_BETWEEN = lazy(r" ?(?:~|--?|、|から|ないし|乃至|to|or|and|または|又は)(?:約| )?(?=[0-9a-z一-鿿$¥€£₩₹])")
_CURRENCY = lazy(r"(?:[A-Za-z.]{1,4})?[$¥€£₩₹] ?|[A-Z]{3} ?")
_SET_BEFORE_AND = lazy(r"between (?:about |around |roughly )?$")
_YEARS = range(1000, 2200)


def ranged(view: View, first: Amount) -> list[Quantity]:
    """Return the quantity of ``first`` and of the other end of its range, with the words around them."""
    if dated := _first_of_dates(view, first):
        return [dated]
    if years := _short_years(view, first):
        return years
    if ends := _ordinal_ends(view, first):
        return ends
    if second := _other_end(view, first):
        low, high = _same_scale(first, second)
        whole = Quantity(
            second.kind if first.bare else first.kind,
            low,
            high,
            second.unit if first.bare else first.unit,
            False,
            Span(first.start, second.end),
        )
        return [loosened(view, whole)]
    return [_year(view, first) or modified(view, first.quantity())]


def _other_end(view: View, first: Amount) -> Amount | None:
    link = _BETWEEN.match(view.lower, first.end)
    if link is None or first.numeral.high != first.numeral.value or first.negative or _is_year(view, first):
        return None
    word = link[0].strip()
    if word == "and" and not _SET_BEFORE_AND.search(view.lower, max(0, first.start - 20), first.start):
        return None
    if word == "、" and not (first.bare and before_next_digit(view.text, first.start, first.end)):
        return None
    at = link.end()
    sign = _CURRENCY.match(view.text, at)
    if sign and currency_before(view.text, sign.end()):
        at = sign.end()
    second = amount_at(view, at) if at < len(view.text) else None
    if second and second.negative and word in ("-", "--"):
        second = replace(second, negative=False, start=at)
    if second is None or second.negative or second.numeral.high != second.numeral.value:
        return None
    if not _fit(first, second):
        return None
    low, high = _same_scale(first, second)
    return second if low < high else None


def _fit(first: Amount, second: Amount) -> bool:
    """Return whether two amounts can be the ends of one range."""
    if (first.kind, first.unit) == (second.kind, second.unit):
        return True
    return first.bare or (first.prefixed and second.bare)


def _same_scale(first: Amount, second: Amount) -> tuple[float, float]:
    """Return both values; the first takes unit and scale of the second where it has none (5〜10億円)."""
    numeral, factor = first.numeral, first.factor
    if first.bare:
        factor = second.factor
    # 5 billion to 10 million is no range; 5〜10億 is.
    if numeral.scale == ONE and second.numeral.scale != ONE and _leading(numeral) < _leading(second.numeral):
        numeral = _times(numeral, second.numeral)
    low = numeral.value.times(factor).plus(first.extra).number()
    return low, second.bounds()[1]


def _leading(numeral: Numeral) -> float:
    return numeral.value.number() / numeral.scale.number()


def _times(numeral: Numeral, other: Numeral) -> Numeral:
    value = numeral.value.times(other.scale)
    return replace(numeral, value=value, high=value, scale=other.scale)


_PLAIN_YEAR = lazy("[12][0-9]{3}")
_BOUND_BEFORE = lazy(r"(?:over|than|at least|some|nearly|under|up to|約|およそ) ?$")
_ABOUT_BEFORE = lazy(r"(?:about|around|approximately) $")
_RECENT = lazy("(?:1[0-9]|20)[0-9]{2}")
_PLURAL_AFTER = lazy("(?: [a-z-]+){0,3}? [a-z]{3,}s(?![a-z])")


def _is_year(view: View, amount: Amount) -> bool:
    """Return whether four digits without a unit are a year: not in "over 2000", nor in "about 2000 systems"."""
    start, end = amount.numeral.start, amount.numeral.end
    if not amount.bare or amount.negative or not _PLAIN_YEAR.fullmatch(view.text, start, end):
        return False
    before = max(0, start - 14)
    if _ABOUT_BEFORE.search(view.lower, before, start):
        return bool(_RECENT.match(view.text, start)) and not _PLURAL_AFTER.match(view.lower, end)
    return not _BOUND_BEFORE.search(view.lower, before, start)


def _year(view: View, amount: Amount) -> Quantity | None:
    if not _is_year(view, amount):
        return None
    year = int(amount.numeral.value.number())
    return date(year, 0, 0, amount.start, amount.end) if year in _YEARS else None


_TILDE = lazy(" ?[~-] ?")
_DATED = lazy("[0-9]{1,2}[月日]|[12][0-9]{3}年度|[0-9]{1,2}年度")


def _first_of_dates(view: View, first: Amount) -> Quantity | None:
    """Return the month, day or fiscal year that begins a range such as 4〜6月, 3〜5日 or 2026〜2030年度."""
    link = _TILDE.match(view.text, first.end)
    if not first.bare or first.numeral.value.exponent < 0 or not link or not _DATED.match(view.text, link.end()):
        return None
    last, number = japanese_date(view.text, link.end()), int(first.numeral.value.number())
    if last is None:
        return None
    if last.kind == "fiscal_year":
        return exactly("fiscal_year", number, "year", first.start, first.end) if number in _YEARS else None
    if last.unit == "month":
        return date(0, number, 0, first.start, first.end) if 1 <= number <= 12 else None
    return date(0, 0, number, first.start, first.end) if 1 <= number <= 31 and last.low < 100 else None


_SHORT_YEAR = lazy("[~-](?P<y>[0-9]{2})(?:年(?!間)|(?![0-9a-z年月日/-]|[.][0-9]))")


def _short_years(view: View, first: Amount) -> list[Quantity]:
    """Return both years of 2025-26 and 1880〜81年."""
    match = _SHORT_YEAR.match(view.lower, first.end)
    if match is None or not _is_year(view, first):
        return []
    year = int(first.numeral.value.number())
    last = year // 100 * 100 + int(match["y"])
    ends = (date(year, 0, 0, first.start, first.end), date(last, 0, 0, match.start("y"), match.end()))
    return [end for end in ends if end] if last > year else []


_TO_ORDINAL = lazy(" ?(?:~|-|to|through|から|and) ?(?:第 ?)?(?=[0-9])")


def ordinal_range(view: View, first: Quantity) -> list[Quantity]:
    """Return an ordinal and, if it begins a range, the other end: numbers 7 to 10, 第1〜3章."""
    found = [first]
    link = _TO_ORDINAL.match(view.lower, first.span.end)
    if link and (second := japanese_numeral(view.text, link.end())) and second.value.exponent >= 0:
        value = second.value.number()
        # "Phase 1 to 5 people" has no second ordinal.
        if value > first.low and not unit_at(view, second.end, digits=True):
            found.append(exactly("ordinal", value, "", link.end(), second.end))
    return found


def _ordinal_ends(view: View, first: Amount) -> list[Quantity]:
    """Return both ordinals of a range that only its end marks as one: 20〜26番."""
    link = _TILDE.match(view.text, first.end)
    if link is None or not first.bare or first.numeral.value.exponent < 0:
        return []
    second = japanese_numeral(view.text, link.end())
    if second is None or second.style != "digits" or second.value.exponent < 0:
        return []
    place = ordinals.ordinal_end(view, second.start, second.end, digits=True)
    if place is None or place[0] != second.start:
        return []
    return [ordinals.ordinal(first.numeral, first.start, first.end), ordinals.ordinal(second, *place)]
