"""docs/json.md and docs/evaluation.md describe what `evaluate` prints."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from genesis_rag.cli.evaluate import TOLERANCE as CLI_TOLERANCE
from genesis_rag.evaluation.comparing import COMPARISON_SCHEMA, TOLERANCE, compare_runs, comparison_payload
from genesis_rag.evaluation.evidence import POINTS_AT
from genesis_rag.evaluation.items import QuestionSet
from genesis_rag.evaluation.measures import MEASURES
from genesis_rag.evaluation.run_file import RUN_SCHEMA
from genesis_rag.evaluation.runner import FAILURES, RunOptions
from genesis_rag.evaluation.session import measure

DOCS = Path(__file__).resolve().parents[2] / "docs"
MONEY = "両者は今後5年間で5億ドルを投資する。"
TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "number": (float, int),
    "boolean": (bool,),
    "list": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def table(head: str) -> dict[str, str]:
    part = (DOCS / "json.md").read_text("utf-8").split(f"\n## {head}\n", 1)[1].split("\n## ", 1)[0]
    return dict(re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", part, re.M))


def check(head: str, payload: dict[str, Any]) -> None:
    described = table(head)
    assert list(payload) == list(described), head
    for key, value in payload.items():
        allowed = tuple(kind for word in described[key].split(" or ") for kind in TYPES[word])
        assert isinstance(value, allowed), f"{head}.{key} is {value!r}"


@pytest.fixture
def run(make: Any) -> dict[str, Any]:
    items = (make.item("a", question="a"), make.item("b", question="b", answerable=False, evidence=()))
    subject = make.assistant(
        hits={"a": [make.hit_of("corpus/genesis.ja.md", MONEY)]},
        answers={"a": make.answer((MONEY, "corpus/genesis.ja.md", MONEY))},
    )
    return measure(subject, QuestionSet("set", "0", items), RunOptions(), "p")


def test_the_json_is_as_documented(run: dict[str, Any]) -> None:
    check("Evaluation", run)
    check("Question set", run["dataset"])
    check("Estimate", run["metrics"]["recall@5"])
    check("Estimate", run["abstention"]["auroc"])
    check("Abstention", run["abstention"])
    for question in run["questions"]:
        check("Question", question)
    check("Comparison", comparison_payload(compare_runs(run, run)))
    text = (DOCS / "json.md").read_text("utf-8")
    assert f"`{RUN_SCHEMA}`" in text
    assert f"`{COMPARISON_SCHEMA}`" in text


def test_every_measure_and_every_failure_is_described() -> None:
    text = (DOCS / "evaluation.md").read_text("utf-8")
    for name in MEASURES:
        assert re.search(rf"^\| `{name}(?:@k)?` \|", text, re.M), name
    for kind in FAILURES:
        assert f"`{kind}`" in text


def test_numbers_in_the_documentation_are_those_of_the_code() -> None:
    assert CLI_TOLERANCE == TOLERANCE == 0.02
    assert POINTS_AT == 0.5
    text = " ".join((DOCS / "evaluation.md").read_text("utf-8").split())
    assert "by more than the tolerance (0.02 unless `--tolerance` says otherwise)" in text
    assert "at least half of the letters and digits of the shorter one" in text
