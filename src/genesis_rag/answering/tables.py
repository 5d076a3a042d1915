"""Looking up a row of a table: the question names its first cell, and the column or kind of thing that it asks for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genesis_rag.answering.features import Question, UnitTable, coverage
from genesis_rag.answering.units import Unit
from genesis_rag.text.normalize import fold
from genesis_rag.text.patterns import lazy

_CELL = lazy(r"\s*[|\t]\s*")
_SHORTEST_KEY = 2
_COLUMN = 0.5
"""A word of a header cell this long, beside the longest one of it, names the column."""


def find_row(question: Question, table: UnitTable, rows: Sequence[int]) -> int | None:
    """Return the row among units ``rows`` that the question looks up, None where there is none or no single one.

    The question must have the whole first cell of just one row of its table (of 8 m and 8 to 12 m the longer one), and
    ask for a column by its name or for a quantity that the row has.
    """
    found = []
    for k in rows:
        unit = table.units[k]
        key = _key(unit)
        if unit.kind == "row" and names(question.folded, key) and _asked_of(question, table, k):
            found.append((len(key), coverage(question.weights, table.title_terms[unit.passage]), -k))
    if not found:
        return None
    best = max(found)
    rival = [one for one in found if one[:2] == best[:2]]
    return -best[2] if len(rival) == 1 else None


def same_table(table: UnitTable, one: int, other: int) -> bool:
    """Tell whether two units are rows of one table."""
    first, second = table.units[one], table.units[other]
    together = (first.passage, first.list_id) == (second.passage, second.list_id)
    return together and first.kind == second.kind == "row" and first.list_id is not None


def rows_of(table: UnitTable, mask: NDArray[np.bool_]) -> list[int]:
    """Return the rows among the units of ``mask``."""
    return [k for k in np.flatnonzero(mask).tolist() if table.units[k].kind == "row"]


def names(folded: str, key: str) -> bool:
    """Tell whether a folded question has ``key`` as whole words (Japanese has no ends of words)."""
    if len(key) < _SHORTEST_KEY or key.isdecimal():
        return False
    at = folded.find(key)
    while at >= 0:
        end = at + len(key)
        if not (_joined(folded, at) or _joined(folded, end)):
            return True
        at = folded.find(key, at + 1)
    return False


def _joined(text: str, at: int) -> bool:
    """Tell whether a Latin word or number goes on over ``at``."""
    around = text[at - 1 : at + 1] if at else ""
    return len(around) == 2 and around.isascii() and around.isalnum()


def _key(unit: Unit) -> str:
    return fold(_CELL.split(unit.text.strip("| \t"), maxsplit=1)[0])


def _asked_of(question: Question, table: UnitTable, k: int) -> bool:
    if table.column("type_full")[k] > 0 and question.profile.quantity_kinds:
        return True
    unit = table.units[k]
    header = "" if unit.lead is None else table.folded[k - unit.position + unit.lead]
    columns = _CELL.split(header)[1:]
    return any(_named(question, column) for column in columns)


def _named(question: Question, column: str) -> bool:
    """Tell whether the question has the words of a column, or the longest of them."""
    words = [word for word in column.replace("の", " ").split() if len(word) > 1]
    return any(names(question.folded, word) for word in words if len(word) >= _COLUMN * max(map(len, words)))
