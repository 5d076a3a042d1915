"""`/ready` tells whether a question can be answered now: index, and every model server that the profile needs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from genesis_rag.server.app import create_app
from genesis_rag.server.workshop import Workshop
from genesis_rag.settings import load_settings
from genesis_rag.wiring import run_ingest

MODELS = """
[models.embeddings]
task = "embedding"
backend = "openai_server"
url = "{embeddings}"
model = "e"
licence = "none"

[models.scores]
task = "reranking"
backend = "server"
url = "{others}"
model = "r"
licence = "none"

[models.chat]
task = "generation"
backend = "openai_server"
url = "http://127.0.0.1:9/v1"
model = "c"
licence = "none"

[profiles.far]
embedder = "embeddings"
reranker = "scores"
generator = "chat"
analyser = "bigram"
answerer = "generative"
"""


@contextmanager
def served(home: Path, servers: Any, **settings: str) -> Iterator[TestClient]:
    """A server of a profile whose models are all elsewhere; the first server embeds, the second does the rest."""
    embeddings, others = servers
    (home / "models.toml").write_text(MODELS.format(embeddings=embeddings.url, others=others.url))
    (home / "a.md").write_text("# Budget\n\nThe budget of the plan is 500 million yen.")
    chosen = load_settings(home=home, profile="far", generation_url=others.url, **settings)
    workshop = Workshop(chosen)
    app = create_app(workshop.open_assistant, chosen, workshop=workshop)
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis_rag.remote.client.HEALTH_AGE", 0.0)


def state(client: TestClient) -> tuple[int, str]:
    response = client.get("/ready")
    body = response.json()
    return response.status_code, body["error"]["type"] if "error" in body else body["status"]


def test_ready_follows_every_part(tmp_path: Path, model_servers: Any) -> None:
    with served(tmp_path, model_servers) as client:
        assert state(client) == (503, "index_not_found")
        run_ingest(load_settings(home=tmp_path, profile="far"), [tmp_path / "a.md"])
        assert state(client) == (200, "ready")
        for server in model_servers:
            server.healthy = False
            assert state(client) == (503, "backend")
            server.healthy = True
            assert state(client) == (200, "ready")
        assert client.get("/health").status_code == 200
        model_servers[1].stop()
        response = client.get("/ready")
        assert response.status_code == 503 and model_servers[1].url in response.json()["error"]["message"]
        assert client.get("/health").status_code == 200


def test_one_of_several_addresses_is_enough(tmp_path: Path, model_servers: Any) -> None:
    both = ",".join(server.url for server in model_servers)
    with served(tmp_path, model_servers, embedding_url=both, reranking_url=both) as client:
        run_ingest(load_settings(home=tmp_path, profile="far"), [tmp_path / "a.md"])
        model_servers[0].stop()
        assert state(client) == (200, "ready")
        answer = client.post("/api/ask", json={"question": "What is the budget of the plan?"})
        assert answer.status_code == 200 and "500 million yen" in answer.text


@pytest.mark.slow
def test_two_servers_over_one_home_give_the_same_answers(tmp_path: Path, model_servers: Any) -> None:
    """Nothing that an answer needs is kept in a process, so a balancer may send a question to any of them."""
    question = {"question": "What is the budget of the plan?"}
    with served(tmp_path, model_servers) as one, served(tmp_path, model_servers) as other:
        run_ingest(load_settings(home=tmp_path, profile="far"), [tmp_path / "a.md"])
        assert state(one) == state(other) == (200, "ready")
        first, second = (client.post("/api/ask", json=question).json() for client in (one, other))
        for answer in (first, second):
            answer.pop("timings"), answer.pop("writing")  # how fast each was
        assert first == second and first["citations"]
        (tmp_path / "b.md").write_text("# Tea\n\nThe budget for tea is 3 million yen.")
        run_ingest(load_settings(home=tmp_path, profile="far"), [tmp_path / "b.md"])
        end = time.monotonic() + 30
        while {client.get("/ready").json()["generation"] for client in (one, other)} != {2}:
            assert time.monotonic() < end
            time.sleep(0.1)


def test_ready_is_cheap_to_ask_for(tmp_path: Path, model_servers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis_rag.remote.client.HEALTH_AGE", 60.0)
    with served(tmp_path, model_servers) as client:
        run_ingest(load_settings(home=tmp_path, profile="far"), [tmp_path / "a.md"])
        for _ in range(10):
            assert state(client) == (200, "ready")
        assert model_servers[0].health_checks == 1 and model_servers[1].health_checks == 2
