"""Sessions over HTTP: what was asked before reaches the assistant; bounded, each key for itself, safe under threads."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from genesis_rag.server.app import create_app
from genesis_rag.server.sessions import Sessions, client_name
from genesis_rag.settings import Settings
from genesis_rag.types import MOST_TURNS, Answer, Conversation

SESSION = "session-0001"


def answer(question: str, searched: str = "", reason: str = "") -> Answer:
    return Answer(
        question, "text", "en", bool(reason), reason, (), (), (), "extractive", 0.5, "m", "i", (), {}, searched
    )


def ask(client: TestClient, question: str, session: str | None = SESSION, **headers: str) -> Any:
    body = {"question": question} | ({"session": session} if session else {})
    return client.post("/api/ask", json=body, headers=headers)


def asked_before(assistant: Any) -> list[list[str]]:
    return [[turn.asked for turn in options.conversation.turns] for _, options in assistant.calls]


def test_a_session_hands_its_earlier_questions_on(client: TestClient, assistant: Any) -> None:
    for question in ("invest", "投資"):
        assert ask(client, question).json()["searched"] == question
    ask(client, "alone", session=None)
    ask(client, "other", session="session-0002")
    events = ask(client, "invest again", Accept="text/event-stream").text
    assert '"searched": "invest again"' in events.split("event: delta")[0]
    ask(client, "last")
    assert asked_before(assistant) == [
        [],
        ["invest"],
        [],
        [],
        ["invest", "投資"],
        ["invest", "投資", "invest again"],
    ]


def test_a_session_can_be_forgotten(client: TestClient, assistant: Any) -> None:
    ask(client, "invest")
    assert client.delete(f"/api/sessions/{SESSION}").json() == {"forgotten": True}
    assert client.delete(f"/api/sessions/{SESSION}").json() == {"forgotten": False}
    ask(client, "投資")
    assert asked_before(assistant) == [[], []]


@pytest.mark.parametrize("session", ["", "short", "x" * 65, "with space", "../../etc", "セッション番号いち"])
def test_unfit_names_are_refused(client: TestClient, assistant: Any, session: str) -> None:
    assert client.post("/api/ask", json={"question": "x", "session": session}).status_code == 422
    assert assistant.calls == []


def test_keys_do_not_share_sessions(assistant: Any, settings: Settings) -> None:
    app = create_app(lambda: assistant, replace(settings, api_key="k" * 32))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        ask(client, "invest", Authorization="Bearer " + "k" * 32)
        ask(client, "投資", **{"X-API-Key": "k" * 32})  # the same key in another header is another name: no harm
        assert asked_before(assistant) == [[], []]
    assert client_name("Bearer a", "") != client_name("Bearer b", "")
    assert client_name("", "") == "" and "secret" not in client_name("Bearer secret", "")


def test_a_failed_answer_is_no_turn(client: TestClient, assistant: Any) -> None:
    assert ask(client, "boom").status_code == 502
    ask(client, "midway", Accept="text/event-stream")
    ask(client, "invest")
    assert asked_before(assistant)[-1] == []


def test_turns_are_bounded_and_small_talk_is_none() -> None:
    conversation = Conversation()
    for number in range(30):
        conversation = conversation.after(answer(f"q{number}", f"s{number}"))
    assert [turn.searched for turn in conversation.turns] == [f"s{number}" for number in range(30 - MOST_TURNS, 30)]
    assert conversation.after(answer("Thanks!", reason="greeting")) is conversation
    assert conversation.after(answer("Who?", reason="no_evidence")).turns[-1].searched == "Who?"


def test_sessions_are_bounded_in_number_and_age() -> None:
    now = [0.0]
    sessions = Sessions(most=4, most_a_client=2, seconds=10, clock=lambda: now[0])
    for client, name in (("a", "1"), ("a", "2"), ("b", "1")):
        sessions.open(client, name)
        sessions.keep(client, name, answer(client + name))
    sessions.open("a", "1")  # used again: "2" is now the older one
    sessions.open("a", "3")
    assert [bool(sessions.open("a", name).turns) for name in "1"] == [True]
    assert sessions.forget("a", "2") is False
    for client in "cdef":
        sessions.open(client, "1")
    assert len(sessions) == 4
    now[0] = 10.5
    assert len(sessions) == 0
    assert sessions.open("b", "1").turns == ()


def test_a_session_forgotten_while_it_was_answered_stays_forgotten() -> None:
    sessions = Sessions()
    sessions.open("a", "1")
    sessions.forget("a", "1")
    sessions.keep("a", "1", answer("late"))
    assert len(sessions) == 0


def test_no_turn_is_lost_between_threads() -> None:
    sessions, wrong = Sessions(most=50, most_a_client=10), []

    def work(client: str) -> None:
        for number in range(300):
            name = str(number % 12)
            before = sessions.open(client, name)
            sessions.keep(client, name, answer(f"{client}:{number}"))
            wrong.extend(turn for turn in before.turns if not turn.asked.startswith(client + ":"))

    threads = [threading.Thread(target=work, args=(client,)) for client in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [] and len(sessions) == 50
    shared = Sessions()
    shared.open("a", "1")
    several = [threading.Thread(target=shared.keep, args=("a", "1", answer(str(n)))) for n in range(MOST_TURNS)]
    for thread in several:
        thread.start()
    for thread in several:
        thread.join()
    assert sorted(turn.asked for turn in shared.open("a", "1").turns) == sorted(map(str, range(MOST_TURNS)))


def test_earlier_messages_of_openais_clients_are_a_conversation(client: TestClient, assistant: Any) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Who funds the first one?"},
        {"role": "assistant", "content": "MEXT."},
        {"role": "user", "content": "x" * 5000},
        {"role": "user", "content": "invest"},
    ]
    body = {"model": "embedded", "messages": messages}
    assert client.post("/v1/chat/completions", json=body).status_code == 200
    assert asked_before(assistant) == [["Who funds the first one?"]]


def test_follow_ups_are_understood_over_http(library: TestClient) -> None:
    def searched(question: str, session: str | None) -> str:
        return str(ask(library, question, session).json()["searched"])

    assert searched("What is the Danube project?", SESSION) == "What is the Danube project?"
    assert searched("hello", SESSION) == "hello"
    assert searched("Who leads it?", SESSION) == "Who leads the Danube project?"
    assert searched("その予算は？", SESSION) == "the Danube projectの予算は?"
    assert searched("Who leads it?", None) == "Who leads it?"
    events = ask(library, "and its goals?", SESSION, Accept="text/event-stream").text
    assert '"searched": "What are the goals of the Danube project?"' in events.split("event: d")[0]
    library.delete(f"/api/sessions/{SESSION}")
    assert searched("Who leads it?", SESSION) == "Who leads it?"
