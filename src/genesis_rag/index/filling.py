"""The vector index of a generation, in a file of its kind: exact for few rows, coded for many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genesis_rag.index.coded import CodedVectorIndex
from genesis_rag.index.snapshot import Snapshot
from genesis_rag.index.vectors import FaissVectorIndex
from genesis_rag.protocols import Ids

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


def all_vectors(snapshot: Snapshot, dim: int, rows: int, told: Told) -> SearchVectors:
    """Return an index of all vectors that ``snapshot`` shows, which are ``rows``."""
    coded = rows >= CODED_FROM
    vectors = CodedVectorIndex(dim, _centre(snapshot, dim)) if coded else FaissVectorIndex(dim)
    _add(vectors, snapshot, told, born=0, total=rows)
    return vectors


def changed_vectors(vectors: SearchVectors, snapshot: Snapshot, removed: Ids, added: int, told: Told) -> SearchVectors:
    """Return ``vectors``, those of the generation before, without ``removed`` and with the ``added`` new rows.

    All are read anew where their number has come to ask for the other kind; a coded index stays one down to half of
    ``CODED_FROM``, so that no change back and forth costs that.
    """
    rows = len(vectors) - len(removed) + added
    suits = rows < CODED_FROM if vectors.exact else rows >= CODED_FROM // 2
    if not suits:
        return all_vectors(snapshot, vectors.dim, rows, told)
    vectors.remove(removed)
    _add(vectors, snapshot, told, born=snapshot.generation, total=added)
    return vectors


def _add(vectors: SearchVectors, snapshot: Snapshot, told: Told, *, born: int, total: int) -> None:
    done = 0
    for numbers, rows in snapshot.all_vectors(vectors.dim, born=born):
        vectors.add(numbers, rows)
        done += len(numbers)
        told("vectors", done, total)


def _centre(snapshot: Snapshot, dim: int) -> NDArray[np.float32]:
    """Return the mean of vectors from all over the store."""
    numbers = snapshot.numbers()
    some = numbers[np.linspace(0, len(numbers) - 1, min(len(numbers), SAMPLE)).astype(np.int64)]
    found = list(snapshot.vectors_of(some.tolist(), dim).values())
    return np.asarray(np.mean(found, axis=0) if found else np.zeros(dim), dtype=np.float32)
