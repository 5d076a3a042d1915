"""Checks of what an answer claims against the words it points at, and of the markers in a generated text."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from genesis_rag.text.normalize import fold
from genesis_rag.text.numbers import unsupported_quantities
from genesis_rag.text.patterns import lazy
from genesis_rag.types import Passage, Span, Verification

_MARKER = lazy(
    r"[\[［【〔]\s*(?P<body>[0-9０-９]{1,4}(?:\s*(?:[,、，;；・]|-|–|~|〜)\s*[0-9０-９]{1,4})*)\s*[\]］】〕]"
)
_NUMBER = lazy(r"[0-9０-９]+")
_RANGE = lazy(r"([0-9０-９]+)\s*(?:-|–|~|〜)\s*([0-9０-９]+)")
_MAX_RANGE = 20
_ADDRESS = lazy(r"(?:https?://|www\.|[\w.+-]+@)[!-~]+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/[!-~]*")
_NAME = lazy(
    r"(?<![.!?。！？]\s)(?<!^)\b[A-Z][A-Za-z0-9&-]+\b|\b[A-Za-z]+\d[\w-]*\b|[ァ-ヺ][ァ-ヺー・]{2,}", re.MULTILINE
)

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
        exact=sound, numbers_agree=not unsupported_quantities(claim, quote), support=term_support(claim, quote, terms)
    )


def term_support(claim: str, evidence: str, terms: Terms) -> float:
    """Return the share (0..1) of the claim's distinct content terms that the evidence holds; 1 for a claim without."""
    wanted = set(terms(claim))
    if not wanted:
        return 1.0
    return len(wanted & set(terms(evidence))) / len(wanted)


def unsupported_names(claim: str, evidence: str, *, same_language: bool) -> tuple[str, ...]:
    """Return what the claim names and the evidence does not, folded: addresses always, names in one language only.

    Names are capitalised or mixed Latin words but for the first of a sentence, and runs of three katakana or more. In
    the other language a name is often written otherwise (富岳, Fugaku), so there only addresses are compared.
    """
    known = fold(evidence)
    named = [match[0] for match in _ADDRESS.finditer(claim)]
    if same_language:
        named += [match[0] for match in _NAME.finditer(_ADDRESS.sub(" ", claim))]
    return tuple(name for name in dict.fromkeys(map(fold, named)) if name not in known)


def _same(claim: str, quote: str) -> bool:
    return "".join(claim.split()) == "".join(quote.split())
