"""How well a system knows what it does not know. Pure functions.

Risk and coverage follow El-Yaniv and Wiener ("On the foundations of noise-free selective classification", 2010).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genesis_rag.evaluation.bootstrap import CONFIDENCE, RESAMPLES, SEED, Estimate, Floats, resample_counts
from genesis_rag.values import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one question.

    Attributes:
        confidence: that of the answer; higher is surer.
        answerable: whether the documents answer it.
        answered: whether an answer was given.
        right: whether the answer given says an accepted one; False for a refusal.
    """

    confidence: float
    answerable: bool
    answered: bool
    right: bool


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """Answering only where the confidence is at least ``threshold``: the share answered, and the share of it wrong.

    ``observed`` is False where refused questions would have to be answered, whose answers nobody saw: they count as
    wrong.
    """

    threshold: float
    coverage: float
    risk: float
    observed: bool


@dataclass(frozen=True, slots=True)
class Threshold:
    """A confidence from which on to answer, and what it does on the questions it was chosen on."""

    value: float
    right_refusals: float
    wrong_refusals: float


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float | None:
    """Return the chance that a positive scores higher than a negative, ties counted half; None without both kinds."""
    if len(set(positive)) < 2:
        return None
    ones = np.ones((1, len(scores)))
    return float(_weighted_auroc(np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=bool), ones)[0])


def auroc_estimate(
    scores: Sequence[float], positive: Sequence[bool], resamples: int = RESAMPLES, seed: int = SEED
) -> Estimate | None:
    """Return the AUROC with its bootstrap interval; resamples without both kinds are left out."""
    value = auroc(scores, positive)
    if value is None:
        return None
    own, kinds = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=bool)
    found = np.concatenate([_weighted_auroc(own, kinds, c) for c in resample_counts(len(own), resamples, seed)])
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(found[~np.isnan(found)], (tail, 1 - tail))
    return Estimate(value, float(min(low, value)), float(max(high, value)), len(own))


def risk_coverage(decisions: Sequence[Decision]) -> list[RiskPoint]:
    """Return the curve, one point for each distinct confidence, from the highest down.

    Confidence decides alone: a question counts as answered at every threshold that its confidence reaches.
    """
    points: list[RiskPoint] = []
    ordered = sorted(decisions, key=lambda one: -one.confidence)
    wrong, observed = 0, True
    for number, one in enumerate(ordered, start=1):
        wrong += not one.right
        observed = observed and one.answered
        if number == len(ordered) or ordered[number].confidence != one.confidence:
            points.append(RiskPoint(one.confidence, number / len(ordered), wrong / number, observed))
    return points


def area_under(points: Sequence[RiskPoint]) -> float | None:
    """Return the mean risk over all coverages (AURC): the risk of each question's point, weighted by what it adds."""
    if not points:
        return None
    area, before = 0.0, 0.0
    for point in points:
        area += point.risk * (point.coverage - before)
        before = point.coverage
    return area / before


def best_threshold(confidences: Sequence[float], answerable: Sequence[bool]) -> Threshold | None:
    """Return the threshold with the highest sum of right refusals and answered answerable ones (Youden's J).

    Of equally good ones the lowest, which refuses least. None without both kinds of questions.
    """
    own, kinds = np.asarray(confidences, dtype=np.float64), np.asarray(answerable, dtype=bool)
    if kinds.all() or not kinds.any():
        return None
    best: Threshold | None = None
    for value in np.unique(own):
        right, wrong = float((own[~kinds] < value).mean()), float((own[kinds] < value).mean())
        if best is None or right - wrong > best.right_refusals - best.wrong_refusals + 1e-12:
            best = Threshold(float(value), right, wrong)
    return best


def _weighted_auroc(scores: Floats, positive: NDArray[np.bool_], weights: Floats) -> Floats:
    """Return the AUROC for each row of weights [resamples, questions]; NaN where a row lacks a kind."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    sorted_weights, kinds = weights[:, order], positive[order]
    above = np.add.reduceat(sorted_weights * kinds, starts, axis=1)
    below = np.add.reduceat(sorted_weights * ~kinds, starts, axis=1)
    beaten = np.cumsum(below, axis=1) - below / 2
    pairs = above.sum(axis=1) * below.sum(axis=1)
    areas = np.full(len(weights), np.nan)
    np.divide((above * beaten).sum(axis=1), pairs, out=areas, where=pairs > 0)
    return areas
