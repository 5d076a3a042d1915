"""Asks every question of a set, one after the other, and keeps what is needed to judge the results."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Protocol

from genesis_rag.assistant import AskOptions
from genesis_rag.errors import GenesisError
from genesis_rag.evaluation.evidence import EvidenceFinder, Judged, Library, first_ranks
from genesis_rag.evaluation.items import Item, QuestionSet
from genesis_rag.evaluation.measures import MAIN_CUTOFF, answer_hit_values, answer_values, retrieval_values
from genesis_rag.evaluation.needs import needs_of
from genesis_rag.types import Answer, Hit
from genesis_rag.values import dataclass

Progress = Callable[[str, int, int, str], None]

_SEVERAL_CHUNKS = 4
"""Results asked for, for one document wanted, where a ranking of chunks is turned into one of documents."""


class Subject(Library, Protocol):
    """What is measured; an Assistant.

    ``legs`` names the parts of the search that can be measured alone, such as "bm25" or "dense". What is judged is the
    order in which an answer reads: that of the reranker, if there is one.
    """

    @property
    def legs(self) -> Sequence[str]:
        """Return the names of the parts of the search."""
        ...

    @property
    def reranks(self) -> bool:
        """Return whether there is a reranker."""
        ...

    def search(self, query: str, k: int = 10, *, rerank: bool = False) -> list[Hit]:
        """Return the ``k`` best chunks, in the reranker's order if that is wanted."""
        ...

    def search_leg(self, leg: str, query: str, k: int = 10) -> list[Hit]:
        """Return the ``k`` best chunks of one part of the search."""
        ...

    def ask(self, question: str, options: AskOptions | None = None) -> Answer:
        """Return an answer."""
        ...


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run.

    Attributes:
        k: how many results of a search are judged.
        passages: how many passages an answer may read; None for the number in the settings.
        retrieval_only: whether to search but not to answer.
        ablation: whether to search with each part of the search alone, too.
    """

    k: int = 10
    passages: int | None = None
    retrieval_only: bool = False
    ablation: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """Where a result stands."""

    document_id: str
    source: str
    start: int
    end: int
    score: float
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """One question, what came out, and the values of its measures.

    Attributes:
        item: the question.
        direction: language of the question and of the evidence, such as "ja-en"; empty if unknown.
        judged: its evidence, as found in the index.
        ranks: for each piece of evidence the first rank that covers it.
        hits: the results of the search.
        answer: None if only the search was measured, or the answerer failed.
        values: measures by name; only those that apply.
        legs: retrieval measures by part of the search.
        seconds: time by stage.
        error: what failed, in words; empty if nothing did.
    """

    item: Item
    direction: str
    judged: tuple[Judged, ...]
    ranks: tuple[int | None, ...]
    hits: tuple[Place, ...]
    answer: Answer | None
    values: Mapping[str, float]
    legs: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    error: str = ""


def run_questions(
    subject: Subject, questions: QuestionSet, options: RunOptions, progress: Progress | None = None
) -> tuple[Result, ...]:
    """Search for and answer every question; the order is kept.

    Raises:
        GenesisError: the index cannot be searched. An answerer that fails on one question does not stop the run.
    """
    finder = EvidenceFinder(subject)
    results = []
    for number, item in enumerate(questions.items, start=1):
        results.append(_run_one(subject, finder, item, options, documents=questions.documents_ranked))
        if progress:
            progress("evaluating", number, len(questions.items), item.id)
    return tuple(results)


def failures(result: Result) -> tuple[str, ...]:
    """Return what went wrong with one question, by kind; see ``FAILURES``."""
    values, item, found = result.values, result.item, []
    if result.error:
        found.append("error")
    if any(not any(result.judged[n].is_found for n in need) for need in needs_of(item)):
        found.append("not_indexed")
    depths = [int(name.partition("@")[2]) for name in values if name.startswith("success@")]
    if values.get(f"success@{max((d for d in depths if d <= MAIN_CUTOFF), default=0)}") == 0.0:
        found.append("not_retrieved")
    if item.answerable and values.get("wrong_refusal") == 1.0:
        found.append("wrong_refusal")
    elif values.get("contained") == 0.0:
        found.append("wrong_answer")
    if values.get("right_refusal") == 0.0:
        found.append("answered_unanswerable")
    if values.get("evidence_cited") == 0.0:
        found.append("not_cited")
    if values.get("citation_recall", 1.0) < 1.0:
        found.append("unsupported")
    return tuple(found)


FAILURES: Mapping[str, str] = {
    "error": "the answerer failed",
    "not_indexed": "evidence that the index does not hold",
    "not_retrieved": "evidence not retrieved",
    "wrong_refusal": "refused, though answerable",
    "wrong_answer": "answered, but not with an accepted answer",
    "answered_unanswerable": "answered, though unanswerable",
    "not_cited": "no citation points at the evidence",
    "unsupported": "a sentence that its citations do not support",
}


def _run_one(subject: Subject, finder: EvidenceFinder, item: Item, options: RunOptions, *, documents: bool) -> Result:
    judged, needs = finder.judge(item), needs_of(item)
    seconds: dict[str, float] = {}

    def ranking(name: str, search: Callable[[int], list[Hit]]) -> tuple[Place, ...]:
        started = time.perf_counter()
        hits = search(options.k * _SEVERAL_CHUNKS if documents else options.k)
        seconds[name] = time.perf_counter() - started
        return tuple(_places(hits, options.k, documents=documents))

    def judge(places: Sequence[Place]) -> tuple[tuple[int | None, ...], dict[str, float]]:
        ranks = first_ranks(judged, places)
        return ranks, retrieval_values(item, needs, ranks, options.k)

    places = ranking("search", lambda k: subject.search(item.question, k, rerank=subject.reranks))
    ranks, values = judge(places)
    if item.answerable:
        values |= answer_hit_values(item, [place.text for place in places], options.k)
    legs = {}
    if options.ablation and judged:
        for leg in subject.legs:
            found = ranking(f"search {leg}", lambda k, leg=leg: subject.search_leg(leg, item.question, k))  # type: ignore[misc]
            legs[leg] = judge(found)[1]
    answer, error = (None, "") if options.retrieval_only else _ask(subject, item, options)
    if answer:
        values |= answer_values(item, answer, judged, needs)
        seconds |= {**answer.timings, **_writing_seconds(answer)}
    elif error:
        values |= {"wrong_refusal": 1.0, "contained": 0.0} if item.answerable else {"right_refusal": 0.0}
    return Result(item, _direction(item, judged), judged, ranks, places, answer, values, legs, seconds, error)


def _writing_seconds(answer: Answer) -> dict[str, float]:
    """Return the time to a model's first token, and for each further one; none where no model wrote."""
    writing = answer.writing
    if writing is None or not writing.tokens:
        return {}
    rest = max(writing.tokens - 1, 1)
    return {"first token": writing.first_token, "each token": (writing.seconds - writing.first_token) / rest}


def _ask(subject: Subject, item: Item, options: RunOptions) -> tuple[Answer | None, str]:
    try:
        return subject.ask(item.question, AskOptions(passages=options.passages)), ""
    except GenesisError as error:
        return None, error.message


def _places(hits: Iterable[Hit], k: int, *, documents: bool) -> Iterable[Place]:
    """Yield where the hits stand; of each document only the best, if documents are ranked."""
    seen: set[str] = set()
    for hit in hits:
        chunk = hit.chunk
        if documents and chunk.document_id in seen:
            continue
        if len(seen) == k and documents:
            return
        seen.add(chunk.document_id)
        yield Place(chunk.document_id, hit.document.source, chunk.start, chunk.end, hit.score, chunk.text)


def _direction(item: Item, judged: Sequence[Judged]) -> str:
    if item.direction:
        return item.direction
    languages = {one.language for one in judged if one.is_found}
    own = item.language if item.language in languages else languages.pop() if len(languages) == 1 else ""
    return f"{item.language}-{own}" if own else ""
