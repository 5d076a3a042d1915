"""Thousands of mutated documents for every loader, read in processes with limits of time and memory.

What must hold: every file gives documents as a loader promises them, or one line that says why not. A reader that
crashed or ran out of its time took nothing with it, but counts as a failure all the same, unless the file was made by
hand to do that; the turn tells its seed.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmarks.torture.ledger import Ledger
from benchmarks.torture.library import require
from benchmarks.torture.seeds import FORMATS, changed, good, hostile
from genesis_rag.documents.discovery import SourceFile
from genesis_rag.documents.processes import ReadingLimits, ReadingProcesses
from genesis_rag.errors import UnreadableDocumentError
from genesis_rag.types import Document

AT_ONCE = 100
LIMITS = ReadingLimits(processes=1, seconds=20.0, memory_mb=2_000)
STOPPED = ("Its reader crashed", "Reading it takes longer", "It is too big: reading it took so much memory")


def one(ledger: Ledger, folder: Path, turn: int) -> None:
    """Read a hundred documents of one format; those of the first turn of a format are the ones made by hand."""
    suffix, chance = FORMATS[turn % len(FORMATS)], random.Random(f"{ledger.seed}/{turn}")
    place = folder / "documents"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    by_hand = hostile(suffix) if turn < len(FORMATS) else ()
    files = []
    for number in range(AT_ONCE):
        data = by_hand[number] if number < len(by_hand) else changed(chance.choice(good(suffix)), suffix, chance)
        path = place / f"{number:03}{suffix}"
        path.write_bytes(data)
        files.append(SourceFile(path, path.name))
    with ReadingProcesses(LIMITS) as reading:
        for file, documents in reading.read(files):
            outcome = _outcome(documents)
            made_to_harm = int(file.path.stem) < len(by_hand)
            if outcome.startswith(STOPPED) and made_to_harm:
                ledger.count(f"{suffix}, made to harm: its reader was stopped, and nothing else")
                continue
            ledger.count(f"{suffix}: {'read' if not outcome else 'told'}")
            if outcome.startswith(STOPPED):
                ledger.failed(f"turn {turn}, {file.source}: {outcome}")
    ledger.count("documents", AT_ONCE)


def _outcome(documents: Iterator[Document]) -> str:
    """Read to the end and return why it ended early, empty if it did not."""
    try:
        for document in documents:
            require(bool(document.text.strip() and document.title.strip()), "a document without text or title")
            done = 0
            for section in document.sections:
                require(done <= section.start < section.end <= len(document.text), "sections overlap or lie outside")
                done = section.end
    except UnreadableDocumentError as error:
        require(bool(error.message and error.hint and "\n" not in error.message), f"no line: {error.message!r}")
        return error.message
    return ""
