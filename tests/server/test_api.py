from __future__ import annotations

import json
import threading
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from starlette.testclient import TestClient

from genesis_rag import errors
from genesis_rag.errors import BackendError, GenesisError, IndexNotFoundError
from genesis_rag.server.app import create_app
from genesis_rag.server.holder import AssistantHolder
from genesis_rag.server.problems import STATUS, problem_of
from genesis_rag.server.schemas import answer_payload
from genesis_rag.settings import Settings
from genesis_rag.types import SearchFilter

QUESTION = "日本はいくら投資しますか？"


def test_ask_gives_the_same_object_as_the_command_line(client: TestClient, assistant: Any) -> None:
    response = client.post("/api/ask", json={"question": QUESTION})
    assert response.status_code == 200
    assert response.json() == answer_payload(assistant.ask(QUESTION))
    assert "投資" in response.text  # real characters, not escapes


def test_ask_hands_its_options_on(client: TestClient, assistant: Any) -> None:
    body = {"question": "x", "language": "en", "in": "ja", "source": "*.md", "passages": 3}
    assert client.post("/api/ask", json=body).status_code == 200
    question, options = assistant.calls[-1]
    assert (question, options.passages, options.language) == ("x", 3, "en")
    assert options.search_filter == SearchFilter(language="ja", source_glob="*.md")
    client.post("/api/ask", json={"question": "x"})
    assert assistant.calls[-1][1].search_filter is None


def events_of(text: str) -> list[tuple[str, Any]]:
    blocks = [dict(line.split(": ", 1) for line in block.split("\n")) for block in text.strip().split("\n\n")]
    return [(block["event"], json.loads(block["data"])) for block in blocks]


def stream(client: TestClient, question: str) -> Any:
    return client.post("/api/ask", json={"question": question}, headers={"Accept": "text/event-stream"})


def test_events_are_passages_then_text_then_the_whole_answer(client: TestClient, assistant: Any) -> None:
    response = stream(client, "How much to invest?")
    assert response.headers["content-type"].startswith("text/event-stream")
    events = events_of(response.text)
    assert events[0][0] == "passages"
    assert {name for name, _ in events[1:-1]} == {"delta"}
    assert events[-1] == ("done", answer_payload(assistant.ask("How much to invest?")))
    assert "".join(payload["text"] for name, payload in events if name == "delta") == events[-1][1]["text"]


def test_failure_before_the_first_event_keeps_its_status(client: TestClient) -> None:
    response = stream(client, "boom")
    assert response.status_code == 502
    assert response.json()["error"] == {"type": "backend", "message": "The engine stopped.", "hint": "Start it again."}


def test_failure_in_the_midst_of_a_stream_is_an_event(client: TestClient) -> None:
    events = events_of(stream(client, "midway").text)
    assert [name for name, _ in events] == ["passages", "error"]
    assert events[1][1]["error"]["message"] == "The engine stopped midway."


def test_a_fault_gives_nothing_away(client: TestClient) -> None:
    response = client.post("/api/ask", json={"question": "crash"})
    assert response.status_code == 500
    assert response.json()["error"]["type"] == "internal"
    assert "secret" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"question": 5},
        {"question": "x" * 4001},
        {"question": "x", "passages": 0},
        {"question": "x", "passages": 51},
        {"question": "x", "in": "fr"},
        {"question": "x", "unknown": 1},
        ["question"],
    ],
)
def test_invalid_requests_are_422_in_our_form(client: TestClient, assistant: Any, body: object) -> None:
    response = client.post("/api/ask", json=body)
    assert response.status_code == 422
    assert set(response.json()["error"]) == {"type", "message", "hint"}
    assert response.json()["error"]["type"] == "invalid_request"
    assert assistant.calls == []


def test_longest_question_is_counted_in_characters(client: TestClient) -> None:
    assert client.post("/api/ask", json={"question": "𠮟" * 4000}).status_code == 200


@pytest.mark.parametrize("content", [b"{", b'{"question": "\\ud800"}', b'{"question": "\xff"}'])
def test_what_is_not_json_is_422(client: TestClient, content: bytes) -> None:
    response = client.post("/api/ask", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422)
    assert "error" in response.json()


def test_other_content_types_are_refused(client: TestClient, assistant: Any) -> None:
    """A form of another site can send text/plain without asking; it must not reach the assistant."""
    response = client.post("/api/ask", content=b'{"question": "x"}', headers={"Content-Type": "text/plain"})
    assert response.status_code == 422
    assert assistant.calls == []


def test_large_bodies_are_413(client: TestClient) -> None:
    huge = json.dumps({"question": "x", "source": "y" * 70_000}).encode()
    headers = {"Content-Type": "application/json"}
    response = client.post("/api/ask", content=huge, headers=headers)
    assert response.status_code == 413
    assert response.json()["error"]["type"] == "too_large"
    chunks = (huge[i : i + 1000] for i in range(0, len(huge), 1000))
    assert client.post("/api/ask", content=chunks, headers=headers).status_code == 413  # without a Content-Length


