"""Which passages and questions are measured: a seeded sample of the shared data, the same for every engine."""

from __future__ import annotations

import random
from pathlib import Path

from training.static.data import read_lines

from benchmarks.peers.shape import Passage, Question

SEED = 20261125
LANGUAGES = ("ja", "en")
WITHOUT_CONTEXT = ("squadshifts-reddit", "squadshifts-amazon")
"""Passages whose questions mean nothing without them ("How old is this person?"); as passages they stay in."""


def sampled(data: Path, passages: int, questions: int) -> tuple[list[Passage], list[Question]]:
    """Return passages in random order and questions, both languages mixed.

    A passage whose title and text repeat those of another is left out, as is a question about it.

    Args:
        data: the folder of shared data.
        passages: how many, the answers to all questions among them; 0 for all. Half are of each language.
        questions: how many of each language, from the development sets.
    """
    chosen: list[Passage] = []
    asked: list[Question] = []
    for language in LANGUAGES:
        chance = random.Random(f"{SEED} {language}")
        known = _distinct(data, language)
        some = [
            Question(row["question"], language, row["passage_id"])
            for row in read_lines(data / f"qa_{language}_dev.jsonl.gz")
            if row["passage_id"] in known and not row["passage_id"].startswith(WITHOUT_CONTEXT)
        ]
        some = chance.sample(some, min(questions, len(some)))
        right = {question.passage for question in some}
        others = [name for name in known if name not in right]
        wanted = len(others) if passages == 0 else max(0, passages // len(LANGUAGES) - len(right))
        chosen += [known[name] for name in [*right, *chance.sample(others, min(wanted, len(others)))]]
        asked += some
    chosen.sort(key=lambda passage: passage.id)  # sets have no order of their own
    order = random.Random(SEED)
    order.shuffle(chosen)
    order.shuffle(asked)
    return chosen, asked


def _distinct(data: Path, language: str) -> dict[str, Passage]:
    """Return the passages of one language by id; of equal ones the first, those of the questions' before others."""
    found: dict[str, Passage] = {}
    for name in (f"passages_{language}_dev", f"passages_{language}"):
        for row in read_lines(data / f"{name}.jsonl.gz"):
            found.setdefault(f"{row['title']}\n{row['text']}", Passage(row["id"], row["title"], row["text"]))
    return {passage.id: passage for passage in found.values()}
