"""Measures of a ranking, from the ranks at which what a question needs was found. Pure functions.

A rank counts from 1; None stands for a need that the ranking does not meet. Where one result meets several needs they
share its rank, so the ranking is perfect if that rank is 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

Ranks = Sequence[int | None]


def recall_at(ranks: Ranks, k: int) -> float:
    """Return the share of the needs met within the first ``k``; 0 where there is none."""
    return sum(rank is not None and rank <= k for rank in ranks) / len(ranks) if ranks else 0.0


def success_at(ranks: Ranks, k: int) -> float:
    """Return 1 if the first ``k`` meet every need, else 0."""
    return float(bool(ranks) and all(rank is not None and rank <= k for rank in ranks))


def reciprocal_rank(ranks: Ranks, k: int) -> float:
    """Return 1 / rank of the first need met within the first ``k``, else 0 (its mean is MRR@k)."""
    best = min((rank for rank in ranks if rank is not None), default=k + 1)
    return 1.0 / best if best <= k else 0.0


def ndcg_at(ranks: Ranks, k: int, grades: Sequence[int] | None = None) -> float:
    """Return the normalised discounted cumulative gain of the first ``k`` (Järvelin and Kekäläinen, 2002).

    The gain of a result is the grade of the need that it meets (as in trec_eval, not 2^grade - 1), discounted by
    log2(rank + 1). Needs met at one rank are one result, with the highest of their grades, in the ideal ranking too.

    Args:
        ranks: rank of each need.
        k: depth.
        grades: grade of each need; all 1 by default.
    """
    gains = list(grades) if grades is not None else [1] * len(ranks)
    by_rank: dict[int, int] = {}
    missed = []
    for rank, gain in zip(ranks, gains, strict=True):
        if rank is None:
            missed.append(gain)
        else:
            by_rank[rank] = max(gain, by_rank.get(rank, 0))
    ideal = sorted([*by_rank.values(), *missed], reverse=True)[:k]
    best = sum(gain / log2(place + 1) for place, gain in enumerate(ideal, start=1))
    reached = sum(gain / log2(rank + 1) for rank, gain in by_rank.items() if rank <= k)
    return reached / best if best else 0.0
