"""From the results of single questions to the figures of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field

import numpy as np

from genesis_rag.evaluation import abstaining
from genesis_rag.evaluation.abstaining import Decision, RiskPoint, Threshold
from genesis_rag.evaluation.bootstrap import RESAMPLES, Estimate, estimates
from genesis_rag.evaluation.runner import Result
from genesis_rag.values import dataclass

Table = Mapping[str, Estimate]
"""Measure -> estimate."""

TUNING_SPLIT = "dev"
_MOST_POINTS = 200


@dataclass(frozen=True, slots=True)
class Abstention:
    """How well the run knew what it does not know.

    Attributes:
        counts: questions by what they are and what was done: right_answer, wrong_answer, wrong_refusal (answerable);
            right_refusal, false_answer (unanswerable).
        auroc: chance that an answerable question has a higher confidence than an unanswerable one.
        area: mean risk over all coverages (AURC).
        curve: risk and coverage by threshold.
        lowest_answered: lowest confidence of an answer given.
        highest_refused: highest confidence of a question refused.
        best: the threshold that tells both kinds apart best.
        best_on: what ``best`` was chosen on: "dev", or "all" where it flatters the run.
        with_confidence: number of questions that have a confidence.
    """

    counts: Mapping[str, int]
    auroc: Estimate | None = None
    area: float | None = None
    curve: tuple[RiskPoint, ...] = ()
    lowest_answered: float | None = None
    highest_refused: float | None = None
    best: Threshold | None = None
    best_on: str = ""
    with_confidence: int = 0


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds of one stage over ``n`` questions."""

    mean: float
    median: float
    p95: float
    longest: float
    n: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a run.

    Attributes:
        overall: measures over all questions.
        groups: kind of group ("direction", "type", "language", "split") -> group -> measures.
        legs: part of the search -> measures; the whole search is "all of it".
        legs_by_direction: direction -> the same.
        abstention: None if nothing was answered.
        latency: stage -> seconds.
    """

    overall: Table
    groups: Mapping[str, Mapping[str, Table]]
    legs: Mapping[str, Table]
    legs_by_direction: Mapping[str, Mapping[str, Table]]
    abstention: Abstention | None
    latency: Mapping[str, Latency]
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


KEYS: Mapping[str, Callable[[Result], str]] = {
    "direction": lambda one: one.direction,
    "type": lambda one: one.item.type,
    "language": lambda one: one.item.language,
    "split": lambda one: one.item.split,
}
USUAL_ORDER = {name: place for place, name in enumerate(("ja-ja", "en-en", "ja-en", "en-ja", "ja", "en"))}
WHOLE_SEARCH = "whole"
LEG_LABELS = {
    "bm25": "BM25 alone",
    "keyword": "keyword",
    "dense": "dense",
    "hybrid": "hybrid",
    WHOLE_SEARCH: "whole search",
}
LEG_MEASURES = ("recall@", "ndcg@", "mrr@")


def summarise(results: Sequence[Result], resamples: int = RESAMPLES) -> Summary:
    """Return the figures of ``results``, each with its 95 % interval from ``resamples`` resamples."""
    groups = {kind: grouped(results, key) for kind, key in KEYS.items()}

    def tables(rows: Callable[[Result], Mapping[str, float]]) -> dict[str, dict[str, Table]]:
        return {
            kind: {name: table([rows(one) for one in members], resamples) for name, members in found.items()}
            for kind, found in groups.items()
        }

    return Summary(
        overall=table([one.values for one in results], resamples),
        groups=tables(lambda one: one.values),
        legs=_legs(results, resamples),
        legs_by_direction={name: _legs(members, resamples) for name, members in groups["direction"].items()},
        abstention=abstention(results, resamples),
        latency=latencies([one.seconds for one in results]),
        counts={kind: {name: len(members) for name, members in found.items()} for kind, found in groups.items()},
    )


def grouped(results: Iterable[Result], key: Callable[[Result], str]) -> dict[str, list[Result]]:
    """Return the results by ``key``, directions in their usual order; those without one are left out."""
    found: dict[str, list[Result]] = {}
    for one in results:
        if name := key(one):
            found.setdefault(name, []).append(one)
    return dict(sorted(found.items(), key=lambda pair: (USUAL_ORDER.get(pair[0], len(USUAL_ORDER)), pair[0])))


def table(rows: Sequence[Mapping[str, float]], resamples: int = RESAMPLES) -> dict[str, Estimate]:
    """Return the estimate of every measure that some of ``rows`` has, in the order of their first appearance."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        return {}
    values = np.array([[row.get(name, np.nan) for name in names] for row in rows], dtype=np.float64)
    found = zip(names, estimates(values, resamples), strict=True)
    return {name: estimate for name, estimate in found if estimate is not None}


