"""A library of a few documents, and an assistant over it whose every answer is known beforehand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from genesis_rag.assistant import AskOptions
from genesis_rag.errors import BackendError, UserError
from genesis_rag.evaluation.items import Evidence, Item
from genesis_rag.types import (
    Answer,
    Chunk,
    Citation,
    Document,
    DocumentInfo,
    Hit,
    Language,
    Passage,
    Section,
    Verification,
)

TEXTS: Mapping[str, tuple[Language, str]] = {
    "corpus/genesis.ja.md": (
        "ja",
        "両者は今後5年間で5億ドルを投資する。署名は2026年6月4日に行われた。富岳の後継機も使う。",
    ),
    "corpus/genesis.en.md": (
        "en",
        "Each side will invest $500 million over five years.\nIt was signed on June 4, 2026.",
    ),
    "passages.jsonl#p1": ("en", "The laboratory runs the fastest machine of the country."),
    "passages.jsonl#p2": ("en", "Nothing of interest is said in this passage."),
}


def document(source: str) -> Document:
    language, text = TEXTS[source]
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Document(digest[:12], source, source, text, language, digest, (Section((), 0, len(text)),))


def info(source: str) -> DocumentInfo:
    one = document(source)
    return DocumentInfo(one.id, source, (source,), source, one.language, one.content_sha256, 1, None, {})


def hit(source: str, start: int, end: int, rank: int = 1, score: float = 1.0) -> Hit:
    one = document(source)
    chunk = Chunk(f"{source}:{start}", one.id, 0, start, end, one.text[start:end], (), None, one.language)
    return Hit(chunk, info(source), rank, score, {"fused": score})


def hit_of(source: str, words: str, rank: int = 1) -> Hit:
    start = document(source).text.index(words)
    return hit(source, start, start + len(words), rank, 1 / rank)


def citation(source: str, quote: str, answer_start: int, answer_end: int, marker: int = 1) -> Citation:
    one = document(source)
    start = one.text.index(quote)
    return Citation(
        marker,
        one.id,
        source,
        source,
        (),
        None,
        start,
        start + len(quote),
        quote,
        one.language,
        one.content_sha256,
        answer_start,
        answer_end,
        Verification(True, True, 1.0),
    )


def answer(
    *pieces: tuple[str, str, str], language: Language = "ja", confidence: float | None = 0.9, question: str = "q"
) -> Answer:
    """An answer of (sentence, source, quote) pieces, each with a marker; a piece without a source cites nothing."""
    text, citations = "", []
    for number, (sentence, source, quote) in enumerate(pieces, start=1):
        begin = len(text)
        text += f"{sentence} [{number}]" if source else sentence
        if source:
            citations.append(citation(source, quote, begin, len(text), number))
        text += "\n"
    return Answer(
        question,
        text.strip(),
        language,
        False,
        "",
        tuple(citations),
        (),
        (),
        "known",
        confidence,
        "model-1",
        "index-1",
        timings={"retrieval": 0.001, "answering": 0.002},
    )


def passage(source: str, start: int, end: int, marker: int = 1) -> Passage:
    one = document(source)
    text = one.text[start:end]
    return Passage(
        marker, one.id, source, source, (), None, start, end, text, one.language, one.content_sha256, ("c",), 1.0, {}
    )


def refusal(question: str = "q", confidence: float | None = 0.1) -> Answer:
    text = "文書には書かれていません。"
    return Answer(
        question, text, "ja", True, "no_evidence", (), (), (), "known", confidence, "model-1", "index-1", timings={}
    )


def item(identifier: str = "q1", **changes: object) -> Item:
    """A question about the sum of money, with what ``changes`` says."""
    values: dict[str, object] = {
        "id": identifier,
        "question": "いくら投資しますか。",
        "language": "ja",
        "answers": (("5億ドル", "$500 million"),),
        "evidence": (Evidence("corpus/genesis.ja.md", "5億ドルを投資する"),),
        "type": "numeric",
        "direction": "ja-ja",
    }
    return Item(**(values | changes))  # type: ignore[arg-type]


@dataclass
class KnownAssistant:
    """Finds and answers what it was told; "boom" fails."""

    hits: Mapping[str, Sequence[Hit]] = field(default_factory=dict)
    answers: Mapping[str, Answer] = field(default_factory=dict)
    legs: tuple[str, ...] = ("bm25", "dense")
    reranks: bool = False
    asked: list[tuple[str, AskOptions | None]] = field(default_factory=list)
    searched: list[tuple[str, int]] = field(default_factory=list)

    @property
    def info(self) -> dict[str, object]:
        return {
            "fingerprint": "index-1",
            "documents": len(TEXTS),
            "chunks": 9,
            "languages": {"en": 3, "ja": 1},
            "answerer": "known",
        }

    def documents(self) -> list[DocumentInfo]:
        return [info(source) for source in TEXTS]

    def document(self, source_or_id: str) -> Document:
        for source in TEXTS:
            if source_or_id in (source, document(source).id):
                return document(source)
        raise UserError(f"no {source_or_id}")

    def search(self, query: str, k: int = 10, *, rerank: bool = False) -> list[Hit]:
        self.searched.append((query, k))
        found = list(self.hits.get(query, ()))[:k]
        return found[::-1] if rerank else found

    def search_leg(self, leg: str, query: str, k: int = 10) -> list[Hit]:
        found = list(self.hits.get(query, ()))
        return found[:k] if leg == "bm25" else []

    def ask(self, question: str, options: AskOptions | None = None) -> Answer:
        self.asked.append((question, options))
        if "boom" in question:
            raise BackendError("The engine stopped.", "")
        return self.answers.get(question, refusal(question))


@dataclass(frozen=True)
class Makers:
    """The functions above, for test modules, which cannot import this file."""

    texts: Mapping[str, tuple[Language, str]]
    document: Callable[..., Document]
    hit: Callable[..., Hit]
    hit_of: Callable[..., Hit]
    citation: Callable[..., Citation]
    answer: Callable[..., Answer]
    passage: Callable[..., Passage]
    refusal: Callable[..., Answer]
    item: Callable[..., Item]
    assistant: Callable[..., KnownAssistant]


@pytest.fixture(scope="session")
def make() -> Makers:
    return Makers(TEXTS, document, hit, hit_of, citation, answer, passage, refusal, item, KnownAssistant)
