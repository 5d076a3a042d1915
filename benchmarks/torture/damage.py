"""Cut, flipped, overwritten and missing bytes in every file of an index, in every region of it.

What must hold: what is read is right or refused with words that say what to do; the doctor, then one run of ``index``
(with ``--rebuild`` where the doctor says so), bring everything back.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.torture.ledger import Ledger
from benchmarks.torture.library import examined, library, require, require_right
from genesis_rag.errors import GenesisError
from genesis_rag.index import filling

REGIONS = 40
"""Every file is cut into so many regions; a turn damages a random byte of the next one."""


def flip(data: bytearray, at: int, chance: random.Random) -> bytearray:
    """Turn one bit."""
    data[at] ^= 1 << chance.randrange(8)
    return data


def smear(data: bytearray, at: int, chance: random.Random) -> bytearray:
    """Overwrite up to a page with random bytes."""
    end = min(len(data), at + chance.choice((1, 16, 512, 4096)))
    data[at:end] = chance.randbytes(end - at)
    return data


def blank(data: bytearray, at: int, chance: random.Random) -> bytearray:
    """Overwrite up to a page with zeros, as a disk does that lost a write."""
    end = min(len(data), at + chance.choice((16, 512, 4096)))
    data[at:end] = bytes(end - at)
    return data


def cut(data: bytearray, at: int, chance: random.Random) -> bytearray:
    """Lose the rest."""
    return data[:at]


Way = Callable[[bytearray, int, random.Random], bytearray]
WAYS: tuple[Way, ...] = (flip, smear, blank, cut)
FILES = {
    "store": "store.sqlite",
    "faiss": "derived/*/vectors.faiss",
    "codes": "derived/*/vectors.codes",
    "columns": "derived/*/chunks.npy",
    "keywords": "derived/*/lexical/*",
    "manifest": "derived/*/manifest.json",
}
KINDS = ("store", "store", "faiss", "keywords", "store", "manifest", "columns", "codes")
CODED_FROM = 10
"""Chunks from which on vectors are coded where their file is to be damaged: a small index shall have it."""


@contextmanager
def _coded_from(chunks: int) -> Iterator[None]:
    usual, filling.CODED_FROM = filling.CODED_FROM, chunks
    try:
        yield
    finally:
        filling.CODED_FROM = usual


def one(ledger: Ledger, folder: Path, turn: int) -> None:
    """Damage one region of one file in one way, and see what comes of it."""
    chance = random.Random(f"{ledger.seed}/{turn}")
    kind, way = KINDS[turn % len(KINDS)], chance.choice(WAYS)
    with _coded_from(CODED_FROM if kind == "codes" else filling.CODED_FROM):
        _one(ledger, folder / ("coded" if kind == "codes" else "exact"), turn, kind, way, chance)


def _one(ledger: Ledger, folder: Path, turn: int, kind: str, way: Way, chance: random.Random) -> None:
    made = library(folder, ledger.seed)
    index = made.copy(folder / "damaged")
    with closing(sqlite3.connect(index / "store.sqlite")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = chance.choice(sorted(path for path in index.glob(FILES[kind]) if path.suffix != ".lock"))
    data = bytearray(path.read_bytes())
    if not data:
        return
    region = (turn // len(KINDS)) % REGIONS
    at = min(len(data) - 1, (len(data) * region + chance.randrange(max(1, len(data)))) // REGIONS)
    path.write_bytes(way(data, at, chance))
    outcome = _read(index, made.corpus.expected, whole=kind != "store")
    ledger.count(f"{kind}, {way.__name__}: {outcome}")
    _repair(ledger, index, kind, made.corpus.expected, made.fill)
    ledger.count("planted")


def _read(index: Path, texts: dict[str, str], *, whole: bool) -> str:
    """Read everything: it is right, or refused in words. Damage of search files is mended on the way."""
    try:
        require_right(index, texts, all_of_them=whole)
    except GenesisError as error:
        require(bool(error.message and error.hint), "an error without words")
        require(not whole, f"the search files could not be made anew: {error.message}")
        return "refused"
    except AssertionError:
        if not whole:  # the names of a source, a title: what no reader checks, and the doctor must find
            return "for the doctor"
        raise
    return "right"


def _repair(ledger: Ledger, index: Path, kind: str, texts: dict[str, str], fill: Callable[..., None]) -> None:
    try:
        report = examined(index)
    except GenesisError as error:
        require(bool(error.message and error.hint), "the doctor failed without words")
        ledger.count(f"doctor, {kind}: refused")
        sound = False
    else:
        sound = report.sound
        for finding in report.findings:
            ledger.count(f"doctor, {kind}: {finding.kind} {'repaired' if finding.repaired else 'told'}")
            require(finding.repaired or bool(finding.hint), f"no hint: {finding.what}")
    if sound:
        require(examined(index).findings == (), "the doctor found more the second time")
    fill(index, rebuild=not sound)
    require_right(index, texts, all_of_them=True)
    require(examined(index).findings == (), "the doctor found something after all was mended")
