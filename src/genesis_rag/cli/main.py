"""The two console scripts, and the one place where an error becomes a message and an exit code."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from genesis_rag.cli.ask import ask
from genesis_rag.cli.options import EPILOG, SETTINGS, RunState, version
from genesis_rag.cli.output import remark
from genesis_rag.errors import GenesisError, UserError

EXIT_FAILED = 1
EXIT_USER = 2
EXIT_INTERRUPTED = 130


_COMMANDS = "answers ask backup chat doctor documents evaluate index keys mcp migrate models search serve".split()
_FILES = {"answers": "saved"}
"""The files of commands that are not named like them."""
_OBJECTS_UNTIL_COLLECTION = 200_000


class _Commands(click.Group):
    """Imports the file of a command when it is asked for, so that `ask` need not wait for all the others."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names of all commands in order."""
        return _COMMANDS

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return a command, None if there is none of that name."""
        # After a name that is none, all are needed: click tells which are like it.
        for one in [name] if name in _COMMANDS else _COMMANDS:
            if one not in self.commands:
                self.add_command(getattr(import_module(f"genesis_rag.cli.{_FILES.get(one, one)}"), one))
        return self.commands.get(name)


@click.group(cls=_Commands, epilog=EPILOG, context_settings=SETTINGS)
@version
def genesis_rag() -> None:
    """Ask in Japanese or English over your own documents.

    Every sentence of an answer cites the exact words that support it.
    """


def ask_main() -> NoReturn:
    """Run `ask`, and end without taking everything apart, which takes longer than to answer.

    Files were closed before, what libraries registered for the end is run, and the kernel takes the rest back. One
    answer makes hardly any garbage that only the collector finds, so that looks seldom; answering a file of questions
    and building a first index keep within bounds all the same.
    """
    gc.set_threshold(_OBJECTS_UNTIL_COLLECTION)
    code = run(ask, "ask", sys.argv[1:])
    atexit._run_exitfuncs()
    sys.stderr.flush()
    os._exit(code)


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
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    return code
