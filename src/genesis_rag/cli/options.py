"""Options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from genesis_rag.types import Language, SearchFilter

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
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", re.ASCII)


def _date(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not _DATE.fullmatch(value):
        raise click.BadParameter(f"'{value}' is not a date such as 2026-04-01, 2026-04 or 2026.", context, parameter)
    return value


_since = click.option(
    "--since", metavar="DATE", callback=_date, help="Search only documents dated 2026-04-01 (2026-04, 2026) or later."
)
_until = click.option("--until", metavar="DATE", callback=_date, help="Search only documents dated then or earlier.")


def place(command: Command) -> Command:
    """Add --profile, --home, --index and --debug, which every command has."""
    return _profile(_home(_index(_debug(command))))


def search_filter(command: Command) -> Command:
    """Add --in, --source, --since and --until; ``chosen_filter`` takes what they give."""
    return _in_language(_source(_since(_until(command))))


def chosen_filter(
    in_language: Language | None, source: str | None, since: str | None, until: str | None
) -> SearchFilter | None:
    """Return where to search, None for everywhere."""
    chosen = SearchFilter(in_language, source or None, since, until)
    return None if chosen == SearchFilter() else chosen
