"""Turns the features of units into scores and probabilities with the fitted weights of ``weights.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from genesis_rag.answering.features import ANSWERABLE_FEATURES, FEATURES, Floats, UnitTable
from genesis_rag.types import Language
from genesis_rag.values import dataclass

WEIGHTS_FILE, READER_WEIGHTS_FILE = "weights.json", "weights-reader.json"


@dataclass(frozen=True, slots=True)
class LinearModel:
    """A linear model over named features: ``x @ weights + bias``."""

    names: tuple[str, ...]
    weights: Floats
    bias: float

    def __call__(self, values: Floats) -> Floats:
        """Return one score a row."""
        return np.asarray(values @ self.weights + self.bias, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Weights:
    """Everything fitted by ``training/abstention/fit.py``.

    Attributes:
        select: for each group ("ja", "en", "cross"), the model that picks the answering unit.
        answerable: for each group, the model whose logistic is the probability that the passages answer.
        thresholds: for each group, the probability below which the answerer abstains.
        cross_scale: how much smaller cosines are across languages than within one.
        word_cross_scale: the same of the embedder of words.
    """

    select: Mapping[str, LinearModel]
    answerable: Mapping[str, LinearModel]
    thresholds: Mapping[str, float]
    cross_scale: float
    word_cross_scale: float


def load_weights(*, with_reader: bool = False) -> Weights:
    """Read the weights that are shipped with the package, for answers with or without a reader.

    Raises:
        ValueError: the file was fitted for other features than this code computes.
    """
    name = READER_WEIGHTS_FILE if with_reader else WEIGHTS_FILE
    data = json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    return parse_weights(data)


def parse_weights(data: Mapping[str, object]) -> Weights:
    """Return the weights from their JSON form; see ``load_weights``."""
    select, answerable = _models(data["select"]), _models(data["answerable"])
    sound = all(model.names == FEATURES for model in select.values())
    if not sound or any(model.names != ANSWERABLE_FEATURES for model in answerable.values()):
        raise ValueError(f"{WEIGHTS_FILE} was fitted for other features; run training/abstention/fit.py.")
    thresholds = data["thresholds"]
    scale, word_scale = data["cross_scale"], data["word_cross_scale"]
    assert isinstance(thresholds, dict)
    assert isinstance(scale, float)
    assert isinstance(word_scale, float)
    return Weights(select, answerable, thresholds, scale, word_scale)


def _models(data: object) -> dict[str, LinearModel]:
    assert isinstance(data, dict)
    return {
        group: LinearModel(tuple(model["features"]), np.array(model["weights"], dtype=np.float32), float(model["bias"]))
        for group, model in data.items()
    }


def group_of(question: Language, unit: Language) -> str:
    """Return which weights fit a question and a unit of these languages."""
    return question if question == unit and question in ("ja", "en") else "cross"


def score_units(table: UnitTable, question: Language, weights: Weights) -> Floats:
    """Return one score a unit; scores of one group are comparable with each other, a softmax gives probabilities."""
    scores = np.zeros(len(table.units), dtype=np.float32)
    groups = np.array([group_of(question, unit.language) for unit in table.units])
    for group, model in weights.select.items():
        rows = groups == group
        if rows.any():
            scores[rows] = model(table.values[rows])
    return scores


def softmax(scores: Floats) -> Floats:
    """Return probabilities that sum to 1 (an empty array for none)."""
    if not len(scores):
        return scores
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum(), dtype=np.float32)


def logistic(value: float) -> float:
    """Return 1 / (1 + e^-value), without overflow."""
    return float(0.5 * (1.0 + np.tanh(0.5 * value)))
