"""An OpenAI-compatible server that is down, slow, busy, foreign or cut off; batches and parallel requests."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from genesis_rag.embedding import EmbedderOptions, open_embedder
from genesis_rag.errors import BackendError, MissingExtraError, SettingsError
from genesis_rag.protocols import Embedder


def opened(server: Any, **more: object) -> Embedder:
    options = EmbedderOptions(url=server.url, model="bge", batch=4, tries=3, pause=0.01, timeout=5.0)
    return open_embedder("openai_server", None, replace(options, **more))  # type: ignore[arg-type]


def reply(status: int, content: bytes, kind: str = "application/json", **headers: str) -> Any:
    def behave(handler: Any, body: dict[str, Any]) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    return behave


def cut_off(handler: Any, body: dict[str, Any]) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"data": [')
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)


def slow(handler: Any, body: dict[str, Any]) -> None:
    time.sleep(0.6)


def test_requests_are_as_the_api_has_them(model_server: Any) -> None:
    embedder = opened(model_server, api_key="secret", query_prefix="query: ")
    embedder.embed_queries(["日本"])
    path, body, headers = model_server.requests[-1]
    assert path == "/v1/embeddings"
    assert body == {"model": "bge", "input": ["query: 日本"], "encoding_format": "float"}
    assert headers["authorization" if "authorization" in headers else "Authorization"] == "Bearer secret"


def test_many_texts_go_in_batches_several_at_once(model_server: Any) -> None:
    embedder = opened(model_server, parallel=3)
    model_server.requests.clear()
    model_server.delay = 0.05
    texts = [f"text number {i}" for i in range(40)]
    rows = embedder.embed_passages(texts)
    assert len(model_server.requests) == 10
    assert max(len(body["input"]) for _, body, _ in model_server.requests) == 4
    assert 2 <= model_server.most_at_once <= 3
    assert np.abs(rows[17] - embedder.embed_passages([texts[17]])[0]).max() < 1e-6


@pytest.mark.parametrize(
    "trouble",
    [
        reply(503, b'{"error": {"message": "loading model"}}'),
        reply(429, b"{}", **{"Retry-After": "0"}),
        cut_off,
    ],
)
def test_what_may_pass_is_tried_again(model_server: Any, trouble: Any) -> None:
    embedder = opened(model_server)
    model_server.behaviours[:] = [trouble, trouble]
    assert embedder.embed_queries(["日本"]).shape == (1, 16)
    model_server.behaviours[:] = [trouble] * 3
    with pytest.raises(BackendError) as caught:
        embedder.embed_queries(["日本"])
    assert caught.value.hint and "127.0.0.1" in caught.value.message


@pytest.mark.parametrize(
    ("trouble", "message", "hint"),
    [
        (reply(200, b"<!DOCTYPE html><html>hi", "text/html"), "web page", "/v1"),
        (reply(200, b"[1, 2]"), "something else", "/v1"),
        (reply(401, b'{"error": {"message": "no key"}}'), "401: no key", "GENESIS_MODEL_API_KEY"),
        (reply(404, b"<html>nothing"), "answers 404", "models.toml"),
        (reply(400, b'{"error": "input is too large"}'), "too large", "models.toml"),
        (reply(200, b'{"data": []}'), "no embeddings", "embeddings"),
        (reply(200, b'{"data": [{"index": 0, "embedding": "x"}]}'), "no embeddings", "embeddings"),
        (reply(200, b'{"nothing": 1}'), "no embeddings", "embeddings"),
    ],
)
def test_what_will_not_pass_is_told_at_once(model_server: Any, trouble: Any, message: str, hint: str) -> None:
    embedder = opened(model_server)
    model_server.behaviours[:] = [trouble]
    model_server.requests.clear()
    with pytest.raises(BackendError, match=message) as caught:
        embedder.embed_queries(["日本"])
    assert hint in caught.value.hint
    assert len(model_server.requests) == 1


def test_a_slow_server_is_told_from_one_that_is_down(model_server: Any) -> None:
    embedder = opened(model_server, timeout=0.2, tries=1)
    model_server.behaviours[:] = [slow]
    with pytest.raises(BackendError, match=r"says nothing for 0\.2 seconds"):
        embedder.embed_queries(["日本"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(BackendError, match="cannot be reached") as caught:
        open_embedder("openai_server", None, EmbedderOptions(url=url, tries=2, pause=0.01))  # type: ignore[arg-type]
    assert "Start it" in caught.value.hint


def test_keys_in_an_address_are_not_shown(model_server: Any) -> None:
    url = model_server.url.replace("http://", "http://user:hidden@")
    model_server.behaviours[:] = [reply(500, b"no")]
    with pytest.raises(BackendError) as caught:
        open_embedder("openai_server", None, EmbedderOptions(url=url, tries=1))  # type: ignore[arg-type]
    assert "hidden" not in caught.value.message


def test_an_address_must_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("", "localhost:8080", "file:///etc/passwd"):
        with pytest.raises(SettingsError, match="not the address"):
            open_embedder("openai_server", None, EmbedderOptions(url=url))  # type: ignore[arg-type]
    monkeypatch.setattr("genesis_rag.remote.client.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as caught:
        open_embedder("openai_server", None, EmbedderOptions(url="http://127.0.0.1:1"))  # type: ignore[arg-type]
    assert "openai" in caught.value.hint
