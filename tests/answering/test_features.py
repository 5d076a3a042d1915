"""Features of units: what a text holds, weights a generation, and the lexical columns against their definition."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

import numpy as np
import pytest

from genesis_rag.answering.extractive import ExtractiveAnswerer
from genesis_rag.answering.features import FEATURES, build_table, coverage, read_question, remembered_weight
from genesis_rag.answering.questions import analyse_question
from genesis_rag.answering.units import split_passages
from genesis_rag.types import Passage

ENGLISH = (
    "The Genesis Mission began in 2025. The Genesis Mission joins 17 national laboratories.\n\n"
    "Goals of the Genesis Mission in Osaka:\n- faster science\n- 100 robots in Osaka"
)
JAPANESE = "核融合の計画は2026年に始まる。予算は500億円である。装置は大阪にある。"
QUESTIONS = (
    "核融合の計画の予算はいくらですか？",
    "How many laboratories does the Genesis Mission join?",
    "Goals in Osaka",
)


def test_a_text_holds_exactly_its_terms(answerer_for: Callable[..., ExtractiveAnswerer]) -> None:
    tools = answerer_for([]).tools
    for text in (ENGLISH, JAPANESE, "", "。"):
        terms, read = tools.analyser.content_set(text), tools.read(text)
        assert read.count == len(terms)
        assert read.held(terms) == terms
        assert read.held({"", "x", "融合炉", *terms}) == terms


def test_weights_are_summed_once_a_generation() -> None:
    asked, generation, weight = [], [1], [2.0]

    def weights(terms: Collection[str]) -> list[float]:
        asked.append(sorted(terms))
        return [weight[0]] * len(terms)

    class Read:
        terms = "\na\nb\n"

    whole = remembered_weight(weights, lambda: generation[0])
    assert [whole(Read()), whole(Read())] == [4.0, 4.0]  # type: ignore[arg-type]
    generation[0], weight[0] = 2, 3.0
    assert whole(Read()) == 6.0  # type: ignore[arg-type]
    assert asked == [["a", "b"]] * 2


@pytest.mark.parametrize("question", QUESTIONS)
def test_lexical_columns_are_what_their_names_say(
    question: str, make_passage: Callable[..., Passage], answerer_for: Callable[..., ExtractiveAnswerer]
) -> None:
    passages = [make_passage(ENGLISH, 1, title="Genesis in Osaka"), make_passage(JAPANESE, 2, title="核融合")]
    tools = answerer_for(passages).tools
    asked = read_question(analyse_question(question), tools)
    units = split_passages(passages)
    table = build_table(asked, units, passages, tools)
    own = [frozenset(tools.analyser.content_set(unit.text)) for unit in units]
    title = [frozenset(tools.analyser.content_set(passages[unit.passage].title)) for unit in units]
    lead = [frozenset(tools.analyser.content_set(unit.lead_text)) for unit in units]
    heaviest = max(asked.weights.values())
    for k, unit in enumerate(units):
        sides = [other for other in (k - 1, k + 1) if 0 <= other < len(units) and units[other].passage == unit.passage]
        before, after = ([own[o] for o in sides if (o < k) is first] or [frozenset()] for first in (True, False))
        run = best = 0.0
        for term in asked.terms:
            run = run + asked.weights[term] if term in own[k] else 0.0
            best = max(best, run)
        fresh = sum(tools.term_weights(sorted(own[k] - asked.weights.keys())))
        shared = sum(weight for term, weight in asked.weights.items() if term in own[k])
        around = own[k] | title[k] | lead[k]
        expected = {
            "coverage": coverage(asked.weights, own[k]),
            "coverage_rare": coverage({term: weight**2 for term, weight in asked.weights.items()}, own[k]),
            "previous": coverage(asked.weights, before[0], own[k]),
            "next": coverage(asked.weights, after[0], own[k]),
            "lead": coverage(asked.weights, lead[k], own[k]),
            "title": coverage(asked.weights, title[k], own[k] | before[0] | lead[k]),
            "run": min(best / asked.total, 1.0),
            "missing": max((w for term, w in asked.weights.items() if term not in around), default=0.0) / heaviest,
            "density": shared / (shared + fresh + 1e-6),
            "novelty": 1.0 - math.exp(-len(own[k] - asked.weights.keys()) / 20.0),
        }
        found = {name: float(table.values[k, FEATURES.index(name)]) for name in expected}
        assert found == pytest.approx(expected, abs=1e-6), unit.text
    assert all(np.ptp(table.column(name)) > 0 for name in ("coverage", "run", "density"))
