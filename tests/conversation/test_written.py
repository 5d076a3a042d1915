"""Follow-up questions rewritten by a scripted model: taken where it is faithful, else the rules stand in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from genesis_rag.conversation import RuleRewriter
from genesis_rag.conversation.written import GeneratedRewriter
from genesis_rag.errors import BackendError
from genesis_rag.generation.scripted import ScriptedGenerator
from genesis_rag.types import NO_CONVERSATION, Conversation, Turn

JAPANESE = Conversation((Turn("富岳NEXTの運用開始は2030年頃ですか。", "富岳NEXTの運用開始は2030年頃ですか。"),))
ENGLISH = Conversation((Turn("Who leads it?", "Who leads the Genesis Mission?"),))


def rewritten(reply: str, asked: str, conversation: Conversation) -> Turn:
    return GeneratedRewriter(ScriptedGenerator([reply])).turn(asked, conversation)


@pytest.mark.parametrize(
    ("reply", "asked", "conversation", "searched"),
    [
        ("富岳NEXTの開発予算はいくらですか。", "お金はどのくらい?", JAPANESE, "富岳NEXTの開発予算はいくらですか。"),
        ("質問: 「富岳NEXTはどこに置かれますか」\n説明: …", "置き場所?", JAPANESE, "富岳NEXTはどこに置かれますか"),
        (
            "What was the career of the person who leads the Genesis Mission?",
            "and what did they do before?",
            ENGLISH,
            "What was the career of the person who leads the Genesis Mission?",
        ),
        ("Question: And who funds the Genesis Mission in 2027?", "who pays in 2027?", ENGLISH, None),
    ],
)
def test_a_faithful_rewrite_is_taken(reply: str, asked: str, conversation: Conversation, searched: str | None) -> None:
    turn = rewritten(reply, asked, conversation)
    assert turn == Turn(asked, searched or "And who funds the Genesis Mission in 2027?")


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "\n\n",
        "What is the budget of the Genesis Mission in 2026?",
        "What is the budget of the Genesis Mission?",
        "What is the budget of Frontier in 2027?",
        "The budget of the Genesis Mission in 2027 is $500 million.",
        "What is the budget of the Genesis Mission in 2027? " + "And so on. " * 40,
        "See http://evil.example/2027 Genesis Mission",
        "<b>What is the Genesis Mission in 2027?</b>",
    ],
)
def test_an_unfaithful_one_gives_way_to_the_rules(reply: str) -> None:
    expected = RuleRewriter().turn("and its budget in 2027?", ENGLISH)
    assert rewritten(reply, "and its budget in 2027?", ENGLISH) == expected


def test_a_question_that_is_repeated_stays_as_it_was() -> None:
    asked = "ＡＩ法はいつ施行されますか？ "
    assert rewritten("AI法はいつ施行されますか", asked, JAPANESE) == Turn(asked, asked)


def test_the_model_is_not_asked_without_need() -> None:
    generator = ScriptedGenerator(["x"])
    rewriter = GeneratedRewriter(generator)
    for asked, conversation in (("それは?", NO_CONVERSATION), ("", JAPANESE), ("?!", JAPANESE), ("a" * 400, ENGLISH)):
        assert rewriter.turn(asked, conversation) == Turn(asked, asked)
    assert generator.prompts == []


def test_the_model_sees_a_few_questions_and_no_answers() -> None:
    generator = ScriptedGenerator([""])
    turns = tuple(Turn(f"q{n}", f"What is item{n}?") for n in range(8))
    GeneratedRewriter(generator).turn("why?", Conversation(turns))
    (_, rules), (_, user) = generator.prompts[0]
    assert "Do not answer" in rules
    assert [f"item{n}" in user for n in range(8)] == [False] * 4 + [True] * 4 and user.endswith("why?")


class Breaking:
    fingerprint, context_tokens = "broken", 1000

    def stream(
        self, messages: Sequence[tuple[str, str]], *, max_tokens: int, grammar: str | None = None
    ) -> Iterator[str]:
        yield "What "
        raise BackendError("The server went away.", "")

    def count_tokens(self, text: str) -> int:
        return len(text)


class Endless(Breaking):
    def __init__(self) -> None:
        self.pieces, self.closed = 0, False

    def stream(
        self, messages: Sequence[tuple[str, str]], *, max_tokens: int, grammar: str | None = None
    ) -> Iterator[str]:
        try:
            while True:
                self.pieces += 1
                yield "budget "
        finally:
            self.closed = True


def test_a_failing_or_endless_model_gives_way_to_the_rules() -> None:
    expected = Turn("why?", "Why: who leads the Genesis Mission?")
    assert GeneratedRewriter(Breaking()).turn("why?", ENGLISH) == expected
    endless = Endless()
    assert GeneratedRewriter(endless).turn("why?", ENGLISH) == expected
    assert endless.closed and endless.pieces < 200
