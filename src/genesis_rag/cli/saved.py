"""`genesis-rag answers`: keep answers, and see later whether what they quote is still there."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genesis_rag.cli import options
from genesis_rag.cli.answers import one_line
from genesis_rag.cli.opening import open_or_build, settings_for
from genesis_rag.cli.output import Line, json_stream, remark, standard_output
from genesis_rag.cli.phrases import phrases_for_user
from genesis_rag.cli.questions import find_question, read_questions
from genesis_rag.errors import UserError
from genesis_rag.server.schemas import answer_payload, to_line

if TYPE_CHECKING:
    from genesis_rag.staleness import CitedPlace, PlaceToday

CHECK_SCHEMA = "genesis-rag/answers-check/1"
EXIT_STALE = 1
HINT = "Save answers with: genesis-rag answers save FILE QUESTION"


@click.group(epilog=options.EPILOG, context_settings=options.SETTINGS)
def answers() -> None:
    """Keep answers, and see later whether what they quote is still there."""


@answers.command("save")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("question", nargs=-1)
@click.option("--questions", metavar="FILE.jsonl", type=options.ANY_PATH, help="Answer and save many.")
@options.embedder
@options.quiet
@options.place
def save(
    file: Path,
    question: tuple[str, ...],
    questions: Path | None,
    embedder: Path | None,
    quiet: bool,
    profile: str | None,
    home: Path | None,
) -> None:
    """Answer a question and add the answer to FILE, with the hashes of what it cites.

    FILE is JSON Lines, each line an answer as `ask --json` prints it (docs/json.md).
    """
    if questions and question:
        raise UserError("Both a question and --questions were given.", "Give one of them.")
    asked = [one.question for one in read_questions(questions)] if questions else [find_question(question)]
    settings, kept = settings_for(home, profile, embedder=embedder), 0
    with (
        open_or_build(settings, phrases_for_user(asked[0]), quiet) as assistant,
        _adding(file) as out,
    ):
        for one in asked:
            answer = assistant.ask(one)
            payload = answer_payload(answer) | {"saved_at": datetime.now(UTC).isoformat(timespec="seconds")}
            out.write(to_line(payload) + "\n")
            out.flush()
            os.fsync(out.fileno())
            kept += not answer.abstained
    if not quiet:
        remark(f"{len(asked):,} saved in {file}, {kept:,} of them with citations")


@answers.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@options.as_json
@options.embedder
@options.place
def check(file: Path, as_json: bool, embedder: Path | None, profile: str | None, home: Path | None) -> None:
    """Tell which citations of the saved answers have changed or vanished since.

    A quotation is unchanged, moved (the same words stand elsewhere now), changed (the document no longer holds them)
    or gone (there is no such document). The exit code is 1 if any is changed or gone.
    """
    from genesis_rag.staleness import Library
    from genesis_rag.wiring import open_assistant

    saved = list(_saved(file))
    with open_assistant(settings_for(home, profile, embedder=embedder)) as assistant:
        library = Library(assistant)
        found = [(question, [(place, library.find(place)) for place in places]) for question, places in saved]
    if as_json:
        out = json_stream()
        for question, pairs in found:
            out.write(to_line(_payload(question, pairs)) + "\n")
    else:
        standard_output().lines(_report(found))
    if any(today.state in ("changed", "gone") for _, pairs in found for _, today in pairs):
        raise SystemExit(EXIT_STALE)


def _adding(file: Path) -> Any:
    try:
        return file.open("a", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror or error}.", "Name another file.") from error


def _saved(file: Path) -> Iterator[tuple[str, list[CitedPlace]]]:
    """Yield (question, what it cites) of every line.

    Raises:
        UserError: a line is not a saved answer; names it.
    """
    from genesis_rag.staleness import CitedPlace

    for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row: Mapping[str, Any] = json.loads(line)
            names = ("marker", "source", "start", "end", "quote", "content_sha256")
            yield str(row["question"]), [CitedPlace(*(one[name] for name in names)) for one in row["citations"]]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{file}:{number} is not a saved answer ({type(error).__name__}: {error}).", HINT
            ) from error


def _payload(question: str, pairs: list[tuple[CitedPlace, PlaceToday]]) -> dict[str, Any]:
    rows = [
        {
            "marker": place.marker,
            "source": place.source,
            "quote": place.quote,
            "state": today.state,
            "source_now": today.source or None,
            "start": today.start if today.start >= 0 else None,
            "end": today.end if today.end >= 0 else None,
        }
        for place, today in pairs
    ]
    return {"schema": CHECK_SCHEMA, "question": question, "citations": rows}


def _report(found: list[tuple[str, list[tuple[CitedPlace, PlaceToday]]]]) -> Iterator[Line]:
    """Yield the questions whose citations are not as they were, and the counts."""
    counts = Counter(today.state for _, pairs in found for _, today in pairs)
    for question, pairs in found:
        stale = [(place, today) for place, today in pairs if today.state != "unchanged"]
        if stale:
            yield Line(((one_line(question), "strong"),))
        for place, today in stale:
            where = f" → {today.source}:{today.start}-{today.end}" if today.state == "moved" else ""
            yield Line(
                ((f"{today.state}  ", "warning"), f"[{place.marker}] {place.source}:{place.start}-{place.end}{where}"),
                2,
            )
            yield Line(((one_line(place.quote), "quiet"),), 4)
    told = ", ".join(
        f"{counts[state]:,} {state}" for state in ("unchanged", "moved", "changed", "gone") if counts[state]
    )
    yield Line((f"{len(found):,} answers: {told or 'no citations'}",))
