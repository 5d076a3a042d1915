"""`genesis-rag models`: which models there are, and bringing them here, checking them and taking them away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genesis_rag.cli import options
from genesis_rag.cli.opening import settings_for
from genesis_rag.cli.output import Line, json_stream, remark, standard_output
from genesis_rag.cli.progress import progress_bar
from genesis_rag.errors import MissingExtraError, UserError
from genesis_rag.server.schemas import to_line

if TYPE_CHECKING:
    from genesis_rag.models import Catalogue, ModelSpec
    from genesis_rag.settings import Settings

MODEL_SCHEMA = "genesis-rag/model/1"
EXIT_BROKEN = 1
_NAMES = click.argument("names", metavar="[NAME]...", nargs=-1)


@click.group(invoke_without_command=True, epilog=options.EPILOG, context_settings=options.SETTINGS)
@click.pass_context
def models(context: click.Context) -> None:
    """List, fetch, verify or remove models.

    NAME is a model or a profile of models.toml; a profile stands for all of its models.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_models)


@models.command("list")
@options.as_json
@options.place
def list_models(as_json: bool, profile: str | None, home: Path | None) -> None:
    """List all models and profiles, what is installed and what fits this machine."""
    from genesis_rag.models.checking import look
    from genesis_rag.models.machine import this_machine

    settings, catalogue = _read(home, profile)
    machine = this_machine()
    rows = []
    for model in catalogue.models.values():
        found = look(model, settings.models_dir) if model.repo else []
        state = "built in" if model.path else "server" if model.url else "installed"
        if found:
            state = "not installed" if any(one.trouble == "missing" for one in found) else "damaged"
        rows.append((model, state, machine.fits(model.memory_mb)))
    if as_json:
        for model, state, fits in rows:
            json_stream().write(to_line(_payload(model, state, fits)) + "\n")
        return
    standard_output().lines(_listing(rows))
    standard_output().lines(_profiles(catalogue))
    gpus = ", ".join(f"{name} with {memory:,} MB" for name, memory in machine.gpus) or "no GPU"
    remark(f"This machine: {machine.memory_mb:,} MB of memory, {gpus}. Models lie in {settings.models_dir}.")


@models.command("pull")
@_NAMES
@click.option(
    "--from",
    "folder",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Take the files from this folder instead of the network.",
)
@click.option("--accept-licence", is_flag=True, help="Accept licences that ask for more than keeping a notice.")
@options.quiet
@options.place
def pull_models(
    names: tuple[str, ...],
    folder: Path | None,
    accept_licence: bool,
    quiet: bool,
    profile: str | None,
    home: Path | None,
) -> None:
    """Fetch models, check them, and try each on easy questions.

    Without NAME those of --profile. A broken download goes on where it stopped. Every file is checked against the hash
    in models.toml; where that knows none, the hash goes into models.lock, and a later file that differs is refused.
    """
    from genesis_rag.models.store import Source, pull

    settings, catalogue = _read(home, profile)
    mirrors = [one for one in settings.mirrors.replace(",", " ").split() if one]
    source = Source(mirrors, settings.offline, folder)
    for model in _chosen(catalogue, names or ((profile,) if profile else ())):
        with progress_bar(quiet) as progress:
            done = pull(model, settings.models_dir, source, accept_licence=accept_licence, report=progress)
        if not quiet and (done.fetched or not model.repo):
            told = f"{len(done.fetched)} fetched, {len(done.present)} there already" if model.repo else "needs no file"
            remark(f"{model.name}: {told}.")
        for key in done.locked:
            remark(f"{model.name}: no hash was known for {key}; it is now in models.lock.")
        if model.repo:
            _try_out(settings, model.name)


@models.command("verify")
@_NAMES
@options.quiet
@options.place
def verify_models(names: tuple[str, ...], quiet: bool, profile: str | None, home: Path | None) -> None:
    """Read every byte of the installed models and compare. Offline. Without NAME, all that are installed.

    A model behind a server is asked whether it works.
    """
    from genesis_rag.models.checking import verify
    from genesis_rag.wiring import check_model

    settings, catalogue = _read(home, profile)
    wanted = _chosen(catalogue, names) if names else _installed(catalogue, settings)
    broken = 0
    for model in wanted:
        with progress_bar(quiet) as progress:
            found = verify(model, settings.models_dir, progress) if model.repo else []
        broken += len(found)
        for one in found:
            remark(f"{one}")
        told = check_model(settings, model.name) if model.url else ""
        if not found and not quiet:
            standard_output().lines([Line((f"{model.name}: right" + (f"; {told}" if told else ""),))])
    if not wanted and not quiet:
        remark("No model is installed.")
    if broken:
        remark("Fetch what is wrong again: genesis-rag models pull NAME")
        raise SystemExit(EXIT_BROKEN)


