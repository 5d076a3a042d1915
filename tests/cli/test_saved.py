"""Saved answers against documents that change, move and vanish: the real program over a real index."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from genesis_rag.cli.main import genesis_rag, run

PLAN = "# 海洋観測計画\n\n観測船みらい丸の建造費は120億円である。建造は2027年4月に始まる。\n"
TOWER = "# Lighthouse\n\nRestoring the Cape Alder lighthouse will cost $4.2 million over three years.\n"
QUESTIONS = ("観測船みらい丸の建造費はいくらですか。", "How much will restoring the Cape Alder lighthouse cost?")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "corpus" / "documents"
    folder.mkdir(parents=True)
    (folder / "plan.md").write_text(PLAN, "utf-8")
    (folder / "tower.md").write_text(TOWER, "utf-8")
    return tmp_path / "home"


@pytest.fixture
def genesis(home: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(genesis_rag, "genesis-rag", [*arguments, "--home", str(home)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


@pytest.fixture
def saved(genesis: Any, tmp_path: Path) -> Path:
    file = tmp_path / "answers.jsonl"
    for question in QUESTIONS:
        code, _, told = genesis("answers", "save", str(file), question)
        assert code == 0 and "1 saved" in told and "1 of them with citations" in told
    return file


def states(genesis: Any, file: Path) -> tuple[int, list[str]]:
    code, out, _ = genesis("answers", "check", "--json", str(file))
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["question"] for row in rows] == list(QUESTIONS)
    return code, [place["state"] for row in rows for place in row["citations"]]


def test_saved_answers_are_answers_with_a_time(saved: Path) -> None:
    rows = [json.loads(line) for line in saved.read_text("utf-8").splitlines()]
    assert [row["schema"] for row in rows] == ["genesis-rag/answer/1"] * 2
    assert all(row["saved_at"].endswith("+00:00") and row["citations"] for row in rows)


def test_nothing_changed(genesis: Any, saved: Path) -> None:
    code, found = states(genesis, saved)
    assert (code, set(found)) == (0, {"unchanged"})
    assert "2 answers: 2 unchanged" in genesis("answers", "check", str(saved))[1]


def test_words_that_moved_are_found_and_words_that_changed_are_told(genesis: Any, saved: Path, home: Path) -> None:
    folder = home / "corpus" / "documents"
    (folder / "plan.md").write_text("# 海洋観測計画\n\n前置きの文である。" + PLAN.split("\n\n")[1], "utf-8")
    (folder / "tower.md").write_text(TOWER.replace("$4.2", "$5.1"), "utf-8")
    genesis("index", str(folder), "--prune")
    code, found = states(genesis, saved)
    assert (code, found) == (1, ["moved", "changed"])
    code, out, _ = genesis("answers", "check", str(saved))
    assert code == 1 and "moved  [1]" in out and "changed  [1]" in out and "1 moved, 1 changed" in out


def test_a_renamed_document_moved_and_a_removed_one_is_gone(genesis: Any, saved: Path, home: Path) -> None:
    folder = home / "corpus" / "documents"
    (folder / "plan.md").rename(folder / "plan-2027.md")
    (folder / "tower.md").unlink()
    genesis("index", str(folder), "--prune")
    code, out, _ = genesis("answers", "check", "--json", str(saved))
    places = [json.loads(line)["citations"][0] for line in out.splitlines()]
    assert code == 1
    assert (places[0]["state"], places[0]["source_now"]) == ("moved", "corpus/documents/plan-2027.md")
    assert (places[1]["state"], places[1]["source_now"], places[1]["start"]) == ("gone", None, None)


@pytest.mark.parametrize("line", ["{", "[]", '{"question": "x"}', '{"question": "x", "citations": [{"marker": 1}]}'])
def test_a_file_of_something_else_is_refused_by_line(genesis: Any, saved: Path, line: str) -> None:
    saved.write_text(saved.read_text("utf-8") + line + "\n", "utf-8")
    code, _, told = genesis("answers", "check", str(saved))
    assert code == 2 and f"{saved}:3 is not a saved answer" in told


def test_many_questions_from_a_file(genesis: Any, tmp_path: Path) -> None:
    asked = tmp_path / "questions.jsonl"
    asked.write_text("".join(json.dumps({"id": n, "question": q}) + "\n" for n, q in enumerate(QUESTIONS)), "utf-8")
    file = tmp_path / "many.jsonl"
    code, _, told = genesis("answers", "save", str(file), "--questions", str(asked))
    assert code == 0 and "2 saved" in told
    assert len(file.read_text("utf-8").splitlines()) == 2
    assert genesis("answers", "save", str(file), "x", "--questions", str(asked))[0] == 2
    assert genesis("answers", "save", str(tmp_path / "no" / "file"), "予算はいくらですか")[0] == 2
