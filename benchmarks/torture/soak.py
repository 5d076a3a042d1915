"""Questions and updates for a long time: memory and open files stay flat, and every read is of one generation."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from pathlib import Path

from benchmarks.kills import tools
from benchmarks.torture.flatness import LEAST, WARM, slope, unevenness
from benchmarks.torture.ledger import Ledger
from benchmarks.torture.library import Library, library, require
from genesis_rag.index import Index

QUESTIONS, UPDATES = 100, 10
DOCUMENTS, CHARACTERS = 40, 4_000
"""What the corpus is kept to: it would grow, and memory with it, without any leak."""

BLOCK_BYTES = 64
"""A middling object of Python, whose allocator tells their number alone."""

_open: dict[Path, Index] = {}


def one(ledger: Ledger, folder: Path, turn: int) -> None:
    """Ask a hundred questions and take in ten updates, over one reader that stays open."""
    made = library(folder, ledger.seed)
    index = folder / "library" / "index"
    if folder not in _open:
        _open[folder] = Index.open(index, tools.IDENTITY, tools.terms)
        ledger.figures.setdefault("begun anew at turn", []).append(turn)
    reader = _open[folder]
    for _ in range(UPDATES):
        _update(made, index, reader)
        for source, text in sorted(made.corpus.expected.items())[: QUESTIONS // UPDATES]:
            _ask(reader, source, text)
            ledger.count("questions")
        ledger.count("updates")
    resident = resident_mb()  # first: it lets go of what nobody uses
    ledger.figures.setdefault("held MB", []).append(round(held_mb(), 2))
    ledger.figures.setdefault("resident MB", []).append(round(resident, 1))
    ledger.figures.setdefault("open files", []).append(len(os.listdir("/proc/self/fd")))  # noqa: PTH208
    if turn + 1 == ledger.turns:
        _judge(ledger)


def _judge(ledger: Ledger) -> None:
    """Judge the turns of each process that took enough of them; of a whole campaign one must have."""
    held, memory, files = (ledger.figures[name] for name in ("held MB", "resident MB", "open files"))
    begun = [int(turn) for turn in ledger.figures["begun anew at turn"]]
    runs = [slice(start, end) for start, end in zip(begun, [*begun[1:], len(memory)], strict=True)]
    judged = [run for run in runs if run.stop - run.start >= WARM + LEAST]
    for name, series in (("held", held), ("resident", memory)):
        found = [number for run in judged for number in slope(series[run][WARM:])]
        ledger.figures[f"slope of {name} MB a turn, and the least by chance"] = [round(one, 3) for one in found]
    require(bool(judged) or ledger.turns < WARM + LEAST, "no process took enough turns for a verdict; use --fresh")
    for run in judged:
        told = unevenness(held[run], memory[run], files[run])
        require(not told, told)


def _update(made: Library, index: Path, reader: Index) -> None:
    made.corpus.change(steps=3)
    made.corpus.keep_small(DOCUMENTS, CHARACTERS)
    made.fill(index)  # with prune: what left the corpus leaves the index
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
    """Return the memory of this process in MB, without what is free already and merely not given back yet."""
    gc.collect()
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def held_mb() -> float:
    """Return what this process was given by its allocators and has not freed, in MB; if that is not told, resident."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        return resident_mb()
    libc.mallinfo2.restype = _Mallinfo
    told = libc.mallinfo2()
    return float(told.uordblks + told.hblkhd + BLOCK_BYTES * sys.getallocatedblocks()) / 2**20


class _Mallinfo(ctypes.Structure):
    """As in glibc's malloc.h."""

    _names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = tuple((name, ctypes.c_size_t) for name in _names.split())
