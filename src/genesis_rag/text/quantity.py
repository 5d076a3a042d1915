"""The value that a number, amount or date in a text stands for."""

from __future__ import annotations

from typing import Literal, get_args

from genesis_rag.types import Span
from genesis_rag.values import dataclass

QuantityKind = Literal[
    "money", "percent", "date", "fiscal_year", "time", "duration", "ordinal", "count", "measure", "number"
]
QUANTITY_KINDS: tuple[QuantityKind, ...] = get_args(QuantityKind)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity found in a text, in a form that does not depend on how it was written.

    Attributes:
        kind: one of ``QUANTITY_KINDS``.
        low: lower end of the value (equal to ``high`` for a plain value; minus infinity for "at most", 以下).
        high: upper end (infinity for "at least", 以上). Whole values are ints.
        unit: money: ISO 4217 code (USD, JPY). percent: "%" or "point" (percentage points). duration: "month" for years
            and months, "second" for weeks and all below. date: "day", "month", "year", "decade" or "century", what is
            known of it; the value is year * 10000 + month * 100 + day with 0 for what is not said. fiscal_year: "year".
            time: "minute" since midnight. count: class of what is counted ("person", "country", "item" for 件 and つ,
            "occasion" for 回, "time" for English times, "point"), or "". measure: the base unit (metre, byte,
            flop/second, age, times, degree; "pound" and "kilo" where it is open of what). number: "", or
            "fraction". ordinal: "".
        approximate: said to be rough (約, about, 数百).
        span: where the numeral with its unit stands, without words such as 約 or 以上.
    """

    kind: QuantityKind
    low: float
    high: float
    unit: str
    approximate: bool
    span: Span


def exactly(kind: QuantityKind, value: float, unit: str, start: int, end: int) -> Quantity:
    """Return a quantity of one value."""
    return Quantity(kind, value, value, unit, False, Span(start, end))


def date(year: int, month: int, day: int, start: int, end: int) -> Quantity | None:
    """Return a date, or None where there is no such day. 0 stands for what is not said; years BC are negative."""
    if not (0 <= month <= 12 and 0 <= day <= (31, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month]):
        return None
    if year < 0:
        return exactly("date", year * 10000, "year", start, end)
    unit = "day" if day else "month" if month else "year"
    return exactly("date", year * 10000 + month * 100 + day, unit, start, end)


def decade(year: int, start: int, end: int) -> Quantity:
    """Return the ten years from ``year`` on."""
    return Quantity("date", year * 10000, (year + 9) * 10000, "decade", False, Span(start, end))


def century(number: int, start: int, end: int) -> Quantity | None:
    """Return the ``number``-th century."""
    if not 1 <= number <= 30:
        return None
    return Quantity("date", (100 * number - 99) * 10000, 100 * number * 10000, "century", False, Span(start, end))
