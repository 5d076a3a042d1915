from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from genesis_rag.errors import UserError
from genesis_rag.evaluation.comparing import compare_runs, comparison_payload

Run = dict[str, Any]


def run_of(count: int = 100, **values: float) -> Run:
    """A run of questions that all have the same values."""
    questions = [
        {
            "id": f"q{n}",
            "question": f"Question {n}?",
            "direction": "ja-ja" if n % 2 else "en-ja",
            "fingerprint": f"f{n}",
            "failures": [],
            "values": dict(values),
        }
        for n in range(count)
    ]
    return {
        "dataset": {"sha256": "d"},
        "system": {"profile": "p", "index": "i", "models": ["m"]},
        "versions": {"code": "c"},
        "options": {"k": 10, "passages": None},
        "questions": questions,
    }


def changed(run: Run, name: str, value: float, first: int, every: int = 1) -> Run:
    """The run with another value of a measure in ``first`` of its questions."""
    other = copy.deepcopy(run)
    for one in other["questions"][: first * every : every]:
        one["values"][name] = value
    return other


VALUES = {"recall@1": 1.0, "recall@5": 1.0, "ndcg@5": 1.0, "ndcg@10": 1.0, "contained": 1.0, "wrong_refusal": 0.0}


def test_the_same_run_does_not_fall() -> None:
    run = run_of(**VALUES)
    found = compare_runs(run, run)
    assert found.fallen == ()
    assert found.changed == ()
    assert (found.shared, found.left_out, found.notes) == (100, 0, ())
    assert all(one.change.value == 0 and not one.rose for one in found.measures)


def test_names_what_fell() -> None:
    run = run_of(**VALUES)
    found = compare_runs(run, changed(run, "recall@5", 0.0, 20))
    assert [(one.name, one.direction) for one in found.fallen] == [
        ("recall@5", ""),
        ("recall@5", "en-ja"),
        ("recall@5", "ja-ja"),
    ]
    assert found.fallen[0].change.value == pytest.approx(-0.2)
    assert found.fallen[0].change.high < 0


def test_a_fall_in_one_direction_alone_is_named_with_it() -> None:
    run = run_of(**VALUES)
    found = compare_runs(run, changed(run, "contained", 0.0, 15, every=2))
    assert {(one.name, one.direction) for one in found.fallen} == {("contained", ""), ("contained", "en-ja")}


def test_a_rise_of_what_should_be_low_is_a_fall() -> None:
    run = run_of(**VALUES)
    worse = changed(run, "wrong_refusal", 1.0, 20)
    assert [one.name for one in compare_runs(run, worse).fallen] == ["wrong_refusal"]
    better = compare_runs(worse, run)
    assert better.fallen == ()
    assert [one.name for one in better.measures if one.rose] == ["wrong_refusal"]


def test_a_fall_within_the_tolerance_passes_and_one_beyond_does_not() -> None:
    run = run_of(1000, **VALUES)
    slightly = changed(run, "contained", 0.0, 30)
    assert [one.name for one in compare_runs(run, slightly, tolerance=0.02).fallen][:1] == ["contained"]
    assert compare_runs(run, slightly, tolerance=0.05).fallen == ()


def test_noise_does_not_fail_a_run() -> None:
    """As many questions get better as get worse, and a little more: five points down, but not beyond chance."""
    run = run_of(**VALUES)
    before, after = changed(run, "contained", 0.0, 30), copy.deepcopy(run)
    for one in after["questions"][30:65]:
        one["values"]["contained"] = 0.0
    found = compare_runs(before, after)
    contained = next(one for one in found.measures if one.name == "contained" and not one.direction)
    assert contained.change.value == pytest.approx(-0.05)
    assert contained.change.low < -0.1 < contained.change.high
    assert found.fallen == ()


def test_false_alarms_are_rare_without_any_tolerance() -> None:
    """Two runs of equal worth that agree on nothing: of 60 pairs hardly any may fall. Without Holm a quarter does."""
    rng = random.Random(11)
    alarms = 0
    for _ in range(60):
        runs = [run_of(60), run_of(60)]
        for run in runs:
            for one in run["questions"]:
                one["values"] = {name: float(rng.random() < 0.7) for name in VALUES}
        alarms += bool(compare_runs(*runs, tolerance=0.0, resamples=1000).fallen)
    assert alarms <= 7


def test_only_the_main_depths_and_gated_measures_decide() -> None:
    run = run_of(**VALUES, answer_length=100.0, exact=1.0)
    worse = changed(changed(changed(run, "recall@1", 0.0, 90), "answer_length", 1.0, 100), "exact", 0.0, 50)
    found = compare_runs(run, worse)
    assert found.fallen == ()
    assert [one.name for one in found.measures if not one.direction] == [
        "recall@5",
        "ndcg@10",
        "contained",
        "exact",
        "answer_length",
        "wrong_refusal",
    ]


def test_only_questions_that_are_the_same_are_compared() -> None:
    run = run_of(**VALUES)
    other = changed(run, "recall@5", 0.0, 20)
    for one in other["questions"][:20]:
        one["fingerprint"] = "another"
    other["dataset"]["sha256"] = "e"
    found = compare_runs(run, other)
    assert (found.shared, found.left_out) == (80, 20)
    assert found.fallen == ()
    assert "sets of questions differ" in found.notes[0]
    with pytest.raises(UserError, match="no question in common"):
        compare_runs(run, run_of(0))


def test_measures_that_one_run_lacks_are_named() -> None:
    found = compare_runs(run_of(**VALUES), run_of(**{"recall@5": 1.0}))
    assert [one.name for one in found.measures if not one.direction] == ["recall@5"]
    assert found.notes == ("Not compared, as one of the runs lacks them: nDCG, contained answer, wrong refusals.",)


def test_lists_questions_that_changed_and_what_was_run() -> None:
    run = run_of(3, **VALUES)
    other = copy.deepcopy(run)
    other["questions"][1]["failures"] = ["not_retrieved"]
    other["system"]["models"] = ["m", "n"]
    payload = comparison_payload(compare_runs(run, other))
    assert payload["changed"] == [
        {"id": "q1", "question": "Question 1?", "before": [], "after": ["not_retrieved"]},
    ]
    assert payload["notes"] == ["Models: m → m, n."]
    assert payload["schema"] == "genesis-rag/comparison/1"
