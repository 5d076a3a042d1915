"""Checks of what an answer claims against the words it points at, and of the markers in a generated text."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise, permutations

from genesis_rag.text.normalize import fold
from genesis_rag.text.numbers import Quantity, agrees, quantities, unsupported_quantities
from genesis_rag.text.patterns import lazy
from genesis_rag.types import Passage, Span, Verification
from genesis_rag.values import dataclass

_MARKER = lazy(
    r"[\[［【〔]\s*(?P<body>[0-9０-９]{1,4}(?:\s*(?:[,、，;；・]|-|–|~|〜)\s*[0-9０-９]{1,4})*)\s*[\]］】〕]"
)
_NUMBER = lazy(r"[0-9０-９]+")
_RANGE = lazy(r"([0-9０-９]+)\s*(?:-|–|~|〜)\s*([0-9０-９]+)")
_MAX_RANGE = 20
_ADDRESS = lazy(r"(?:https?://|www\.|[\w.+-]+@)[!-~]+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/[!-~]*")
_YEAR = lazy(r"(?:19|20)[0-9]{2}(?=年| |$)")
_BOUND = lazy("(?:over|up to)  |まで", re.IGNORECASE)
_FIRST = lazy(
    "最初|初めて|初の|ファースト|首位|一番|第一|世界一|first|number one"
    r"|\bno\b[^.]*\bbefore\b|(?:これまで|以前|それまで)[^。]*(?:なかった|ません)",
    re.IGNORECASE,
)
_DOUBLE = lazy(
    r"(?<![0-9０-９一二三四五六七八九十百千万数何])倍(?!精度)|\b(?:doubl(?:e[ds]?|ing)|twice|twofold)\b", re.IGNORECASE
)
_DAY = 86400
_EXACT, _ROUGH = 0.005, 0.05
"""How far a ratio of two figures may be from what is said of it, plainly and with "about"."""

Terms = Callable[[str], Collection[str]]
"""Returns the content terms of a text (an analyser's ``content_terms`` without the spans)."""


@dataclass(frozen=True, slots=True)
class MarkerUse:
    """One bracket of markers in a text: where it stands and the passage numbers it names, in order."""

    span: Span
    numbers: tuple[int, ...]


def parse_markers(text: str) -> list[MarkerUse]:
    """Return the citation markers of ``text``: [1], ［１］, 【1】, [1][2] (two uses), [1, 2], [1-3]."""
    uses = []
    for match in _MARKER.finditer(text):
        body = match["body"]
        numbers: list[int] = []
        for low, high in _RANGE.findall(body):
            numbers += range(int(low), min(int(high), int(low) + _MAX_RANGE) + 1)
        numbers += (int(number) for number in _NUMBER.findall(_RANGE.sub(" ", body)))
        uses.append(MarkerUse(Span(match.start(), match.end()), tuple(dict.fromkeys(numbers))))
    return uses


def invalid_markers(text: str, valid: Collection[int]) -> tuple[str, ...]:
    """Return the marker brackets of ``text`` that name a passage which was not shown, as written, once each."""
    wrong = [use.span.of(text) for use in parse_markers(text) if not use.numbers or set(use.numbers) - set(valid)]
    return tuple(dict.fromkeys(wrong))


def verify(claim: str, passage: Passage, start: int, end: int, terms: Terms) -> Verification:
    """Check ``claim`` against ``passage.text[start:end]``.

    Args:
        claim: the span of the answer, without its marker.
        passage: the passage cited; its offsets must fit its text.
        start: start of the quote in the passage's text.
        end: end of the quote in the passage's text.
        terms: gives the content terms of a text.

    Returns:
        ``exact`` when the range lies inside the passage and the passage's own offsets are sound; ``numbers_agree``
        when the quote holds every quantity of the claim; ``support`` = share of the claim's terms in the quote.
    """
    sound = len(passage.text) == passage.end - passage.start and 0 <= start < end <= len(passage.text)
    quote = passage.text[start:end]
    if _same(claim, quote):
        return Verification(exact=sound, numbers_agree=True, support=1.0)
    return Verification(
        exact=sound, numbers_agree=not missing_quantities(claim, quote), support=term_support(claim, quote, terms)
    )


def term_support(claim: str, evidence: str, terms: Terms) -> float:
    """Return the share (0..1) of the claim's distinct content terms that the evidence holds; 1 for a claim without."""
    wanted = set(terms(claim))
    if not wanted:
        return 1.0
    return len(wanted & set(terms(evidence))) / len(wanted)


def missing_addresses(claim: str, evidence: str) -> tuple[str, ...]:
    """Return the addresses (of the web, of mail) in ``claim`` that ``evidence`` does not hold, folded."""
    known = fold(evidence)
    return tuple(
        name for name in dict.fromkeys(fold(match[0]) for match in _ADDRESS.finditer(claim)) if name not in known
    )


def missing_quantities(claim: str, evidence: str) -> list[Quantity]:
    """Return the quantities of ``claim`` that ``evidence`` does not hold; see ``numbers.unsupported_quantities``.

    Here a rounded figure must not be finer than what it rounds ("about 806" of 800), the year of "a 2024 model" and
    2024年の時点 may stand as a year or a figure, and "first" may be said in words that are no number (最初である).
    """
    lost = [one for one in unsupported_quantities(claim, evidence) if not _said_otherwise(claim, one, evidence)]
    held = quantities(evidence)
    return lost + [one for one in quantities(claim) if one.approximate and one not in lost and _finer(one, held)]


def _said_otherwise(claim: str, quantity: Quantity, evidence: str) -> bool:
    year = _YEAR.match(quantity.span.of(claim))
    if (quantity.kind != "date" or quantity.unit == "year") and year and year[0] in evidence:
        return True
    held = quantities(evidence)
    around = claim[max(0, quantity.span.start - 6) : quantity.span.start] + " " + claim[quantity.span.end :][:3]
    if quantity.kind == "duration" and quantity.low == quantity.high and _BOUND.search(around):
        return any(quantity.low in (one.low, one.high) for one in held if one.unit == quantity.unit)
    if quantity.kind == "date" and quantity.unit == "day" and quantity.low <= 31:  # 15日 is a day or a number of days
        return any(one.kind == "duration" and quantity.low * _DAY in (one.low, one.high) for one in held)
    if quantity.kind == "ordinal" and quantity.low == quantity.high == 1:
        return _FIRST.search(evidence) is not None
    if quantity.unit == "times" and quantity.low == quantity.high == 2 and _DOUBLE.search(evidence):
        return True
    return _is_ratio(quantity, held) or _is_sum(quantity, held)


def _is_ratio(quantity: Quantity, held: Sequence[Quantity]) -> bool:
    """Tell whether a multiple or a fraction is that of two figures of one kind, or the inverse of one that is said."""
    if quantity.unit not in ("times", "fraction") or quantity.low != quantity.high:
        return False
    plain = [one for one in held if one.low == one.high and one.low > 0 and one.kind not in ("date", "ordinal", "time")]
    ratios = [
        one.low / other.low for one, other in permutations(plain, 2) if (one.kind, one.unit) == (other.kind, other.unit)
    ]
    ratios += [1 / one.low for one in plain if one.unit in ("times", "fraction")]
    tolerance = _ROUGH if quantity.approximate else _EXACT
    return any(abs(ratio - quantity.low) <= tolerance * quantity.low for ratio in ratios)


def _is_sum(quantity: Quantity, held: Sequence[Quantity]) -> bool:
    """Tell whether a count is that of two counts in a row of the same things: nine and two institutions are eleven."""
    if quantity.kind != "count" or quantity.unit in ("", "item") or quantity.low != quantity.high:
        return False
    return any(
        one.unit == other.unit == quantity.unit and one.low + other.low == quantity.low and one.high == one.low
        for one, other in pairwise(held)
    )


def _finer(quantity: Quantity, held: Sequence[Quantity]) -> bool:
    """Tell whether an approximate figure has more digits than every figure of the evidence that is near it."""
    near = [one.low for one in held if agrees(quantity, one)]
    own = _digits(quantity.low)
    return quantity.low == quantity.high and bool(near) and own > 1 and all(own > _digits(value) for value in near)


def _digits(value: float) -> int:
    """Return the number of significant digits, at most 6."""
    return len(f"{value:.5e}".partition("e")[0].replace(".", "").rstrip("0-").lstrip("-"))


def _same(claim: str, quote: str) -> bool:
    return "".join(claim.split()) == "".join(quote.split())
