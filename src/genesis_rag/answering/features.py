"""Numbers that say how well each unit of the passages fits a question. Pure functions of values, numpy only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
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
from genesis_rag.values import dataclass

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEATURES = (
    "coverage", "coverage_rare", "previous", "next", "lead", "title", "run", "missing", "density", "novelty", "length",
    "first", "depth", "rank", "passage_coverage", "passage_score", "head", "type_full", "type_part", "type_missing",
    "new_number", "new_name", "quoted", "heading", "item", "dense", "dense_context", "dense_passage", *READER_FEATURES,
)  # fmt: skip
"""Names of the columns of ``UnitTable.values``; all lie between -1 and about 1."""

_FIRST_DENSE = FEATURES.index("dense")
_TEXTS_KEPT = 8192

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
        term_weights: inverse document frequency in the index of each of some terms.
        weight: sum of the weights of all terms of a text; see ``remembered_weight``.
        cross_scale: how much smaller cosines are across languages than within one.
        reader: reads question and passages together, if there is one.
    """

    embedder: Embedder
    word_embedder: Embedder
    analyser: Analyser
    term_weights: Callable[[Collection[str]], Sequence[float]]
    weight: Callable[[TextTerms], float]
    cross_scale: float = 1.0
    reader: Reader | None = None

    def terms(self, text: str) -> frozenset[str]:
        """Return the distinct content terms of a text."""
        return frozenset(self.analyser.content_set(text))

    def read(self, text: str) -> TextTerms:
        """Return the distinct content terms of a text that many questions may meet."""
        return _read(self.analyser.content_set, text)


@dataclass(frozen=True, slots=True)
class TextTerms:
    """A folded text and its terms, which stand in one string, each between two line breaks: a tenth of a set's size."""

    folded: str
    terms: str
    count: int

    def held(self, wanted: Iterable[str]) -> frozenset[str]:
        """Return which of the ``wanted`` terms the text holds."""
        return frozenset([term for term in wanted if f"\n{term}\n" in self.terms])


@lru_cache(maxsize=_TEXTS_KEPT)
def _read(content_set: Callable[[str], set[str]], text: str) -> TextTerms:
    """Return the terms of one of the texts that were read last: a passage answers many questions."""
    terms, folded = content_set(text), fold(text)
    return TextTerms(text if text == folded else folded, "\n".join(["", *terms, ""]) if terms else "", len(terms))


def remembered_weight(
    term_weights: Callable[[Collection[str]], Sequence[float]], generation: Callable[[], int]
) -> Callable[[TextTerms], float]:
    """Return what sums the weights of the terms of a text, once for as long as the index stays at its generation."""

    @lru_cache(maxsize=_TEXTS_KEPT)
    def weight(_generation: int, terms: str) -> float:
        return sum(term_weights(terms.split("\n")[1:-1]))

    return lambda text: weight(generation(), text.terms)


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
    """The units of all passages with the question's terms that they hold, and features (float32[n, len(FEATURES)]).

    ``passage_terms`` and ``title_terms`` are those of the whole passages, their headings and titles included, and of
    headings and titles alone.
    """

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
    found = tools.analyser.query_terms(profile.content)
    order = [term for term, _ in found]
    rarities = tools.term_weights(order)
    weights = {term: weight * max(rarity, 0.0) for (term, weight), rarity in zip(found, rarities, strict=True)}
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
    texts = [tools.read(unit.text) for unit in units]
    terms = tuple(text.held(question.weights) for text in texts)
    titles = tuple(
        tools.read(" ".join((passage.title, *passage.heading_path))).held(question.weights) for passage in passages
    )
    whole = tuple(
        titles[index].union(*(terms[k] for k, unit in enumerate(units) if unit.passage == index))
        for index in range(len(passages))
    )
    vectors = _vectors(units, tools.embedder)
    folded = tuple(text.folded for text in texts)
    values = np.zeros((len(units), len(FEATURES)), dtype=np.float32)
    if units:
        matcher = TypeMatcher(question.profile)
        by_passage = [_passage_features(question, whole[k], passage, passages) for k, passage in enumerate(passages)]
        rows = [
            by_passage[unit.passage] + _type_row(question, matcher, unit, text)
            for unit, text in zip(units, folded, strict=True)
        ]
        read = read_units(question.profile.question, units, passages, tools.reader)
        lexical = _lexical_features(question, units, texts, terms, titles, tools)
        values[:, :_FIRST_DENSE] = np.concatenate([lexical, np.array(rows)], axis=1)
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


