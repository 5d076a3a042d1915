"""`genesis-rag search`: the passages nearest to a query, with their scores."""

from __future__ import annotations

from pathlib import Path

import click

from genesis_rag.cli import options
from genesis_rag.cli.hits import hit_lines
from genesis_rag.cli.opening import open_or_build, settings_for
from genesis_rag.cli.output import Line, json_stream, remark, standard_output
from genesis_rag.cli.phrases import phrases_for_user
from genesis_rag.cli.questions import NumberedQuestion, find_question, read_questions
from genesis_rag.errors import UserError
from genesis_rag.server.schemas import search_payload, to_line
from genesis_rag.types import Language


@click.command(epilog=options.EPILOG, context_settings=options.SETTINGS)
@click.argument("query", nargs=-1)
@options.as_json
@click.option("-k", "--hits", metavar="N", type=click.IntRange(1), default=10, help="How many hits. Default: 10.")
@options.search_filter
@options.explain
@click.option(
    "--queries",
    metavar="FILE.jsonl",
    type=options.ANY_PATH,
    help='Search for many: objects with "id" and "query" or "question", one a line; "-" is standard input.',
)
@click.option("--rerank", is_flag=True, help="Put the hits into the order of the profile's reranker.")
@options.embedder
@options.quiet
@options.place
def search(
    query: tuple[str, ...],
    as_json: bool,
    hits: int,
    in_language: Language | None,
    source: str | None,
    since: str | None,
    until: str | None,
    explain: bool,
    queries: Path | None,
    rerank: bool,
    embedder: Path | None,
    quiet: bool,
    profile: str | None,
    home: Path | None,
) -> None:
    """Show the passages nearest to a query.

    QUERY is words or a question; without it, standard input is read. `--explain` and `--json` show the scores by stage.
    """
    if queries and query:
        raise UserError("Both a query and --queries were given.", "Give one of them.")
    many = read_questions(queries, ("query", "question")) if queries else None
    asked = many if many is not None else [NumberedQuestion(None, find_question(query))]
    chosen = options.chosen_filter(in_language, source, since, until)
    with open_or_build(
        settings_for(home, profile, embedder=embedder), phrases_for_user(asked[0].question), quiet
    ) as assistant:
        out = json_stream() if as_json else None
        for one in asked:
            found = assistant.search(one.question, hits, chosen, rerank=rerank)
            if out is not None:
                out.write(to_line(search_payload(one.question, found, one.identifier)) + "\n")
                out.flush()
                continue
            output = standard_output()
            if many is not None:
                output.lines([Line(((f"{one.identifier}: {one.question}", "strong"),))])
            output.lines(hit_lines(found, explain))
            if not found and not quiet:
                remark("Nothing found.")
