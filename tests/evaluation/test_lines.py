"""The table on the terminal fits, and says what it is made of."""

from __future__ import annotations

from typing import Any

import pytest

from genesis_rag.cli.evaluation_lines import run_lines
from genesis_rag.cli.output import Line
from genesis_rag.evaluation.items import QuestionSet
from genesis_rag.evaluation.runner import RunOptions
from genesis_rag.evaluation.session import measure

MONEY = "両者は今後5年間で5億ドルを投資する。"


@pytest.fixture
def run(make: Any) -> dict[str, Any]:
    items = (make.item("a", question="a"), make.item("b", question="b", answerable=False, evidence=()))
    subject = make.assistant(
        hits={"a": [make.hit_of("corpus/genesis.ja.md", MONEY)]},
        answers={"a": make.answer((MONEY, "corpus/genesis.ja.md", MONEY))},
    )
    return measure(subject, QuestionSet("set.jsonl", "0", items), RunOptions(), "p")


def text_of(line: Line) -> str:
    return " " * line.indent + "".join(one if isinstance(one, str) else one[0] for one in line.segments)


def tables(run: dict[str, Any], width: int | None) -> list[str]:
    lines = [text_of(line) for line in run_lines(run, width)]
    return [line for line in lines if line.startswith(("Search", "all", "ja→ja", "Answers", "BM25", "By type"))]


def test_a_wide_table_has_intervals_and_every_column(run: dict[str, Any]) -> None:
    head, first, *_ = tables(run, None)
    assert head.split() == ["Search", *"recall@1 recall@5 recall@10 nDCG@10 MRR@10 answer in results@5".split()]
    assert first.split()[:3] == ["all", "1.000", "(0.03–1.00)"], "one question says little"


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_tables_fit_the_terminal(run: dict[str, Any], width: int) -> None:
    found = tables(run, width)
    assert max(len(line.rstrip()) for line in found) <= width
    assert "recall@5" in found[0]
    assert ("(" in found[1]) == (width >= 20 + 6 * 21)
