"""Whether the quantities of a statement are those that a text gives, or others of the same kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from genesis_rag.answering.verification import missing_quantities
from genesis_rag.text.agreement import agrees, completed
from genesis_rag.text.normalize import fold
from genesis_rag.text.numbers import Quantity, quantities
from genesis_rag.text.patterns import lazy
from genesis_rag.values import dataclass

Outcome = Literal["agree", "differ", "open"]

_AFTER_JA = lazy(r"^(?:年|月|日)?(?:より)?(?:の)?(?:後|あと|以降|以後)")
_BEFORE_JA = lazy(r"^(?:年|月|日)?(?:より)?(?:の)?(?:前|まえ|以前)")
_AFTER_EN = lazy(r"\b(?:after|since|later than|from)\s+(?:the\s+)?$")
_BEFORE_EN = lazy(r"\b(?:before|earlier than|prior to|by|until)\s+(?:the\s+)?$")
_ABOVE_JA = lazy(
    "^[^、。]{0,2}?(?:を超|超(?![伝電高低音巨大小精])|を上回|より(?:も|は)?(?:多|大き|高|長|広|重|速|古|深|厚|遠))"
)
_BELOW_JA = lazy("^[^、。]{0,2}?(?:未満|を下回|より(?:も|は)?(?:少|小さ|低|短|狭|軽|遅|新し|浅|薄|近|安))")
_ABOVE_EN = lazy(
    r"\b(?:more|(?!few|low|small|short|light|slow|narrow|young|cheap|near)\w+er) than\s+$|\b(?:over|above)\s+$"
)
_BELOW_EN = lazy(
    r"\b(?:less|(?:few|low|small|short|light|slow|narrow|young|cheap|near)er) than\s+$|\b(?:under|below)\s+$"
)
_UNDER = lazy(r"\bunder\s+$")
_LAST_WORD = lazy("[a-z]{3,}$|[一-鿿]$")
_VAGUE = frozenset({"", "item"})


def compare_quantities(statement: str, text: str, context: str = "") -> Outcome:
    """Tell whether ``text`` gives every quantity of ``statement``.

    Returns:
        "agree": all are there, or there are none. "differ": one is not, and the text gives just one other of its kind
        in its place. "open": anything else, as when the text gives two amounts and one of them is asked for.

    Args:
        statement: what is claimed.
        text: the sentence that should say it.
        context: headings around it; what they give (a year, mostly) is taken as said.
    """
    held, around = completed(quantities(text)), completed(quantities(context))
    missing = missing_quantities(statement, text)
    outcomes = [
        _one(quantity, statement, held, text, around, quantity in missing) for quantity in quantities(statement)
    ]
    if "open" in outcomes or outcomes.count("differ") > 1:
        return "open"
    return "differ" if "differ" in outcomes else "agree"


def breaks_bound(statement: str, text: str) -> bool:
    """Tell whether every value that ``text`` gives lies outside of a strict bound of ``statement``: 25, under 25."""
    held = completed(quantities(text))
    for wanted in quantities(statement):
        if wanted.kind in ("date", "duration") or _UNDER.search(statement[: wanted.span.start]):
            continue  # over five years, from June, under three heads: no bounds
        bound = _bound(wanted, statement)
        rivals = [one for one in held if _same_kind(wanted, one)]
        if any(_bound(one, text) is not None for one in rivals):
            continue
        if bound is not None and bound.strict and rivals and all(_within(bound, [one]) == "differ" for one in rivals):
            return True
    return False


def gives_bound(statement: str) -> bool:
    """Tell whether the statement compares with a quantity: more than 20, 5億円以上, before 2026."""
    return any(_bound(quantity, statement) is not None for quantity in quantities(statement))


def _one(
    wanted: Quantity, statement: str, held: Sequence[Quantity], text: str, around: Sequence[Quantity], missing: bool
) -> Outcome:
    rivals = _distinct(_of_the_thing(wanted, statement, [one for one in held if _same_kind(wanted, one)], text))
    bound = _bound(wanted, statement)
    if bound is not None and (missing or wanted.kind == "date"):
        return _within(bound, rivals)
    if not missing or (not rivals and any(agrees(wanted, one) for one in around)):
        return "agree"
    if any(wanted.low in (one.low, one.high) for one in rivals):  # ten years of "within ten years"
        return "agree" if wanted.kind in ("duration", "date") else "open"
    return "differ" if len(rivals) == 1 and not agrees(rivals[0], wanted) else "open"


@dataclass(frozen=True, slots=True)
class _Bound:
    low: float
    high: float
    strict: bool


def _bound(wanted: Quantity, statement: str) -> _Bound | None:
    """Return the bound that a quantity with "more than", "before" or 以上 stands for, None for a plain one."""
    before, after = statement[: wanted.span.start].lower(), statement[wanted.span.end :]
    if wanted.kind == "date":
        end = wanted.high + {"year": 1231, "month": 31}.get(wanted.unit, 0)
        if _AFTER_EN.search(before) or _AFTER_JA.match(after):
            loose = "以降" in after[:4] or "since" in before[-8:] or "from" in before[-8:]
            return _Bound(wanted.low if loose else end, math.inf, not loose)
        if _BEFORE_EN.search(before) or _BEFORE_JA.match(after):
            loose = "以前" in after[:4] or before.rstrip().endswith(("by", "until"))
            return _Bound(-math.inf, end if loose else wanted.low, not loose)
        return None
    if _ABOVE_EN.search(before) or _ABOVE_JA.match(after):
        return _Bound(_finite(wanted), math.inf, True)
    if _BELOW_EN.search(before) or _BELOW_JA.match(after):
        return _Bound(-math.inf, _finite(wanted), True)
    bounded = math.isinf(wanted.low) or math.isinf(wanted.high)
    return _Bound(wanted.low, wanted.high, False) if bounded else None


def _finite(quantity: Quantity) -> float:
    return quantity.high if math.isinf(quantity.low) else quantity.low


def _within(bound: _Bound, rivals: Sequence[Quantity]) -> Outcome:
    """Tell it of the only value that the text gives."""
    if len(rivals) != 1 or not (math.isfinite(rivals[0].low) and math.isfinite(rivals[0].high)):
        return "open"
    value = rivals[0]
    if bound.strict and any(value.low <= edge <= value.high for edge in (bound.low, bound.high)):
        return "open" if value.low != value.high or value.approximate else "differ"
    if bound.low <= value.low and value.high <= bound.high:
        return "agree"
    return "differ" if value.high < bound.low or value.low > bound.high else "open"


def _same_kind(wanted: Quantity, other: Quantity) -> bool:
    if wanted.kind == other.kind == "date":
        return True
    counts = {"count", "number"}
    if wanted.kind in counts and other.kind in counts:
        return wanted.unit == other.unit or wanted.unit in _VAGUE or other.unit in _VAGUE
    return (wanted.kind, wanted.unit) == (other.kind, other.unit)


def _of_the_thing(wanted: Quantity, statement: str, rivals: list[Quantity], text: str) -> list[Quantity]:
    """Keep those that count the same thing in the same word, where some do: members of "14 farmers, 312 members"."""
    noun = _LAST_WORD.search(fold(wanted.span.of(statement)))
    if noun is None:
        return rivals
    same = [one for one in rivals if fold(one.span.of(text)).endswith(noun[0])]
    return same or rivals


def _distinct(found: Sequence[Quantity]) -> list[Quantity]:
    """Leave out repetitions, and a date that a fuller one holds."""
    plain = [replace(one, span=found[0].span) for one in found]
    unique = list(dict.fromkeys(plain))
    return [one for one in unique if not any(one != other and agrees(one, other) for other in unique)]
