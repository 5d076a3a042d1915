"""Numbers that say how well each unit of the passages fits a question. Pure functions of values, numpy only."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from genesis_rag.answering.answer_types import TypeMatcher
from genesis_rag.answering.questions import QuestionProfile
from genesis_rag.answering.readings import READER_FEATURES, read_units
from genesis_rag.answering.units import Unit
from genesis_rag.protocols import Embedder, Reader
from genesis_rag.text.normalize import fold
from genesis_rag.text.terms import Analyser
from genesis_rag.types import Passage

Floats = NDArray[np.float32]

FEATURES = (
    "coverage", "coverage_rare", "previous", "next", "lead", "title", "run", "missing", "density", "novelty", "length",
    "first", "depth", "rank", "passage_coverage", "passage_score", "head", "type_full", "type_part", "type_missing",
    "new_number", "new_name", "quoted", "heading", "item", "dense", "dense_context", "dense_passage", *READER_FEATURES,
)  # fmt: skip
"""Names of the columns of ``UnitTable.values``; all lie between -1 and about 1."""

_FIRST_DENSE = FEATURES.index("dense")
_TEXTS_KEPT = 2048

ANSWERABLE_FEATURES = (
    "score", "probability", "unit_coverage", "around_coverage", "passage_coverage", "rare_coverage", "missing",
    "names", "no_names", "numbers_missing", "dense", "dense_passage", "dense_best", "type_full", "type_missing",
    "agreement", "terms", "coverage_by_dense",
    "missing_near", "names_near", "numbers_missing_near", "quantity_missing",
    "reader_relevance", "reader_span", "reader_log", "reader_best", "reader_runner_up",
)  # fmt: skip
"""Inputs of the model that says how likely the passages answer; all about 0..1 but ``score``."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the answerer measures with.

    Attributes:
        embedder: turns the question and the units into unit vectors.
        word_embedder: compares single words, and claims with what is quoted for them.
        analyser: turns texts into terms.
        term_weight: inverse document frequency of a term in the index.
        cross_scale: how much smaller cosines are across languages than within one.
        reader: reads question and passages together, if there is one.
    """

    embedder: Embedder
    word_embedder: Embedder
    analyser: Analyser
    term_weight: Callable[[str], float]
    cross_scale: float = 1.0
    reader: Reader | None = None

    def terms(self, text: str) -> frozenset[str]:
        """Return the distinct content terms of a text."""
        return _terms(self.analyser.content_set, text)


@lru_cache(maxsize=_TEXTS_KEPT)
def _terms(content_set: Callable[[str], set[str]], text: str) -> frozenset[str]:
    """Return the terms of one of the texts that were read last: a passage answers many questions."""
    return frozenset(content_set(text))


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its weighted terms and its vector.

    ``terms`` are in the order of the question; ``weights`` are idf times the analyser's own weight.
    """

    profile: QuestionProfile
    terms: tuple[str, ...]
    weights: dict[str, float]
    vector: Floats
    folded: str

    @property
    def total(self) -> float:
        """Sum of the weights, never 0."""
        return sum(self.weights.values()) or 1.0


@dataclass(frozen=True, slots=True)
class UnitTable:
    """The units of all passages with their terms and features (float32[n, len(FEATURES)])."""

    units: tuple[Unit, ...]
    folded: tuple[str, ...]
    terms: tuple[frozenset[str], ...]
    passage_terms: tuple[frozenset[str], ...]
    title_terms: tuple[frozenset[str], ...]
    values: Floats

    def column(self, name: str) -> Floats:
        """Return one feature of every unit."""
        return self.values[:, FEATURES.index(name)]


def read_question(profile: QuestionProfile, tools: Tools) -> Question:
    """Return the terms and the vector of a question."""
    weights: dict[str, float] = {}
    order = []
    for term, weight in tools.analyser.query_terms(profile.content):
        order.append(term)
        weights[term] = max(weights.get(term, 0.0), weight * max(tools.term_weight(term), 0.0))
    vector = tools.embedder.embed_queries([profile.core])[0]
    return Question(profile, tuple(order), weights, vector, fold(profile.core))


def coverage(
    weights: dict[str, float], terms: frozenset[str] | set[str], without: frozenset[str] = frozenset()
) -> float:
    """Return the share (0..1) of the question's weight that ``terms`` hold and ``without`` does not."""
    total = sum(weights.values()) or 1.0
    return sum(weight for term, weight in weights.items() if term in terms and term not in without) / total


def build_table(question: Question, units: Sequence[Unit], passages: Sequence[Passage], tools: Tools) -> UnitTable:
    """Return the features of ``units`` for ``question``."""
    terms = tuple(tools.terms(unit.text) for unit in units)
    titles = tuple(tools.terms(" ".join((passage.title, *passage.heading_path))) for passage in passages)
    whole = tuple(
        titles[index].union(*(terms[k] for k, unit in enumerate(units) if unit.passage == index))
        for index in range(len(passages))
    )
    vectors = _vectors(units, tools.embedder)
    folded = tuple(fold(unit.text) for unit in units)
    lexical = _Lexical(question, units, terms, titles, tools)
    matcher = TypeMatcher(question.profile)
    passage_rows = [_passage_features(question, whole[k], passage, passages) for k, passage in enumerate(passages)]
    rows = [
        lexical.row(k) + passage_rows[unit.passage] + _type_row(question, matcher, unit, folded[k])
        for k, unit in enumerate(units)
    ]
    values = np.zeros((len(units), len(FEATURES)), dtype=np.float32)
    if units:
        read = read_units(question.profile.question, units, passages, tools.reader)
        values[:, :_FIRST_DENSE] = np.array(rows, dtype=np.float32)
        dense = _dense_features(question.vector, units, vectors)
        foreign = np.array([unit.language != question.profile.language for unit in units])
        dense[foreign] = np.clip(dense[foreign] / tools.cross_scale, -1.0, 1.0)
        values[:, _FIRST_DENSE : _FIRST_DENSE + 3] = dense
        values[:, _FIRST_DENSE + 3 :] = read
    return UnitTable(tuple(units), folded, terms, whole, titles, values)


