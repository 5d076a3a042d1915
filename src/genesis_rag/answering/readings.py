"""What a neural reader says of the units of the passages, as columns of the table of features."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genesis_rag.answering.units import Unit
from genesis_rag.protocols import Reader, Reading
from genesis_rag.types import Passage

Floats = NDArray[np.float32]

READER_FEATURES = ("reader_relevance", "reader_span", "reader_both", "reader_log")
"""How surely the window around a unit answers (0..1); the part of the answer's words that lies in the unit (0..1);
their product; and its logarithm, scaled to 0..1."""
_LOG_FLOOR = 1e-4


def read_units(question: str, units: Sequence[Unit], passages: Sequence[Passage], reader: Reader | None) -> Floats:
    """Return float32[n, len(READER_FEATURES)] for ``units``; all 0 without a reader."""
    values = np.zeros((len(units), len(READER_FEATURES)), dtype=np.float32)
    if reader is None or not units:
        return values
    texts = [(" ".join((passage.title, *passage.heading_path)), passage.text) for passage in passages]
    readings = reader.read(question, texts)
    for row, unit in zip(values, units, strict=True):
        relevance, span = _of_unit(unit, readings[unit.passage])
        both = relevance * span
        row[:] = (relevance, span, both, 1.0 - math.log(both + _LOG_FLOOR) / math.log(_LOG_FLOOR))
    return values


def _of_unit(unit: Unit, windows: Sequence[Reading]) -> tuple[float, float]:
    """Return relevance and span of a unit in the window where their product is highest."""
    found = [(_logistic(one.relevance), _mass(one, unit)) for one in windows if one.start < unit.end > unit.start]
    near = [pair for pair in found if pair[1] > 0.0] or found
    return max(near, key=lambda pair: pair[0] * pair[1], default=(0.0, 0.0))


def _mass(reading: Reading, unit: Unit) -> float:
    """Return how likely the answer begins in the unit and how likely it ends there, on average."""
    inside = (reading.begins < unit.end) & (reading.ends > unit.start)
    return float(reading.first[inside].sum() + reading.last[inside].sum()) / 2.0


def _logistic(value: float) -> float:
    return 0.5 * (1.0 + math.tanh(0.5 * value))
