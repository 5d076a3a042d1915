"""`genesis-rag chat`: follow-ups, commands in both languages, pipes, and leaving cleanly."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def talk(genesis: Any, assistant: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(text: str | bytes, *arguments: str) -> Any:
        data = text if isinstance(text, bytes) else text.encode()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        return genesis("chat", *arguments)

    return run


def before(assistant: Any) -> list[list[str]]:
    return [[turn.asked for turn in options.conversation.turns] for _, options in assistant.calls]


def test_each_question_is_asked_with_those_before_it(talk: Any, assistant: Any) -> None:
    run = talk("投資は？\n\n  invest  \nwho is the king?\n")
    assert run.code == 0
    assert [question for question, _ in assistant.calls] == ["投資は？", "invest", "who is the king?"]
    assert before(assistant) == [[], ["投資は？"], ["投資は？", "invest"]]
    assert "5億ドル" in run.out and "$500 million" in run.out and "> " not in run.out


@pytest.mark.parametrize("command", ["/new", "/新規", "／ＮＥＷ", "/n"])
def test_new_forgets(talk: Any, assistant: Any, command: str) -> None:
    run = talk(f"invest\n{command}\n投資は？")
    assert before(assistant) == [[], []]
    assert "new conversation" in run.err and run.code == 0


@pytest.mark.parametrize("command", ["/quit", "/終了", "/exit", "/q", "／終了"])
def test_quit_leaves(talk: Any, assistant: Any, command: str) -> None:
    assert talk(f"invest\n{command}\nnever asked").code == 0
    assert len(assistant.calls) == 1


def test_help_sources_and_unknown_commands(talk: Any, assistant: Any) -> None:
    run = talk("/sources\n/help\n/nonsense\ninvest\n/sources\n投資は？\n/ヘルプ\n/path/to the file?\n", "--home", "x")
    assert "There is no answer yet." in run.err and "no command /nonsense" in run.err
    assert "Passages read" in run.out and "これまでの質問を忘れて" in run.err
    assert assistant.calls[-1][0] == "/path/to the file?"
    assert len(assistant.calls) == 3


def test_json_is_one_answer_a_line(talk: Any, assistant: Any) -> None:
    run = talk("invest\n/help\n投資は？\n".encode() + b"\xff?\n", "--json", "-q")
    rows = [json.loads(line) for line in run.out.splitlines()]
    assert [row["question"] for row in rows] == ["invest", "投資は？", "\ufffd?"]
    assert all(row["schema"] == "genesis-rag/answer/1" and row["searched"] for row in rows)
    assert run.err == ""


def test_a_failing_answer_does_not_end_the_conversation(talk: Any, assistant: Any) -> None:
    run = talk("invest\nboom\n投資は？\n")
    assert run.code == 0 and "The engine stopped." in run.err
    assert before(assistant)[-1] == ["invest"]


def test_ctrl_c_stops_the_answer_only(talk: Any, assistant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = assistant.ask

    def interrupted(question: str, options: Any = None) -> Any:
        if question == "slow":
            raise KeyboardInterrupt
        return ask(question, options)

    monkeypatch.setattr(assistant, "ask", interrupted)
    run = talk("slow\ninvest\n")
    assert run.code == 0 and "Stopped." in run.err and "$500 million" in run.out


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("end", "code"), [(EOFError, 0), (KeyboardInterrupt, 130)])
def test_a_terminal_is_prompted_and_left_cleanly(
    genesis: Any, assistant: Any, monkeypatch: pytest.MonkeyPatch, end: type[BaseException], code: int
) -> None:
    typed: Iterator[str] = iter(["invest"])
    prompts: list[str] = []

    def read(prompt: str) -> str:
        prompts.append(prompt)
        line = next(typed, None)
        if line is None:
            raise end
        return line

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("builtins.input", read)
    run = genesis("chat")
    assert (run.code, prompts) == (code, ["> ", "> "])
    assert "/help" in run.err and "Traceback" not in run.err and assistant.closed


def test_what_was_searched_is_shown(talk: Any, assistant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    ask = assistant.ask
    monkeypatch.setattr(
        assistant,
        "ask",
        lambda question, options=None: replace(ask(question, options), searched="When was it: invest?"),
    )
    assert "Searched: When was it: invest?" in talk("invest\n").out