def _vectors(units: Sequence[Unit], embedder: Embedder) -> Floats:
    """Embed each distinct text once."""
    texts = list(dict.fromkeys(unit.text for unit in units))
    if not texts:
        return np.zeros((0, embedder.dim), dtype=np.float32)
    rows = embedder.embed_passages(texts)
    place = {text: row for row, text in enumerate(texts)}
    return rows[[place[unit.text] for unit in units]]


class _Lexical:
    """The features that come from terms."""

    def __init__(
        self,
        question: Question,
        units: Sequence[Unit],
        terms: Sequence[frozenset[str]],
        titles: Sequence[frozenset[str]],
        tools: Tools,
    ) -> None:
        self.question = question
        self.units = units
        self.terms = terms
        self.titles = titles
        self.weight = {term: tools.term_weight(term) for term in frozenset().union(*terms)}
        self.squares = {term: weight * weight for term, weight in question.weights.items()}
        self.most = max(question.weights.values(), default=0.0) or 1.0
        self.leads = {unit.lead_text: tools.terms(unit.lead_text) for unit in units}

    def row(self, k: int) -> list[float]:
        """Return coverage … item_depth of unit ``k`` (the first 13 columns)."""
        unit, own, weights = self.units[k], self.terms[k], self.question.weights
        before, after = self._neighbour(k, -1), self._neighbour(k, 1)
        lead, title = self.leads[unit.lead_text], self.titles[unit.passage]
        known = own | title | lead
        missing = max((weight for term, weight in weights.items() if term not in known), default=0.0) / self.most
        other = own - weights.keys()
        fresh = sum(map(self.weight.__getitem__, other))
        shared = sum(weight for term, weight in weights.items() if term in own)
        return [
            coverage(weights, own),
            coverage(self.squares, own),
            coverage(weights, before, own),
            coverage(weights, after, own),
            coverage(weights, lead, own),
            coverage(weights, title, own | before | lead),
            self._run(own),
            missing,
            shared / (shared + fresh + 1e-6),
            1.0 - math.exp(-len(other) / 20.0),
            math.log1p(len(unit.text)) / 6.0,
            float(unit.position == 0),
            math.log1p(unit.position) / 4.0,
        ]

    def _neighbour(self, k: int, step: int) -> frozenset[str]:
        other = k + step
        if 0 <= other < len(self.units) and self.units[other].passage == self.units[k].passage:
            return self.terms[other]
        return frozenset()

    def _run(self, own: frozenset[str]) -> float:
        """Return the share of the question's weight in the longest run of its terms that ``own`` holds."""
        best = run = 0.0
        for term in self.question.terms:
            run = run + self.question.weights[term] if term in own else 0.0
            best = max(best, run)
        return min(best / self.question.total, 1.0)


def _passage_features(
    question: Question, terms: frozenset[str], passage: Passage, passages: Sequence[Passage]
) -> list[float]:
    top = max((other.score for other in passages), default=0.0)
    rank = sum(other.score > passage.score for other in passages)
    return [1.0 / (1 + rank), coverage(question.weights, terms), passage.score / top if top > 0 else 0.0]


def _type_row(question: Question, matcher: TypeMatcher, unit: Unit, folded: str) -> list[float]:
    match = matcher.match(unit.text, folded, unit.language)
    head = question.profile.head
    quoted = question.profile.quoted
    return [
        float(bool(head) and head in folded),
        match.full,
        match.part,
        float(match.asked and not match.full),
        match.new_number,
        match.new_name,
        sum(part in folded for part in quoted) / len(quoted) if quoted else 0.0,
        float(unit.kind == "heading"),
        float(unit.kind in ("item", "row")),
    ]


def _dense_features(question: Floats, units: Sequence[Unit], vectors: Floats) -> Floats:
    """Return cosines of the question with each unit, with it and its surroundings, and with its whole passage."""
    context = vectors.copy()
    for k, unit in enumerate(units):
        for other in (k - 1, k + 1):
            if 0 <= other < len(units) and units[other].passage == unit.passage:
                context[k] += 0.5 * vectors[other]
        if unit.lead is not None:
            context[k] += 0.5 * vectors[k - unit.position + unit.lead]
    number = np.array([unit.passage for unit in units])
    whole = np.zeros((number.max() + 1, vectors.shape[1]), dtype=np.float32)
    np.add.at(whole, number, vectors)
    return np.stack(
        [_cosines(vectors, question), _cosines(context, question), _cosines(whole, question)[number]], axis=1
    )


def _cosines(rows: Floats, vector: Floats) -> Floats:
    norms = np.linalg.norm(rows, axis=1) * float(np.linalg.norm(vector))
    return np.asarray((rows @ vector) / np.maximum(norms, 1e-9), dtype=np.float32)
