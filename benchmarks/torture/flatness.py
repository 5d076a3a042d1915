"""Whether a series of memory and open files is flat, told apart from the noise of an allocator.

Memory is judged by the slope that most pairs of turns agree on (Theil 1950, Sen 1968), and of that by the least that
chance leaves possible (Sen's interval, 95 % on one side): freed memory goes back to the system when the allocator
likes, which moves single turns by tens of MB. What the allocator has given out (``held``) has next to no such noise:
there a small leak shows; in what is resident shows a large one of whatever kind.
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
"""MB a turn of 100 questions and 10 updates: 1 MB for 1,000 questions. A reader or a generation that is not let go of
costs more; a server with a question a second would gain less than 90 MB a day, and is started anew before that hurts.
"""

WHOLE = {"held": 1.5, "resident": 2.0}
"""No turn may take so many times the median of the first ten that are judged: a leak in steps has no slope at first.
The heap of one run of the keyword engine, 64 MB, may lie in memory still or not."""

FIRST = 10
_ONE_SIDED_95 = 1.645


def slope(values: Sequence[float]) -> tuple[float, float]:
    """Return the median of the slopes between all pairs of turns, and the least it may be by chance."""
    series: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
    count = len(series)
    early, late = np.triu_indices(count, 1)
    slopes = np.sort((series[late] - series[early]) / (late - early))
    spread = _ONE_SIDED_95 * (count * (count - 1) * (2 * count + 5) / 18) ** 0.5
    place = max(0, round((len(slopes) - spread) / 2))
    return float(np.median(slopes)), float(slopes[place])


def unevenness(held: Sequence[float], resident: Sequence[float], files: Sequence[float]) -> str:
    """Return in words what grew in the turns of one process, empty if nothing did.

    Args:
        held: MB that the program holds, a turn.
        resident: MB that lie in memory.
        files: open files.

    Raises:
        ValueError: there are not enough turns for a verdict.
    """
    if len(held) < WARM + LEAST:
        raise ValueError(f"{len(held)} turns in one process; {WARM + LEAST} are needed for a verdict")
    for name, series in (("held", held), ("resident", resident)):
        usual, least = slope(series[WARM:])
        if least > SLOPE_MB:
            return f"{name} memory grows by {usual:.2f} MB a turn, at least {least:.2f}"
        first = float(np.median(series[WARM : WARM + FIRST]))
        if (most := max(series[WARM:])) > WHOLE[name] * first:
            return f"{name} memory rose from {first:.0f} to {most:.0f} MB"
    first = max(files[WARM : WARM + FIRST])
    return f"open files grew from {first:.0f} to {max(files):.0f}" if max(files[WARM:]) > first else ""
