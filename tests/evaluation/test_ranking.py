"""Ranking measures: by hand, and against trec_eval (through ir_measures) and scikit-learn."""

from __future__ import annotations

import random
from math import log2
from typing import Any

import numpy as np
import pytest

from genesis_rag.evaluation.ranking import ndcg_at, recall_at, reciprocal_rank, success_at


def test_recall_counts_needs() -> None:
    assert recall_at([1, 4, None], 1) == pytest.approx(1 / 3)
    assert recall_at([1, 4, None], 4) == pytest.approx(2 / 3)
    assert recall_at([1, 4, 9], 9) == 1.0
    assert recall_at([], 5) == 0.0


def test_success_is_all_needs_met() -> None:
    assert success_at([1, 3], 3) == 1.0
    assert success_at([1, 4], 3) == 0.0
    assert success_at([1, None], 9) == 0.0
    assert success_at([], 3) == 0.0


def test_reciprocal_rank_stops_at_k() -> None:
    assert reciprocal_rank([7, 4, None], 10) == 0.25
    assert reciprocal_rank([7, 4], 3) == 0.0
    assert reciprocal_rank([], 3) == 0.0


def test_ndcg_by_hand() -> None:
    # found at 1 and 3, one missed: (1 + 1/log2(4)) / (1 + 1/log2(3) + 1/log2(4))
    assert ndcg_at([1, 3, None], 10) == pytest.approx(1.5 / (1 + 1 / log2(3) + 0.5))
    # grades 3 at rank 2 and 1 at rank 1: (1 + 3/log2(3)) / (3 + 1/log2(3))
    assert ndcg_at([2, 1], 10, [3, 1]) == pytest.approx((1 + 3 / log2(3)) / (3 + 1 / log2(3)))
    assert ndcg_at([5], 4) == 0.0
    assert ndcg_at([], 4) == 0.0


def test_two_pieces_in_one_result_are_one_result() -> None:
    assert ndcg_at([1, 1], 10) == 1.0
    assert ndcg_at([2, 2], 10) == pytest.approx(1 / log2(3))
    assert ndcg_at([1, 1, None], 10) == pytest.approx(1 / (1 + 1 / log2(3)))


def random_rankings(count: int, seed: int) -> list[tuple[dict[str, int], list[str]]]:
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        documents = [f"d{n}" for n in range(30)]
        relevant = {one: rng.randint(1, 3) for one in rng.sample(documents, rng.randint(1, 8))}
        made.append((relevant, rng.sample(documents, rng.randint(0, 25))))
    return made


def ranks_of(relevant: dict[str, int], ranking: list[str]) -> list[int | None]:
    return [ranking.index(one) + 1 if one in ranking else None for one in relevant]


@pytest.mark.parametrize("k", [1, 3, 5, 10, 20])
def test_agrees_with_trec_eval(k: int) -> None:
    ir: Any = pytest.importorskip("ir_measures")
    rankings = random_rankings(200, seed=k)
    qrels = [ir.Qrel(str(q), d, g) for q, (relevant, _) in enumerate(rankings) for d, g in relevant.items()]
    run = [ir.ScoredDoc(str(q), d, -float(r)) for q, (_, found) in enumerate(rankings) for r, d in enumerate(found)]
    theirs: dict[tuple[str, str], float] = {}
    for one in ir.iter_calc([ir.nDCG @ k, ir.R @ k, ir.RR @ k, ir.Success @ k], qrels, run):
        theirs[one.query_id, str(one.measure)] = one.value
    compared = 0
    for q, (relevant, found) in enumerate(rankings):
        if not found:
            continue  # trec_eval leaves out questions without results
        ranks = ranks_of(relevant, found)
        assert ndcg_at(ranks, k, list(relevant.values())) == pytest.approx(theirs[str(q), f"nDCG@{k}"])
        assert recall_at(ranks, k) == pytest.approx(theirs[str(q), f"R@{k}"])
        assert reciprocal_rank(ranks, k) == pytest.approx(theirs[str(q), f"RR@{k}"])
        assert any(success_at([rank], k) for rank in ranks) == theirs[str(q), f"Success@{k}"]
        compared += 1
    assert compared > 150


def test_ndcg_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import ndcg_score

    for relevant, found in random_rankings(100, seed=99):
        everything = sorted({*relevant, *found})
        if len(everything) < 2:
            continue
        truth = np.array([[relevant.get(one, 0) for one in everything]])
        scores = np.array([[1.0 / (found.index(one) + 1) if one in found else 0.0 for one in everything]])
        if len(found) < 10:
            continue  # scikit-learn shares the gain out among what was not found
        ours = ndcg_at(ranks_of(relevant, found), 10, list(relevant.values()))
        assert ours == pytest.approx(ndcg_score(truth, scores, k=10, ignore_ties=False))
