"""Whether a series of memory and open files is flat, told apart from the noise of an allocator.

Memory is judged by the slope that most pairs of turns agree on (Theil 1950, Sen 1968): freed memory goes back to the
system when the allocator likes, which moves single turns by tens of MB and the median of the slopes hardly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WARM = 20
"""Turns that are not judged: caches fill, and the small heaps of threads and of SQLite reach their size."""

LEAST = 40
"""Turns that are needed after those for a verdict."""

SLOPE_MB = 0.1
"""MB a turn of 100 questions and 10 updates. A reader or a generation that is not let go of costs at least its index,
0.15 MB here; a list entry a question of 1 KB, 0.1 MB. A server with 10 questions a second would gain 0.9 GB a day at
this limit, and be started anew for an update before that hurts."""

WHOLE = 1.5
"""No turn may take so many times the median of the first ten that are judged: a leak in steps has no slope at first."""

FIRST = 10


def slope(values: Sequence[float]) -> float:
    """Return the median of the slopes between all pairs of turns."""
    series: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
    early, late = np.triu_indices(len(series), 1)
    return float(np.median((series[late] - series[early]) / (late - early)))


def unevenness(memory: Sequence[float], files: Sequence[float]) -> str:
    """Return in words what grew in the turns of one process, empty if nothing did.

    Raises:
        ValueError: there are not enough turns for a verdict.
    """
    judged, handles = memory[WARM:], files[WARM:]
    if len(judged) < LEAST:
        raise ValueError(f"{len(memory)} turns in one process; {WARM + LEAST} are needed for a verdict")
    if (grows := slope(judged)) > SLOPE_MB:
        return f"memory grows by {grows:.2f} MB a turn"
    usual = float(np.median(judged[:FIRST]))
    if max(judged) > WHOLE * usual:
        return f"memory rose from {usual:.0f} to {max(judged):.0f} MB"
    if max(handles) > max(handles[:FIRST]):
        return f"open files grew from {max(handles[:FIRST]):.0f} to {max(handles):.0f}"
    return ""
