"""The two console scripts, and the one place where an error becomes a message and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import typer

from genesis_rag.cli.ask import ask
from genesis_rag.cli.doctor import doctor
from genesis_rag.cli.documents import documents
from genesis_rag.cli.index import index
from genesis_rag.cli.options import EPILOG, RunState, Version
from genesis_rag.cli.output import remark
from genesis_rag.cli.search import search
from genesis_rag.cli.serve import serve
from genesis_rag.errors import GenesisError, UserError

EXIT_FAILED = 1
EXIT_USER = 2
_HELP = {"help_option_names": ["-h", "--help"]}


def _typer(no_args_is_help: bool = False) -> typer.Typer:
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=_HELP,
        epilog=EPILOG,
        no_args_is_help=no_args_is_help,
    )


def ask_app() -> typer.Typer:
    """Return the application behind `ask`."""
    app = _typer()
    app.command(epilog=EPILOG)(ask)
    return app


def app() -> typer.Typer:
    """Return the application behind `genesis-rag`."""
    root = _typer(no_args_is_help=True)

    @root.callback()
    def _root(version: Version = False) -> None:
        """Ask in Japanese or English over your own documents; every sentence cites the exact words that support it."""

    commands: tuple[Callable[..., None], ...] = (ask, index, search, doctor, serve)
    for command in commands:
        root.command(epilog=EPILOG)(command)
    root.add_typer(documents, name="documents", epilog=EPILOG)
    return root


def ask_main() -> None:
    """Run `ask`."""
    sys.exit(run(ask_app(), "ask", sys.argv[1:]))


def main() -> None:
    """Run `genesis-rag`."""
    sys.exit(run(app(), "genesis-rag", sys.argv[1:]))


def run(application: typer.Typer, name: str, arguments: Sequence[str]) -> int:
    """Run a command and return its exit code: 2 for the user's mistakes, 1 for other failures, 130 for Ctrl-C."""
    state = RunState()
    try:
        application(args=list(arguments), prog_name=name, obj=state)
    except SystemExit as stop:
        return _flushed(stop.code if isinstance(stop.code, int) else EXIT_FAILED if stop.code else 0)
    except GenesisError as error:
        if state.debug:
            raise
        remark(f"{name}: {error.message}" + (f"\n  {error.hint}" if error.hint else ""))
        return _flushed(EXIT_USER if isinstance(error, UserError) else EXIT_FAILED)
    except Exception as error:
        if state.debug:
            raise
        remark(
            f"{name}: unexpected {type(error).__name__}: {error}\n"
            "  This is a fault of genesis-rag. Run the same with --debug and report what it prints."
        )
        return _flushed(EXIT_FAILED)
    return _flushed(0)


def _flushed(code: int) -> int:
    """Flush stdout while a closed pipe can still be met quietly."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    return code
