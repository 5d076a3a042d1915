"""`genesis-rag index`: add or update documents."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import click

from genesis_rag.cli import options
from genesis_rag.cli.addresses import PathOrAddress, local_paths
from genesis_rag.cli.opening import forget_first_build, settings_for
from genesis_rag.cli.output import Line, remark, standard_output
from genesis_rag.cli.progress import LinePrinter, progress_bar
from genesis_rag.errors import GenesisError
from genesis_rag.settings import Settings
from genesis_rag.types import IngestReport

EXIT_SKIPPED = 1
EXIT_INTERRUPTED = 130

QUIET = {"RAY_DATA_LOG_LEVEL": "CRITICAL", "RAY_BACKEND_LOG_LEVEL": "fatal"}
"""What Ray logs unless its user asks for more; what goes wrong is told by us."""


@click.command(epilog=options.EPILOG, context_settings=options.SETTINGS)
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=PathOrAddress(exists=True, path_type=Path))
@click.option("--prune", is_flag=True, help="Also remove documents of these folders whose files are gone.")
@click.option("--watch", is_flag=True, help="Go on and take in every change within a second, until Ctrl-C.")
@click.option("--rebuild", is_flag=True, help="Start anew, as after a change of the embedder or the chunker.")
@click.option("--on", "engine", type=click.Choice(["ray"]), help="Read and embed on Ray (needs the extra `ray`).")
@click.option("--address", metavar="HOST:PORT", help="The Ray cluster. Default: a Ray of its own on this machine.")
@click.option(
    "--workers", metavar="N", type=click.IntRange(1), help="Workers that embed. Default: one a GPU or machine."
)
@options.embedder
@options.quiet
@options.place
def index(
    paths: tuple[Path | str, ...],
    prune: bool,
    watch: bool,
    rebuild: bool,
    engine: str | None,
    address: str | None,
    workers: int | None,
    embedder: Path | None,
    quiet: bool,
    profile: str | None,
    home: Path | None,
) -> None:
    """Add or update documents.

    PATH is a file, a folder, or the address of a document (https://…, from hosts that GENESIS_URL_HOSTS names; it is
    kept in uploads/ of the home). Without one, corpus/documents of the home folder is meant. Files whose content has
    not changed are left as they are. Files that cannot be read are listed at the end with the reason, the rest is
    indexed all the same, and the exit code is then 1. Ctrl-C leaves a sound index that holds everything finished by
    then, and the same command goes on from there.

    With --watch, files that are still being written are waited for, and documents whose files are deleted go; a folder
    that is not there any more, such as a drive that was pulled out, is waited for.

    With --on ray, the workers of a cluster read and embed, and this process alone writes (docs/scale-out.md). The
    index is the same. Workers may die, and so may this process: the same command goes on from what was saved.
    """
    from genesis_rag.wiring import run_ingest

    ray = _ray_address(engine, address, workers, watch)
    settings = settings_for(home, profile, embedder=embedder)
    chosen = local_paths(settings, paths) or [settings.corpus_dir]
    if watch:
        follow(settings, chosen, prune=prune, rebuild=rebuild, quiet=quiet)
        return
    try:
        with progress_bar(quiet) as progress, _alone_on_output(ray):
            report = run_ingest(
                settings, chosen, prune=prune, rebuild=rebuild, progress=progress, ray=ray, ray_workers=workers or 0
            )
    except KeyboardInterrupt:
        remark(_kept(settings))
        raise SystemExit(EXIT_INTERRUPTED) from None
    forget_first_build(settings)
    _tell(report, quiet)
    if report.skipped:
        raise SystemExit(EXIT_SKIPPED)


def follow(settings: Settings, paths: Sequence[Path], *, prune: bool, rebuild: bool, quiet: bool) -> None:
    """Keep the index in step with ``paths`` until Ctrl-C, or the signal that ends a service.

    Raises:
        SystemExit: with 130 if it was stopped before everything was taken in for the first time.
    """
    from genesis_rag.wiring import watch_documents

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before, first = signal.signal(signal.SIGTERM, stop), True
    options: dict[str, Any] = {
        "prune": prune,
        "rebuild": rebuild,
        "later": None if quiet else LinePrinter(),
        "tell": remark,
    }
    try:
        with progress_bar(quiet) as progress:
            reports = watch_documents(settings, paths, progress=progress, **options)
            report = next(reports)
        forget_first_build(settings)
        _tell(report, quiet)
        first = False
        if not quiet:
            remark("Watching for changes (stop with Ctrl-C)")
        for report in reports:
            _tell(report, quiet)
    except KeyboardInterrupt:
        remark(_kept(settings))
        if first:
            raise SystemExit(EXIT_INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(report: IngestReport, quiet: bool) -> None:
    if not quiet:
        standard_output().lines(report_lines(report))
    for skipped in report.skipped:
        remark(f"skipped  {skipped.source}: {skipped.reason}")


def report_lines(report: IngestReport) -> Iterator[Line]:
    """Yield what a run did: repairs first, then the counts."""
    for repair in report.repairs:
        yield Line((("repaired  ", "warning"), repair))
    counts = {
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "skipped": len(report.skipped),
    }
    told = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
    chunks = f" ({report.chunks:,} new chunks)" if report.chunks else ""
    yield Line(((told or "nothing to do", "strong"), f"{chunks} in {report.seconds:.1f} s"))


def _ray_address(engine: str | None, address: str | None, workers: int | None, watch: bool) -> str | None:
    """Return where Ray is, "" for one of our own; None where it is not wanted."""
    if engine is None and (address or workers):
        raise click.UsageError("--address and --workers belong to --on ray.")
    if engine is not None and watch:
        raise click.UsageError("--watch takes in changes on this machine; it does not go with --on ray.")
    if engine is None:
        return None
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is told to anybody
    for name, level in QUIET.items():
        os.environ.setdefault(name, level)
    return address or ""


@contextmanager
def _alone_on_output(ray: str | None) -> Iterator[None]:
    """Let nothing print while Ray works: it tells of every worker that died. What is lost for good is in the report."""
    if ray is None:
        yield
        return
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        yield


def _kept(settings: Settings) -> str:
    """Say what an interrupted run left behind."""
    from genesis_rag.wiring import open_assistant

    try:
        with open_assistant(settings) as assistant:
            number = len(assistant.documents())
    except GenesisError:
        return "Stopped. Nothing was indexed yet; run the same command again to start over."
    return f"Stopped. The index is sound and holds {number:,} documents; run the same command again to go on."