def _legs(results: Sequence[Result], resamples: int) -> dict[str, Table]:
    """Return the retrieval measures of each part of the search and of the whole, over the same questions."""
    measured = [one for one in results if one.legs]
    if not measured:
        return {}
    names = list(dict.fromkeys(leg for one in measured for leg in one.legs))
    rows = {leg: [_ranking_values(one.legs[leg]) for one in measured if leg in one.legs] for leg in names}
    rows[WHOLE_SEARCH] = [_ranking_values(one.values) for one in measured]
    return {leg: table(values, resamples) for leg, values in rows.items()}


def _ranking_values(values: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if name.startswith(LEG_MEASURES)}


def abstention(results: Sequence[Result], resamples: int = RESAMPLES) -> Abstention | None:
    """Return how well the run abstained; None if no question was answered or refused."""
    judged = [one for one in results if "wrong_refusal" in one.values or "right_refusal" in one.values]
    if not judged:
        return None
    counts = {name: 0 for name in ("right_answer", "wrong_answer", "wrong_refusal", "right_refusal", "false_answer")}
    for one in judged:
        counts[_outcome(one)] += 1
    sure = [one for one in judged if one.answer is not None and one.answer.confidence is not None]
    decisions = [_decision(one) for one in sure]
    if not decisions:
        return Abstention(counts)
    tuning = [d for one, d in zip(sure, decisions, strict=True) if one.item.split == TUNING_SPLIT]
    chosen_on = tuning if len({d.answerable for d in tuning}) == 2 else decisions
    curve = abstaining.risk_coverage(decisions)
    return Abstention(
        counts=counts,
        auroc=abstaining.auroc_estimate(
            [d.confidence for d in decisions], [d.answerable for d in decisions], resamples
        ),
        area=abstaining.area_under(curve),
        curve=tuple(_thinned(curve)),
        lowest_answered=min((d.confidence for d in decisions if d.answered), default=None),
        highest_refused=max((d.confidence for d in decisions if not d.answered), default=None),
        best=abstaining.best_threshold([d.confidence for d in chosen_on], [d.answerable for d in chosen_on]),
        best_on=TUNING_SPLIT if chosen_on is tuning else "all",
        with_confidence=len(decisions),
    )


def _decision(one: Result) -> Decision:
    answer = one.answer
    if answer is None or answer.confidence is None:
        raise ValueError(f"question {one.item.id} has no confidence")
    return Decision(answer.confidence, one.item.answerable, not answer.abstained, _outcome(one) == "right_answer")


def _outcome(one: Result) -> str:
    if not one.item.answerable:
        return "right_refusal" if one.values["right_refusal"] else "false_answer"
    if one.values["wrong_refusal"]:
        return "wrong_refusal"
    # Without accepted answers the evidence has to do: an answer that cites some of it counts as right.
    right = one.values.get("contained", float(one.values.get("evidence_cited", 0.0) > 0))
    return "right_answer" if right else "wrong_answer"


def _thinned(curve: Sequence[RiskPoint]) -> list[RiskPoint]:
    """Return at most a few hundred points: every one where observed ends, and evenly chosen others."""
    if len(curve) <= _MOST_POINTS:
        return list(curve)
    kept = {round(i * (len(curve) - 1) / (_MOST_POINTS - 1)) for i in range(_MOST_POINTS)}
    kept |= {i for i in range(len(curve) - 1) if curve[i].observed != curve[i + 1].observed}
    return [curve[i] for i in sorted(kept)]


def latencies(rows: Sequence[Mapping[str, float]]) -> dict[str, Latency]:
    """Return the time of every stage."""
    stages = list(dict.fromkeys(stage for row in rows for stage in row))
    found = {}
    for stage in stages:
        seconds = np.array([row[stage] for row in rows if stage in row], dtype=np.float64)
        median, p95 = np.quantile(seconds, (0.5, 0.95))
        found[stage] = Latency(float(seconds.mean()), float(median), float(p95), float(seconds.max()), len(seconds))
    return found
