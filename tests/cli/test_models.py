"""`genesis-rag models` and what `ask` says when models are missing."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tiny_models

REVISION = "f" * 40
FILES = {"tokenizer.json": b'{"a": 1}' * 50, "model.onnx": b"\x00graph" * 1000}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    place = tmp_path / "hub" / "owner" / "model" / "resolve" / REVISION
    place.mkdir(parents=True)
    for name, content in FILES.items():
        (place / name).write_bytes(content)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(tmp_path / "hub"))

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(5)
    server.server_close()


@pytest.fixture
def home(tmp_path: Path, hub: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with one model of the hub, a profile of it, and a store of its own."""
    place = tmp_path / "home"
    place.mkdir()
    files = ", ".join(
        f'{{ name = "{name}", size = {len(content)}, sha256 = "{hashlib.sha256(content).hexdigest()}" }}'
        for name, content in FILES.items()
    )
    (place / "models.toml").write_text(
        f'[models.mine]\ntask = "embedding"\nbackend = "onnx"\nrepo = "owner/model"\nrevision = "{REVISION}"\n'
        f'licence = "MIT"\nlanguages = ["ja"]\nmemory_mb = 10\nfiles = [{files}]\n'
        '[profiles.own]\nembedder = "mine"\nanalyser = "bigram"\nanswerer = "extractive"\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("GENESIS_MIRRORS", hub)
    monkeypatch.setenv("GENESIS_MODEL_FOLDER", str(tmp_path / "store"))
    return place


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models that were tried out after they were fetched."""
    names: list[str] = []
    monkeypatch.setattr("genesis_rag.wiring.check_model", lambda settings, name: names.append(name))
    return names


def test_pull_verify_remove(genesis: Any, home: Path, tmp_path: Path, tried: list[str]) -> None:
    run = genesis("models", "pull", "own", "--home", str(home))
    assert (run.code, run.out) == (0, "") and "2 fetched" in run.err
    assert tried == ["mine"]
    assert (tmp_path / "store" / "mine" / "model.onnx").read_bytes() == FILES["model.onnx"]
    assert genesis("models", "verify", "--home", str(home)).out == "mine: right\n"
    (tmp_path / "store" / "mine" / "model.onnx").write_bytes(FILES["model.onnx"][::-1])
    run = genesis("models", "verify", "mine", "--home", str(home))
    assert run.code == 1 and "mine/model.onnx: wrong hash" in run.err
    run = genesis("models", "remove", "mine", "--home", str(home))
    assert run.code == 0 and "freed" in run.err
    assert "No model is installed" in genesis("models", "verify", "--home", str(home)).err


def test_a_fetched_model_that_does_not_work_is_told(genesis: Any, home: Path) -> None:
    run = genesis("models", "pull", "mine", "--home", str(home))
    assert run.code == 1 and "tokenizer" in run.err


def test_the_list_says_what_is_there(genesis: Any, home: Path, tried: list[str]) -> None:
    def states() -> dict[str, str]:
        lines = genesis("models", "list", "--json", "--home", str(home)).out.splitlines()
        return {row["name"]: row["state"] for row in map(json.loads, lines)}

    assert states()["mine"] == "not installed"
    assert (states()["genesis-embed-static"], states()["server-chat"]) == ("built in", "server")
    genesis("models", "pull", "mine", "--home", str(home))
    assert states()["mine"] == "installed"
    run = genesis("models", "list", "--home", str(home))
    assert "granite-97m" in run.out and "laptop" in run.out and "memory" in run.err
    assert "mine  MIT" in genesis("models", "licences", "own", "--home", str(home)).out
    assert "--accept-licence" in genesis("models", "licences").out


def test_missing_models_are_one_clear_error(genesis: Any, home: Path) -> None:
    for program, arguments in (("ask", ("日本の予算は？",)), ("genesis-rag", ("search", "予算"))):
        run = genesis(*arguments, "--profile", "laptop", "--home", str(home), program=program)
        assert run.code == 1 and run.out == ""
        for told in ("granite-97m", "genesis-rag models pull laptop", "By hand: from ", "--from FOLDER", "`embedded`"):
            assert told in run.err
        assert "Traceback" not in run.err


def test_offline_says_so(genesis: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESIS_OFFLINE", "1")
    run = genesis("models", "pull", "mine", "--home", str(home))
    assert run.code == 2 and "GENESIS_OFFLINE" in run.err and "By hand" in run.err


def test_names_must_be_known(genesis: Any, home: Path) -> None:
    assert genesis("models", "pull", "nothing", "--home", str(home)).code == 2
    assert genesis("models", "pull", "--home", str(home)).code == 2


def test_a_folder_without_a_model_is_told(genesis: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    run = genesis("予算", "--embedder", str(tmp_path / "empty"), program="ask")
    assert run.code == 1 and "holds no embedding model" in run.err


def test_a_model_behind_a_server_is_asked_whether_it_works(genesis: Any, tmp_path: Path, model_server: Any) -> None:
    (tmp_path / "models.toml").write_text(
        f'[models.far]\ntask = "generation"\nbackend = "openai_server"\nurl = "{model_server.url}"\nlicence = "MIT"\n'
    )
    told = genesis("models", "verify", "far", "--home", str(tmp_path)).out
    assert told == "far: right; its server has no /tokenize, so numbers of tokens are estimated\n"
    model_server.tokenize = lambda handler, body: tiny_models.answer_json(handler, {"count": 1})
    assert genesis("models", "verify", "far", "--home", str(tmp_path)).out == "far: right\n"
    model_server.tokenize = lambda handler, body: tiny_models.answer_json(handler, {"error": "loading"}, 500)
    run = genesis("models", "verify", "far", "--home", str(tmp_path))
    assert run.code == 1 and "answers 500: loading" in run.err
