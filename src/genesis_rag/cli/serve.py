"""`genesis-rag serve`: the page and the JSON API."""

from __future__ import annotations

from pathlib import Path

import click

from genesis_rag.cli import options
from genesis_rag.cli.opening import open_or_build, settings_for
from genesis_rag.cli.output import remark
from genesis_rag.cli.phrases import phrases_for_user
from genesis_rag.errors import UserError


@click.command(epilog=options.EPILOG, context_settings=options.SETTINGS)
@click.option("--host", metavar="ADDRESS", help="Address to listen on. Any but this machine needs an API key.")
@click.option("--port", metavar="N", type=click.IntRange(1, 65535), help="Port to listen on. Default: 8000.")
@click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(1, 64),
    default=1,
    help="Processes that serve, each with its own copy of the models. Default: 1.",
)
@options.llm
@options.embedder
@options.quiet
@options.place
def serve(
    host: str | None,
    port: int | None,
    workers: int,
    llm: Path | None,
    embedder: Path | None,
    quiet: bool,
    profile: str | None,
    home: Path | None,
) -> None:
    """Serve the page and the JSON API.

    By default on http://127.0.0.1:8000, for this machine alone. To serve other machines make keys with
    `genesis-rag keys add NAME`, or set GENESIS_API_KEY; every request must then carry one.
    """
    from genesis_rag.server.guard import check_binding
    from genesis_rag.server.keys import KeyRing
    from genesis_rag.server.runner import serve_forever

    settings = settings_for(home, profile, host=host, port=port, llm=llm, embedder=embedder)
    check_binding(settings.host, KeyRing(settings.home, settings.api_key).keys())
    open_or_build(settings, phrases_for_user(""), quiet).close()
    started = None if quiet else lambda url: remark(f"Serving on {url} (stop with Ctrl-C)")
    try:
        serve_forever(settings, started, workers)
    except OSError as error:
        raise UserError(
            f"Port {settings.port} of {settings.host} cannot be used: {error.strerror or error}",
            "Choose another: genesis-rag serve --port 8001",
        ) from error
