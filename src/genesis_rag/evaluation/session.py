"""Runs a set of questions over an assistant, or over an index made for the occasion."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from genesis_rag.assistant import Assistant
from genesis_rag.errors import UserError
from genesis_rag.evaluation.beir import CORPUS, passages_of
from genesis_rag.evaluation.items import QuestionSet
from genesis_rag.evaluation.run_file import Run, run_payload
from genesis_rag.evaluation.runner import RunOptions, run_questions
from genesis_rag.settings import Settings
from genesis_rag.types import SkippedFile
from genesis_rag.wiring import open_assistant, run_ingest

Progress = Callable[[str, int, int, str], None]

_NOT_SHARED = {"index", "corpus"}


def measure(
    assistant: Assistant,
    questions: QuestionSet,
    options: RunOptions,
    profile: str,
    progress: Progress | None = None,
) -> Run:
    """Return a run as JSON values.

    Args:
        assistant: what is measured.
        questions: what it is asked.
        options: how; a set of ranked documents (BEIR) is only searched for.
        profile: name of the assistant's profile, for the record.
        progress: told after every question.
    """
    if questions.documents_ranked:
        options = replace(options, retrieval_only=True)
    before = assistant.info
    results = run_questions(assistant, questions, options, progress)
    system = {
        "profile": profile,
        "index": before["fingerprint"],
        "documents": before["documents"],
        "chunks": before["chunks"],
        "languages": before["languages"],
        "answerer": None if options.retrieval_only else before["answerer"],
    }
    return run_payload(questions, results, options, system)


@contextmanager
def temporary_index(
    settings: Settings,
    documents: Sequence[Path],
    progress: Progress | None = None,
    skipped: Callable[[SkippedFile], None] | None = None,
) -> Iterator[Assistant]:
    """Index ``documents`` in a folder that is removed afterwards, and open an assistant over them.

    Args:
        settings: profile and home, whose models are used and whose index is left alone.
        documents: files and folders; a folder in BEIR's layout stands for its corpus.
        progress: told how far indexing is.
        skipped: told of each file that could not be read.

    Raises:
        UserError: a path does not exist, or a line of a BEIR corpus is malformed.
    """
    for path in documents:
        if not path.exists():
            raise UserError(f"{path} does not exist.", "Name files or folders with documents.")
    with tempfile.TemporaryDirectory(prefix="genesis-rag-evaluate-") as name:
        home = Path(name)
        if settings.home.is_dir():
            for entry in settings.home.iterdir():
                if entry.name not in _NOT_SHARED:
                    (home / entry.name).symlink_to(entry)
        paths = [_passages_file(path, home / f"index-{n}") for n, path in enumerate(documents)]
        own = replace(settings, home=home, index="")
        report = run_ingest(own, paths, progress=progress)
        for one in report.skipped if skipped else ():
            skipped(one)  # type: ignore[misc]
        with open_assistant(own) as assistant:
            yield assistant


def is_beir(path: Path) -> bool:
    """Tell whether ``path`` is a folder in BEIR's layout."""
    return (path / CORPUS).is_file()


def _passages_file(path: Path, folder: Path) -> Path:
    """Return ``path``, or for a BEIR folder its corpus rewritten as a passages file in ``folder``."""
    if not is_beir(path):
        return path.absolute()
    folder.mkdir()
    target = folder / CORPUS
    with target.open("w", encoding="utf-8") as stream:
        stream.writelines(line + "\n" for line in passages_of(path / CORPUS))
    return target
