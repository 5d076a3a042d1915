"""What a question needs to be found: groups of pieces of evidence, of which any one will do.

One fact often stands in several documents, so the pieces of a question are alternatives unless the set says otherwise:
by a ``part`` for each piece (BEIR's judgements are each a part of their own), or by being a comparison with several
required answers, each of which is said by some piece.
"""

from __future__ import annotations

from collections.abc import Sequence

from genesis_rag.evaluation.items import Evidence, Item
from genesis_rag.evaluation.matching import contains_any

Needs = tuple[tuple[int, ...], ...]
"""For each need the numbers of the pieces of evidence that meet it."""


def needs_of(item: Item) -> Needs:
    """Return the needs of a question, in the order of their first pieces; none without evidence."""
    if any(piece.part for piece in item.evidence):
        parts = dict.fromkeys(piece.part for piece in item.evidence)
        return tuple(tuple(n for n, piece in enumerate(item.evidence) if piece.part == part) for part in parts)
    if item.type == "comparison" and len(item.answers) > 1:
        sides = tuple(_saying(item.evidence, forms) for forms in item.answers)
        if all(sides):
            return sides
    return (tuple(range(len(item.evidence))),) if item.evidence else ()


def need_ranks(needs: Needs, ranks: Sequence[int | None]) -> tuple[int | None, ...]:
    """Return for each need the rank of the piece that meets it first; None for never."""
    found = ([rank for n in need if (rank := ranks[n]) is not None] for need in needs)
    return tuple(min(one, default=None) for one in found)


def _saying(evidence: Sequence[Evidence], forms: Sequence[str]) -> tuple[int, ...]:
    return tuple(n for n, piece in enumerate(evidence) if contains_any(piece.quote, forms))
