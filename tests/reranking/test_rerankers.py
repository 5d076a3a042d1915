"""What every reranker must do, in numbers; the engines are the real ones, on tiny models."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genesis_rag.errors import BackendError, GenesisError, MissingExtraError, ModelError, SettingsError
from genesis_rag.protocols import Reranker
from genesis_rag.reranking import BACKENDS, RerankerOptions, open_reranker
from tiny_models import answer_json

QUESTION = "the budget of research"
TEXTS = [
    "the budget of the plan",
    "日本の研究開発",
    "",
    "research " * 200,
    "lone \ud800",
    "of research the budget",
    "x",
]
CPU = RerankerOptions(device="cpu", threads=2, batch=4, max_tokens=64)


def opened(kind: str, folder: Path) -> Reranker:
    file = {"onnx": "model.onnx", "onnx-int8": "model_int8.onnx"}.get(kind, "")
    options = RerankerOptions(device="cpu", threads=2, batch=4, max_tokens=64, file=file)
    return open_reranker(kind.removesuffix("-int8"), folder, options)


@pytest.fixture(
    params=[
        pytest.param("onnx", marks=pytest.mark.torch),
        pytest.param("onnx-int8", marks=pytest.mark.torch),
        pytest.param("cross_encoder", marks=pytest.mark.torch),
        "server",
    ]
)
def reranker(request: pytest.FixtureRequest) -> Reranker:
    if request.param == "server":
        url = request.getfixturevalue("model_server").url
        return open_reranker("server", Path(), RerankerOptions(url=url, model="m", pause=0.01))
    return opened(request.param, request.getfixturevalue("reranker_folder"))


def test_one_finite_score_a_text_each_by_itself(reranker: Reranker) -> None:
    scores = reranker.score(QUESTION, TEXTS)
    assert scores.shape == (len(TEXTS),) and scores.dtype == np.float32 and np.isfinite(scores).all()
    assert len(set(scores.round(4).tolist())) > 3
    for text, score in zip(TEXTS, scores, strict=True):
        assert reranker.score(QUESTION, [text])[0] == pytest.approx(score, abs=1e-3), text
    assert reranker.score(QUESTION, TEXTS[::-1])[::-1] == pytest.approx(scores, abs=1e-3)


def test_the_question_counts(reranker: Reranker) -> None:
    one, other = reranker.score("the plan", TEXTS[:2]), reranker.score("日本の研究開発", TEXTS[:2])
    assert np.abs(one - other).max() > 1e-3


def test_nothing_gives_nothing(reranker: Reranker) -> None:
    assert reranker.score(QUESTION, []).shape == (0,)


def test_a_long_question_is_no_error(reranker: Reranker) -> None:
    assert np.isfinite(reranker.score("budget " * 500, ["the plan", "research " * 500])).all()


def test_threads_may_share_it(reranker: Reranker) -> None:
    expected, found = reranker.score(QUESTION, TEXTS), []
    work: Callable[[], None] = lambda: found.append(reranker.score(QUESTION, TEXTS))  # noqa: E731
    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 6 and max(np.abs(one - expected).max() for one in found) < 1e-3


@pytest.mark.torch
def test_onnx_equals_torch_and_int8_keeps_the_order(reranker_folder: Path) -> None:
    torch_scores = opened("cross_encoder", reranker_folder).score(QUESTION, TEXTS)
    assert opened("onnx", reranker_folder).score(QUESTION, TEXTS) == pytest.approx(torch_scores, abs=1e-3)
    int8 = opened("onnx-int8", reranker_folder).score(QUESTION, TEXTS)
    assert float(np.corrcoef(torch_scores, int8)[0, 1]) > 0.98
    kinds = ("cross_encoder", "onnx", "onnx-int8")
    assert len({opened(kind, reranker_folder).fingerprint for kind in kinds}) == 3


@pytest.mark.torch
@pytest.mark.parametrize(
    ("backend", "file", "message"),
    [
        ("onnx", "model.onnx", "cannot open"),
        ("onnx", "tokenizer.json", "tokenizer"),
        ("cross_encoder", "model.safetensors", "cannot load"),
    ],
)
def test_damaged_files_are_told(reranker_folder: Path, tmp_path: Path, backend: str, file: str, message: str) -> None:
    folder = Path(shutil.copytree(reranker_folder, tmp_path / "model"))
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match=message) as caught:
        open_reranker(backend, folder, CPU)
    assert caught.value.hint
    (folder / file).unlink()
    with pytest.raises(ModelError):
        open_reranker(backend, folder, CPU)


@pytest.mark.torch
def test_an_embedding_model_is_no_reranker(bert_folder: Path) -> None:
    with pytest.raises(ModelError, match="not a reranker"):
        open_reranker("onnx", bert_folder, CPU)


def test_wrong_choices_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no reranking backend") as caught:
        open_reranker("oracle", tmp_path)
    assert all(name in caught.value.hint for name in BACKENDS)
    monkeypatch.setattr("genesis_rag.reranking.cross_encoder.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as missing:
        open_reranker("cross_encoder", tmp_path)
    assert "torch" in missing.value.hint


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"results": []}, "no scores"),
        ({"results": [{"index": 0, "relevance_score": "high"}]}, "no scores"),
        ({"results": [{"index": 9, "relevance_score": 1}]}, "no scores"),
        ({"something": 1}, "no scores"),
    ],
)
def test_a_server_that_answers_something_else(model_server: Any, answer: object, message: str) -> None:
    model_server.behaviours.append(lambda handler, body: answer_json(handler, answer))
    reranker = open_reranker("server", Path(), RerankerOptions(url=model_server.url, pause=0.01))
    with pytest.raises(GenesisError, match=message):
        reranker.score("a", ["b"])
    model_server.behaviours.append(lambda handler, body: answer_json(handler, {"error": "busy"}, 500))
    with pytest.raises(BackendError, match="500: busy"):
        reranker.score("a", ["b"])


def test_texts_are_cut_to_what_the_server_takes(model_server: Any) -> None:
    reranker = open_reranker("server", Path(), RerankerOptions(url=model_server.url, max_tokens=100))
    reranker.score("問" * 500, ["文" * 500])
    _, body, _ = model_server.requests[-1]
    assert len(body["query"]) == 50 and len(body["documents"][0]) == 50
    assert body["top_n"] == 1
