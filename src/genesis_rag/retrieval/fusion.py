"""Fusing the dense and the keyword ranking, and sharing places out among languages: pure functions of numbers.

The fused score is a convex combination (Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval",
2023): it keeps how much better one chunk is than the next, which ranks forget, and needs one weight.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from math import log
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from genesis_rag.values import dataclass

Floats = NDArray[np.float64]
Group = TypeVar("Group", bound=Hashable)

_FULL_MATCH_WORDS = 4


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


def keyword_scores(bm25: Floats, chunks: int) -> Floats:
    """Return BM25 scores as parts of a full match: 1 is the score of four words that no other chunk holds.

    A word in one chunk of average length alone scores ln(2N + 2), which is Lucene's and tantivy's
    idf = ln(1 + (N - n + 0.5) / (n + 0.5)) for n = 0. Long questions can score above 1.

    This keeps scores of different questions comparable. Dividing by the best score found makes a stray word a full
    match, and neither that nor dividing by all that the question's words could score ranks better: see
    "mrr_by_scaling" in benchmarks/results/retrieval.json.

    Args:
        bm25: scores.
        chunks: number of chunks in the index, N.
    """
    return bm25 / (_FULL_MATCH_WORDS * log(2.0 * chunks + 2.0))


def fuse(dense: Floats, keyword: Floats, weight: float) -> Floats:
    """Return ``weight`` parts of the cosine and the rest of the keyword score; a negative cosine counts as 0."""
    return weight * np.maximum(dense, 0.0) + (1.0 - weight) * keyword


def fuse_foreign(dense: Floats, keyword: Floats, weight: float, base: float, slope: float) -> Floats:
    """Return the fused score of chunks in another language than the question.

    They share no words with it but numbers and names, so what their cosine has above ``base``, times ``slope``, stands
    in for the words; it never makes the ordinary fused score smaller.
    """
    stand_in = slope * np.maximum(dense - base, 0.0) + (1.0 - weight) * keyword
    return np.maximum(fuse(dense, keyword, weight), stand_in)


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
