"""Sizing: arithmetic by hand, and the tables of docs/scale-out.md are those of the committed result."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def sizing() -> ModuleType:
    sys.path.insert(0, str(ROOT))
    try:
        return importlib.import_module("benchmarks.sizing")
    finally:
        sys.path.remove(str(ROOT))


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "benchmarks" / "results" / "sizing.json").read_text(encoding="utf-8"))
    return found


def figures(sizing: ModuleType) -> Any:
    return sizing.Figures(
        text_bytes=1024,
        store_bytes=2048,
        lexical_bytes=512,
        distinct_terms=100,
        tokens=200,
        chunks_a_document=10,
        writer_chunks_a_second=1000,
        search_ms=100,
        search_dim=256,
        codes_bytes=256,
        change_s=6,
        cpu_tokens_a_second=20_000,
        quoted_answers_a_second=50,
        cores=2,
    )


def test_a_plan_by_hand(sizing: ModuleType) -> None:
    assumed = sizing.Assumptions(dim=1024, embedder_parameters=300e6, utilisation=0.5, gpu_flops=1e15)
    plan = sizing.plan(2**20, figures(sizing), assumed)
    assert plan["text_gib"] == 1.0 and plan["vectors_gib"] == 4.0 and plan["store_gib"] == 6.0
    assert plan["documents"] == pytest.approx(104_857.6)
    assert plan["hnsw_memory_gib"] == pytest.approx((4096 + 128 + 800) * 2**20 / 2**30)
    assert plan["disk_memory_gib"] == pytest.approx((1024 + 800) * 2**20 / 2**30)
    assert plan["hnsw_nodes"] == plan["disk_nodes"] == 2
    assert plan["codes_gib"] == 1.0 and plan["change_s"] == pytest.approx(6 * 1.048576)
    assert plan["search_s"] == pytest.approx(0.1 * 1.048576 * 4)
    assert plan["gpu_hours"] == pytest.approx(2 * 300e6 * 200 * 2**20 / (0.5 * 1e15) / 3600)
    assert plan["cpu_core_hours"] == pytest.approx(2**20 * 200 / 20_000 * 2 / 3600)
    assert plan["writer_hours"] == pytest.approx(2**20 / 1000 / 3600)


def test_questions_by_hand(sizing: ModuleType) -> None:
    assumed = sizing.Assumptions(
        writer_parameters=1e9, gpu_flops=1e15, utilisation=0.5, gpu_bandwidth=2e12, bandwidth_use=0.5, batch=10,
        prompt_tokens=1000, answer_tokens=100, gpu_price=3.6, core_price=0.1,
    )  # fmt: skip
    asked = sizing.questions(figures(sizing), assumed)
    each = 2e9 * 1000 / 5e14 + 100 / (1e12 / 2e9 * 10)
    assert asked["written_answers_a_second_a_gpu"] == pytest.approx(1 / each)
    assert asked["quoted_core_hours"] == pytest.approx(1e6 / 50 * 2 / 3600)
    assert asked["written_dollars"] == pytest.approx(1e6 * each / 3600 * 3.6 + asked["quoted_core_hours"] * 0.1)


def test_ten_times_the_chunks_need_ten_times_as_much(sizing: ModuleType) -> None:
    found, assumed = figures(sizing), sizing.Assumptions()
    small, large = (sizing.plan(chunks, found, assumed) for chunks in (10_000_000, 100_000_000))
    for name in small:
        if name.endswith("_nodes"):
            assert small[name] <= large[name] <= 10 * small[name]
        else:
            assert large[name] == pytest.approx(10 * small[name])
    wider = sizing.plan(10_000_000, found, replace(assumed, dim=2048))
    assert wider["vectors_gib"] == 2 * small["vectors_gib"]


def test_the_tables_are_those_of_the_committed_result(sizing: ModuleType, result: dict[str, Any]) -> None:
    found, assumed = sizing.Figures(**result["figures"]), sizing.Assumptions(**result["assumptions"])
    assert assumed == sizing.Assumptions(), "run python -m benchmarks.sizing"
    for name, chunks in sizing.SIZES.items():
        assert result["plans"][name] == pytest.approx(sizing.plan(chunks, found, assumed))
    assert result["a million questions"] == pytest.approx(sizing.questions(found, assumed))
    text = (ROOT / "docs" / "scale-out.md").read_text(encoding="utf-8")
    assert f"{sizing.BEGIN}\n{sizing.table(result)}\n{sizing.END}" in text
