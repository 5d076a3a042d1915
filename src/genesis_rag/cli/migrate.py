"""`genesis-rag migrate`: move an index between this machine and a cluster, and prove that it is the same."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from genesis_rag.cli import options
from genesis_rag.cli.opening import settings_for
from genesis_rag.cli.output import Line, json_stream, standard_output
from genesis_rag.cli.progress import progress_bar
from genesis_rag.cli.questions import read_questions
from genesis_rag.server.schemas import to_line

MIGRATION_SCHEMA = "genesis-rag/migration/1"
EXIT_DIFFERENT = 1


@click.command(epilog=options.EPILOG, context_settings=options.SETTINGS)
@click.option("--from", "source", metavar="PLACE", help="The index to copy. Default: that of the settings.")
@click.option("--to", "target", metavar="PLACE", required=True, help="Where to: a folder, or an address of a cluster.")
@click.option("--force", is_flag=True, help="Replace the index that is there.")
@click.option(
    "--questions",
    metavar="FILE.jsonl",
    type=options.ANY_PATH,
    help='Compare the hits for these: objects with "id" and "question", one a line. Default: titles of documents.',
)
@options.as_json
@options.embedder
@options.quiet
@options.place
def migrate(
    source: str | None,
    target: str,
    force: bool,
    questions: Path | None,
    as_json: bool,
    embedder: Path | None,
    quiet: bool,
    profile: str | None,
    home: Path | None,
) -> None:
    """Copy an index to another place and prove that it is the same.

    PLACE is the folder of an index, or an address such as milvus://HOST:19530/NAME?texts=s3://BUCKET/FOLDER
    (docs/cluster.md). Nothing is embedded again. Afterwards every document is read back and compared, and both indexes
    are searched: the same ten passages must come from both. The exit code is 1 if something differs. A run that was
    stopped goes on with the same command.
    """
    from genesis_rag.migration import migrate as run

    here = settings_for(home, profile, embedder=embedder, index=source)
    there = settings_for(home, profile, embedder=embedder, index=target)
    asked = [one.question for one in read_questions(questions)] if questions else []
    with progress_bar(quiet) as progress:

        def tell(phase: str, done: int, total: int) -> None:
            if progress is not None and total:
                progress(phase, done, total, "")

        report = run(here, there, asked, force=force, progress=tell)
    if as_json:
        json_stream().write(to_line({"schema": MIGRATION_SCHEMA, **asdict(report)}) + "\n")
    else:
        counts = f"{report.documents:,} documents ({report.chunks:,} chunks); {report.copied:,} documents copied now"
        compared = f"  every document and {report.questions:,} searches compared"
        standard_output().lines([Line(((counts, "strong"), compared))])
        standard_output().lines([Line((("DIFFERS  ", "warning"), fault)) for fault in report.faults])
    if report.faults:
        raise SystemExit(EXIT_DIFFERENT)
