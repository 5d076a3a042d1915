"""Passages for both sides of a comparison: those of each side in turn, so that neither crowds out the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from genesis_rag.types import Passage


def in_turn(found: Sequence[Sequence[Passage]], count: int) -> list[Passage]:
    """Return at most ``count`` passages, the best of each list first, no place twice, markers from 1."""
    chosen: list[Passage] = []
    for passage in chain.from_iterable(zip_longest(*found)):
        if passage is not None and len(chosen) < count and not any(_overlap(passage, other) for other in chosen):
            chosen.append(passage)
    return [replace(passage, marker=marker) for marker, passage in enumerate(chosen, start=1)]


def _overlap(one: Passage, other: Passage) -> bool:
    same = one.document_id == other.document_id
    return same and one.start < other.end and other.start < one.end
