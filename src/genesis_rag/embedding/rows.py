"""What every embedding engine of this room shares: clean texts, batches of like length, unit rows, fingerprints."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genesis_rag.errors import ModelError
from genesis_rag.protocols import Vectors

CHARACTERS_A_TOKEN = 16
"""No tokenizer reads more characters than this as one token on average; what lies beyond is never tokenised."""

_EDGE_BYTES = 1 << 20


def clean(text: str) -> str:
    """Return ``text`` with lone surrogates, which are no characters and have no UTF-8 form, as U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text


def batches(lengths: Sequence[int], size: int) -> Iterator[list[int]]:
    """Yield the places of texts of like length, at most ``size`` at once, the longest first.

    So little is wasted on padding, and a lack of memory shows at the beginning.
    """
    order = sorted(range(len(lengths)), key=lambda at: (-lengths[at], at))
    for start in range(0, len(order), size):
        yield order[start : start + size]


def unit_rows(rows: NDArray[np.float32], dim: int) -> Vectors:
    """Return the first ``dim`` columns with every row scaled to length 1.

    A row without a direction (all zeros, or not finite) becomes one fixed vector that is near to no text in particular.
    """
    cut = np.array(rows[:, :dim], np.float32, order="C")
    lengths = np.linalg.norm(cut, axis=1)
    sound = np.isfinite(lengths) & (lengths > 0)
    if not sound.all():
        cut[~sound] = np.where(np.arange(dim) % 2 == 0, 1.0, -1.0)
        lengths = np.where(sound, lengths, np.sqrt(np.float32(dim)))
    cut /= lengths[:, None]
    return cut


def checked_dim(wanted: int, full: int, name: str) -> int:
    """Return how many numbers of a vector to keep.

    Raises:
        ModelError: more are wanted than the model has.
    """
    if wanted > full:
        raise ModelError(
            f"{name} makes vectors of {full} numbers, not {wanted}.", "Correct 'dim' of the model in models.toml."
        )
    return wanted or full


def fingerprint(kind: str, files: Iterable[Path], *facts: object) -> str:
    """Return what tells two embedders apart: size and edges of each file, and everything else that changes vectors.

    Reading gigabytes at every start would take seconds; whole files are checked by ``genesis-rag models verify``.
    """
    digest = hashlib.sha256()
    for path in files:
        size = path.stat().st_size
        digest.update(f"{size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(_EDGE_BYTES))
            file.seek(max(0, size - _EDGE_BYTES))
            digest.update(file.read(_EDGE_BYTES))
    digest.update("\0".join(str(fact) for fact in facts).encode("utf-8", "surrogatepass"))
    return f"{kind}-{digest.hexdigest()[:32]}"
