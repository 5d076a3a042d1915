"""API keys with roles, rate limits, and what the server counts."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from genesis_rag.errors import SettingsError, UserError
from genesis_rag.server.app import create_app
from genesis_rag.server.guard import check_binding
from genesis_rag.server.keys import FILE_NAME, KeyRing, add_key, remove_key
from genesis_rag.server.limits import RateLimiter, client_of
from genesis_rag.settings import Settings

Open = Callable[..., TestClient]


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_only_hashes_are_stored_and_only_for_the_owner(tmp_path: Path) -> None:
    tokens = {add_key(tmp_path, "reader", "read"), add_key(tmp_path, "writer", "write")}
    file = tmp_path / FILE_NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not any(token in file.read_text() for token in tokens)
    assert all(len(token) > 40 for token in tokens)
    with pytest.raises(UserError, match="already"):
        add_key(tmp_path, "reader", "write")
    with pytest.raises(UserError, match="no key"):
        remove_key(tmp_path, "nobody")
    assert sorted(p.name for p in tmp_path.iterdir()) == [FILE_NAME]


def test_a_damaged_file_of_keys_lets_nobody_in(tmp_path: Path, assistant: Any) -> None:
    for text in (
        "",
        "[]",
        '{"keys": [{"name": "x"}]}',
        '{"keys": [{"name":"x","role":"all","sha256":"","created":""}]}',
    ):
        (tmp_path / FILE_NAME).write_text(text)
        with pytest.raises(SettingsError):
            KeyRing(tmp_path).keys()
    client = TestClient(create_app(lambda: assistant, Settings(home=tmp_path)), base_url="http://127.0.0.1")
    assert client.get("/api/documents").json()["error"]["type"] == "settings"
    assert client.get("/health").status_code == 200


def test_readers_may_ask_and_writers_may_change(home: Path, open_library: Open) -> None:
    reader, writer = add_key(home, "reader", "read"), add_key(home, "writer", "write")
    with open_library(home, api_key="from the settings") as client:
        upload = {"params": {"name": "a.txt"}, "content": b"text"}
        assert client.post("/api/documents", **upload).status_code == 401
        assert client.get("/metrics").status_code == 401
        assert client.post("/api/documents", **upload, headers=bearing(reader + "x")).status_code == 401
        for token in (reader, writer, "from the settings"):
            assert client.get("/api/documents", headers=bearing(token)).status_code == 200
            assert client.post("/api/ask", json={"question": "x"}, headers=bearing(token)).status_code == 200
            assert client.get("/metrics", headers=bearing(token)).status_code == 200
        refused = client.post("/api/documents", **upload, headers=bearing(reader))
        assert (refused.status_code, refused.json()["error"]["type"]) == (403, "forbidden")
        assert client.delete("/api/documents/uploads/a.txt", headers=bearing(reader)).status_code == 403
        assert client.post("/api/documents", **upload, headers=bearing(writer)).status_code == 201
        remove_key(home, "writer")
        assert client.post("/api/documents", **upload, headers=bearing(writer)).status_code == 401


def test_other_machines_are_served_by_keys_alone(home: Path, open_library: Open) -> None:
    with pytest.raises(SettingsError):
        check_binding("0.0.0.0", KeyRing(home).keys())
    token = add_key(home, "reader", "read")
    check_binding("0.0.0.0", KeyRing(home).keys())
    with open_library(home, host="0.0.0.0") as client:
        assert client.get("/api/documents", headers=bearing(token)).status_code == 200
        remove_key(home, "reader")  # the last one: nobody is served then, rather than everybody
        assert client.get("/api/documents", headers=bearing(token)).status_code == 401
        assert client.get("/api/documents").status_code == 401


def test_keys_are_made_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from genesis_rag.cli.main import genesis_rag, run

    def told(*words: str) -> str:
        assert run(genesis_rag, "genesis-rag", ["keys", *words, "--home", str(tmp_path)]) == 0
        return capsys.readouterr().out

    token = told("add", "me", "--role", "write").strip()
    assert KeyRing(tmp_path).find(token.encode()) is not None
    assert re.match(r"me  write  20\d\d-", told("list"))
    told("remove", "me")
    assert KeyRing(tmp_path).find(token.encode()) is None


def test_buckets_fill_at_their_rate() -> None:
    now = 0.0
    limiter = RateLimiter(60, clock=lambda: now)  # one a second, twelve at once
    assert [limiter.wait("a") for _ in range(12)] == [0.0] * 12
    assert limiter.wait("a") == pytest.approx(1.0)
    assert limiter.wait("b") == 0.0
    now = 0.5
    assert limiter.wait("a") == pytest.approx(0.5)
    now = 1.0
    assert limiter.wait("a") == 0.0
    now = 10_000.0
    assert [limiter.wait("a") for _ in range(13)].count(0.0) == 12


def test_a_crowd_of_addresses_takes_no_endless_memory() -> None:
    limiter = RateLimiter(60)
    for number in range(12_000):
        limiter.wait(str(number))
    assert len(limiter._buckets) == 10_000


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_what_counts_as_one_client(address: str, client: str) -> None:
    assert client_of(address) == client


def test_who_asks_too_often_has_to_wait(assistant: Any, tmp_path: Path) -> None:
    token = add_key(tmp_path, "busy", "read")
    settings = Settings(home=tmp_path, host="0.0.0.0", rate_limit=50)
    client = TestClient(create_app(lambda: assistant, settings), base_url="http://rag.example.org")
    statuses = [client.get("/api/documents", headers=bearing(token)).status_code for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    refused = client.get("/api/documents", headers=bearing(token))
    assert 1 <= int(refused.headers["retry-after"]) <= 2
    assert refused.json()["error"]["type"] == "too_many_requests"
    assert client.get("/health").status_code == 200
    local = TestClient(
        create_app(lambda: assistant, Settings(home=tmp_path, rate_limit=50)), base_url="http://127.0.0.1"
    )
    assert {local.get("/api/documents", headers=bearing(token)).status_code for _ in range(60)} == {200}


LINE = re.compile(r'^[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.e+-]+$')


def samples(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(LINE.match(line) for line in lines)
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}


def test_what_is_counted(client: TestClient) -> None:
    client.post("/api/ask", json={"question": "invest"})
    client.post("/api/ask", json={"question": "投資"}, headers={"Accept": "text/event-stream"})
    client.post("/api/ask", json={"question": "Who is the king?"})
    client.get("/api/documents/none")
    client.get("/somewhere/else")
    client.get("/", headers={"Host": "evil.org"})
    response = client.get("/metrics")
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = samples(response.text)
    assert found['genesis_answers_total{outcome="answered",language="en"}'] == 1
    assert found['genesis_answers_total{outcome="answered",language="ja"}'] == 1
    assert found['genesis_answers_total{outcome="no_evidence",language="en"}'] == 1
    assert found["genesis_answer_citations_total"] == 3
    assert found['genesis_answer_stage_seconds_count{stage="retrieval"}'] == 3
    assert found['genesis_answer_stage_seconds_bucket{stage="retrieval",le="0.005"}'] == 3
    assert found['genesis_http_requests_total{method="POST",route="/api/ask",status="200"}'] == 3
    assert found['genesis_http_requests_total{method="GET",route="/api/documents/{identifier}",status="404"}'] == 1
    assert found['genesis_refused_total{reason="wrong_host"}'] == 1
    assert found["genesis_index_documents"] == 3 and found["genesis_index_generation"] == 7
    assert found["genesis_requests_in_progress"] == 1  # this one
    assert "invest" not in response.text and "king" not in response.text
    names = {line.split()[2] for line in response.text.splitlines() if line.startswith("# TYPE")}
    assert {re.sub(r"_(bucket|sum|count)$", "", name.split("{")[0]) for name in found} == names


def test_writes_are_counted(library: TestClient) -> None:
    library.post("/api/documents", params={"name": "a.txt"}, content=b"About tin.")
    library.post("/api/documents", params={"name": "a.txt"}, content=b"About lead.")
    found = samples(library.get("/metrics").text)
    assert found['genesis_writes_total{result="done"}'] == 1
    assert found['genesis_writes_total{result="error"}'] == 1


def test_profiles(client: TestClient) -> None:
    profiles = client.get("/api/profiles").json()["profiles"]
    assert {"name", "summary", "embedder", "answerer", "current"} == set(profiles[0])
    assert [one["name"] for one in profiles if one["current"]] == ["embedded"]


def test_feedback_is_a_line_in_the_home(client: TestClient, settings: Settings) -> None:
    opinions: list[dict[str, Any]] = [
        {"verdict": "good", "question": "日本は？\n\u2028", "answer": "A [1]"},
        {"verdict": "bad", "question": "x", "comment": "No."},
    ]
    for opinion in opinions:
        assert client.post("/api/feedback", json=opinion).status_code == 201
    text = (settings.home / "feedback.jsonl").read_text("utf-8")
    lines = [json.loads(line) for line in text.split("\n")[:-1]]
    assert [{key: line[key] for key in opinion} for line, opinion in zip(lines, opinions, strict=True)] == opinions
    assert all(line["time"].endswith("Z") for line in lines)
    assert client.post("/api/feedback", json={"verdict": "great", "question": "x"}).status_code == 422
    assert client.post("/api/feedback", json={"verdict": "good", "question": "x" * 4001}).status_code == 422


def test_nothing_that_is_asked_is_logged(
    client: TestClient, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    client.post("/api/ask", json={"question": "a secret question"})
    client.post("/api/search", json={"query": "a secret question"})
    assert "secret question" not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("genesis"))
    assert not any(
        "secret question" in p.read_text("utf-8", "replace") for p in settings.home.rglob("*") if p.is_file()
    )


def test_the_checked_in_description_is_that_of_the_server(client: TestClient) -> None:
    path = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
    assert json.loads(path.read_text("utf-8")) == client.get("/api/openapi.json").json(), "run: python docs/openapi.py"
