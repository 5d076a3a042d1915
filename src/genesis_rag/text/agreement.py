"""Whether a quantity that is claimed is held by one of the evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from genesis_rag.text.quantity import Quantity

_ROUNDING = 0.05
"""What "about" allows: "about 300 million" is held by 293.76 million."""
_EXACT = 1e-9
_CONVERSION = 0.01
"""Pounds and grams, miles and metres: a converted value is rounded."""
_GRAMS_IN_POUND = 453.59237
_ANYTHING = frozenset({"", "item"})
"""Counters that say nothing of what is counted (件, つ), and counts of things the tables do not know."""


def agrees(claim: Quantity, evidence: Quantity) -> bool:
    """Return whether ``evidence`` holds ``claim``: the claim says the same, or less, never more.

    - Money needs the same currency, a count the same class of things where both name one, a fiscal year a fiscal year.
    - Of a date the parts that are claimed must be there: "June 2026" is held by 2026年6月4日, not the other way round.
      A decade or century is held by a year within it.
    - One value is held by a range that it ends, and a range by the same range. A bound (以上, up to) is held by the
      same bound and by a value that satisfies it and is near it; a plain value is not held by a bound.
    - An approximate claim is held by a value within 5 percent.
    """
    if "date" in (claim.kind, evidence.kind):
        return _dates_agree(claim, evidence) if claim.kind == evidence.kind else _date_is_number(claim, evidence)
    pair = _comparable(claim, evidence)
    return pair is not None and _values_agree(claim, *pair)


def completed(held: Sequence[Quantity]) -> list[Quantity]:
    """Return ``held`` and, for dates without a year (or month), those with the year (and month) named last before."""
    year = month = 0
    result = list(held)
    for quantity in held:
        if quantity.kind != "date" or quantity.unit not in ("day", "month", "year"):
            continue
        value = int(quantity.low)
        if value < 0:
            continue
        own_year, own_month = value // 10000, value // 100 % 100
        if own_year == 0 and (year or (own_month == 0 and month)):
            full = year * 10000 + (own_month or month) * 100 + value % 100
            if own_month or month:
                result.append(replace(quantity, low=full, high=full))
        year, month = own_year or year, own_month or (0 if own_year else month)
    return result


def _comparable(claim: Quantity, evidence: Quantity) -> tuple[Quantity, float] | None:
    """Return the evidence in the unit of the claim with the relative tolerance, or None where units do not fit."""
    if _alike(claim, evidence):
        return evidence, _EXACT
    kinds = {claim.kind, evidence.kind}
    units = {claim.unit, evidence.unit}
    if kinds == {"time", "number"}:  # at seven
        return _times(evidence, 1 / 60 if claim.kind == "number" else 60), _EXACT
    if kinds == {"duration", "measure"} and units == {"month", "age"}:  # 12歳年上, twelve years older
        return _times(evidence, 12 if claim.unit == "month" else 1 / 12), _EXACT
    if units == {"pound", "gram"}:
        return _times(evidence, _GRAMS_IN_POUND if claim.unit == "gram" else 1 / _GRAMS_IN_POUND), _CONVERSION
    if kinds == {"percent", "number"} and units == {"%", "fraction"}:
        return _times(evidence, 100.0 if claim.kind == "percent" else 0.01), _EXACT
    return None


_SAME_VALUE = (
    frozenset({"time", "times", "item", ""}),  # English "three times" may be 3回 or 3倍.
    frozenset({"time", "occasion"}),
    frozenset({"degree", "time"}),  # 3度
    frozenset({"degree", "occasion"}),
    frozenset({"kilo", "metre"}),  # 5キロ
    frozenset({"kilo", "gram"}),
    frozenset({"pound", "GBP"}),
    frozenset({"point", "item"}),
    frozenset({"age", ""}),  # at the age of 54
)


def _alike(claim: Quantity, evidence: Quantity) -> bool:
    """Return whether the values of both can be compared as they are."""
    units = {claim.unit, evidence.unit}
    if (claim.kind, claim.unit) == (evidence.kind, evidence.unit):
        return True
    if (claim.kind, evidence.kind) == ("count", "count") and (_ANYTHING & units or _near(claim.unit, evidence.unit)):
        return True
    if claim.kind == "number" and not claim.unit and evidence.kind in ("count", "money", "ordinal"):
        return True
    if evidence.kind == "number" and not evidence.unit and claim.kind in ("count", "ordinal"):
        return True
    if {claim.kind, evidence.kind} == {"ordinal", "count"} and "item" in units:
        return True  # 39条, Article 39
    counted = {claim.kind, evidence.kind} <= {"count", "measure", "number", "percent", "money"}
    return counted and any(units <= same for same in _SAME_VALUE)


_FAMILIES = (
    frozenset({"field", "challenge", "project", "item"}),
    frozenset({"organisation", "place", "item"}),
    frozenset({"word", "token", "character"}),
    frozenset({"gpu", "node", "item"}),
)


def _near(one: str, other: str) -> bool:
    """Return whether two classes of counted things are often the same thing in a translation."""
    return any({one, other} <= family for family in _FAMILIES)


def _times(quantity: Quantity, factor: float) -> Quantity:
    return replace(quantity, low=quantity.low * factor, high=quantity.high * factor)


def _values_agree(claim: Quantity, evidence: Quantity, tolerance: float) -> bool:
    if claim.approximate:
        tolerance = max(tolerance, _ROUNDING)
    if _same(claim.low, evidence.low, tolerance) and _same(claim.high, evidence.high, tolerance):
        return True
    if math.isinf(claim.low) or math.isinf(claim.high):
        return _satisfies(claim, evidence)
    if claim.low == claim.high:
        return any(_same(claim.low, end, tolerance) for end in _ends(evidence))
    if claim.approximate:
        return claim.low <= evidence.low and evidence.high <= claim.high
    return False


def _ends(evidence: Quantity) -> tuple[float, ...]:
    """Return the values that a range names; a bound and a vague number (数百) name none."""
    bound = math.isinf(evidence.low) or math.isinf(evidence.high)
    vague = evidence.approximate and evidence.low != evidence.high
    return () if bound or vague else (evidence.low, evidence.high)


def _satisfies(bound: Quantity, evidence: Quantity) -> bool:
    """Return whether a value lies within a bound and near it: "more than 500" is held by 523."""
    edge = bound.high if math.isinf(bound.low) else bound.low
    inside = bound.low <= evidence.low and evidence.high <= bound.high
    return inside and math.isfinite(evidence.high - evidence.low) and _same(edge, evidence.low, 2 * _ROUNDING)


def _same(one: float, other: float, tolerance: float) -> bool:
    return one == other or (
        math.isfinite(one) and math.isfinite(other) and abs(one - other) <= tolerance * max(abs(one), abs(other))
    )


def _date_is_number(one: Quantity, other: Quantity) -> bool:
    """Return whether a bare number is the year of a date (in 833), or an ordinal its day (on the 17th)."""
    dated, figure = (one, other) if one.kind == "date" else (other, one)
    year, month, day = _parts(dated)
    if figure.kind == "number" and not figure.unit:
        return dated.unit == "year" and year >= 100 and figure.low == figure.high == year
    return figure.kind == "ordinal" and (year, month) == (0, 0) and figure.low == day


def _dates_agree(claim: Quantity, evidence: Quantity) -> bool:
    if claim.low != claim.high or evidence.low != evidence.high:
        return claim.low <= evidence.low and evidence.high <= claim.high + 9999
    said, held = _parts(claim), _parts(evidence)
    return all(part in (0, other) for part, other in zip(said, held, strict=True))


def _parts(quantity: Quantity) -> tuple[int, int, int]:
    value = int(quantity.low)
    if value < 0:
        return value // 10000, 0, 0
    return value // 10000, value // 100 % 100, value % 100
