"""`genesis-rag chat`: a conversation, in which follow-up questions are understood."""

from __future__ import annotations

import contextlib
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genesis_rag.cli import answers, options
from genesis_rag.cli.ask import ask_options
from genesis_rag.cli.opening import open_or_build, settings_for
from genesis_rag.cli.output import json_stream, remark, standard_output
from genesis_rag.cli.phrases import Phrases, phrases_for, phrases_for_user
from genesis_rag.cli.questions import clean
from genesis_rag.cli.showing import show_answer
from genesis_rag.errors import BackendError
from genesis_rag.server.schemas import answer_payload, to_line
from genesis_rag.types import NO_CONVERSATION, Answer, Conversation, Language

if TYPE_CHECKING:
    from genesis_rag.assistant import AskOptions, Assistant

_PROMPT = "> "
_COMMANDS = {
    "/help": ("/help", "/?", "/h", "/ヘルプ"),
    "/sources": ("/sources", "/s", "/出典"),
    "/new": ("/new", "/n", "/新規"),
    "/quit": ("/quit", "/exit", "/q", "/終了"),
}
_BY_NAME = {name: command for command, names in _COMMANDS.items() for name in names}


@click.command(epilog=options.EPILOG, context_settings=options.SETTINGS)
@options.as_json
@click.option("-k", "--passages", metavar="N", type=click.IntRange(1), help="How many passages to read. Default: 6.")
@click.option("--language", type=options.LANGUAGES, help="Language of the answers. Default: the questions'.")
@options.search_filter
@options.llm
@options.embedder
@options.quiet
@options.place
@options.version
def chat(
    as_json: bool,
    passages: int | None,
    language: Language | None,
    in_language: Language | None,
    source: str | None,
    since: str | None,
    until: str | None,
    quiet: bool,
    llm: Path | None,
    embedder: Path | None,
    profile: str | None,
    home: Path | None,
) -> None:
    """Ask one question after another; follow-up questions are understood.

    それはいつですか or "and in 2027?" is made self-contained with the questions before it; what was searched is shown.
    Questions come from the terminal or, one a line, from standard input. /help lists the commands, Ctrl-D leaves.
    """
    settings = settings_for(home, profile, llm=llm, embedder=embedder)
    words = phrases_for_user("")
    choice = ask_options(passages, language, options.chosen_filter(in_language, source, since, until))
    with open_or_build(settings, words, quiet) as assistant:
        talk = Talk(assistant, choice, words, as_json=as_json, quiet=quiet)
        if _is_terminal() and not quiet:
            remark(words.chat_welcome)
        for line in _lines():
            if not talk.take(line):
                return


class Talk:
    """One conversation on the terminal.

    Args:
        assistant: answers.
        choice: how to answer.
        words: for what the program says itself, until a question tells the user's language.
        as_json: print each answer as one object a line, and nothing else.
        quiet: no remarks.
    """

    def __init__(self, assistant: Assistant, choice: AskOptions, words: Phrases, *, as_json: bool, quiet: bool) -> None:
        self._assistant, self._choice, self._words = assistant, choice, words
        self._as_json, self._quiet = as_json, quiet
        self._output = None if as_json else standard_output()
        self._conversation: Conversation = NO_CONVERSATION
        self._last: Answer | None = None

    def take(self, line: str) -> bool:
        """Answer a question or carry out a command; return False when it is time to leave."""
        text = clean(line).strip()
        command = unicodedata.normalize("NFKC", text).casefold()
        if command.startswith("/") and (command in _BY_NAME or " " not in command):
            return self._carry_out(_BY_NAME.get(command, ""), command)
        if text:
            try:
                self._answer(text)
            except KeyboardInterrupt:
                remark("\n" + self._words.chat_cancelled)
            except BackendError as error:  # the next question may go well again
                remark(f"{error.message} {error.hint}".strip())
        return True

    def _answer(self, question: str) -> None:
        choice = replace(self._choice, conversation=self._conversation)
        if self._output is None:
            answer = self._assistant.ask(question, choice)
            out = json_stream()
            out.write(to_line(answer_payload(answer)) + "\n")
            out.flush()
        else:
            answer = show_answer(
                self._output, self._assistant, question, choice, stream=True, explain=False, quiet=True
            )
            self._output.write("\n")
        self._last, self._words = answer, phrases_for(answer.language)
        self._conversation = self._conversation.after(answer)

    def _carry_out(self, command: str, given: str) -> bool:
        if command == "/quit":
            return False
        if command == "/new":
            self._conversation, self._last = NO_CONVERSATION, None
            self._say(self._words.chat_new)
        elif command == "/help":
            self._say(self._words.chat_help)
        elif command == "/sources" and self._last and self._output:
            self._output.lines(answers.explanation_lines(self._last))
        else:
            unknown = self._words.chat_unknown.format(command=given)
            self._say(self._words.chat_no_answer if command == "/sources" else unknown)
        return True

    def _say(self, text: str) -> None:
        if not self._quiet:
            remark(text)


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _lines() -> Iterator[str]:
    """Yield lines as they are typed, with editing and a history, or as they are piped in."""
    if sys.stdin is None:
        return
    if not _is_terminal():
        for raw in sys.stdin.buffer:
            yield raw.decode("utf-8-sig", "replace")
        return
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  input() edits lines with it
    while True:
        try:
            yield input(_PROMPT)
        except EOFError:
            remark("")
            return
