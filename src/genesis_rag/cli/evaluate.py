"""`genesis-rag evaluate`: measure search, answers, citations and refusals against a set of questions."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genesis_rag.cli import options
from genesis_rag.cli.opening import open_or_build, settings_for
from genesis_rag.cli.output import json_stream, remark, standard_output
from genesis_rag.cli.phrases import ENGLISH
from genesis_rag.cli.progress import progress_bar
from genesis_rag.errors import UserError
from genesis_rag.server.schemas import to_line

if TYPE_CHECKING:
    from genesis_rag.assistant import Assistant
    from genesis_rag.evaluation.comparing import Comparison
    from genesis_rag.settings import Settings

EXIT_FELL = 1
TOLERANCE = 0.02
OUTPUTS = ("out", "html", "save_baseline")


@click.command(epilog=options.EPILOG, context_settings=options.SETTINGS)
@click.argument("questions", metavar="[QA.jsonl | BEIR_FOLDER]", required=False, type=options.ANY_PATH)
@options.as_json
@click.option("--out", metavar="RUN.json", type=options.ANY_PATH, help="Write the run to a file, question by question.")
@click.option("--html", metavar="REPORT.html", type=options.ANY_PATH, help="Write a report with plots: one file.")
@click.option(
    "--baseline",
    metavar="RUN.json",
    type=options.ANY_PATH,
    help="Compare with an earlier run; the exit code is 1 if a measure fell by more than the tolerance and more than "
    "chance explains.",
)
@click.option(
    "--tolerance",
    metavar="SHARE",
    type=click.FloatRange(0, 1),
    default=TOLERANCE,
    help=f"How far a measure may fall. Default: {TOLERANCE}.",
)
@click.option("--save-baseline", metavar="RUN.json", type=options.ANY_PATH, help="Write what --baseline needs, small.")
@click.option(
    "--compare",
    metavar="A.json B.json",
    nargs=2,
    type=options.ANY_PATH,
    help="Show two runs side by side.",
)
@click.option("--retrieval-only", is_flag=True, help="Measure the search alone, without answers.")
@click.option("--no-ablation", is_flag=True, help="Leave out the parts of the search alone.")
@click.option("-k", "--hits", metavar="N", type=click.IntRange(1), default=10, help="Hits judged. Default: 10.")
@click.option("--passages", metavar="N", type=click.IntRange(1), help="Passages an answer may read. Default: 6.")
@click.option("--split", metavar="NAME", help="Only questions of this split, such as dev or test.")
@click.option(
    "--documents",
    metavar="PATH",
    multiple=True,
    type=options.ANY_PATH,
    help="Index these files in a temporary index and measure on it; may be given several times.",
)
@options.llm
@options.embedder
@options.quiet
@options.place
def evaluate(questions: Path | None, compare: tuple[Path, Path] | None, **given: Any) -> None:
    """Measure search, answers, citations and refusals.

    Every question of the set is searched for and answered; the figures come with 95 % intervals. No model judges and
    nothing is downloaded, so that the same code on the same index gives the same figures. docs/evaluation.md describes
    the questions and every measure. The run is kept as evaluation.json of the home, where the page finds it. A folder
    in BEIR's layout is indexed for the occasion and only searched.
    """
    if compare:
        if questions:
            raise UserError("Both a set of questions and --compare were given.", "Give one of them.")
        _compare(*compare, tolerance=given["tolerance"], as_json=given["as_json"])
        return
    if questions is None:
        raise UserError("There are no questions.", "Name a file: genesis-rag evaluate QA.jsonl")
    for option in OUTPUTS:
        _check_place(given[option])
    baseline = _read(given["baseline"]) if given["baseline"] else None
    settings = settings_for(given["home"], given["profile"], llm=given["llm"], embedder=given["embedder"])
    run = _run(questions, settings, **given)
    _write(run, settings, given)
    comparison = None
    if baseline is not None:
        from genesis_rag.evaluation.comparing import compare_runs

        comparison = compare_runs(baseline, run, given["tolerance"])
    _show(run, comparison, given)
    if comparison and comparison.fallen:
        raise SystemExit(EXIT_FELL)


def _run(
    questions: Path,
    settings: Settings,
    *,
    retrieval_only: bool,
    no_ablation: bool,
    hits: int,
    passages: int | None,
    split: str | None,
    documents: tuple[Path, ...],
    quiet: bool,
    **_: Any,
) -> dict[str, Any]:
    from genesis_rag.evaluation.dataset import read_questions
    from genesis_rag.evaluation.runner import RunOptions
    from genesis_rag.evaluation.session import is_beir, measure

    asked = read_questions(questions, split)
    if is_beir(questions) and not documents:
        documents = (questions,)
    chosen = RunOptions(k=hits, passages=passages, retrieval_only=retrieval_only, ablation=not no_ablation)
    with _opened(settings, documents, quiet) as assistant, progress_bar(quiet) as progress:
        return measure(assistant, asked, chosen, settings.profile, progress)


@contextmanager
def _opened(settings: Settings, documents: tuple[Path, ...], quiet: bool) -> Iterator[Assistant]:
    if not documents:
        with open_or_build(settings, ENGLISH, quiet) as assistant:
            yield assistant
        return
    from genesis_rag.evaluation.session import temporary_index

    with ExitStack() as stack:
        with progress_bar(quiet) as progress:
            index = temporary_index(settings, documents, progress, lambda one: remark(f"{one.source}: {one.reason}"))
            assistant = stack.enter_context(index)
        yield assistant


def _write(run: dict[str, Any], settings: Settings, given: dict[str, Any]) -> None:
    from genesis_rag.evaluation.run_file import as_baseline, write_run
    from genesis_rag.server.evaluations import keep_latest

    try:
        keep_latest(settings.home, run)
    except UserError as error:  # a home that may only be read; the run itself is whole
        remark(f"The page will not show this run: {error.message}")
    if given["out"]:
        write_run(given["out"], run)
    if given["save_baseline"]:
        write_run(given["save_baseline"], as_baseline(run))
    if given["html"]:
        from genesis_rag.evaluation.report import write_report

        write_report(given["html"], run)


def _show(run: dict[str, Any], comparison: Comparison | None, given: dict[str, Any]) -> None:
    from genesis_rag.cli.evaluation_lines import fallen_lines, run_lines

    if given["as_json"]:
        json_stream().write(to_line(run) + "\n")
    else:
        output = standard_output()
        output.lines(run_lines(run, shutil.get_terminal_size().columns if output.decorated else None))
        for option in OUTPUTS:
            if given[option] and not given["quiet"]:
                remark(f"Wrote {given[option]}.")
    if comparison and (comparison.fallen or not given["quiet"]):
        remark("\n".join(fallen_lines(comparison)))


def _compare(before: Path, after: Path, *, tolerance: float, as_json: bool) -> None:
    from genesis_rag.cli.evaluation_lines import comparison_lines
    from genesis_rag.evaluation.comparing import compare_runs, comparison_payload

    comparison = compare_runs(_read(before), _read(after), tolerance)
    if as_json:
        json_stream().write(to_line(comparison_payload(comparison)) + "\n")
    else:
        standard_output().lines(comparison_lines(comparison, before.name, after.name))


def _check_place(path: Path | None) -> None:
    """Refuse a file that cannot be written now, not after a long run."""
    if path is not None and (path.is_dir() or (path.parent.is_dir() and not os.access(path.parent, os.W_OK))):
        raise UserError(f"{path} cannot be written.", "Name another file.")


def _read(path: Path) -> dict[str, Any]:
    from genesis_rag.evaluation.run_file import read_run

    return read_run(path)
