"""Options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

LanguageName = Literal["ja", "en"]

EPILOG = (
    "Exit codes: 0 done (not finding an answer is 0 too) · 1 something failed, or `index` had to skip a file · "
    "2 the command cannot be carried out as given · 130 stopped with Ctrl-C."
)


@dataclass(slots=True)
class RunState:
    """What the outermost frame must know when a command fails."""

    debug: bool = False


def _remember_debug(context: typer.Context, value: bool) -> bool:
    if value and isinstance(context.obj, RunState):
        context.obj.debug = True
    return value


def _show_version(value: bool) -> None:
    if value:
        from genesis_rag import __version__

        typer.echo(f"genesis-rag {__version__}")
        raise typer.Exit(0)


Version = Annotated[
    bool, typer.Option("--version", help="Show the version and stop.", callback=_show_version, is_eager=True)
]
Debug = Annotated[
    bool,
    typer.Option("--debug", help="Show the traceback of a failure.", callback=_remember_debug, is_eager=True),
]
Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="DIR",
        file_okay=False,
        help="Folder with models.toml, index/ and corpus/. Default: this folder if it has a models.toml, "
        "else the user data folder.",
    ),
]
Profile = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="Profile of models.toml. Default: embedded.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line (docs/json.md).")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no remarks, only the result.")]
Explain = Annotated[
    bool, typer.Option("--explain", help="Also show what was read, the scores by stage and the time taken.")
]
InLanguage = Annotated[LanguageName | None, typer.Option("--in", help="Search only documents in this language.")]
Source = Annotated[
    str | None,
    typer.Option("--source", metavar="GLOB", help="Search only documents whose source matches, such as 'reports/*'."),
]
