"""From command-line arguments to settings, and to an assistant over an index that exists."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from genesis_rag.cli.options import INDEX_KEY
from genesis_rag.cli.output import remark
from genesis_rag.cli.phrases import Phrases
from genesis_rag.cli.progress import progress_bar
from genesis_rag.errors import IndexMismatchError, IndexNotFoundError, SettingsError
from genesis_rag.settings import Settings, load_settings

if TYPE_CHECKING:
    from genesis_rag.assistant import Assistant

FIRST_BUILD_MARK = "first-build-unfinished"
"""Lies in the index folder while the first index is being built: so half of a corpus never passes for all of it."""
OWN_BUILD_MARK = "built-from-corpus"
"""Lies in the index folder while nobody but `ask` itself has filled it: so a new version may fill it anew unasked."""


def settings_for(
    home: Path | None,
    profile: str | None,
    *,
    host: str | None = None,
    port: int | None = None,
    llm: Path | None = None,
    embedder: Path | None = None,
    index: str | None = None,
) -> Settings:
    """Collect the settings for one command; None counts as not given, ``index`` then is the command's own option."""
    context = click.get_current_context(silent=True)
    index = index or (context.meta.get(INDEX_KEY) if context else None)
    place = home.expanduser().absolute() if home else None

    def text(path: Path | None) -> str | None:
        return str(path.expanduser().absolute()) if path else None

    return load_settings(
        home=place, profile=profile, host=host, port=port, llm=text(llm), embedder=text(embedder), index=index
    )


def open_or_build(settings: Settings, words: Phrases, quiet: bool) -> Assistant:
    """Open the index; build it from the corpus first if there is none, or if that was interrupted before.

    An index that nobody but this function has filled is filled anew where another version or profile needs it.

    Raises:
        IndexNotFoundError: there is no index and no corpus to build one from.
        IndexMismatchError: another profile or version filled the index with what the user had chosen.
    """
    from genesis_rag.wiring import open_assistant

    has_corpus = settings.corpus_dir.is_dir()
    if _mark(settings, FIRST_BUILD_MARK).exists() and has_corpus:
        _build(settings, words.finishing, words, quiet)
        return open_assistant(settings)
    try:
        return open_assistant(settings)
    except IndexNotFoundError:
        if settings.is_cluster:  # others read it too: it is filled by who means to
            raise
        _build(settings, words.building, words, quiet)
    except IndexMismatchError:
        if not (has_corpus and _mark(settings, OWN_BUILD_MARK).exists()):
            raise
        _build(settings, words.rebuilding, words, quiet, rebuild=True)
    return open_assistant(settings)


def forget_first_build(settings: Settings) -> None:
    """Someone chose what to index: an interrupted first build no longer needs finishing, nor is the index ours."""
    for name in (FIRST_BUILD_MARK, OWN_BUILD_MARK):
        _mark(settings, name).unlink(missing_ok=True)


def _prepare(settings: Settings, *, first: bool) -> None:
    try:
        settings.index_dir.mkdir(parents=True, exist_ok=True)
        if first:
            _mark(settings, FIRST_BUILD_MARK).touch()
    except OSError as error:
        raise SettingsError(
            f"An index cannot be made in {settings.index_dir}: {error.strerror}.",
            "Name a folder that you may write to: --home FOLDER",
        ) from error


def _mark(settings: Settings, name: str) -> Path:
    return settings.index_dir / name


def _build(settings: Settings, announcement: str, words: Phrases, quiet: bool, *, rebuild: bool = False) -> None:
    from genesis_rag.wiring import run_ingest

    corpus = settings.corpus_dir
    if not corpus.is_dir():
        raise IndexNotFoundError(
            f"There is no index in {settings.index_dir} and no documents in {corpus}.",
            "Index your documents first: genesis-rag index FOLDER",
        )
    if not quiet:
        remark(announcement.format(place=corpus))
    _prepare(settings, first=not rebuild)
    try:
        with progress_bar(quiet) as progress:
            report = run_ingest(settings, [corpus], rebuild=rebuild, progress=progress)
    except KeyboardInterrupt:
        remark(words.stopped)
        raise
    _mark(settings, OWN_BUILD_MARK).touch()
    _mark(settings, FIRST_BUILD_MARK).unlink(missing_ok=True)
    for skipped in report.skipped:
        remark(f"{skipped.source}: {skipped.reason}")
    if not quiet:
        remark(words.built.format(documents=report.added + report.updated + report.unchanged, seconds=report.seconds))
