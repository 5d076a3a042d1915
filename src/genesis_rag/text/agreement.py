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
    if claim.kind == "date" or evidence.kind == "date":
        return claim.kind == evidence.kind and _dates_agree(claim, evidence)
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
    if (claim.kind, claim.unit) == (evidence.kind, evidence.unit):
        return evidence, _EXACT
    kinds = (claim.kind, evidence.kind)
    units = (claim.unit, evidence.unit)
    if "time" in units and {*units} <= {"time", "times", "occasion", "item", ""}:
        return evidence, _EXACT  # English "three times" may be 3回 or 3倍.
    if kinds == ("count", "count"):
        return (evidence, _EXACT) if _ANYTHING & {*units} or _near(*units) else None
    if claim.kind == "number" and evidence.kind in ("count", "money", "ordinal") and claim.unit == "":
        return evidence, _EXACT
    if evidence.kind == "number" and claim.kind in ("count", "ordinal") and evidence.unit == "":
        return evidence, _EXACT
    if "kilo" in units and {*units} <= {"kilo", "metre", "gram"}:
        return evidence, _EXACT
    if "pound" in units:
        return _pounds(claim, evidence)
    if {*kinds} == {"percent", "count"} and {*units} <= {"point", "item"}:
        return evidence, _EXACT
    if {*kinds} == {"percent", "number"} and {*units} == {"%", "fraction"}:
        factor = 100.0 if claim.kind == "percent" else 0.01
        return _times(evidence, factor), _EXACT
    return None


_FAMILIES = (
    frozenset({"field", "challenge", "project", "item"}),
    frozenset({"organisation", "place", "item"}),
    frozenset({"word", "token", "character"}),
    frozenset({"gpu", "node", "item"}),
)


def _near(one: str, other: str) -> bool:
    """Return whether two classes of counted things are often the same thing in a translation."""
    return any({one, other} <= family for family in _FAMILIES)


def _pounds(claim: Quantity, evidence: Quantity) -> tuple[Quantity, float] | None:
    """A pound may be sterling or a weight."""
    if "GBP" in (claim.unit, evidence.unit):
        return evidence, _EXACT
    if {claim.unit, evidence.unit} == {"pound", "gram"}:
        return _times(evidence, _GRAMS_IN_POUND if claim.unit == "gram" else 1 / _GRAMS_IN_POUND), _CONVERSION
    return None


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
