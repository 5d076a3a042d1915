"""The real program over real documents: the console scripts as processes, nothing replaced."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.slow

MINISTRY = """# 海洋観測計画

## 予算

観測船「みらい丸」の建造には、今後5年間で120億円を投じる計画である。
建造は2027年4月に始まる。

## 体制

計画には𠮟咤激励された八つの大学が参加する。責任者は北川教授である。
"""
ENGLISH = """# Lighthouse restoration

## Cost

Restoring the Cape Alder lighthouse will cost $4.2 million over three years.
Work begins in March 2027.

## People

The restoration is led by Dr. Helen Marsh of the coastal trust.
"""


QUICK = {"GENESIS_PROFILE": "embedded-static"}
"""For what is the same with every model; the rest runs with the default profile."""


def environment(home: Path, **extra: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GENESIS_")}
    return kept | {"GENESIS_HOME": str(home), "PYTHONWARNINGS": "error"} | extra


def genesis(home: Path, *arguments: str, program: str = "main", **extra: str) -> subprocess.CompletedProcess[str]:
    code = f"from genesis_rag.cli.main import {program}; {program}()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        env=environment(home, **extra),
        timeout=120,
        check=False,
    )


def ask(home: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return genesis(home, *arguments, program="ask_main", **extra)


def corpus_in(home: Path) -> Path:
    folder = home / "corpus" / "documents"
    folder.mkdir(parents=True)
    (folder / "ocean.ja.md").write_text(MINISTRY, "utf-8")
    (folder / "lighthouse.en.md").write_text(ENGLISH, "utf-8")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose index was built by its first question."""
    place = tmp_path_factory.mktemp("home")
    corpus_in(place)
    run = ask(place, "--json", "観測船の建造にいくら投じますか？")
    assert run.returncode == 0, run.stderr
    return place


