"""BM25 as weights of a sparse vector, so that any engine with inner products can search it.

Milvus has a BM25 of its own, but it takes a text as the query, and our terms carry weights; the Japanese analysers of
Milvus Lite are none. So terms are cut by us, as everywhere, and weighted by us: k1 = 1.2, b = 0.75, lengths rounded as
Lucene and tantivy round them, and the idf of Lucene, ln(1 + (N - n + 0.5) / (n + 0.5)).

The part of a chunk depends on the average length of all chunks, which changes as the index grows. So it is stored for a
fixed length (``pivot``), good enough to propose chunks; those that are proposed are scored anew with the average of
today (``exact_scores``). A term is known by 32 bits of its hash: among 10 million terms, one in 400 shares them with
another.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from genesis_rag.values import dataclass

K1, B = 1.2, 0.75
PADDING = 0
"""A dimension that stands for no term: a sparse vector may not be empty."""
_PADDING_WEIGHT = 1e-6
_DIMENSIONS = 2**32 - 2
_FREE = 24
"""Lengths below this are kept as they are; see Lucene's SmallFloat.intToByte4."""

Floats = NDArray[np.float64]


def _lengths() -> NDArray[np.int64]:
    """Return the 256 lengths that Lucene and tantivy know; any other counts as the next lower one."""
    small = [value & 7 if value < 8 else ((value & 7) | 8) << ((value >> 3) - 1) for value in range(256 - _FREE)]
    return np.array([*range(_FREE), *(_FREE + value for value in small)], dtype=np.int64)


LENGTHS = _lengths()


def dimension(term: str) -> int:
    """Return the dimension of a term, from 1 on."""
    digest = hashlib.blake2b(term.encode("utf-8", "replace"), digest_size=8).digest()
    return 1 + int.from_bytes(digest, "little") % _DIMENSIONS


def rounded(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return lengths as the keyword index of one machine keeps them."""
    return LENGTHS[np.searchsorted(LENGTHS, lengths, side="right") - 1]


def _norm(lengths: NDArray[np.int64], average: float) -> Floats:
    return np.asarray(K1 * (1.0 - B + B * rounded(lengths) / max(average, 1e-9)), dtype=np.float64)


def chunk_weights(terms: Sequence[str], pivot: float) -> dict[int, float]:
    """Return dimension -> weight of a chunk with these terms, repetitions included."""
    counts = Counter(map(dimension, terms))
    norm = float(_norm(np.array([len(terms)]), pivot)[0])
    found = {key: count * (1.0 + K1) / (count + norm) for key, count in counts.items()}
    return found or {PADDING: _PADDING_WEIGHT}


def exact_scores(
    query: Mapping[int, float], rows: Sequence[tuple[Mapping[int, float], int]], pivot: float, average: float
) -> NDArray[np.float32]:
    """Return the scores of chunks with the average length of today.

    Args:
        query: dimension -> idf times weight.
        rows: stored weights and length of each chunk.
        pivot: the average length that the weights were stored for.
        average: the true one.
    """
    lengths = np.array([length for _, length in rows], dtype=np.int64)
    before, now = _norm(lengths, pivot), _norm(lengths, average)
    stored = np.array([[weights.get(key, 0.0) for key in query] for weights, _ in rows], dtype=np.float64)
    stored = stored.reshape(len(rows), len(query))
    counts = np.rint(stored * before[:, None] / np.maximum(1.0 + K1 - stored, 1e-9))
    parts = counts * (1.0 + K1) / (counts + now[:, None])
    return np.asarray((parts * np.array(list(query.values()))).sum(axis=1), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Statistics:
    """In how many chunks each term is.

    Attributes:
        dimensions: uint32[n], rising.
        counts: uint32[n].
    """

    dimensions: NDArray[np.uint32]
    counts: NDArray[np.uint32]

    @classmethod
    def none(cls) -> Statistics:
        """Return those of no chunk."""
        return cls(np.empty(0, np.uint32), np.empty(0, np.uint32))

    @classmethod
    def from_bytes(cls, data: bytes) -> Statistics:
        """Return what ``to_bytes`` wrote."""
        values = np.frombuffer(zlib.decompress(data), dtype="<u4").reshape(2, -1)
        return cls(values[0].astype(np.uint32), values[1].astype(np.uint32))

    def to_bytes(self) -> bytes:
        """Return the statistics in 8 bytes a term, compressed."""
        return zlib.compress(np.stack([self.dimensions, self.counts]).astype("<u4").tobytes(), 1)

    def changed(self, more: Counter[int], fewer: Counter[int]) -> Statistics:
        """Return the statistics after chunks came and went."""
        delta = Counter(more)
        delta.subtract(fewer)
        keys = np.fromiter((*self.dimensions.tolist(), *delta), dtype=np.int64)
        values = np.fromiter((*self.counts.tolist(), *delta.values()), dtype=np.int64)
        dimensions, places = np.unique(keys, return_inverse=True)
        sums = np.zeros(len(dimensions), dtype=np.int64)
        np.add.at(sums, places, values)
        kept = sums > 0
        return Statistics(dimensions[kept].astype(np.uint32), sums[kept].astype(np.uint32))

    def frequency(self, term: str) -> int:
        """Return the number of chunks that hold ``term``."""
        wanted = np.uint32(dimension(term))
        place = int(np.searchsorted(self.dimensions, wanted))
        return int(self.counts[place]) if place < len(self.counts) and self.dimensions[place] == wanted else 0

    def query(self, terms: Iterable[tuple[str, float]], rows: int) -> dict[int, float]:
        """Return dimension -> idf times weight of the terms that some chunk holds; weights of equal terms add up."""
        weights: dict[int, float] = {}
        for term, weight in terms:
            holding = self.frequency(term)
            if holding:
                idf = float(np.log(1.0 + (rows - holding + 0.5) / (holding + 0.5)))
                key = dimension(term)
                weights[key] = weights.get(key, 0.0) + idf * weight
        return {key: weight for key, weight in weights.items() if weight > 0}
