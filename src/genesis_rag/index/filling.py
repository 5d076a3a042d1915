"""The vector index of a generation, in a file of its kind: exact for few rows, coded for many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genesis_rag.index.coded import CodedVectorIndex
from genesis_rag.index.coded_rows import CodedFile
from genesis_rag.index.snapshot import Snapshot
from genesis_rag.index.store import damaged
from genesis_rag.index.vectors import FaissVectorIndex
from genesis_rag.protocols import Ids, Vectors

SearchVectors = FaissVectorIndex | CodedVectorIndex

CODED_FROM = 50_000
"""From this many rows on vectors are coded; below, exact search takes about 2 ms for 256 numbers."""

SAMPLE = 2_000

Told = Callable[[str, int, int], None]
"""Called with phase, done and total."""


def open_vectors(place: Path, *, mapped: bool = True) -> SearchVectors:
    """Open the vector index in the derived directory ``place``, of whichever kind it is.

    Raises:
        ValueError: there is none, or it is damaged.
    """
    coded = place / CodedVectorIndex.file_name
    if coded.exists():
        return CodedVectorIndex.load(coded, mapped=mapped)
    return FaissVectorIndex.load(place / FaissVectorIndex.file_name, mapped=mapped)


def write_vectors(place: Path, snapshot: Snapshot, numbers: Ids, dim: int, told: Told) -> None:
    """Write an index of all vectors that ``snapshot`` shows, those of the chunks ``numbers``, into ``place``.

    Many are coded as they come and written at once, so that memory does not grow with them.

    Raises:
        IndexDamagedError: a stored vector is not what was stored, or missing.
    """
    batches = _batches(snapshot, dim, told, born=0, total=len(numbers))
    if len(numbers) < CODED_FROM:
        vectors = FaissVectorIndex(dim)
        for some, rows in batches:
            vectors.add(some, rows)
        vectors.save(place / vectors.file_name)
        return
    try:
        with CodedFile(place / CodedVectorIndex.file_name, _centre(snapshot, numbers, dim), len(numbers)) as file:
            for some, rows in batches:
                file.add(some, rows)
    except ValueError as error:
        raise damaged(f"its chunks and vectors do not fit each other ({error})") from error


def change_vectors(
    place: Path, base: Path, snapshot: Snapshot, numbers: Ids, removed: Ids, added: int, told: Told
) -> None:
    """Write the index in ``base``, that of the generation before, into ``place`` as ``snapshot`` shows it.

    All are read anew where their number has come to ask for the other kind; a coded index stays one down to half of
    ``CODED_FROM``, so that no change back and forth costs that.

    Args:
        place: a directory.
        base: another.
        snapshot: shows the generation to write.
        numbers: of all its chunks.
        removed: chunks that are gone.
        added: how many chunks are new.
        told: is told of progress.

    Raises:
        ValueError: the index in ``base`` is damaged.
        IndexDamagedError: see ``write_vectors``.
    """
    coded = base / CodedVectorIndex.file_name
    old = open_vectors(base, mapped=coded.exists())
    suits = len(numbers) < CODED_FROM if old.exact else len(numbers) >= CODED_FROM // 2
    if not suits:
        write_vectors(place, snapshot, numbers, old.dim, told)
        return
    batches = _batches(snapshot, old.dim, told, born=snapshot.generation, total=added)
    if isinstance(old, CodedVectorIndex):
        with CodedFile(place / old.file_name, old.centre(), len(numbers)) as file:
            file.copy(coded, removed)
            for some, rows in batches:
                file.add(some, rows)
        return
    old.remove(removed)
    for some, rows in batches:
        old.add(some, rows)
    old.save(place / old.file_name)


def _batches(snapshot: Snapshot, dim: int, told: Told, *, born: int, total: int) -> Iterator[tuple[Ids, Vectors]]:
    done = 0
    for numbers, rows in snapshot.all_vectors(dim, born=born):
        yield numbers, rows
        done += len(numbers)
        told("vectors", done, total)


def _centre(snapshot: Snapshot, numbers: Ids, dim: int) -> NDArray[np.float32]:
    """Return the mean of vectors from all over the store."""
    some = numbers[np.linspace(0, len(numbers) - 1, min(len(numbers), SAMPLE)).astype(np.int64)]
    found = list(snapshot.vectors_of(some.tolist(), dim).values())
    return np.asarray(np.mean(found, axis=0) if found else np.zeros(dim), dtype=np.float32)
