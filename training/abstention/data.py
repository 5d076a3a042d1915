"""Questions, passages and retrieval for fitting and measuring the extractive answerer.

Reads the shared question sets (one folder, given by the caller). A case is a question with the passages that
retrieval found for it, in three settings: as found; with the right passage taken out of the index ("hard": others of
its title stay); with every passage of its title taken out ("easy").
"""

from __future__ import annotations

import gzip
import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from genesis_rag.protocols import Embedder
from genesis_rag.text.normalize import fold
from genesis_rag.text.terms import Analyser
from genesis_rag.types import Language, Passage

ENGLISH_SOURCES = ("squadshifts-wiki", "qed", "selqa")
_SMALL = 250
Setting = Literal["found", "hard", "easy"]


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
    """The passages of one language with an index over them."""

    language: Language
    ids: tuple[str, ...]
    titles: tuple[str, ...]
    texts: tuple[str, ...]
    place: dict[str, int]
    by_title: dict[str, list[int]]


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def wanted(passage_id: str, language: str) -> bool:
    return language == "ja" or passage_id.rsplit("-p", 1)[0] in ENGLISH_SOURCES


def title_key(title: str) -> str:
    """selqa titles are "article - section": the article is what must go."""
    return fold(title.split(" - ")[0]).strip()


def load_collection(data: Path, language: Language) -> Collection:
    """Return all train and dev passages of a language (English: wiki, qed and selqa only)."""
    rows = [
        row
        for name in (f"passages_{language}", f"passages_{language}_dev")
        for row in read_lines(data / f"{name}.jsonl.gz")
        if wanted(row["id"], language)
    ]
    by_title: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        by_title[title_key(row["title"])].append(number)
    return Collection(
        language,
        tuple(row["id"] for row in rows),
        tuple(row["title"] for row in rows),
        tuple(row["text"] for row in rows),
        {row["id"]: number for number, row in enumerate(rows)},
        dict(by_title),
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


class HybridSearch:
    """Keyword and vector search over a collection, enough like the product's to fit and measure on.

    BM25 (Lucene's idf, k1 1.2, b 0.75) over the analyser's terms of "title + text", cosine over the embedder's
    vectors of the same, each divided by its best score, and added with equal weight.
    """

    def __init__(self, collection: Collection, embedder: Embedder, analyser: Analyser) -> None:
        self.collection = collection
        self.embedder = embedder
        self.analyser = analyser
        whole = [f"{title}\n{text}" for title, text in zip(collection.titles, collection.texts, strict=True)]
        self.vectors = np.concatenate([embedder.embed_passages(whole[k : k + 256]) for k in range(0, len(whole), 256)])
        counts = [Counter(analyser.index_terms(text)) for text in whole]
        self.small: Counter[str] = Counter(term for count in random.Random(1).sample(counts, _SMALL) for term in count)
        lengths = np.array([sum(count.values()) for count in counts], dtype=np.float32)
        self.frequency: Counter[str] = Counter(term for count in counts for term in count)
        postings: dict[str, tuple[list[int], list[float]]] = defaultdict(lambda: ([], []))
        for number, count in enumerate(counts):
            norm = 1.2 * (0.25 + 0.75 * float(lengths[number]) / float(lengths.mean()))
            for term, times in count.items():
                postings[term][0].append(number)
                postings[term][1].append(times / (times + norm))
        self.postings = {
            term: (np.array(rows), np.array(parts, dtype=np.float32)) for term, (rows, parts) in postings.items()
        }

    def term_weight(self, term: str) -> float:
        """Return the inverse document frequency of a term."""
        found = self.frequency.get(term, 0)
        return math.log(1.0 + (len(self.collection.ids) - found + 0.5) / (found + 0.5))

    def small_term_weight(self, term: str) -> float:
        """Return the inverse document frequency of a term in an index of 250 of the passages."""
        found = self.small.get(term, 0)
        return math.log(1.0 + (_SMALL - found + 0.5) / (found + 0.5))

    def lexical(self, question: str) -> np.ndarray:
        scores = np.zeros(len(self.collection.ids), dtype=np.float32)
        for term, weight in self.analyser.query_terms(question):
            if term in self.postings:
                rows, parts = self.postings[term]
                scores[rows] += weight * self.term_weight(term) * parts
        return scores

    def passages(self, question: str, k: int, without: Sequence[int] = ()) -> tuple[Passage, ...]:
        """Return the best ``k`` passages of the collection, those in ``without`` left out."""
        dense = self.vectors @ self.embedder.embed_queries([question])[0]
        lexical = self.lexical(question)
        fused = dense / max(float(dense.max()), 1e-6) + lexical / max(float(lexical.max()), 1e-6)
        if len(without):
            fused[list(without)] = -1.0
        best = np.argsort(-fused, kind="stable")[:k]
        return tuple(
            self.passage(int(row), marker, float(fused[row]) / 2, float(dense[row]), float(lexical[row]))
            for marker, row in enumerate(best, start=1)
        )

    def passage(self, row: int, marker: int, fused: float, dense: float, lexical: float) -> Passage:
        """Return one passage of the collection as the answerer gets it."""
        text, identity = self.collection.texts[row], self.collection.ids[row]
        return Passage(
            marker, identity, identity, self.collection.titles[row], (), None, 0, len(text), text,
            self.collection.language, "", (), fused, {"fused": fused, "dense": dense, "lexical": lexical},
        )  # fmt: skip

    def case(self, qa: QA, setting: Setting, k: int = 6) -> tuple[Passage, ...]:
        """Return the passages for a question in one setting."""
        gold = self.collection.place[qa.passage_id]
        if setting == "found":
            return self.passages(qa.question, k)
        if setting == "hard":
            return self.passages(qa.question, k, [gold])
        return self.passages(qa.question, k, self.collection.by_title[title_key(self.collection.titles[gold])])


def with_gold(passages: tuple[Passage, ...], qa: QA, search: HybridSearch) -> tuple[Passage, ...]:
    """Return the passages with the right one in the last place when retrieval missed it."""
    if any(passage.document_id == qa.passage_id for passage in passages):
        return passages
    last = passages[-1]
    gold = search.passage(
        search.collection.place[qa.passage_id], last.marker, last.score, last.scores["dense"], last.scores["lexical"]
    )
    return (*passages[:-1], replace(gold, marker=last.marker))


def holds_answer(text: str, answers: Sequence[str]) -> bool:
    """Return whether the folded text contains any folded answer, white space aside."""
    flat = "".join(fold(text).split())
    return any("".join(fold(answer).split()) in flat for answer in answers)
