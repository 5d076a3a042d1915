"""What a set of questions says: each question with its accepted answers and the words that hold them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import field

from genesis_rag.values import dataclass

ALL_ANSWERS_NEEDED = frozenset({"list", "comparison"})
"""Types whose entries of the answers are all required; for the others any one will do."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of a document that answer a question, or a whole document.

    Attributes:
        source: the document's source, or a passage's id if ``passage`` is set.
        quote: exact words of the document; empty where the whole document is meant.
        grade: how relevant it is; 1 unless the set grades its judgements (BEIR).
        passage: whether ``source`` is the id of one line of a passages file.
        part: which part of the answer it holds; pieces with the same part are alternatives. See ``needs``.
    """

    source: str
    quote: str = ""
    grade: int = 1
    passage: bool = False
    part: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a set.

    Attributes:
        id: unique in its set.
        question: as it is asked.
        language: of the question: ja, en or other.
        answers: each entry with its accepted forms. For a list or a comparison each is required, else any is right.
        evidence: where the answer stands.
        answerable: whether the documents answer it.
        type: such as factoid, numeric, list, yesno; empty if the set does not say.
        direction: language of the question and of the evidence, such as "ja-en"; empty if the set does not say.
        split: such as dev or test; empty if the set does not say.
    """

    id: str
    question: str
    language: str
    answers: tuple[tuple[str, ...], ...] = ()
    evidence: tuple[Evidence, ...] = ()
    answerable: bool = True
    type: str = ""
    direction: str = ""
    split: str = ""

    @property
    def all_answers_needed(self) -> bool:
        """Whether each entry of the answers is required."""
        return self.type in ALL_ANSWERS_NEEDED

    @property
    def forms(self) -> tuple[str, ...]:
        """All accepted forms of all entries."""
        return tuple(form for entry in self.answers for form in entry)

    @property
    def fingerprint(self) -> str:
        """A hash of what is asked and judged: two runs compare a question only if it is the same in both."""
        judged = [
            self.question,
            self.answers,
            [(e.source, e.quote, e.grade, e.part) for e in self.evidence],
            self.answerable,
        ]
        return hashlib.sha256(json.dumps([*judged, self.type]).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A set of questions and where it came from.

    Attributes:
        name: the file's or folder's name.
        sha256: of the bytes that were read.
        items: the questions, in the order of the file.
        documents_ranked: whether results are judged as a ranking of documents, as BEIR does, not of passages.
        remarks: what a reader of the results should know of the set.
    """

    name: str
    sha256: str
    items: tuple[Item, ...]
    documents_ranked: bool = False
    remarks: tuple[str, ...] = field(default=())
