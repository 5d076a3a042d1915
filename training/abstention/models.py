"""Two linear models and their fitting: a conditional logit that chooses, and a logistic that estimates a chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genesis_rag.answering.features import ANSWERABLE_FEATURES, FEATURES
from genesis_rag.answering.scoring import LinearModel

UNLEARNABLE = ("lead", "heading", "item")
"""Passages of an encyclopedia hardly have lists: what they teach of items is chance. The line that leads in to a list
counts as much as a sentence before the unit."""
LEAST_SPREAD = 0.03
"""A feature that hardly varies in the examples is left out: its weight would be huge and mean nothing elsewhere."""


@dataclass(frozen=True)
class Choice:
    """The features of the units of one question (float[n, features]), which of them answer, and how much it counts."""

    values: np.ndarray
    gold: np.ndarray
    weight: float


@dataclass(frozen=True)
class Chance:
    """The features of the best unit of one question, whether the passages answer, whether the unit does, its weight."""

    values: np.ndarray
    answered: bool
    right: bool
    weight: float
    setting: str


def fit_choice(cases: Sequence[Choice], steps: int = 400) -> LinearModel:
    """Minimise the weighted mean of -log of the probability that the softmax gives to the answering units (Adam)."""
    stacked = np.concatenate([case.values for case in cases]).astype(np.float64)
    stacked[:, [FEATURES.index(name) for name in UNLEARNABLE]] = 0.0
    stacked[:, stacked.std(axis=0) < LEAST_SPREAD] = 0.0
    mean, scale = stacked.mean(axis=0), stacked.std(axis=0) + 1e-6
    owner = np.repeat(np.arange(len(cases)), [len(case.gold) for case in cases])
    counts = np.array([case.weight for case in cases])[owner] / sum(case.weight for case in cases)
    x = (stacked - mean) / scale
    gold = np.concatenate([case.gold for case in cases])
    weights, first, second = (np.zeros(x.shape[1]) for _ in range(3))
    for step in range(1, steps + 1):
        scores = x @ weights
        top = np.full(len(cases), -np.inf)
        np.maximum.at(top, owner, scores)
        powers = np.exp(scores - top[owner])
        share = powers / np.bincount(owner, powers)[owner]
        right = np.where(gold, powers, 0.0)
        target = right / np.maximum(np.bincount(owner, right), 1e-12)[owner]
        gradient = x.T @ (counts * (share - target)) + 1e-3 * weights
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        weights -= 0.05 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    raw = weights / scale
    raw[FEATURES.index("lead")] = raw[FEATURES.index("previous")]
    return LinearModel(FEATURES, raw.astype(np.float32), float(-(mean / scale) @ weights))


def first_right(cases: Sequence[Choice], model: LinearModel) -> float:
    """Return how often the unit with the highest score answers."""
    return float(np.mean([case.gold[int(np.argmax(model(case.values.astype(np.float32))))] for case in cases]))


def fit_chance(rows: Sequence[Chance], penalty: float = 10.0) -> LinearModel:
    """Logistic regression by Newton's method with a small ridge, on standardised features; both classes weigh alike."""
    x = np.array([row.values for row in rows], dtype=np.float64)
    y = np.array([row.answered for row in rows], dtype=np.float64)
    weight = np.array([row.weight for row in rows])
    for kind in (0.0, 1.0):
        weight[y == kind] *= 0.5 * len(rows) / max(weight[y == kind].sum(), 1e-9)
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = np.column_stack([(x - mean) / scale, np.ones(len(x))])
    ridge = penalty * np.eye(z.shape[1])
    ridge[-1, -1] = 0.0
    beta = np.zeros(z.shape[1])
    for _ in range(30):
        p = 0.5 * (1 + np.tanh(0.5 * z @ beta))
        hessian = (z * (weight * p * (1 - p))[:, None]).T @ z + ridge
        beta -= np.linalg.solve(hessian, z.T @ (weight * (p - y)) + ridge @ beta)
    raw = beta[:-1] / scale
    return LinearModel(ANSWERABLE_FEATURES, raw.astype(np.float32), float(beta[-1] - (mean / scale) @ beta[:-1]))


def chances(rows: Sequence[Chance], model: LinearModel) -> np.ndarray:
    """Return the estimated probabilities."""
    x = np.array([row.values for row in rows], dtype=np.float32)
    return np.asarray(0.5 * (1 + np.tanh(0.5 * model(x))))


def weighted_quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    """Return the value below which ``share`` of the weight lies."""
    order = np.argsort(values)
    below = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(below, share)), len(values) - 1)])


def auroc(score: np.ndarray, label: np.ndarray) -> float:
    """Area under the ROC curve by ranks, ties shared."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positive = label.sum()
    return float((ranks[label > 0].sum() - positive * (positive + 1) / 2) / (positive * (len(label) - positive)))
