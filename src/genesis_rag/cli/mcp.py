"""`genesis-rag mcp`: the documents as tools of other programs."""

from __future__ import annotations

from pathlib import Path

import click

from genesis_rag.cli import options
from genesis_rag.cli.opening import open_or_build, settings_for
from genesis_rag.cli.phrases import phrases_for_user
from genesis_rag.errors import MissingExtraError


@click.command(epilog=options.EPILOG, context_settings=options.SETTINGS)
@options.llm
@options.embedder
@options.quiet
@options.place
def mcp(llm: Path | None, embedder: Path | None, quiet: bool, profile: str | None, home: Path | None) -> None:
    """Offer the documents to a program that speaks MCP, over standard input and output.

    The tools are ask, search, get_document and list_documents. `genesis-rag serve` offers the same at /mcp.
    """
    try:
        from genesis_rag.server.mcp_tools import build
    except ModuleNotFoundError as error:
        raise MissingExtraError("mcp", "mcp") from error
    from genesis_rag.server.holder import AssistantHolder
    from genesis_rag.server.workshop import Workshop

    settings = settings_for(home, profile, llm=llm, embedder=embedder)
    open_or_build(settings, phrases_for_user(""), quiet).close()
    holder = AssistantHolder(Workshop(settings).open_assistant)
    try:
        build(holder.get).run("stdio")
    except KeyboardInterrupt:
        pass  # Ctrl-C is how it is stopped by hand
    finally:
        holder.close()
