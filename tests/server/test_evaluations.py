"""The latest evaluation: kept by the command in the home, told by the server without what the page does not need."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from genesis_rag.errors import UserError
from genesis_rag.server.evaluations import FILE_NAME, keep_latest, latest
from genesis_rag.server.problems import UnknownEvaluationError


def question(number: int, *failed: str) -> dict[str, Any]:
    texts = {"hits": [{"text": "x" * 1_000}], "answer": None, "values": {}}
    named = {"id": f"q{number}", "question": "何？", "language": "ja", "direction": "ja-ja", "type": "date"}
    return {**named, "failures": list(failed), **texts}


def run(*questions: dict[str, Any]) -> dict[str, Any]:
    parts = ("versions", "system", "options", "dataset", "metrics", "groups", "ablation", "latency")
    whole = {"schema": "genesis-rag/evaluation/1", "made_at": "2026-11-25", **{name: {} for name in parts}}
    return {**whole, "abstention": None, "questions": list(questions)}


def test_what_failed_is_told_without_texts(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/api/evaluation").status_code == 404
    assert client.get("/api/evaluation").json()["error"]["type"] == "unknown_evaluation"
    keep_latest(tmp_path, run(question(1), question(2, "not_cited", "unsupported")))
    told = client.get("/api/evaluation").json()
    assert "questions" not in told and told["made_at"] == "2026-11-25" and told["failed"] == 1
    (failed,) = told["failures"]
    assert (failed["id"], failed["failures"]) == ("q2", ["not_cited", "unsupported"])
    assert set(failed) == {"id", "question", "language", "direction", "type", "failures"}
    keep_latest(tmp_path, run(*(question(n, "error") for n in range(700))))
    told = client.get("/api/evaluation").json()
    assert (told["failed"], len(told["failures"])) == (700, 500)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".evaluation")] == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"questions": [1]}', "[" * 100_000, '{"questions": null}'])
def test_a_file_that_is_no_run(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(UnknownEvaluationError):
        latest(tmp_path)


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(UserError, match="cannot be written"):
        keep_latest(tmp_path / "file", run())
    assert json.loads(keep_latest(tmp_path / "new", run()).read_text("utf-8"))["schema"]
