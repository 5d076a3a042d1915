"""Quantities of a text, and whether those of a claim are held by its evidence: the public face.

Numbers, amounts of money, dates, lengths of time, counts and measures are read in Japanese and English into values that
do not depend on how they were written: 5億ドル and $500 million, 令和8年6月4日 and June 4, 2026, 5年間 and five years.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import lru_cache

from genesis_rag.text.agreement import agrees, completed
from genesis_rag.text.numerals import view_of
from genesis_rag.text.patterns import lazy
from genesis_rag.text.quantity import QUANTITY_KINDS, Quantity, QuantityKind
from genesis_rag.text.scanner import scan

__all__ = ["QUANTITY_KINDS", "Quantity", "QuantityKind", "agrees", "quantities", "unsupported_quantities"]

_CACHED_LENGTH = 2000


def quantities(text: str) -> list[Quantity]:
    """Return the quantities of ``text`` in order; spans are of ``text`` as given. Any string is accepted."""
    return list(_short_text(text) if len(text) <= _CACHED_LENGTH else _found(text))


def unsupported_quantities(claim: str, evidence: str) -> list[Quantity]:
    """Return the quantities of ``claim`` that ``evidence`` does not hold, in order; see ``agreement.agrees``.

    A date without a year in the evidence is also one of the year named last before it. Not asked for are the "two" of
    "the two sides" and, where the evidence has any "one" or "a", a count of one thing.
    """
    claimed = quantities(claim)
    if not claimed:
        return []
    held = completed(quantities(evidence))
    return [
        quantity
        for quantity in claimed
        if not (_held(quantity, held) or _points_back(claim, quantity) or _says_one(quantity, evidence))
    ]


_BACK = lazy(r"(?:the|these|those|both)\s$", re.IGNORECASE)
_ONE = lazy(
    r"(?<![A-Za-z])(?:one|an?|single|each|every|once)(?![A-Za-z])|(?<![0-9０-９.,])[1１一](?![0-9０-９.,])",
    re.IGNORECASE,
)


def _points_back(claim: str, quantity: Quantity) -> bool:
    """Return whether a claim's quantity is the "two" of "the two sides", which only says whom it spoke of."""
    if (quantity.low, quantity.high) != (2, 2) or not claim[quantity.span.start :].lower().startswith("two"):
        return False
    return _BACK.search(claim, max(0, quantity.span.start - 6), quantity.span.start) is not None


def _says_one(quantity: Quantity, evidence: str) -> bool:
    """Return whether a claim counts one thing (1つ) and the evidence has one or "a": those are not read as counts."""
    counted = quantity.kind == "count" and quantity.low == quantity.high == 1
    return counted and _ONE.search(evidence) is not None


def _held(claim: Quantity, held: list[Quantity]) -> bool:
    """Return whether one of the evidence holds the claim, or, of a range, whether two hold its ends."""
    if any(agrees(claim, other) for other in held):
        return True
    if (
        claim.kind == "date"
        or claim.approximate
        or claim.low == claim.high
        or not math.isfinite(claim.high - claim.low)
    ):
        return False
    ends = (replace(claim, high=claim.low), replace(claim, low=claim.high))
    return all(any(agrees(end, other) for other in held) for end in ends)


def _found(text: str) -> tuple[Quantity, ...]:
    view = view_of(text)
    return tuple(
        replace(quantity, span=view.aligned.original(quantity.span.start, quantity.span.end)) for quantity in scan(view)
    )


_short_text = lru_cache(maxsize=8192)(_found)
