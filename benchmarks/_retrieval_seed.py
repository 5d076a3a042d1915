"""Questions over the seed document, a real slide deck, among thousands of other passages: is the evidence read?

A question counts as found when one of five passages is of the deck and holds the evidence phrase (white space aside).
The deck is Japanese; the English questions cross languages. In the second index there are English passages as well.
"Without greetings" asks what ``answering.questions`` takes for the core of the question.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from training.abstention.data import load_collection

from benchmarks._retrieval_kit import MISSED, SEED, open_collection
from genesis_rag.answering.questions import analyse_question
from genesis_rag.retrieval import Retriever
from genesis_rag.types import Language

DISTRACTORS = 3_000
PASSAGES = 5


def measure(shared: Path, folder: Path, options: argparse.Namespace) -> dict[str, object]:
    """Return the figures of this part."""
    decks = sorted((shared / "seed").glob("*.txt"))
    lines = (shared / "facts" / "qa_examples.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [row for row in map(json.loads, lines) if row["evidence"]]
    japanese, english = _distractors(shared, "ja"), _distractors(shared, "en")
    result: dict[str, object] = {"distractors_of_a_language": DISTRACTORS, "passages_read": PASSAGES}
    for name, rows in (("among_japanese", japanese), ("among_both_languages", [*japanese, *english])):
        collection = open_collection(folder / name, rows, profile=options.profile, models=options.models, files=decks)
        retriever = collection.retriever()
        ranks = {row["id"]: _rank(retriever, row, row["question"]) for row in questions}
        cores = {row["id"]: _rank(retriever, row, analyse_question(row["question"]).core) for row in questions}
        result[name] = {
            "deck_chunks": sum("mext" in "".join(names) for names in collection.owners.values()),
            **{f"evidence_recall@5_{language}": _recall(questions, ranks, language) for language in ("ja", "en")},
            **{f"asked_without_greetings_{language}": _recall(questions, cores, language) for language in ("ja", "en")},
            "rank_of_the_passage_with_the_evidence": {k: v if v < MISSED else None for k, v in ranks.items()},
        }
    return result


def _recall(questions: list[dict[str, str]], ranks: dict[str, int], language: str) -> str:
    asked = [row["id"] for row in questions if row["lang"] == language]
    return f"{sum(ranks[one] <= PASSAGES for one in asked)} of {len(asked)}"


def _rank(retriever: Retriever, row: dict[str, str], question: str) -> int:
    wanted = "".join(row["evidence"].split())
    for passage in retriever.passages(question, PASSAGES):
        if "#" not in passage.source and wanted in "".join(passage.text.split()):
            return passage.marker
    return MISSED


def _distractors(shared: Path, language: Language) -> list[tuple[str, str, str]]:
    passages = load_collection(shared / "data", language)
    rows = list(zip(passages.ids, passages.titles, passages.texts, strict=True))
    return random.Random(SEED).sample(rows, DISTRACTORS)
