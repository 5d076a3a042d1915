"""How rows of tables are written: one line a row, cells parted by bars, so that a row can be quoted exactly."""

from __future__ import annotations

import re
from collections.abc import Iterable

SEPARATOR = " | "
_SPACES = re.compile(r"\s+")


def row_line(cells: Iterable[str]) -> str:
    """Return the line for the cells of a row, "" when all are empty.

    Empty cells keep their place except at the end of the row; a bar within a cell becomes a full-width one.
    """
    words = [_SPACES.sub(" ", cell).strip().replace("|", "｜") for cell in cells]
    while words and not words[-1]:
        words.pop()
    if not words:
        return ""
    return SEPARATOR.join(words).replace("|  |", "| |").replace("|  |", "| |").strip()
