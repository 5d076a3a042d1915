"""Shows an answer to people, as it comes on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genesis_rag.cli import answers
from genesis_rag.cli.output import Line, Output
from genesis_rag.cli.phrases import phrases_for
from genesis_rag.types import Answer, AnswerDone, PassagesFound, TextDelta

if TYPE_CHECKING:
    from genesis_rag.assistant import AskOptions, Assistant


def show_answer(
    output: Output,
    assistant: Assistant,
    question: str,
    choice: AskOptions,
    *,
    stream: bool,
    explain: bool,
    quiet: bool,
) -> Answer:
    """Answer, show the answer with its sources, and return it; what was searched for a follow-up comes first."""
    if stream and output.decorated:
        answer = _stream_text(output, assistant, question, choice)
    else:
        answer = assistant.ask(question, choice)
        output.lines(_search_lines(answer.searched, question))
        output.lines(answers.text_lines(answer))
    output.lines(answers.source_lines(answer, output.decorated))
    if explain:
        output.lines(answers.explanation_lines(answer))
    if not quiet:
        output.lines(answers.closing_lines(answer))
    return answer


def _search_lines(searched: str, question: str) -> Iterator[Line]:
    if searched and searched != question:
        words = phrases_for("ja" if any("぀" <= c <= "ヿ" for c in question + searched) else "en")
        yield Line(((words.searched.format(question=searched), "quiet"),))


def _stream_text(output: Output, assistant: Assistant, question: str, choice: AskOptions) -> Answer:
    """Show the text as it comes and return the checked answer, which is shown again if checking changed it."""
    shown: list[str] = []
    answer: Answer | None = None

    def pieces() -> Iterator[str]:
        nonlocal answer
        for event in assistant.stream(question, choice):
            if isinstance(event, PassagesFound):
                output.lines(_search_lines(event.searched, question))
            elif isinstance(event, TextDelta):
                yield event.text
            elif isinstance(event, AnswerDone):
                answer = event.answer

    held = ""
    for piece in pieces():
        ready, held = answers.hold_back(held + piece)
        shown.append(piece)
        output.write(ready)
    output.write(held + "\n" if shown else "")
    if answer is None:
        raise RuntimeError("the answer's stream ended without an answer")
    if "".join(shown).strip() != answer.text.strip():
        output.lines(answers.text_lines(answer))
    return answer
