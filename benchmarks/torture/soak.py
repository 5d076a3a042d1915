"""Questions and updates for a long time: memory and open files stay flat, and every read is of one generation."""

from __future__ import annotations

import gc
import os
from pathlib import Path

from benchmarks.kills import tools
from benchmarks.torture.ledger import Ledger
from benchmarks.torture.library import Library, library, require
from genesis_rag.index import Index

QUESTIONS, UPDATES = 100, 10
WINDOW = 8
"""Turns whose least memory is compared: freed memory goes back to the system when the allocator likes."""

GROWTH_MB = 20.0
_open: dict[Path, Index] = {}
_seen: dict[Path, list[tuple[float, int]]] = {}
"""Memory and open files after every turn of this process."""


def one(ledger: Ledger, folder: Path, turn: int) -> None:
    """Ask a hundred questions and take in ten updates, over one reader that stays open."""
    made = library(folder, ledger.seed)
    index = folder / "library" / "index"
    reader = _open.get(folder) or Index.open(index, tools.IDENTITY, tools.terms)
    _open[folder] = reader
    for _ in range(UPDATES):
        _update(made, index, reader)
        for source, text in sorted(made.corpus.expected.items())[: QUESTIONS // UPDATES]:
            _ask(reader, source, text)
            ledger.count("questions")
        ledger.count("updates")
    gc.collect()
    memory, files = resident_mb(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    ledger.figures.setdefault("resident MB", []).append(round(memory, 1))
    ledger.figures.setdefault("open files", []).append(files)
    seen = _seen.setdefault(folder, [])
    seen.append((memory, files))
    if len(seen) >= 3 * WINDOW:
        early, late = seen[WINDOW : 2 * WINDOW], seen[-WINDOW:]
        grown = min(memory for memory, _ in late) - min(memory for memory, _ in early)
        require(grown < GROWTH_MB, f"memory grew by {grown:.0f} MB")
        require(files <= max(number for _, number in early), f"open files grew to {files}")


def _update(made: Library, index: Path, reader: Index) -> None:
    made.corpus.change(steps=3)
    made.fill(index)
    reader.refresh()
    found = {source: reader.document(info.id).text for info in reader.documents() for source in info.sources}
    require(found == made.corpus.expected, "the reader does not see what was indexed")


def _ask(reader: Index, source: str, text: str) -> None:
    with reader.reading():
        name = reader.find_document(source)
        require(name is not None, f"{source} is not found")
        (_, chunk) = reader.chunk_ids_at(name or "", [0])[0]
        require(chunk.text == text[chunk.start : chunk.end], "a chunk is no span")
        ids, _ = reader.search_lexical(tools.ANALYSER.query_terms(chunk.text[:60]), 10)
        reader.search_dense(tools.EMBEDDER.embed_queries([chunk.text]), 10)
        require(len(reader.chunks(ids)) == len(ids), "a hit is not in the store")


def resident_mb() -> float:
    """Return the memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