def test_search_by_get_and_post(client: TestClient, assistant: Any) -> None:
    got = client.get("/api/search", params={"query": "甲", "k": 2, "in": "ja"}).json()
    assert assistant.calls[-1] == ("甲", 2, SearchFilter(language="ja"))
    assert got == client.post("/api/search", json={"query": "甲", "k": 2, "in": "ja"}).json()
    assert [hit["rank"] for hit in got["hits"]] == [1, 2]
    assert client.get("/api/search", params={"query": "x", "k": 101}).status_code == 422
    assert client.get("/api/search").status_code == 422


def test_documents_are_listed_by_part(client: TestClient) -> None:
    whole = client.get("/api/documents").json()
    assert whole["total"] == 3 == len(whole["documents"])
    part = client.get("/api/documents", params={"offset": 1, "limit": 1}).json()
    assert (part["total"], part["documents"]) == (3, whole["documents"][1:2])


def test_document_text_by_code_points(client: TestClient, fakes: ModuleType) -> None:
    one = fakes.LONG
    whole = client.get(f"/api/documents/{one.id}").json()
    assert (whole["text"], whole["length"]) == (one.text, len(one.text))
    part = client.get(f"/api/documents/{one.id}", params={"start": 5, "end": 1300}).json()
    assert part["text"] == one.text[5:1300]
    assert [section["page"] for section in part["sections"]] == [1, 2]
    beyond = client.get(f"/api/documents/{one.id}", params={"start": 10**9, "end": 10**9 + 5}).json()
    assert (beyond["text"], beyond["start"]) == ("", len(one.text))
    assert client.get(f"/api/documents/{one.id}", params={"start": 9, "end": 3}).json()["text"] == ""
    assert client.get(f"/api/documents/{one.id}", params={"start": -1}).status_code == 422


def test_health_and_readiness(client: TestClient) -> None:
    assert client.get("/health").json()["status"] == "ok"
    ready = client.get("/ready")
    assert (ready.status_code, ready.json()["generation"]) == (200, 7)


def test_not_ready_until_there_is_an_index(assistant: Any, settings: Settings) -> None:
    made = False

    def opened() -> Any:
        if not made:
            raise IndexNotFoundError("There is no index.", "Run genesis-rag index.")
        return assistant

    with TestClient(create_app(opened, settings), base_url="http://localhost") as client:
        assert client.get("/health").status_code == 200
        response = client.get("/ready")
        assert response.status_code == 503
        assert response.json()["error"]["hint"] == "Run genesis-rag index."
        assert client.post("/api/ask", json={"question": "x"}).status_code == 503
        made = True
        assert client.get("/ready").status_code == 200
    assert assistant.closed


def test_every_error_class_has_a_status() -> None:
    classes = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, GenesisError)]
    assert len(classes) > 8
    assert set(classes) <= set(STATUS)

    class Further(IndexNotFoundError):
        pass

    assert problem_of(Further("m", "h")) == (503, {"error": {"type": "index_not_found", "message": "m", "hint": "h"}})


def test_unknown_paths_and_methods_are_in_our_form(client: TestClient) -> None:
    assert client.get("/api/none").json()["error"]["type"] == "not_found"
    response = client.get("/api/ask")
    assert (response.status_code, response.json()["error"]["type"]) == (405, "method_not_allowed")


def test_holder_looks_for_new_generations_once_a_second_and_outlives_a_failed_look(assistant: Any) -> None:
    now = 100.0
    opened: list[Any] = []
    holder = AssistantHolder(lambda: opened.append(assistant) or assistant, clock=lambda: now)
    holder.get()
    holder.get()
    assert (len(opened), assistant.refreshed) == (1, 0)
    now = 101.0
    holder.get()
    holder.get()
    assert assistant.refreshed == 1

    def broken() -> None:
        raise IndexNotFoundError("gone")

    assistant.refresh = broken
    now = 102.0
    assert holder.get() is assistant
    holder.close()
    assert assistant.closed


def test_requests_run_side_by_side(assistant: Any, settings: Settings) -> None:
    """Four questions meet at a barrier; one after the other they would never pass it."""
    barrier = threading.Barrier(4, timeout=20)
    plain = assistant.ask

    def ask(question: str, options: Any = None) -> Any:
        barrier.wait()
        return replace(plain(question, options), text=question)

    assistant.ask = ask
    with TestClient(create_app(lambda: assistant, settings), base_url="http://127.0.0.1") as client:
        texts: list[str] = []

        def one(number: int) -> None:
            texts.append(client.post("/api/ask", json={"question": f"invest {number}"}).json()["text"])

        threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(texts) == [f"invest {number}" for number in range(4)]


def test_openapi_describes_the_api_without_foreign_scripts(client: TestClient) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    assert {"/api/ask", "/api/search", "/api/documents", "/api/documents/{identifier}"} <= set(paths)
    page = client.get("/docs")
    assert page.status_code == 200 and "://" not in page.text
    assert "script-src 'self';" in page.headers["content-security-policy"]


def test_not_ready_while_something_behind_it_is_down(
    client: TestClient, assistant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down() -> None:
        raise BackendError("Milvus does not answer.", "Start it.")

    monkeypatch.setattr(type(assistant), "require_ready", lambda self: down())
    response = client.get("/ready")
    assert response.status_code == 503
    assert response.json()["error"] == {"type": "backend", "message": "Milvus does not answer.", "hint": "Start it."}
    assert client.get("/health").status_code == 200
