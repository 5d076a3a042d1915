"""How sure we are that the passages answer the question: features of the best unit, a logistic, a threshold."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from genesis_rag.answering.features import Floats, Question, UnitTable, coverage
from genesis_rag.answering.scoring import Weights, logistic, softmax
from genesis_rag.text.normalize import fold
from genesis_rag.text.numbers import quantities, unsupported_quantities
from genesis_rag.text.patterns import lazy
from genesis_rag.types import Passage

_NAME = lazy(
    r"[ァ-ヶー]{2,}(?:[・=＝][ァ-ヶー]+)*|[一-鿿々]{2,}|(?<![A-Za-z])[A-Z][\w.'-]*(?:\s+[A-Z][\w.'-]*)*|[a-zA-Z]*\d[\w.-]*"
)
_QUESTION_WORD = lazy(
    r"what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|in|the|can|name|list|according", re.I
)
_GENERIC_JA = lazy(r"何[一-鿿]?|場合|名前|理由|原因|方法|時期|以上|以下|文書|本文|資料|現在|当時")


@dataclass(frozen=True, slots=True)
class Confidence:
    """The calibrated probability that the passages answer, and whether it is enough to answer."""

    probability: float
    enough: bool


def confidence(values: Floats, group: str, weights: Weights) -> Confidence:
    """Return how sure we are, from the features of ``answerable_features``."""
    probability = logistic(float(weights.answerable[group](values[None, :])[0]))
    return Confidence(probability, probability >= weights.thresholds[group])


def answerable_features(
    question: Question, table: UnitTable, scores: Floats, best: int, passages: tuple[Passage, ...]
) -> Floats:
    """Return the features of the case that unit ``best`` answers the question (float32[len(ANSWERABLE_FEATURES)])."""
    unit = table.units[best]
    row = {name: float(table.column(name)[best]) for name in ("coverage", "previous", "next", "lead", "title")}
    terms = table.passage_terms[unit.passage]
    squares = {term: weight * weight for term, weight in question.weights.items()}
    missing = max((weight for term, weight in question.weights.items() if term not in terms), default=0.0)
    names, found = _names_found(question, passages[unit.passage])
    passage_coverage = coverage(question.weights, terms)
    dense = float(table.column("dense")[best])
    same = np.array([other.language == unit.language for other in table.units])
    values = (
        float(scores[best]) / 10.0,
        float(softmax(scores[same]).max()),
        row["coverage"],
        min(sum(row.values()), 1.0),
        passage_coverage,
        coverage(squares, terms),
        missing / (max(question.weights.values(), default=0.0) or 1.0),
        found / names if names else 0.0,
        float(names == 0),
        _numbers_missing(question, passages[unit.passage]),
        dense,
        float(table.column("dense_passage")[best]),
        float(table.column("dense").max()),
        float(table.column("type_full")[best]),
        float(table.column("type_missing")[best]),
        max((passage.scores.get("dense", 0.0) for passage in passages), default=0.0),
        _agreement(passages),
        math.log1p(len(question.terms)) / 4.0,
        passage_coverage * dense,
    )
    return np.array(values, dtype=np.float32)


def _names_found(question: Question, passage: Passage) -> tuple[int, int]:
    """Return how many names, kanji words, Latin names and codes the question has, and how many the passage holds."""
    text = fold(" ".join((passage.title, *passage.heading_path, passage.text)))
    names = []
    for match in _NAME.finditer(question.profile.core):
        word = match[0]
        if _QUESTION_WORD.fullmatch(word) or _GENERIC_JA.fullmatch(word):
            continue
        names.append(fold(word))
    names += list(question.profile.quoted)
    distinct = dict.fromkeys(names)
    return len(distinct), sum(name in text for name in distinct)


def _numbers_missing(question: Question, passage: Passage) -> float:
    """Return the share of the question's quantities that the passage does not hold (a wrong premise shows here)."""
    asked = quantities(question.profile.core)
    if not asked:
        return 0.0
    evidence = " ".join((passage.title, *passage.heading_path, passage.text))
    return len(unsupported_quantities(question.profile.core, evidence)) / len(asked)


def _agreement(passages: tuple[Passage, ...]) -> float:
    """Return 1 when keyword and vector search put the same passage first, else 0."""
    legs = ("dense", "lexical")
    if not passages or any(leg not in passage.scores for passage in passages[:1] for leg in legs):
        return 0.0
    first = [max(passages, key=lambda passage: passage.scores.get(leg, -1.0)).marker for leg in legs]
    return float(first[0] == first[1])
