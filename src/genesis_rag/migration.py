"""An index moved from one place to another, with proof that the new one is the same and answers searches alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from genesis_rag.assistant import Assistant
from genesis_rag.indexes import copy_index, differences
from genesis_rag.settings import Settings
from genesis_rag.types import Hit
from genesis_rag.values import dataclass
from genesis_rag.wiring import open_assistant, open_parts

Progress = Callable[[str, int, int], None]

HITS = 10
TITLES = 50
TOLERANCE = 1e-4
"""Fused scores nearer than this are ties: engines add up float32 in orders of their own."""


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What a migration did and what was compared.

    Attributes:
        copied: documents that the target did not hold yet.
        documents: in the target.
        chunks: in the target.
        fingerprint: of the target.
        questions: how many searches were compared.
        faults: in words what differs, empty for nothing.
    """

    copied: int
    documents: int
    chunks: int
    fingerprint: str
    questions: int
    faults: tuple[str, ...]


def migrate(
    source: Settings, target: Settings, questions: Sequence[str], *, force: bool, progress: Progress
) -> MigrationReport:
    """Copy an index to another place, read back all that is there, and compare what both find.

    Nothing is embedded: vectors travel as they are. A run that was stopped goes on where it was.

    Args:
        source: names the index to copy; its profile must be the one that filled it.
        target: names the place.
        questions: to search both with; without any, titles of documents.
        force: replace what lies at ``target``.
        progress: told about phases.

    Raises:
        UserError: ``target`` holds other documents, and ``force`` was not given; or both are the same.
        IndexMismatchError: another profile filled ``source``.
    """
    parts = open_parts(source)
    identity = parts.identity
    copied = copy_index(source, target, identity, parts.terms, force=force, progress=progress)
    faults = differences(source, target, identity, progress)
    # What was removed before must not count: the engine of one machine counts it for a while, that of the other never.
    with open_assistant(source, parts, as_new=True) as here, open_assistant(target, parts, as_new=True) as there:
        asked = list(questions) or sample_questions(here, TITLES)
        faults += compare(here, there, asked, progress)
        info = there.info
    return MigrationReport(
        copied=copied,
        documents=int(str(info["documents"])),
        chunks=int(str(info["chunks"])),
        fingerprint=str(info["fingerprint"]),
        questions=len(asked),
        faults=tuple(faults),
    )


def compare(source: Assistant, target: Assistant, questions: Sequence[str], progress: Progress) -> list[str]:
    """Return in words how two indexes differ: in numbers, in the hash of their content, or in what they find."""
    here, there = source.info, target.info
    names = ("documents", "chunks", "languages", "fingerprint")
    found = [f"{name}: {there[name]} instead of {here[name]}" for name in names if here[name] != there[name]]
    for done, question in enumerate(questions, start=1):
        if not same_but_ties(source.search(question, HITS), target.search(question, HITS)):
            found.append(f"other passages are found for: {question}")
        progress("questions", done, len(questions))
    return found


def sample_questions(assistant: Assistant, number: int) -> list[str]:
    """Return titles of documents spread over the index, as questions for whoever has none."""
    infos = assistant.documents()
    return [info.title for info in infos[:: max(1, len(infos) // number)]][:number]


def same_but_ties(here: Iterable[Hit], there: Iterable[Hit]) -> bool:
    """Tell whether two rankings are the same, where chunks of equal scores may change places, also across the end."""
    one = {hit.chunk.id: hit.score for hit in here}
    other = {hit.chunk.id: hit.score for hit in there}
    scores = zip(sorted(one.values()), sorted(other.values()), strict=True) if len(one) == len(other) else None
    if scores is None or any(abs(a - b) > TOLERANCE for a, b in scores):
        return False
    if any(abs(one[key] - other[key]) > TOLERANCE for key in one.keys() & other.keys()):
        return False
    lowest = min(one.values(), default=0.0)
    alone = [scores[key] for scores in (one, other) for key in one.keys() ^ other.keys() if key in scores]
    return all(score <= lowest + TOLERANCE for score in alone)
