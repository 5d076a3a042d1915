"""Values that travel between the rooms of genesis-rag. This module imports nothing of ours.

Every offset is a ``str`` index (a code point, not a byte or UTF-16 unit) and every range is half-open.
Times are seconds. A higher score is better. A value is made once and then only read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from genesis_rag.values import dataclass

Language = Literal["ja", "en", "other"]
BlockKind = Literal["prose", "list", "table"]

NO_METADATA: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of code points in one text."""

    start: int
    end: int

    def __len__(self) -> int:
        """Return the number of code points covered."""
        return self.end - self.start

    def of(self, text: str) -> str:
        """Return the covered part of ``text``."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Section:
    """A run of a document under one heading path, on one page, of one kind.

    Sections are sorted by ``start`` and do not overlap; headings themselves belong to the section that
    they open, so ``document.text[start:end]`` of a section normally begins with its heading line.
    """

    heading_path: tuple[str, ...]
    start: int
    end: int
    page: int | None = None
    kind: BlockKind = "prose"


@dataclass(frozen=True, slots=True)
class Document:
    """One document as text. ``text`` is the coordinate system of every offset in the project."""

    id: str
    source: str
    title: str
    text: str
    language: Language
    content_sha256: str
    sections: tuple[Section, ...]
    modified_at: float | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A retrievable piece of a document: ``document.text[start:end] == text``."""

    id: str
    document_id: str
    ordinal: int
    start: int
    end: int
    text: str
    heading_path: tuple[str, ...]
    page: int | None
    language: Language


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What a reader of the index needs to know about a document without its text."""

    id: str
    source: str
    sources: tuple[str, ...]
    title: str
    language: Language
    content_sha256: str
    chunk_count: int
    modified_at: float | None
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved chunk. ``rank`` counts from 1; ``scores`` holds the stages that saw the chunk.

    Stage names: ``dense`` (cosine), ``lexical`` (BM25), ``fused``, ``reranked``.
    """

    chunk: Chunk
    document: DocumentInfo
    rank: int
    score: float
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Passage:
    """Neighbouring hits of one document merged into what an answerer reads.

    ``text == document.text[start:end]``; ``marker`` is the number shown to people, from 1; ``date`` is the document's
    own, "" where it has none.
    """

    marker: int
    document_id: str
    source: str
    title: str
    heading_path: tuple[str, ...]
    page: int | None
    start: int
    end: int
    text: str
    language: Language
    content_sha256: str
    chunk_ids: tuple[str, ...]
    score: float
    scores: Mapping[str, float]
    date: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked of a citation against the stored text.

    ``exact``: the quote equals the stored text. ``numbers_agree``: every number and date of the answer
    span occurs in the quote. ``support``: 0..1, how much of the answer span the quote carries.
    """

    exact: bool
    numbers_agree: bool
    support: float


@dataclass(frozen=True, slots=True)
class Citation:
    """A checked pointer from a span of the answer to the exact words that support it.

    ``quote == document.text[start:end]``; ``answer_start:answer_end`` is the supported span of
    ``Answer.text``, its marker included.
    """

    marker: int
    document_id: str
    source: str
    title: str
    heading_path: tuple[str, ...]
    page: int | None
    start: int
    end: int
    quote: str
    language: Language
    content_sha256: str
    answer_start: int
    answer_end: int
    verification: Verification


@dataclass(frozen=True, slots=True)
class Writing:
    """How a language model wrote an answer.

    ``sentences`` counts those that are not shown too, ``unsupported`` those of them that no cited passage supports;
    ``first_token`` and ``seconds`` are the times until the first and the last of the ``tokens``.
    """

    sentences: int
    unsupported: int
    tokens: int
    first_token: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question, with everything needed to check it.

    ``reason`` is empty for an answered question, otherwise one of ``REASONS``. ``confidence`` is the calibrated
    probability that the passages answer the question (None where the answerer has no such estimate). ``searched`` is
    what a follow-up question was searched as; empty where that is ``question`` itself. ``writing`` is None where no
    language model wrote.
    """

    question: str
    text: str
    language: Language
    abstained: bool
    reason: str
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    invalid_markers: tuple[str, ...]
    answerer: str
    confidence: float | None
    model_fingerprint: str
    index_fingerprint: str
    notes: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    searched: str = ""
    writing: Writing | None = None


REASONS = (
    "no_evidence", "empty_index", "empty_question", "greeting", "about_assistant", "too_vague", "unsupported_language",
)  # fmt: skip


MOST_TURNS = 8
NO_TOPIC = frozenset({"empty_question", "greeting", "about_assistant", "unsupported_language", "too_vague"})
"""Reasons of replies after which a follow-up still means the question before."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a conversation.

    Attributes:
        asked: as it was asked.
        searched: the same, made self-contained.
        language: to reply in; None for the language of ``searched``.
    """

    asked: str
    searched: str
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was asked before, oldest first: at most ``MOST_TURNS``. Words of documents are never part of it."""

    turns: tuple[Turn, ...] = ()

    def after(self, answer: Answer) -> Conversation:
        """Return the conversation with the question that was answered; small talk leaves it as it is."""
        if answer.reason in NO_TOPIC:
            return self
        turn = Turn(answer.question, answer.searched or answer.question)
        return Conversation((*self.turns, turn)[-MOST_TURNS:])


NO_CONVERSATION = Conversation()


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """First event of an answer: what will be read, and the question that it was searched with."""

    passages: tuple[Passage, ...]
    searched: str = ""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A further piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class AnswerDone:
    """Last event of an answer: the whole, checked."""

    answer: Answer


AnswerEvent = PassagesFound | TextDelta | AnswerDone


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """Restricts a search. None or empty means no restriction.

    Attributes:
        language: of the chunks.
        source_glob: an fnmatch pattern for one of the sources of a document.
        dated_from: first date, as 2026, 2026-04 or 2026-04-01; documents without a date in that form are left out.
        dated_to: last date, in the same form; 2026 includes all of that year.
    """

    language: Language | None = None
    source_glob: str | None = None
    dated_from: str | None = None
    dated_to: str | None = None


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that could not be indexed, and why, in words for the user."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one run of ``index`` did, in numbers of documents."""

    added: int
    updated: int
    unchanged: int
    removed: int
    chunks: int
    skipped: tuple[SkippedFile, ...]
    seconds: float
    repairs: tuple[str, ...] = ()
