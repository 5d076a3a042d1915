"""What both kinds of vector index in FAISS share: their files, and filters by id."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from genesis_rag.protocols import Ids

SELECTIONS_KEPT = 8
BITS_AN_ID = 64
"""A bit map of ids may be this many times as long as there are ids in it; beyond, a hashed set is smaller."""


class Selections:
    """FAISS parameters that let only some ids through, kept for the arrays of ids that were used last.

    An array is known again by being the same object: who filters hands in the same one for the same filter.
    """

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Ids, Any]] = {}

    def of(self, allowed: Ids | None) -> Any:
        """Return search parameters for ``allowed``, None for all; they keep the selector alive."""
        if allowed is None:
            return None
        import faiss

        known = self._kept.get(id(allowed))
        if known is None or known[0] is not allowed:
            parameters: Any = faiss.SearchParameters  # its stub does not know of the keyword
            known = allowed, parameters(sel=selector_of(allowed))
            if len(self._kept) >= SELECTIONS_KEPT:
                self._kept = {}
            self._kept[id(allowed)] = known
        return known[1]


def selector_of(allowed: Ids) -> Any:
    """Return a FAISS selector: a bit for every id, or a hashed set where ids are few or lie far apart."""
    import faiss

    allowed = np.ascontiguousarray(allowed, dtype=np.int64)
    highest = int(allowed.max()) if len(allowed) else 0
    if highest > BITS_AN_ID * len(allowed):
        return faiss.IDSelectorBatch(allowed)
    bits = np.zeros(highest + 1, dtype=np.bool_)
    bits[allowed] = True
    selector: Any = faiss.IDSelectorBitmap  # its stub does not know that it takes an array
    return selector(np.packbits(bits, bitorder="little"))


@contextmanager
def one_thread() -> Iterator[None]:
    """Let FAISS work in this thread alone.

    It spreads queries over threads, so a single query gains nothing by a second one, and on a busy machine waits for
    that to be let in: measured, 200 ms for 1 ms of work at a load of 15 on two cores.
    """
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def read_faiss(path: Path, *, mapped: bool) -> Any:
    """Read what ``write_faiss`` wrote.

    Raises:
        ValueError: the file is no FAISS index.
    """
    import faiss

    try:
        return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if mapped else 0)
    except (RuntimeError, MemoryError) as error:
        raise ValueError(f"{path.name} is not a FAISS index: {error}") from error


def write_faiss(index: Any, path: Path) -> None:
    """Write an index.

    Raises:
        OSError: it cannot be written, as when the disk is full.
    """
    import faiss

    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(f"{path.name} cannot be written: {error}") from error