@models.command("remove")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@options.quiet
@options.place
def remove_models(names: tuple[str, ...], quiet: bool, profile: str | None, home: Path | None) -> None:
    """Remove the files of models. models.lock keeps their hashes."""
    from genesis_rag.models.needs import size_text
    from genesis_rag.models.store import remove

    settings, catalogue = _read(home, profile)
    for model in _chosen(catalogue, names):
        freed = remove(model, settings.models_dir)
        if not quiet:
            remark(f"{model.name}: " + (f"{size_text(freed)} freed." if freed else "nothing to remove."))


@models.command("licences")
@_NAMES
@options.place
def licences(names: tuple[str, ...], profile: str | None, home: Path | None) -> None:
    """Show the licence of each model and where to read it."""
    _, catalogue = _read(home, profile)
    lines = []
    for model in _chosen(catalogue, names) if names else catalogue.models.values():
        wants = "  (wants --accept-licence)" if model.must_accept else ""
        lines.append(Line(((model.name, "strong"), f"  {model.licence}{wants}", (f"  {model.where}", "quiet"))))
    standard_output().lines(lines)


def _read(home: Path | None, profile: str | None) -> tuple[Settings, Catalogue]:
    from genesis_rag.models import load_catalogue

    settings = settings_for(home, profile)
    return settings, load_catalogue(settings.home)


def _chosen(catalogue: Catalogue, names: Sequence[str]) -> list[ModelSpec]:
    """Return the models of these names, those of a profile in its place, none twice."""
    if not names:
        raise UserError("No model is named.", "Name a model or a profile: genesis-rag models list")
    found: dict[str, ModelSpec] = {}
    for name in names:
        known = catalogue.profile(name).models if name in catalogue.profiles else (name,)
        found |= {one: catalogue.model(one) for one in known}
    return list(found.values())


def _installed(catalogue: Catalogue, settings: Settings) -> list[ModelSpec]:
    return [one for one in catalogue.models.values() if one.repo and (settings.models_dir / one.name).is_dir()]


def _try_out(settings: Settings, name: str) -> None:
    from genesis_rag.wiring import check_model

    try:
        check_model(settings, name)
    except MissingExtraError as error:
        remark(f"{name}: not tried out, as {error.message[0].lower()}{error.message[1:]} {error.hint}")


def _payload(model: ModelSpec, state: str, fits: bool) -> dict[str, object]:
    return {
        "schema": MODEL_SCHEMA,
        "name": model.name,
        "task": model.task,
        "backend": model.backend,
        "state": state,
        "source": model.where,
        "revision": model.revision,
        "size": model.size,
        "licence": model.licence,
        "languages": list(model.languages),
        "memory_mb": model.memory_mb,
        "fits": fits,
        "note": model.note,
    }


def _listing(rows: Sequence[tuple[ModelSpec, str, bool]]) -> Iterator[Line]:
    from genesis_rag.models.needs import size_text

    for task in dict.fromkeys(model.task for model, _, _ in rows):
        yield Line(((task, "strong"),))
        for model, state, fits in rows:
            if model.task == task:
                room = "" if fits else "  too large for this machine"
                size = f"  {size_text(model.size)}" if model.repo else ""
                facts = f"  {model.backend}  {'/'.join(model.languages)}{size}  {model.licence}"
                yield Line((f"{model.name}  ", (state, "marker"), (facts, "quiet"), (room, "warning")), 2)


def _profiles(catalogue: Catalogue) -> Iterator[Line]:
    yield Line((("profiles", "strong"),))
    for one in catalogue.profiles.values():
        yield Line((f"{one.name}  ", (f"{', '.join(one.models)}. {one.summary}", "quiet")), 2)
