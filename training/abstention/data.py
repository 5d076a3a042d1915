"""Questions, passages and retrieval for fitting and measuring the extractive answerer.

Reads the shared question sets (one folder, given by the caller); see ``asking`` for what retrieval finds for them.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genesis_rag.text.normalize import fold
from genesis_rag.types import Language

ENGLISH_SOURCES = ("squadshifts-wiki", "qed", "selqa")


@dataclass(frozen=True)
class QA:
    """One question with its answers: texts, and spans in its passage."""

    id: str
    question: str
    answers: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    passage_id: str


@dataclass(frozen=True)
class Collection:
    """The passages of one language; ``place`` gives the row of an id."""

    language: Language
    ids: tuple[str, ...]
    titles: tuple[str, ...]
    texts: tuple[str, ...]
    place: dict[str, int]


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def wanted(passage_id: str, language: str) -> bool:
    return language == "ja" or passage_id.rsplit("-p", 1)[0] in ENGLISH_SOURCES


def title_key(title: str) -> str:
    """selqa titles are "article - section": the article is what must go."""
    return fold(title.split(" - ")[0]).strip()


def load_collection(data: Path, language: Language, parts: Sequence[str] = ("", "_dev")) -> Collection:
    """Return the train ("") and dev ("_dev") passages of a language (English: wiki, qed and selqa only)."""
    rows = [
        row
        for part in parts
        for row in read_lines(data / f"passages_{language}{part}.jsonl.gz")
        if wanted(row["id"], language)
    ]
    return Collection(
        language,
        tuple(row["id"] for row in rows),
        tuple(row["title"] for row in rows),
        tuple(row["text"] for row in rows),
        {row["id"]: number for number, row in enumerate(rows)},
    )


def load_questions(data: Path, language: Language, split: str, count: int, seed: int) -> list[QA]:
    """Return a seeded sample of the questions of ``split`` ("train" or "dev")."""
    rows = [row for row in read_lines(data / f"qa_{language}_{split}.jsonl.gz") if wanted(row["passage_id"], language)]
    random.Random(seed).shuffle(rows)
    return [
        QA(
            row["id"],
            row["question"],
            tuple(answer["text"] for answer in row["answers"]),
            tuple((answer["start"], answer["start"] + len(answer["text"])) for answer in row["answers"]),
            row["passage_id"],
        )
        for row in rows[:count]
    ]


def holds_answer(text: str, answers: Sequence[str]) -> bool:
    """Return whether the folded text contains any folded answer, white space aside."""
    flat = "".join(fold(text).split())
    return any("".join(fold(answer).split()) in flat for answer in answers)
