"""The two console scripts, and the one place where an error becomes a message and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from genesis_rag.cli.ask import ask
from genesis_rag.cli.backup import backup
from genesis_rag.cli.chat import chat
from genesis_rag.cli.doctor import doctor
from genesis_rag.cli.documents import documents
from genesis_rag.cli.evaluate import evaluate
from genesis_rag.cli.index import index
from genesis_rag.cli.keys import keys
from genesis_rag.cli.mcp import mcp
from genesis_rag.cli.migrate import migrate
from genesis_rag.cli.models import models
from genesis_rag.cli.options import EPILOG, SETTINGS, RunState, version
from genesis_rag.cli.output import remark
from genesis_rag.cli.saved import answers
from genesis_rag.cli.search import search
from genesis_rag.cli.serve import serve
from genesis_rag.errors import GenesisError, UserError

EXIT_FAILED = 1
EXIT_USER = 2
EXIT_INTERRUPTED = 130


@click.group(epilog=EPILOG, context_settings=SETTINGS)
@version
def genesis_rag() -> None:
    """Ask in Japanese or English over your own documents.

    Every sentence of an answer cites the exact words that support it.
    """


_READING = (ask, chat, search, documents, evaluate, answers, doctor)
for _command in (*_READING, index, serve, mcp, keys, models, backup, migrate):
    genesis_rag.add_command(_command)


def ask_main() -> None:
    """Run `ask`."""
    sys.exit(run(ask, "ask", sys.argv[1:]))


def main() -> None:
    """Run `genesis-rag`."""
    sys.exit(run(genesis_rag, "genesis-rag", sys.argv[1:]))


def run(command: click.Command, name: str, arguments: Sequence[str]) -> int:
    """Run a command and return its exit code: 2 for the user's mistakes, 1 for other failures, 130 for Ctrl-C."""
    state = RunState()
    try:
        command.main(args=list(arguments), prog_name=name, obj=state, standalone_mode=False)
    except SystemExit as stop:
        return _flushed(stop.code if isinstance(stop.code, int) else EXIT_FAILED)
    except click.ClickException as error:
        error.show()
        return _flushed(error.exit_code)
    except click.Abort:
        return _flushed(EXIT_INTERRUPTED)
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
