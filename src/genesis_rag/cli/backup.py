"""`genesis-rag backup`: the index and its documents in one file, and back again."""

from __future__ import annotations

from pathlib import Path

import click

from genesis_rag.cli import options
from genesis_rag.cli.opening import forget_first_build, settings_for
from genesis_rag.cli.output import Line, remark, standard_output
from genesis_rag.cli.progress import progress_bar

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(epilog=options.EPILOG, context_settings=options.SETTINGS)
def backup() -> None:
    """Save the index and its documents as one file, and restore them."""


@backup.command("create")
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@options.quiet
@options.place
def create(file: Path, force: bool, quiet: bool, profile: str | None, home: Path | None) -> None:
    """Save everything as FILE, a zip file.

    It holds the index, the originals of its documents, models.toml and models.lock, with the hash of each. The index
    may be in use, also by `index` and `serve`. Models, keys of the server and the built-in documents are not in it.
    """
    from genesis_rag.wiring import create_backup

    with progress_bar(quiet) as progress:
        report = create_backup(settings_for(home, profile), file, force=force, progress=progress)
    for left in report.left:
        remark(f"note  {left.source}: {left.reason}")
    if not quiet:
        told = f"{report.documents:,} documents ({report.chunks:,} chunks), {report.originals:,} original files"
        size = f"  {report.bytes / 1e6:,.1f} MB in {report.seconds:.1f} s"
        standard_output().lines([Line(((told, "strong"), size))])


@backup.command("restore")
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="Replace the index, and originals that differ.")
@options.quiet
@options.place
def restore(file: Path, force: bool, quiet: bool, profile: str | None, home: Path | None) -> None:
    """Restore what `backup create` saved.

    Everything is verified first: hashes, counts, every stored text and vector. A damaged backup changes nothing, and
    a server that is running sees the old index or the new one. Originals go back to their places in the home; those
    that lay outside of it go to the folder `restored` of the home. models.toml and models.lock are only restored
    where there are none.
    """
    from genesis_rag.wiring import restore_backup

    settings = settings_for(home, profile)
    with progress_bar(quiet) as progress:
        report = restore_backup(settings, file, force=force, progress=progress)
    forget_first_build(settings)
    for left in report.left:
        remark(f"note  {left.source}: {left.reason}")
    if not quiet:
        told = f"{report.documents:,} documents ({report.chunks:,} chunks), {report.originals:,} original files"
        there = f", {report.there:,} were there already" if report.there else ""
        standard_output().lines(
            [Line(((told + there, "strong"), f"  verified and restored in {report.seconds:.1f} s"))]
        )
