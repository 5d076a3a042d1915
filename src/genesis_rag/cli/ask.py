"""`ask`: one question, or a file of them, answered with exact citations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from genesis_rag.cli import answers, options
from genesis_rag.cli.opening import open_or_build, settings_for
from genesis_rag.cli.output import Output, json_stream, standard_output
from genesis_rag.cli.phrases import phrases_for_user
from genesis_rag.cli.questions import NumberedQuestion, find_question, read_questions
from genesis_rag.cli.showing import show_answer
from genesis_rag.errors import UserError
from genesis_rag.server.schemas import answer_payload, to_line
from genesis_rag.types import Language, SearchFilter

if TYPE_CHECKING:
    from genesis_rag.assistant import AskOptions, Assistant


@click.command(epilog=options.EPILOG, context_settings=options.SETTINGS)
@click.argument("question", nargs=-1)
@options.as_json
@click.option("-k", "--passages", metavar="N", type=click.IntRange(1), help="How many passages to read. Default: 6.")
@click.option("--language", type=options.LANGUAGES, help="Language of the answer. Default: the question's.")
@options.search_filter
@options.explain
@click.option("--stream/--no-stream", default=True, help="Show the answer as it comes (the default on a terminal).")
@click.option(
    "--questions",
    metavar="FILE.jsonl",
    type=options.ANY_PATH,
    help='Answer many: objects with "id" and "question", one a line; "-" is standard input.',
)
@options.llm
@options.embedder
@options.quiet
@options.place
@options.version
def ask(
    question: tuple[str, ...],
    as_json: bool,
    passages: int | None,
    language: Language | None,
    in_language: Language | None,
    source: str | None,
    since: str | None,
    until: str | None,
    explain: bool,
    stream: bool,
    questions: Path | None,
    quiet: bool,
    llm: Path | None,
    embedder: Path | None,
    profile: str | None,
    home: Path | None,
) -> None:
    """Answer a question from your documents.

    Every sentence of the answer cites the exact words that support it. QUESTION is in Japanese or English; without it,
    the variable GENESIS_Q is read, else standard input. If there is no index yet, it is built from corpus/documents.
    """
    if questions and question:
        raise UserError("Both a question and --questions were given.", "Give one of them.")
    asked = read_questions(questions) if questions else [NumberedQuestion(None, find_question(question))]
    settings = settings_for(home, profile, llm=llm, embedder=embedder)
    words = phrases_for_user(asked[0].question)
    with open_or_build(settings, words, quiet) as assistant:
        choice = ask_options(passages, language, options.chosen_filter(in_language, source, since, until))
        if as_json:
            _print_json(assistant, asked, choice, numbered=questions is not None)
            return
        output = standard_output()
        for number, one in enumerate(asked):
            if questions:
                _print_question(output, one, first=number == 0)
            show_answer(output, assistant, one.question, choice, stream=stream, explain=explain, quiet=quiet)


def ask_options(passages: int | None, language: Language | None, chosen: SearchFilter | None) -> AskOptions:
    """Return how to answer, as the options of a command tell it."""
    from genesis_rag.assistant import AskOptions

    return AskOptions(passages=passages, language=language, search_filter=chosen)


def _print_json(assistant: Assistant, asked: list[NumberedQuestion], choice: AskOptions, numbered: bool) -> None:
    out = json_stream()
    for one in asked:
        answer = assistant.ask(one.question, choice)
        payload = answer_payload(answer, one.identifier) if numbered else answer_payload(answer)
        out.write(to_line(payload) + "\n")
        out.flush()


def _print_question(output: Output, one: NumberedQuestion, first: bool) -> None:
    from genesis_rag.cli.output import Line

    heading = Line(((f"{one.identifier}: {answers.one_line(one.question)}", "strong"),))
    output.lines([heading] if first else [Line(), heading])
