from __future__ import annotations

import math

import numpy as np
import pytest

from genesis_rag.evaluation.bootstrap import estimates, holm, paired_change, resample_counts


def test_resamples_have_the_size_of_the_sample_and_are_the_same_every_time() -> None:
    first = np.concatenate(list(resample_counts(50, 30)))
    assert first.shape == (30, 50)
    assert (first.sum(axis=1) == 50).all()
    assert (first == np.concatenate(list(resample_counts(50, 30)))).all()
    assert (first != np.concatenate(list(resample_counts(50, 30, seed=1)))).any()


def test_interval_agrees_with_scipy() -> None:
    from scipy.stats import bootstrap

    values = np.random.default_rng(3).random(80)
    (ours,) = estimates(values[:, None], resamples=20_000)
    theirs = bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(4)
    ).confidence_interval
    assert ours is not None
    assert ours.value == pytest.approx(values.mean())
    assert ours.low == pytest.approx(theirs.low, abs=0.003)
    assert ours.high == pytest.approx(theirs.high, abs=0.003)
    assert ours.n == 80


def test_questions_without_a_measure_are_left_out_of_it() -> None:
    table = np.array([[1.0, np.nan], [0.0, 1.0], [1.0, 0.5], [0.0, np.nan]])
    first, second = estimates(table)
    assert first is not None
    assert second is not None
    assert (first.value, first.n) == (0.5, 4)
    assert (second.value, second.n) == (0.75, 2)
    assert second.low <= 0.75 <= second.high
    (third,) = estimates(np.full((3, 1), np.nan))
    assert third is None
    assert estimates(np.empty((0, 2))) == [None, None]


@pytest.mark.parametrize(("value", "n"), [(1.0, 20), (0.0, 20), (1.0, 1)])
def test_all_right_is_not_certainty(value: float, n: int) -> None:
    """Clopper and Pearson: with n of n right the lower end p solves p^n = 0.025."""
    (one,) = estimates(np.full((n, 1), value))
    assert one is not None
    end = one.low if value else 1 - one.high
    assert end == pytest.approx(math.pow(0.025, 1 / n))
    assert (one.high if value else one.low) == value


def test_coverage_of_the_interval() -> None:
    """Of 200 samples of a known share about 95 % of the intervals hold it."""
    rng = np.random.default_rng(7)
    samples = (rng.random((100, 200)) < 0.7).astype(float)
    held = sum(one is not None and one.low <= 0.7 <= one.high for one in estimates(samples, resamples=1000))
    assert 180 <= held <= 199


def test_paired_change_by_hand() -> None:
    change = paired_change([1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 1.0])
    assert (change.before, change.after, change.value, change.n) == (0.5, 0.5, 0.0, 4)
    assert change.low < 0 < change.high
    assert change.fall_p > 0.3
    assert change.rise_p > 0.3


def test_the_same_run_has_no_change_at_all() -> None:
    change = paired_change([0.3, 0.7], [0.3, 0.7])
    assert (change.low, change.high, change.fall_p, change.rise_p) == (0.0, 0.0, 1.0, 1.0)


def test_a_true_fall_is_told_from_noise() -> None:
    before = [1.0] * 100
    fallen = paired_change(before, [0.0] * 20 + [1.0] * 80)
    assert fallen.fall_p < 0.001
    assert fallen.high < 0
    noise = paired_change([1.0, 0.0] * 50, [0.0, 1.0] * 25 + [1.0, 0.0] * 25)
    assert noise.fall_p > 0.3
    one_question = paired_change(before, [0.0] + [1.0] * 99)
    assert one_question.fall_p > 0.05, "one question of a hundred is no evidence"


def test_holm_by_hand() -> None:
    # 0.01 <= 0.05/3, 0.02 <= 0.05/2, 0.06 > 0.05
    assert holm([0.02, 0.06, 0.01]) == [True, False, True]
    # 0.02 > 0.05/3 stops all
    assert holm([0.02, 0.03, 0.04]) == [False, False, False]
    assert holm([]) == []
