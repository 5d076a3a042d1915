"""Fusing the dense and the keyword ranking, and sharing places out among languages: pure functions of numbers.

The fused score is a convex combination (Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval",
2023): it keeps how much better one chunk is than the next, which ranks forget, and needs one weight.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Group = TypeVar("Group", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Scored:
    """A chunk number, its scores by stage, and whether it is in another language than the question.

    ``reranked`` is None for what no reranker has read.
    """

    number: int
    dense: float
    lexical: float
    fused: float
    foreign: bool
    reranked: float | None = None


def keyword_ceiling(terms: Sequence[tuple[str, float]], frequency: Callable[[str], int], chunks: int) -> float:
    """Return the BM25 score of a chunk of average length that holds every term once: the sum of weight times idf.

    idf = ln(1 + (N - n + 0.5) / (n + 0.5)) as in Lucene and tantivy, whose saturated term frequency is 1 there.

    Args:
        terms: distinct terms of the question with their weights.
        frequency: number of chunks that hold a term.
        chunks: number of chunks, N.
    """
    total = 0.0
    for term, weight in terms:
        holding = frequency(term)
        total += weight * log(1.0 + (max(chunks - holding, 0) + 0.5) / (holding + 0.5))
    return total


def keyword_share(lexical: Floats, ceiling: float) -> Floats:
    """Return BM25 scores as parts of the ceiling, at most 1: how much of the question's words a chunk holds.

    Unlike a division by the best score found this leaves the best chunk small where only a stray word matched, as
    between languages.
    """
    return np.minimum(lexical / ceiling, 1.0) if ceiling > 0 else np.zeros_like(lexical)


def fuse(dense: Floats, lexical: Floats, weight: float) -> Floats:
    """Return ``weight`` parts of the cosine and the rest of the keyword share; a negative cosine counts as 0."""
    return weight * np.maximum(dense, 0.0) + (1.0 - weight) * lexical


def best_first(scored: Sequence[Scored]) -> list[Scored]:
    """Sort by falling fused score; ties by falling cosine, then by rising number."""
    return sorted(scored, key=lambda one: (-one.fused, -one.dense, one.number))


def share_places(groups: Sequence[Group], places: int, kept: Mapping[Group, int]) -> list[int]:
    """Choose ``places`` of a ranking so that every group gets those that are kept for it, if it has as many members.

    The best ``places`` are chosen; a group with too few in them puts its next best in the place of the last of a group
    that has more than are kept for it. So what is pushed out is always the worst of those that had been chosen.

    Args:
        groups: the group of each candidate, best candidate first.
        places: how many to choose.
        kept: places kept for each group; no more than ``places`` together.

    Returns:
        The indices of the chosen, rising.
    """
    chosen = list(range(min(places, len(groups))))
    counts = {group: 0 for group in kept}
    for index in chosen:
        counts[groups[index]] = counts.get(groups[index], 0) + 1
    for index in range(len(chosen), len(groups)):
        group = groups[index]
        if counts.get(group, 0) >= kept.get(group, 0):
            continue
        last = next((i for i in reversed(chosen) if counts[groups[i]] > kept.get(groups[i], 0)), None)
        if last is None:
            break
        chosen.remove(last)
        counts[groups[last]] -= 1
        chosen.append(index)
        counts[group] += 1
    return sorted(chosen)
