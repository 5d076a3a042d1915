"""Cutting a text into windows for a reader: whole sentences where they fit, one of them in two windows at each cut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genesis_rag.text.sentences import sentence_spans


def windows(text: str, begins: NDArray[np.int64], most: int) -> list[tuple[int, int]]:
    """Return the windows of ``text`` as ranges of its tokens, each of at most ``most``; at least one.

    A window ends where a sentence does, if it holds a whole one, and the next begins with that last sentence again, if
    this leaves room for more: what a pronoun means often stands a sentence before.

    Args:
        text: the text.
        begins: where each token begins, rising.
        most: tokens of a window.
    """
    if len(begins) <= most:
        return [(0, len(begins))]
    starts = sorted({int(np.searchsorted(begins, span.start)) for span in sentence_spans(text)} | {0})
    cuts = [*(at for at in starts if at < len(begins)), len(begins)]
    found: list[tuple[int, int]] = []
    at = 0
    while True:
        end = _last_cut(cuts, at, most) or min(at + most, len(begins))
        found.append((at, end))
        if end == len(begins):
            return found
        again = max((cut for cut in cuts if at < cut < end), default=end)
        room = most - (end - again)
        fits = (_last_cut(cuts, again, most) or 0) > end
        at = again if fits and room >= most // 2 else end


def _last_cut(cuts: Sequence[int], start: int, most: int) -> int | None:
    """Return the last end of a sentence that a window from ``start`` can reach."""
    return max((cut for cut in cuts if start < cut <= start + most), default=None)
