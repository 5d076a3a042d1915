"""`genesis-rag keys`: who may use the server from other machines."""

from __future__ import annotations

from pathlib import Path

import click

from genesis_rag.cli import options
from genesis_rag.cli.opening import settings_for
from genesis_rag.cli.output import Line, remark, standard_output


@click.group(invoke_without_command=True, epilog=options.EPILOG, context_settings=options.SETTINGS)
@click.pass_context
def keys(context: click.Context) -> None:
    """Add, list or remove API keys of the server."""
    if context.invoked_subcommand is None:
        context.invoke(list_keys)


@keys.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(["read", "write"]), default="read", help="Who may write may upload too.")
@options.place
def add(name: str, role: str, profile: str | None, home: Path | None) -> None:
    """Make a key called NAME and print it, once: only its hash is stored."""
    from genesis_rag.server.keys import add_key

    token = add_key(settings_for(home, profile).home, name, "write" if role == "write" else "read")
    standard_output().write(f"{token}\n")
    remark("Keep it safe: it cannot be shown again. Clients send it as the header  Authorization: Bearer KEY")


@keys.command("list")
@options.place
def list_keys(profile: str | None = None, home: Path | None = None) -> None:
    """List the names and roles of all keys."""
    from genesis_rag.server.keys import KeyRing

    settings = settings_for(home, profile)
    found = KeyRing(settings.home, settings.api_key).keys()
    standard_output().lines(Line(((key.name, "strong"), f"  {key.role}  {key.created}")) for key in found)
    remark(f"{len(found):,} keys")


@keys.command("remove")
@click.argument("name")
@options.place
def remove(name: str, profile: str | None, home: Path | None) -> None:
    """Remove the key called NAME; a running server refuses it from the next request on."""
    from genesis_rag.server.keys import remove_key

    remove_key(settings_for(home, profile).home, name)
    remark(f"The key '{name}' is gone.")