def _lexical_features(
    question: Question,
    units: Sequence[Unit],
    texts: Sequence[TextTerms],
    terms: Sequence[frozenset[str]],
    titles: Sequence[frozenset[str]],
    tools: Tools,
) -> Doubles:
    """Return the features that come from terms, coverage … depth: float64[n, 13].

    A row of ``own`` tells which terms of the question a unit holds (bool[n, terms]); the units before and after it,
    what leads in to it and the title have such rows too. A share of the question's weight is then a product.
    """
    weights = np.array(list(question.weights.values()))
    squares = weights * weights
    passage = np.array([unit.passage for unit in units])
    position = np.array([unit.position for unit in units])
    leads = {unit.lead_text: tools.read(unit.lead_text).held(question.weights) for unit in units}
    own = _holding(terms, question.weights)
    title = _holding(titles, question.weights)[passage]
    lead = _holding([leads[unit.lead_text] for unit in units], question.weights)
    before, after = np.zeros_like(own), np.zeros_like(own)
    together = passage[1:] == passage[:-1]
    before[1:][together], after[:-1][together] = own[:-1][together], own[1:][together]

    def share(held: Mask, of: Doubles = weights) -> Doubles:
        return np.asarray(held @ of / (of.sum() or 1.0))

    missing = np.where(own | title | lead, 0.0, weights).max(axis=1, initial=0.0) / (weights.max(initial=0.0) or 1.0)
    shared = own @ weights
    fresh = np.array(list(map(tools.weight, texts))) - own @ np.array(tools.term_weights(question.terms))
    others = np.array([text.count for text in texts]) - own.sum(axis=1)
    return np.stack(
        [
            share(own),
            share(own, squares),
            share(before & ~own),
            share(after & ~own),
            share(lead & ~own),
            share(title & ~(own | before | lead)),
            np.minimum(_longest_run(own, weights) / question.total, 1.0),
            missing,
            shared / (shared + fresh + 1e-6),
            1.0 - np.exp(-others / 20.0),
            np.log1p([len(unit.text) for unit in units]) / 6.0,
            position == 0,
            np.log1p(position) / 4.0,
        ],
        axis=1,
    )


def _holding(held: Sequence[frozenset[str]], wanted: Collection[str]) -> Mask:
    """Return bool[n, terms]: which of the ``wanted`` terms each set holds."""
    return np.array([[term in one for term in wanted] for one in held], dtype=bool).reshape(len(held), len(wanted))


def _longest_run(own: Mask, weights: Doubles) -> Doubles:
    """Return for each row the weight (float64[n]) of the longest run of terms, in their order, that it holds."""
    best = run = np.zeros(len(own))
    for held, weight in zip(own.T, weights, strict=True):
        run = (run + weight) * held
        best = np.maximum(best, run)
    return best


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
    passage = np.array([unit.passage for unit in units])
    together = passage[1:] == passage[:-1]
    context = vectors.copy()
    context[1:][together] += 0.5 * vectors[:-1][together]
    context[:-1][together] += 0.5 * vectors[1:][together]
    led = [(k, k - unit.position + unit.lead) for k, unit in enumerate(units) if unit.lead is not None]
    for k, lead in led:
        context[k] += 0.5 * vectors[lead]
    starts = np.flatnonzero(~together) + 1
    whole = np.stack([part.sum(axis=0) for part in np.split(vectors, starts)])
    number = np.append(0, np.cumsum(~together))
    return np.stack(
        [_cosines(vectors, question), _cosines(context, question), _cosines(whole, question)[number]], axis=1
    )


def _cosines(rows: Floats, vector: Floats) -> Floats:
    norms = np.linalg.norm(rows, axis=1) * float(np.linalg.norm(vector))
    return np.asarray((rows @ vector) / np.maximum(norms, 1e-9), dtype=np.float32)
