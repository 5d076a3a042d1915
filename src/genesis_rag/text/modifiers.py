"""Words around a quantity that make it rough or a bound: 約, 以上, at least, or so."""

from __future__ import annotations

import math
from dataclasses import replace

from genesis_rag.text.numerals import View
from genesis_rag.text.patterns import lazy
from genesis_rag.text.quantity import Quantity

_ROUGH_BEFORE = lazy(
    r"(?:約|およそ|おおよそ|ほぼ|概ね|おおむね|凡そ|推定|ざっと|~|(?<![a-z])(?:about|approximately|approx\.?|around|roughly"
    r"|nearly|almost|some|circa|ca?\.|estimated|close to|in the (?:region|order) of))[ \n]?(?:the |an? )?$"
)
_ROUGH_AFTER = lazy(
    r" ?(?:ほど|程度|前後|くらい|ぐらい|余り|あまり|余(?!剰|裕|地|計)|近く|内外|弱(?!点)|強(?![い化力調さ制硬])"
    r"|台(?![湾風頭])|頃|ごろ|or so(?![a-z])|or thereabouts|-odd(?![a-z]))"
)
_LEAST_BEFORE = lazy(
    r"(?:少なくとも|最低でも|最低|最少|[≥≧]|>=?|(?<![a-z])(?:at least|no (?:less|fewer) than|not less than"
    r"|(?<!no )(?<!not )more than"
    r"|greater than|above|(?<!not )exceed(?:s|ed|ing)?|upwards? of|minimum(?: of)?|in excess of|surpass(?:es|ed|ing)?"
    r"|(?P<over>over))) ?$"
)
_LEAST_AFTER = lazy(
    r" ?(?:以上|超(?![電音伝高大越])|を(?:超|こ)え|を上回|を突破"
    r"|or (?:more|above|older|greater|over|higher|longer)(?![a-z])|and (?:above|over|up|older)(?![a-z])"
    r"|plus(?![a-z])|\+)"
)
_MOST_BEFORE = lazy(
    r"(?:最大で?|最長で?|最高で?|最多で?|多くとも|せいぜい|上限|[≤≦]|<=?|(?<![a-z])(?:at most|(?:no|not) more than"
    r"|up to|(?<!no )(?<!not )less than|(?<!no )fewer than|(?P<under>under|below|within)|not exceed(?:ing)?"
    r"|maximum(?: of)?|as (?:many|much) as)) ?"
    r"(?:the (?:next|first|last|past) )?$"
)
_MOST_AFTER = lazy(
    r" ?(?:以下|未満|以内|を下回|に満たない|足らず|に(?:収|おさ)[めま]"
    r"|or (?:less|fewer|under|below|younger|lower|shorter)(?![a-z]))"
)
_BOUNDED = frozenset({"money", "percent", "duration", "count", "measure", "number"})
_REACH = 28


def loosened(view: View, quantity: Quantity) -> Quantity:
    """Return ``quantity``, approximate when the words around it say so (for ranges, which have their bounds)."""
    start, end = quantity.span.start, quantity.span.end
    rough = _ROUGH_BEFORE.search(view.lower, max(0, start - _REACH), start) or _ROUGH_AFTER.match(view.lower, end)
    return replace(quantity, approximate=True) if rough else quantity


def modified(view: View, quantity: Quantity) -> Quantity:
    """Return ``quantity``, whose span is one of the view, with what the words around it say about it.

    以上, 超, over and at least all open the upper end; 以下, 未満, under and within the lower one. Whether the bound
    itself belongs to it is not kept: translations do not keep it either.
    """
    start, end = quantity.span.start, quantity.span.end
    reach = max(0, start - _REACH)
    rough = _ROUGH_BEFORE.search(view.lower, reach, start) or _ROUGH_AFTER.match(view.lower, end)
    if rough:
        quantity = replace(quantity, approximate=True)
        if rough.end() == start:
            start = rough.start()
            reach = max(0, start - _REACH)
        else:
            end = rough.end()
    if quantity.kind not in _BOUNDED or quantity.low != quantity.high:
        return quantity
    least = _LEAST_BEFORE.search(view.lower, reach, start)
    # "over five years" mostly means: in the course of them.
    if least and least["over"] and quantity.kind == "duration":
        least = None
    if least or _LEAST_AFTER.match(view.lower, end):
        return replace(quantity, high=math.inf)
    most = _MOST_BEFORE.search(view.lower, reach, start)
    # "under three pillars" says where, "under 500" how many.
    if most and most["under"] and quantity.kind == "count" and view.lower[quantity.span.start].isalpha():
        most = None
    if most or _MOST_AFTER.match(view.lower, end):
        return replace(quantity, low=-math.inf)
    return quantity