@pytest.mark.parametrize(
    ("question", "expected", "source"),
    [
        ("観測船「みらい丸」の建造にいくら投じますか？", "120億円", "ocean.ja.md"),
        ("How much will restoring the Cape Alder lighthouse cost?", "$4.2 million", "lighthouse.en.md"),
    ],
)
def test_answers_quote_the_stored_text_exactly(home: Path, question: str, expected: str, source: str) -> None:
    run = ask(home, "--json", question)
    assert (run.returncode, run.stderr) == (0, "")
    answer = json.loads(run.stdout)
    assert not answer["abstained"] and expected in answer["text"]
    assert answer["citations"]
    for citation in answer["citations"]:
        shown = json.loads(genesis(home, "documents", "show", "--json", citation["source"]).stdout)
        assert shown["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert shown["content_sha256"] == citation["content_sha256"]
        assert citation["verification"]["exact"] is True
    assert answer["citations"][0]["source"].endswith(source)


def test_question_by_environment_survives_any_characters(home: Path) -> None:
    question = '"It\'s" `$HOME` ＡＩ　𠮟\n投資は？ \\ --json'
    assert json.loads(ask(home, "--json", GENESIS_Q=question).stdout)["question"] == question


@pytest.mark.parametrize("profile", ["embedded", "embedded-static"])
def test_a_warm_ask_loads_no_heavy_library_it_does_not_need(home: Path, profile: str, tmp_path: Path) -> None:
    if profile != "embedded":
        home = tmp_path
        genesis(home, "index", str(corpus_in(home)), **QUICK)
    code = (
        "import sys\nfrom genesis_rag.cli.main import ask, run\n"
        "code = run(ask, 'ask', ['--json', '観測船の建造にいくら投じますか？'])\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)\nsys.exit(code)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment(home, GENESIS_PROFILE=profile),
        check=True,
    )
    loaded = set(run.stderr.split())
    assert "numpy" in loaded and ("onnxruntime" in loaded) == (profile == "embedded")
    never = {"torch", "transformers", "sentence_transformers", "llama_cpp"}
    needless = {"fastapi", "pydantic", "uvicorn", "rich", "pypdfium2", "lxml", "docx", "openpyxl"}
    assert not loaded & (never | needless)


def test_second_run_changes_nothing_and_skipped_files_exit_1(tmp_path: Path) -> None:
    folder = corpus_in(tmp_path)
    first = genesis(tmp_path, "index", str(folder), **QUICK)
    assert first.returncode == 0 and "2 added" in first.stdout, first.stderr
    assert "2 unchanged" in genesis(tmp_path, "index", str(folder), **QUICK).stdout
    (folder / "ocean.ja.md").write_text(MINISTRY.replace("120億円", "130億円"), "utf-8")
    (folder / "empty.pdf").write_bytes(b"")
    again = genesis(tmp_path, "index", str(folder), **QUICK)
    assert again.returncode == 1
    assert "1 updated" in again.stdout and "1 unchanged" in again.stdout and "1 skipped" in again.stdout
    (line,) = again.stderr.splitlines()
    assert "empty.pdf" in line
    assert "130億円" in ask(tmp_path, "観測船「みらい丸」の建造にいくら投じますか？", **QUICK).stdout


def test_documents_are_listed_removed_and_pruned(tmp_path: Path) -> None:
    folder = corpus_in(tmp_path)
    genesis(tmp_path, "index", str(folder), **QUICK)

    def sources() -> list[str]:
        rows = genesis(tmp_path, "documents", "list", "--json", **QUICK).stdout.splitlines()
        return sorted(json.loads(row)["source"] for row in rows)

    both = sources()
    assert len(both) == 2
    assert genesis(tmp_path, "documents", "remove", both[0], **QUICK).returncode == 0
    assert sources() == both[1:]
    assert "1 added" in genesis(tmp_path, "index", str(folder), **QUICK).stdout
    (folder / "ocean.ja.md").unlink()
    assert "1 removed" in genesis(tmp_path, "index", "--prune", str(folder), **QUICK).stdout
    assert sources() == [source for source in both if "lighthouse" in source]


def test_search_and_doctor(home: Path) -> None:
    found = json.loads(genesis(home, "search", "--json", "-k", "1", "lighthouse restoration cost").stdout)
    assert [hit["rank"] for hit in found["hits"]] == [1]
    assert "4.2 million" in found["hits"][0]["text"]
    assert {"dense", "lexical"} <= set(found["hits"][0]["scores"])
    only = json.loads(genesis(home, "search", "--json", "--in", "ja", "lighthouse restoration cost").stdout)
    assert {hit["language"] for hit in only["hits"]} == {"ja"}
    report = genesis(home, "doctor", "--json")
    assert report.returncode == 0 and json.loads(report.stdout)["sound"] is True


def test_no_index_is_a_users_mistake_for_commands_that_do_not_build_one(tmp_path: Path) -> None:
    for command in (["documents", "list"], ["doctor"]):
        run = genesis(tmp_path, *command)
        assert run.returncode == 2 and run.stderr.startswith("genesis-rag: "), command


def test_ctrl_c_while_indexing_exits_130_and_leaves_a_sound_index(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(4000):
        (folder / f"{number:04}.md").write_text(f"# 第{number}号\n\n" + f"報告{number}の本文である。" * 20, "utf-8")
    code = "from genesis_rag.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "index", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path, **QUICK),
        text=True,
    )
    time.sleep(2.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("indexing was over before it could be interrupted")
    assert process.returncode == 130, err
    assert err.startswith("Stopped.") or "\nStopped." in err
    assert "Traceback" not in err
    if "holds" in err:
        assert json.loads(genesis(tmp_path, "doctor", "--json", **QUICK).stdout)["sound"] is True
    assert genesis(tmp_path, "index", str(folder), **QUICK).returncode == 0
    rows = genesis(tmp_path, "documents", "list", "--json", **QUICK).stdout.splitlines()
    assert len(rows) == 4000


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[httpx.Client, Path]]:
    """`genesis-rag serve` in a home whose index it has to build first."""
    corpus_in(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = "from genesis_rag.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "serve", "--port", str(port)],
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
        text=True,
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        end = time.monotonic() + 60
        while True:
            assert process.poll() is None and time.monotonic() < end
            try:
                client.get("/health")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield client, tmp_path
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert f"Serving on http://127.0.0.1:{port}/" in err
    assert "Traceback" not in err


def test_server_answers_and_sees_a_new_generation(served: tuple[httpx.Client, Path]) -> None:
    client, home = served
    before = client.get("/ready").json()["generation"]
    body: dict[str, Any] = {"question": "灯台の修復を率いるのは誰ですか？ Who leads the lighthouse restoration?"}
    answer = client.post("/api/ask", json=body).json()
    assert answer["schema"] == "genesis-rag/answer/1"
    for citation in answer["citations"]:
        part = client.get(
            f"/api/documents/{citation['document_id']}", params={"start": citation["start"], "end": citation["end"]}
        ).json()
        assert part["text"] == citation["quote"]
    (home / "corpus" / "documents" / "new.en.md").write_text("# Bakery\n\nThe bakery opens at seven.\n", "utf-8")
    assert genesis(home, "index").returncode == 0
    time.sleep(1.1)
    assert client.get("/ready").json()["generation"] > before
    assert client.get("/api/documents").json()["total"] == 3
    assert client.get("/api/documents/0000000000000000").status_code == 404
    assert client.get("/").text.startswith("<!doctype html>")
