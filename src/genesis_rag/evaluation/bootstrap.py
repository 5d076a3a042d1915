"""Intervals and comparisons by resampling questions (Efron, 1979). Same input, same figures: the seed is fixed.

All measures of one group of questions are resampled together, each as the mean over the questions that have it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from genesis_rag.values import dataclass

Floats = NDArray[np.float64]

SEED = 20260604
RESAMPLES = 2000
PAIRED_RESAMPLES = 10_000
CONFIDENCE = 0.95
_BLOCK_CELLS = 4_000_000
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over ``n`` questions with the interval that holds it with 95 % confidence."""

    value: float
    low: float
    high: float
    n: int


def resample_counts(n: int, resamples: int, seed: int = SEED) -> Iterator[Floats]:
    """Yield blocks [rows, n]: how often each of ``n`` questions is in a resample of size ``n``."""
    rng = np.random.default_rng(seed)
    done = 0
    while done < resamples:
        rows = min(resamples - done, max(1, _BLOCK_CELLS // max(n, 1)))
        drawn = rng.integers(0, n, size=(rows, n))
        offsets = (np.arange(rows) * n)[:, None]
        yield np.bincount((drawn + offsets).ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)
        done += rows


def estimates(values: Floats, resamples: int = RESAMPLES, seed: int = SEED) -> list[Estimate | None]:
    """Return an estimate for each column of ``values`` [questions, measures]; NaN marks a question without the measure.

    The interval is the percentile interval. Where all values are 0, or all are 1, resampling shows no spread, so the
    other end is the exact one of Clopper and Pearson (1934). A column without any value gives None.
    """
    n, columns = values.shape
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    totals = known.sum(axis=0)
    if not n:
        return [None] * columns
    means = np.concatenate([_ratios(c @ filled, c @ known) for c in resample_counts(n, resamples, seed)])
    tail = (1 - CONFIDENCE) / 2
    found: list[Estimate | None] = []
    for column in range(columns):
        if not totals[column]:
            found.append(None)
            continue
        value, n_known = float(filled[:, column].sum() / totals[column]), int(totals[column])
        own = values[known[:, column], column]
        if own.min() == own.max() and value in (0.0, 1.0):
            reach = tail ** (1 / n_known)
            found.append(Estimate(value, reach if value else 0.0, 1.0 if value else 1 - reach, n_known))
            continue
        kept = means[~np.isnan(means[:, column]), column]
        low, high = np.quantile(kept, (tail, 1 - tail))
        # Rounding must not put the mean outside of its own interval.
        found.append(Estimate(value, float(min(low, value)), float(max(high, value)), n_known))
    return found


@dataclass(frozen=True, slots=True)
class Change:
    """The mean change of a measure from one run to another over the ``n`` questions that have it in both.

    Attributes:
        before: mean in the first run.
        after: mean in the second.
        low: lower end of the 95 % interval of the change.
        high: upper end.
        fall_p: share of the resamples in which the measure did not fall: the chance that a fall is mere noise.
        rise_p: the same for a rise.
        n: number of questions.
    """

    before: float
    after: float
    low: float
    high: float
    fall_p: float
    rise_p: float
    n: int

    @property
    def value(self) -> float:
        """The change."""
        return self.after - self.before


def paired_change(
    before: Sequence[float], after: Sequence[float], resamples: int = PAIRED_RESAMPLES, seed: int = SEED
) -> Change:
    """Compare two runs question by question (paired bootstrap; Koehn, 2004).

    Args:
        before: values of the first run, of at least one question.
        after: values of the same questions in the second run.
        resamples: how many resamples.
        seed: of the resampling.
    """
    first, second = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    changes = second - first
    n = len(changes)
    if not changes.any():
        return Change(float(first.mean()), float(second.mean()), 0.0, 0.0, 1.0, 1.0, n)
    means = np.concatenate([counts @ changes for counts in resample_counts(n, resamples, seed)]) / n
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, (tail, 1 - tail))
    fall_p = (1 + int((means >= -_ROUNDING).sum())) / (1 + resamples)
    rise_p = (1 + int((means <= _ROUNDING).sum())) / (1 + resamples)
    return Change(float(first.mean()), float(second.mean()), float(low), float(high), fall_p, rise_p, n)


def holm(p_values: Sequence[float], level: float = 1 - CONFIDENCE) -> list[bool]:
    """Tell which of several p-values are significant together (Holm, 1979): one false alarm in 20 runs, not in each."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    significant = [False] * len(p_values)
    for place, number in enumerate(order):
        if p_values[number] > level / (len(p_values) - place):
            break
        significant[number] = True
    return significant


def _ratios(sums: Floats, counts: Floats) -> Floats:
    means = np.full_like(sums, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means
