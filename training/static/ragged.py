"""Many texts as token ids in two flat arrays, and random parts of them as batches for an EmbeddingBag."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Bags:
    """Token ids of n texts one behind the other, and where each begins."""

    ids: NDArray[np.int64]
    offsets: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ragged:
    """n texts: text i is ``ids[starts[i]:starts[i + 1]]``."""

    ids: Ints
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def lengths(self, at: NDArray[np.integer]) -> NDArray[np.int64]:
        return self.starts[at + 1] - self.starts[at]

    def bags(self, at: NDArray[np.integer], longest: int = 1 << 20) -> Bags:
        """Return the first ``longest`` tokens of texts ``at``."""
        return self.parts(at, np.zeros(len(at), np.int64), np.full(len(at), longest, np.int64))

    def parts(self, at: NDArray[np.integer], skip: NDArray[np.int64], longest: NDArray[np.int64]) -> Bags:
        """Return of each text at most ``longest`` tokens behind the first ``skip``."""
        sizes = np.clip(self.lengths(at) - skip, 0, longest)
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        flat = np.arange(offsets[-1]) + np.repeat(self.starts[at] + skip - offsets[:-1], sizes)
        return Bags(self.ids[flat].astype(np.int64), offsets[:-1])


def tokenize(tokenizer: Tokenizer, texts: Iterable[str]) -> Ragged:
    """Return the token ids of ``texts``, unknown ones left out."""
    pieces: list[Ints] = []
    sizes = [0]
    rest = iter(texts)
    while batch := list(islice(rest, 2000)):
        for encoding in tokenizer.encode_batch_fast(batch, add_special_tokens=False):
            ids = np.asarray(encoding.ids, np.int32)
            pieces.append(ids[ids != 0])
            sizes.append(len(pieces[-1]))
    return Ragged(np.concatenate(pieces) if pieces else np.zeros(0, np.int32), np.cumsum(np.asarray(sizes, np.int64)))


def join(first: Bags, second: Bags) -> Bags:
    """Return bags that hold the tokens of both, pairwise."""
    n = len(first.offsets)
    sizes = np.diff(np.append(first.offsets, len(first.ids))), np.diff(np.append(second.offsets, len(second.ids)))
    owners = np.concatenate([np.repeat(np.arange(n), sizes[0]), np.repeat(np.arange(n), sizes[1])])
    order = np.argsort(owners, kind="stable")
    total = sizes[0] + sizes[1]
    return Bags(np.concatenate([first.ids, second.ids])[order], np.cumsum(total) - total)


def stack(parts: Sequence[Bags]) -> Bags:
    """Return the bags of all ``parts``, one behind the other."""
    shifts = np.cumsum([0, *(len(part.ids) for part in parts[:-1])])
    offsets = [part.offsets + shift for part, shift in zip(parts, shifts, strict=True)]
    return Bags(np.concatenate([part.ids for part in parts]), np.concatenate(offsets))
