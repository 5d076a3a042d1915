"""How sure we are that the passages answer the question: features of the best unit, a logistic, a threshold."""

from __future__ import annotations

import math
import re

import numpy as np

from genesis_rag.answering.features import Floats, Question, UnitTable, coverage
from genesis_rag.answering.readings import READER_FEATURES
from genesis_rag.answering.scoring import Weights, logistic, softmax
from genesis_rag.text.normalize import fold
from genesis_rag.text.numbers import quantities, unsupported_quantities
from genesis_rag.text.patterns import lazy
from genesis_rag.types import Passage
from genesis_rag.values import dataclass

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
    most = max(question.weights.values(), default=0.0) or 1.0
    whole = _whole_text(passages[unit.passage])
    near = _near_text(table, best, passages[unit.passage])
    near_terms = table.title_terms[unit.passage].union(*(table.terms[k] for k in _near(table, best)))
    names = _names(question)
    found, found_near = (sum(name in fold(text) for name in names) / max(len(names), 1) for text in (whole, near))
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
        _heaviest_missing(question, terms) / most,
        found,
        float(not names),
        _numbers_missing(question, whole),
        dense,
        float(table.column("dense_passage")[best]),
        float(table.column("dense").max()),
        float(table.column("type_full")[best]),
        float(table.column("type_missing")[best]),
        _agreement(passages),
        math.log1p(len(question.terms)) / 4.0,
        passage_coverage * dense,
        _heaviest_missing(question, near_terms) / most,
        found_near,
        _numbers_missing(question, near),
        _quantity_missing(question, table, best),
        *_reader_values(table, best),
    )
    return np.array(values, dtype=np.float32)


def _reader_values(table: UnitTable, best: int) -> tuple[float, ...]:
    """Return what the reader says of ``best``, of the unit it likes best, and of its best one in another passage."""
    relevance, span, both, log = (table.column(name) for name in READER_FEATURES)
    favourite = int(np.argmax(both)) if len(both) else best
    elsewhere = np.array([unit.passage != table.units[favourite].passage for unit in table.units], dtype=bool)
    runner_up = float(log[elsewhere].max()) if elsewhere.any() else 0.0
    return float(relevance[best]), float(span[best]), float(log[best]), float(log[favourite]), runner_up


def _whole_text(passage: Passage) -> str:
    return " ".join((passage.title, *passage.heading_path, passage.text))


def _near(table: UnitTable, best: int) -> list[int]:
    """Return ``best``, the units before and after it in its passage, and the one that leads in to it, in order."""
    unit = table.units[best]
    sides = {k for k in (best - 1, best + 1) if 0 <= k < len(table.units) and table.units[k].passage == unit.passage}
    lead = set() if unit.lead is None else {best - unit.position + unit.lead}
    return sorted({best} | sides | lead)


def _near_text(table: UnitTable, best: int, passage: Passage) -> str:
    """Return a unit with its surroundings, headings and title: what must hold the particulars of the question."""
    pieces = [table.units[k].text for k in _near(table, best)]
    return "\n".join((passage.title, *passage.heading_path, *pieces))


def _heaviest_missing(question: Question, terms: frozenset[str]) -> float:
    return max((weight for term, weight in question.weights.items() if term not in terms), default=0.0)


def _names(question: Question) -> tuple[str, ...]:
    """Return the names, kanji words, Latin names and codes of the question, folded, each once."""
    words = (match[0] for match in _NAME.finditer(question.profile.core))
    names = [fold(word) for word in words if not (_QUESTION_WORD.fullmatch(word) or _GENERIC_JA.fullmatch(word))]
    return tuple(dict.fromkeys([*names, *question.profile.quoted]))


def _numbers_missing(question: Question, evidence: str) -> float:
    """Return the share of the question's quantities that the evidence does not hold (a wrong premise shows here)."""
    asked = quantities(question.profile.core)
    if not asked:
        return 0.0
    return len(unsupported_quantities(question.profile.core, evidence)) / len(asked)


def _quantity_missing(question: Question, table: UnitTable, best: int) -> float:
    """Return 1 when an amount, date or number is asked for, and neither the unit nor its neighbours hold a new one."""
    kinds = question.profile.quantity_kinds
    if not kinds:
        return 0.0
    known = {(one.kind, one.low, one.high, one.unit) for one in quantities(question.profile.core)}
    text = "\n".join(table.units[k].text for k in _near(table, best))
    new = any(one.kind in kinds and (one.kind, one.low, one.high, one.unit) not in known for one in quantities(text))
    return float(not new)


def _agreement(passages: tuple[Passage, ...]) -> float:
    """Return 1 when keyword and vector search put the same passage first, else 0."""
    legs = ("dense", "lexical")
    if not passages or any(leg not in passage.scores for passage in passages[:1] for leg in legs):
        return 0.0
    first = [max(passages, key=lambda passage: passage.scores.get(leg, -1.0)).marker for leg in legs]
    return float(first[0] == first[1])
