"""Options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

EPILOG = (
    "Exit codes: 0 done (not finding an answer is 0 too) · 1 something failed, or `index` had to skip a file · "
    "2 the command cannot be carried out as given · 130 stopped with Ctrl-C."
)
SETTINGS = {"help_option_names": ["-h", "--help"]}
LANGUAGES = click.Choice(["ja", "en"])
ANY_PATH = click.Path(path_type=Path)


@dataclass(slots=True)
class RunState:
    """What the outermost frame must know when a command fails."""

    debug: bool = False


def _remember_debug(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value and isinstance(context.obj, RunState):
        context.obj.debug = True


def _show_version(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        from genesis_rag import __version__

        click.echo(f"genesis-rag {__version__}")
        context.exit(0)


version = click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_show_version,
    help="Show the version and stop.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line (docs/json.md).")
quiet = click.option("-q", "--quiet", is_flag=True, help="No progress and no remarks, only the result.")
explain = click.option(
    "--explain", is_flag=True, help="Also show what was read, the scores by stage and the time taken."
)
_profile = click.option("--profile", metavar="NAME", help="Profile of models.toml. Default: embedded.")
_home = click.option(
    "--home",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with models.toml, index/ and corpus/. Default: this folder if it has a models.toml, "
    "else the user data folder.",
)
INDEX_KEY = "genesis_rag.index"
"""Under which a command's context remembers --index for ``opening.settings_for``."""


def _remember_index(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value:
        context.meta[INDEX_KEY] = value


_index = click.option(
    "--index",
    metavar="PLACE",
    expose_value=False,
    callback=_remember_index,
    help="Folder of the index, or address of one in a cluster (docs/cluster.md). Default: index/ of the home.",
)
_debug = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_remember_debug,
    help="Show the traceback of a failure.",
)
llm = click.option(
    "--llm",
    metavar="FILE.gguf",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Let this model write the answers (needs the extra `llama`). Default: quotations by the built-in reader.",
)
embedder = click.option(
    "--embedder",
    metavar="DIR",
    type=ANY_PATH,
    help="Use the embedding model in this folder (ONNX, sentence-transformers, static) or GGUF file. "
    "Default: that of the profile. An index belongs to the model that it was made with.",
)
_in_language = click.option("--in", "in_language", type=LANGUAGES, help="Search only documents in this language.")
_source = click.option(
    "--source", metavar="GLOB", help="Search only documents whose source matches, such as 'reports/*'."
)


def place(command: Command) -> Command:
    """Add --profile, --home, --index and --debug, which every command has."""
    return _profile(_home(_index(_debug(command))))


def search_filter(command: Command) -> Command:
    """Add --in and --source."""
    return _in_language(_source(command))
