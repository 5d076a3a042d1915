"""`genesis-rag documents`: what the index holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genesis_rag.cli import options
from genesis_rag.cli.opening import settings_for
from genesis_rag.cli.output import Line, Segment, json_stream, remark, standard_output
from genesis_rag.errors import UserError
from genesis_rag.server.schemas import document_payload, text_payload, to_line
from genesis_rag.settings import Settings
from genesis_rag.types import DocumentInfo

if TYPE_CHECKING:
    from genesis_rag.assistant import Assistant


@click.group(invoke_without_command=True, epilog=options.EPILOG, context_settings=options.SETTINGS)
@click.pass_context
def documents(context: click.Context) -> None:
    """List, show or remove documents of the index."""
    if context.invoked_subcommand is None:
        context.invoke(list_documents)


@documents.command("list")
@options.as_json
@options.embedder
@options.place
def list_documents(as_json: bool, embedder: Path | None, profile: str | None, home: Path | None) -> None:
    """List all documents with source, title and language."""
    with _open(settings_for(home, profile, embedder=embedder)) as assistant:
        infos = assistant.documents()
    if as_json:
        out = json_stream()
        for info in infos:
            out.write(to_line(document_payload(info)) + "\n")
        return
    standard_output().lines(_listing(infos))
    remark(f"{len(infos):,} documents")


@documents.command("show")
@click.argument("source")
@options.as_json
@options.embedder
@options.place
def show_document(source: str, as_json: bool, embedder: Path | None, profile: str | None, home: Path | None) -> None:
    """Show the stored text of a document.

    SOURCE is a source or an id, as `documents list` shows it. All offsets count in the characters of this text.
    """
    with _open(settings_for(home, profile, embedder=embedder)) as assistant:
        _require_known([source], assistant.documents())
        document = assistant.document(source)
    if as_json:
        json_stream().write(to_line(text_payload(document)) + "\n")
    else:
        standard_output().write(document.text if document.text.endswith("\n") else document.text + "\n")


@documents.command("remove")
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@options.quiet
@options.embedder
@options.place
def remove(
    sources: tuple[str, ...], quiet: bool, embedder: Path | None, profile: str | None, home: Path | None
) -> None:
    """Remove documents from the index.

    SOURCE is as `documents list` shows it. The files themselves stay where they are.
    """
    from genesis_rag.wiring import remove_documents

    settings = settings_for(home, profile, embedder=embedder)
    with _open(settings) as assistant:
        _require_known(sources, assistant.documents(), ids=False)
    number = remove_documents(settings, sources)
    if not quiet:
        standard_output().lines([Line((f"{number:,} removed",))])


def _open(settings: Settings) -> Assistant:
    from genesis_rag.wiring import open_assistant

    return open_assistant(settings)


def _listing(infos: Sequence[DocumentInfo]) -> Iterator[Line]:
    for info in infos:
        for place in info.sources or (info.source,):
            details: Segment = (f"  {info.language}  {info.chunk_count} chunks  {info.id}", "quiet")
            yield Line(((place, "strong"), f"  {info.title}", details))


def _require_known(wanted: Sequence[str], infos: Sequence[DocumentInfo], ids: bool = True) -> None:
    """Refuse sources that the index does not hold, and name the nearest that it does."""
    known = {place for info in infos for place in (info.source, *info.sources)}
    if ids:
        known |= {info.id for info in infos}
    for source in wanted:
        if source not in known:
            from difflib import get_close_matches

            near = get_close_matches(source, sorted(known), n=3, cutoff=0.5)
            meant = f"Did you mean {' or '.join(near)}? " if near else ""
            raise UserError(
                f"The index holds no document '{source}'.", f"{meant}All of them: genesis-rag documents list"
            )
