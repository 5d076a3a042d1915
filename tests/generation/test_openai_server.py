"""Writing through an OpenAI-compatible server: streams, refusals, cuts; and the real server of llama-cpp-python."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tiny_models
from genesis_rag.embedding import EmbedderOptions, open_embedder
from genesis_rag.errors import BackendError, SettingsError
from genesis_rag.generation import GeneratorOptions, open_generator
from genesis_rag.protocols import Generator

MESSAGES = (("system", "規則"), ("user", "日本 の 予算 は"))
NOTHING = Path()


def opened(server: Any, **more: object) -> Generator:
    options = GeneratorOptions(url=server.url, model="m", tries=2, pause=0.01, timeout=5.0, **more)  # type: ignore[arg-type]
    return open_generator("openai_server", NOTHING, options)


def written(generator: Generator, **more: Any) -> str:
    return "".join(generator.stream(MESSAGES, **({"max_tokens": 50} | more)))


def test_pieces_come_as_they_are_sent(model_server: Any) -> None:
    generator = opened(model_server, stop=("###",), api_key="secret")
    assert isinstance(generator, Generator)
    assert list(generator.stream(MESSAGES, max_tokens=3)) == ["日本 ", "の ", "予算 "]
    path, body, headers = model_server.requests[-1]
    assert path == "/v1/chat/completions" and body["stream"] is True and body["stop"] == ["###"]
    assert body["messages"][0] == {"role": "system", "content": "規則"}
    assert body["chat_template_kwargs"] == {"enable_thinking": False} and "grammar" not in body
    assert (body["temperature"], body["max_tokens"]) == (0.0, 3)
    assert {name.lower(): value for name, value in headers.items()}["authorization"] == "Bearer secret"
    written(generator, grammar='root ::= "a"')
    assert model_server.requests[-1][1]["grammar"] == 'root ::= "a"'


def test_thoughts_usage_and_comments_are_not_part_of_the_answer(model_server: Any) -> None:
    events = [
        '{"choices": [{"delta": {"role": "assistant"}}]}',
        '{"choices": [{"delta": {"reasoning_content": "hmm"}}]}',
        '{"choices": [{"delta": {"content": "はい"}}]}',
        '{"choices": [{"delta": {"content": null}, "finish_reason": "stop"}]}',
        '{"choices": [], "usage": {"total_tokens": 3}}',
        "[DONE]",
    ]
    model_server.behaviours.append(lambda handler, body: tiny_models.answer_events(handler, events))
    assert written(opened(model_server)) == "はい"


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (['{"choices": [{"delta": {"content": "は"}}]}'], "broke off"),
        (["not json"], "something else"),
        (['{"error": {"message": "out of memory"}}'], "out of memory"),
        (['{"strange": 1}'], "without text"),
    ],
)
def test_a_stream_that_goes_wrong_is_told(model_server: Any, events: list[str], message: str) -> None:
    model_server.behaviours.append(lambda handler, body: tiny_models.answer_events(handler, events))
    with pytest.raises(BackendError, match=message):
        written(opened(model_server))


def test_what_came_before_a_cut_was_shown_and_is_not_asked_for_again(model_server: Any) -> None:
    def cut(handler: Any, body: Any) -> None:
        tiny_models.answer_events(handler, ['{"choices": [{"delta": {"content": "は"}}]}'])
        handler.connection.shutdown(socket.SHUT_RDWR)

    model_server.behaviours.append(cut)
    pieces: list[str] = []
    stream = opened(model_server).stream(MESSAGES, max_tokens=5)
    with pytest.raises(BackendError, match="broke off"):
        collect(stream, pieces)
    assert pieces == ["は"] and len(model_server.requests) == 1


def test_a_server_that_is_slow_busy_or_foreign(model_server: Any) -> None:
    def web(handler: Any, body: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        handler.wfile.write(b"<!DOCTYPE html><html>")

    model_server.behaviours.append(web)
    with pytest.raises(BackendError, match="web page") as caught:
        written(opened(model_server))
    assert "/v1" in caught.value.hint
    busy = lambda handler, body: tiny_models.answer_json(handler, {"error": {"message": "Loading model"}}, 503)  # noqa: E731
    model_server.behaviours += [busy]
    assert written(opened(model_server)).startswith("日本")
    model_server.behaviours += [busy, busy]
    with pytest.raises(BackendError, match="Loading model"):
        written(opened(model_server))
    model_server.behaviours += [lambda handler, body: time.sleep(0.5)] * 2
    options = GeneratorOptions(url=model_server.url, timeout=0.1, tries=1)
    with pytest.raises(BackendError, match="says nothing"):
        written(open_generator("openai_server", NOTHING, options))
    with pytest.raises(SettingsError, match="not the address"):
        open_generator("openai_server", NOTHING)


def test_leaving_ends_the_request(model_server: Any) -> None:
    gone: list[bool] = []

    def endless(handler: Any, body: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        try:
            for _ in range(500):
                handler.wfile.write(b'data: {"choices": [{"delta": {"content": "x"}}]}\n\n')
                handler.wfile.flush()
                time.sleep(0.01)
        except OSError:
            gone.append(True)

    model_server.behaviours.append(endless)
    stream = opened(model_server).stream(MESSAGES, max_tokens=5)
    assert next(iter(stream)) == "x"
    stream.close()  # type: ignore[attr-defined]
    for _ in range(100):
        if gone:
            break
        time.sleep(0.05)
    assert gone == [True]


def test_tokens_are_estimated_from_above_and_models_told_apart(model_server: Any) -> None:
    generator = opened(model_server)
    assert generator.count_tokens("") == 0
    assert generator.count_tokens("日本の予算") == 5 and generator.count_tokens("budget") == 2
    other = GeneratorOptions(url=model_server.url, model="other")
    assert generator.fingerprint != open_generator("openai_server", NOTHING, other).fingerprint


def collect(stream: Iterator[str], pieces: list[str]) -> None:
    for piece in stream:
        pieces.append(piece)


@pytest.fixture(scope="module")
def real_server(embedding_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server of llama-cpp-python over a tiny model, for chat and embeddings."""
    for library in ("llama_cpp", "sse_starlette", "starlette_context", "pydantic_settings"):
        pytest.importorskip(library)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    options = ["--model", str(embedding_gguf), "--embedding", "true", "--n_ctx", "256", "--n_threads", "1"]
    with log.open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "llama_cpp.server", *options, "--host", "127.0.0.1", "--port", str(port)],
            stdout=told,
            stderr=told,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, log.read_text(errors="replace")[-2000:]
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.llama
@pytest.mark.slow
def test_the_real_server_of_llama_cpp(real_server: str, embedding_gguf: Path) -> None:
    generator = open_generator("openai_server", NOTHING, GeneratorOptions(url=real_server, model="tiny"))
    first = written(generator, max_tokens=8)
    assert first and written(generator, max_tokens=8) == first
    assert len(written(generator, max_tokens=2)) < len(written(generator, max_tokens=16))
    served = open_embedder("openai_server", NOTHING, EmbedderOptions(url=real_server, model="tiny", batch=2))
    own = open_embedder("llama_cpp", embedding_gguf, EmbedderOptions(threads=1, device="cpu"))
    texts = ["日本の予算", "budget", "a b c"]
    assert ((served.embed_passages(texts) * own.embed_passages(texts)).sum(axis=1) > 0.999).all()
    with pytest.raises(BackendError, match=r"broke off|failed|answers 4"):
        "".join(generator.stream((("user", "長" * 500),), max_tokens=8))
