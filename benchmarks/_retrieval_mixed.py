"""Retrieval where the index holds both languages: what other-language results gain and what they cost.

The index holds all passages of both languages and, of pairs of translations held back from training, one side each.
Asked are the dev questions, whose passage is in the question's language, and the other sides of the pairs, whose
translation is in the other language while nothing in their own says the same. How much a cosine across languages
counts is fitted on one half of the titles and pairs (the best for the pairs that costs the others at most a quarter of
a point of MRR@10) and everything is reported on the other.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from training.abstention.data import load_collection, load_questions, title_key
from training.static.data import held_back, read_pairs

from benchmarks._retrieval_kit import SEED, Collection, figures, in_fit_half, open_collection, rank_of, reciprocal
from genesis_rag.retrieval import RetrievalSettings
from genesis_rag.types import Language

CROSSINGS = tuple((base, slope) for base in (0.2, 0.25, 0.3) for slope in (1.0, 2.0, 3.0))
MOST = 400
"""Questions of a kind and half."""
MOST_COST = 0.0025
PLACES = 10


@dataclass(frozen=True)
class Case:
    """A question, the passage that answers it, what kind of question it is, and in which half."""

    question: str
    passage: str
    kind: str
    fit: bool


def measure(shared: Path, folder: Path, options: argparse.Namespace) -> dict[str, object]:
    """Return the figures of this part."""
    rows, cases = _material(shared)
    collection = open_collection(folder / "mixed", rows, profile=options.profile, models=options.models)
    shipped = RetrievalSettings()
    plain = replace(shipped, language_share=0.0, foreign_slope=0.0)
    fit, report = ([case for case in cases if case.fit is half] for half in (True, False))
    before = _ranks(collection, plain, fit)
    table = {}
    for base, slope in CROSSINGS:
        ranks = _ranks(collection, replace(shipped, foreign_base=base, foreign_slope=slope), fit)
        table[base, slope] = {kind: round(float(reciprocal(row).mean()), 4) for kind, row in ranks.items()}
    own = {kind: float(reciprocal(row).mean()) for kind, row in before.items() if kind in ("ja", "en")}
    cheap = [at for at, kinds in table.items() if all(kinds[kind] >= mrr - MOST_COST for kind, mrr in own.items())]
    fitted = max(cheap, key=lambda at: table[at]["ja-en"] + table[at]["en-ja"], default=None)
    return {
        "passages": len(rows),
        "languages": dict(collection.index.language_counts()),
        "questions": {kind: sum(case.kind == kind for case in report) for kind in ("ja", "en", "ja-en", "en-ja")},
        "fitted_base_and_slope": fitted,
        "mrr_by_base_and_slope_on_fit_half": {f"{base} {slope}": row for (base, slope), row in table.items()},
        "mrr_without_shares_on_fit_half": {
            kind: round(float(reciprocal(row).mean()), 4) for kind, row in before.items()
        },
        "shipped": {kind: figures(row) for kind, row in _ranks(collection, shipped, report).items()},
        "without_shares": {kind: figures(row) for kind, row in _ranks(collection, plain, report).items()},
    }


def _ranks(collection: Collection, settings: RetrievalSettings, cases: Sequence[Case]) -> dict[str, list[int]]:
    retriever = collection.retriever(settings)
    ranks: dict[str, list[int]] = {}
    for case in cases:
        rank = rank_of(case.passage, collection.hybrid(retriever, case.question, PLACES))
        ranks.setdefault(case.kind, []).append(rank)
    return ranks


def _material(shared: Path) -> tuple[list[tuple[str, str, str]], list[Case]]:
    """Return the passages to index and the questions."""
    rows: list[tuple[str, str, str]] = []
    cases: list[Case] = []
    languages: tuple[Language, ...] = ("ja", "en")
    for language in languages:
        passages = load_collection(shared / "data", language)
        rows += zip(passages.ids, passages.titles, passages.texts, strict=True)
        for qa in load_questions(shared / "data", language, "dev", 10**6, SEED):
            title = title_key(passages.titles[passages.place[qa.passage_id]])
            cases.append(Case(qa.question, qa.passage_id, language, in_fit_half(title)))
    pairs = read_pairs(shared)
    held = [pairs[at] for at in held_back(pairs) if pairs[at].group == "general"]
    random.Random(SEED).shuffle(held)
    for number, pair in enumerate(held):
        asked, stored, kind = (pair.ja, pair.en, "ja-en") if number % 2 else (pair.en, pair.ja, "en-ja")
        rows.append((f"pair-{number}", "", stored))
        cases.append(Case(asked, f"pair-{number}", kind, number % 4 < 2))
    chosen: dict[tuple[str, bool], int] = {}
    kept = []
    for case in cases:
        chosen[case.kind, case.fit] = chosen.get((case.kind, case.fit), 0) + 1
        if chosen[case.kind, case.fit] <= MOST:
            kept.append(case)
    return rows, kept
