"""`genesis-rag search`: the passages nearest to a query, with their scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from genesis_rag.cli import options
from genesis_rag.cli.hits import hit_lines
from genesis_rag.cli.opening import open_or_build, settings_for
from genesis_rag.cli.output import Line, json_stream, remark, standard_output
from genesis_rag.cli.phrases import phrases_for_user
from genesis_rag.cli.questions import NumberedQuestion, find_question, read_questions
from genesis_rag.errors import UserError
from genesis_rag.server.schemas import search_payload, to_line
from genesis_rag.types import SearchFilter


def search(
    query: Annotated[list[str] | None, typer.Argument(metavar="QUERY", hidden=True)] = None,
    json: options.Json = False,
    k: Annotated[int, typer.Option("-k", "--hits", metavar="N", min=1, help="How many hits.")] = 10,
    in_language: options.InLanguage = None,
    source: options.Source = None,
    queries: Annotated[
        Path | None,
        typer.Option(
            "--queries",
            metavar="FILE.jsonl",
            help='Search for many: objects with "id" and "query" or "question", one a line; "-" is standard input.',
        ),
    ] = None,
    explain: options.Explain = False,
    profile: options.Profile = None,
    home: options.Home = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Show the passages nearest to a query.

    QUERY is words or a question; without it, standard input is read. `--explain` and `--json` show the scores by stage.
    """
    if queries and query:
        raise UserError("Both a query and --queries were given.", "Give one of them.")
    many = read_questions(queries, ("query", "question")) if queries else None
    asked = many if many is not None else [NumberedQuestion(None, find_question(query or []))]
    chosen = SearchFilter(language=in_language, source_glob=source) if in_language or source else None
    with open_or_build(settings_for(home, profile), phrases_for_user(asked[0].question), quiet) as assistant:
        out = json_stream() if json else None
        for one in asked:
            hits = assistant.search(one.question, k, chosen)
            if out is not None:
                out.write(to_line(search_payload(one.question, hits, one.identifier)) + "\n")
                out.flush()
                continue
            output = standard_output()
            if many is not None:
                output.lines([Line(((f"{one.identifier}: {one.question}", "strong"),))])
            output.lines(hit_lines(hits, explain))
            if not hits and not quiet:
                remark("Nothing found.")
