"""The planted set: its form, that it is what its generator makes, and that verification stays as good on it."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.planted import second  # noqa: E402
from benchmarks.planted.__main__ import rates, results  # noqa: E402
from benchmarks.planted.make import CASES, cases  # noqa: E402

from genesis_rag.documents.registry import discover, load_documents  # noqa: E402

Case = dict[str, Any]


@pytest.fixture(scope="module")
def planted() -> list[Case]:
    return [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def third() -> list[Case]:
    return [json.loads(line) for line in second.CASES["third"].read_text(encoding="utf-8").splitlines()]


def squeezed(text: str) -> str:
    return "".join(text.split()).strip("。.").lower()


def test_the_file_is_what_the_generator_makes(planted: list[Case]) -> None:
    assert cases() == planted
    assert len({case["id"] for case in planted}) == len(planted)


def test_the_sets_by_other_authors_are_what_their_generator_makes(third: list[Case]) -> None:
    assert second.cases("third") == third
    file = second.CASES["second"].read_text(encoding="utf-8")
    assert [json.dumps(case, ensure_ascii=False) for case in second.cases("second")] == file.splitlines()
    assert len({case["id"] for case in third}) == len(third)


def test_the_third_set_is_for_tuning_and_shares_no_quote_with_the_first(planted: list[Case], third: list[Case]) -> None:
    assert {case["split"] for case in third} == {"dev"}
    assert not {case["quote"] for case in third} & {case["quote"] for case in planted}
    labels = Counter(case["label"] for case in third)
    least = {"faithful": 250, "flipped": 80, "invented": 80, "number": 80, "date": 50, "unit": 20, "name": 100}
    assert all(labels[name] >= count for name, count in least.items())


def test_there_are_enough_of_each_kind(planted: list[Case]) -> None:
    labels = Counter(case["label"] for case in planted)
    assert len(planted) >= 1000
    assert sum(case["label"] == "faithful" and case["across"] for case in planted) >= 150
    least = {"faithful": 300, "invented": 200, "number": 100, "date": 100, "unit": 90, "name": 200, "denial": 200}
    assert all(labels[name] >= count for name, count in least.items())


def test_quotes_are_exact_and_claims_are_not_verbatim(planted: list[Case], third: list[Case]) -> None:
    files = discover([ROOT / "corpus" / "documents"], ROOT)
    texts = {document.source: document.text for file in files for document in load_documents(file)}
    for case in planted + third:
        assert case["quote"] in texts[case["source"]], case["id"]
        assert squeezed(case["claim"]) not in squeezed(texts[case["source"]]), case["id"]


def test_a_topic_is_in_one_half(planted: list[Case]) -> None:
    halves: dict[str, set[str]] = {}
    for case in planted:
        halves.setdefault(Path(case["source"]).name.split(".")[0], set()).add(case["split"])
    assert all(len(found) == 1 for found in halves.values())


@pytest.mark.slow
def test_verification_catches_what_is_false_and_lets_pass_what_is_true(planted: list[Case]) -> None:
    found = rates(list(results(planted)))

    def flagged(label: str) -> float:
        share = found[label]["all"]["flagged"]  # type: ignore[index]
        return float(share)

    assert flagged("number") >= 0.95 and flagged("date") >= 0.95 and flagged("unit") >= 0.95
    assert flagged("invented") >= 0.85
    assert flagged("name") >= 0.80 and flagged("denial") >= 0.80
    assert flagged("faithful") <= 0.05
