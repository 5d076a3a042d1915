from __future__ import annotations

import numpy as np
import pytest

from genesis_rag.evaluation.abstaining import (
    Decision,
    area_under,
    auroc,
    auroc_estimate,
    best_threshold,
    risk_coverage,
)


def test_auroc_by_hand() -> None:
    # Pairs: (.9,.4) won, (.9,.6) won, (.6,.4) won, (.6,.6) half: 3.5 of 4
    assert auroc([0.9, 0.6, 0.4, 0.6], [True, True, False, False]) == pytest.approx(3.5 / 4)
    assert auroc([0.1, 0.2], [True, True]) is None
    assert auroc([], []) is None


@pytest.mark.slow
def test_auroc_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(5)
    for _ in range(30):
        kinds = rng.random(60) < 0.5
        scores = np.round(rng.random(60) + 0.3 * kinds, 1)  # with ties
        assert auroc(scores.tolist(), kinds.tolist()) == pytest.approx(roc_auc_score(kinds, scores))


def test_auroc_interval_holds_the_value_and_repeats() -> None:
    scores, kinds = [0.9, 0.8, 0.3, 0.6, 0.5, 0.2, 0.7, 0.1], [True, True, True, True, False, False, False, False]
    one = auroc_estimate(scores, kinds)
    assert one is not None
    assert one == auroc_estimate(scores, kinds)
    assert 0 <= one.low < one.value < one.high <= 1
    assert one.n == 8
    assert auroc_estimate([0.5], [True]) is None


def decision(confidence: float, right: bool, answered: bool = True) -> Decision:
    return Decision(confidence, answerable=True, answered=answered, right=right)


def test_risk_and_coverage_by_hand() -> None:
    curve = risk_coverage(
        [
            decision(0.9, right=True),
            decision(0.8, right=False),
            decision(0.8, right=True),
            decision(0.2, right=False, answered=False),
        ]
    )
    assert [(p.threshold, p.coverage, p.observed) for p in curve] == [
        (0.9, 0.25, True),
        (0.8, 0.75, True),
        (0.2, 1.0, False),
    ]
    assert [p.risk for p in curve] == pytest.approx([0.0, 1 / 3, 0.5])
    assert area_under(curve) == pytest.approx(0.25 * 0 + 0.5 / 3 + 0.25 * 0.5)
    assert risk_coverage([]) == []
    assert area_under([]) is None


def test_best_threshold_by_hand() -> None:
    confidences = [0.9, 0.7, 0.4, 0.5, 0.2, 0.1]
    answerable = [True, True, True, False, False, False]
    best = best_threshold(confidences, answerable)
    assert best is not None
    # 0.4 refuses 2 of 3 and no answerable one; 0.7 refuses 3 of 3 and 1 of 3: equal, so the lower one
    assert best.value == 0.4
    assert (best.right_refusals, best.wrong_refusals) == (pytest.approx(2 / 3), 0.0)
    assert best_threshold([0.5], [True]) is None
