"""The seams of genesis-rag: what every backend must do, in numbers. One contract suite runs all backends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from genesis_rag.types import Answer, AnswerEvent, Conversation, Document, Language, Passage, Turn
from genesis_rag.values import dataclass

Vectors = NDArray[np.float32]
"""float32[n, dim], C-contiguous, every row of unit length (within 1e-3)."""

Ids = NDArray[np.int64]


@runtime_checkable
class Loader(Protocol):
    """Turns one file into documents."""

    name: str
    suffixes: tuple[str, ...]

    def load(self, path: Path, source: str) -> Iterator[Document]:
        """Yield the documents of ``path``, named ``source``.

        Raises ``UnreadableDocumentError`` with a reason a user understands; never yields an empty text.
        """
        ...


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into unit vectors.

    Contract: order is kept; an empty sequence gives shape (0, dim); each row depends on its own text only
    (batch = single within 1e-4); text without any known token gets a fixed unit vector, never NaN; longer than
    ``max_tokens`` is cut at the end, never an error.
    """

    @property
    def fingerprint(self) -> str:
        """Changes with whatever changes a vector."""
        ...

    @property
    def dim(self) -> int:
        """Numbers of a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that are read."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages."""
        ...

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of ``text`` for this model, special tokens excluded."""
        ...


@runtime_checkable
class VectorIndex(Protocol):
    """Exact or approximate inner-product search over unit vectors under int64 ids.

    Contract: scores equal numpy's inner products (within the index's stated tolerance), also after add, remove,
    save and load; results are sorted by falling score, ties by rising id; a missing result is left out.
    """

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add rows; an id that is already present is replaced."""
        ...

    def remove(self, ids: Ids) -> None:
        """Remove rows; unknown ids are ignored."""
        ...

    def search(self, vectors: Vectors, k: int, allowed: Ids | None = None) -> list[tuple[Ids, NDArray[np.float32]]]:
        """Return for each query row at most ``k`` (ids, scores), only ids in ``allowed`` if given."""
        ...

    def save(self, path: Path) -> None:
        """Write to ``path`` (the caller provides atomicity)."""
        ...

    def __len__(self) -> int:
        """Return the number of rows."""
        ...


@runtime_checkable
class LexicalIndex(Protocol):
    """BM25 search over terms made by one analyser (``text.terms``), under int64 ids."""

    def search(
        self, terms: Sequence[tuple[str, float]], k: int, allowed: Ids | None = None
    ) -> tuple[Ids, NDArray[np.float32]]:
        """Return at most ``k`` (ids, scores) for weighted query terms, by falling score, ties by rising id."""
        ...

    def __len__(self) -> int:
        """Return the number of rows."""
        ...


@runtime_checkable
class Reranker(Protocol):
    """Scores (question, text) pairs; a higher score is better."""

    @property
    def fingerprint(self) -> str:
        """Changes with whatever changes a score."""
        ...

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one score a text."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader makes of one window of a text, for one question.

    Attributes:
        start, end: the window, as offsets in the text.
        relevance: how surely it holds the answer, as a logit.
        begins, ends: int64[n], where each token of the window lies in the text.
        first, last: float32[n], the probabilities that the answer begins or ends with each token, if there is one.
    """

    start: int
    end: int
    relevance: float
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    first: NDArray[np.float32]
    last: NDArray[np.float32]


@runtime_checkable
class Reader(Protocol):
    """Reads question and text together: does the text answer, and with which words?

    Contract: order is kept; every text gets at least one window, and its windows hold all of it; each window's result
    depends on the question, the title and that window only; probabilities of one window sum to 1.
    """

    @property
    def fingerprint(self) -> str:
        """Changes with whatever changes a reading."""
        ...

    def read(self, question: str, texts: Sequence[tuple[str, str]]) -> list[tuple[Reading, ...]]:
        """Return the windows of each (title, text), in their order."""
        ...


@runtime_checkable
class Generator(Protocol):
    """Streams a continuation of chat messages."""

    fingerprint: str
    context_tokens: int

    def stream(
        self, messages: Sequence[tuple[str, str]], *, max_tokens: int, grammar: str | None = None
    ) -> Iterator[str]:
        """Yield pieces of text for (role, content) messages."""
        ...

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of ``text`` for this model."""
        ...


@runtime_checkable
class Answerer(Protocol):
    """Answers a question from passages, as a stream that ends with AnswerDone."""

    name: str

    def answer(
        self, question: str, passages: Sequence[Passage], language: Language | None = None
    ) -> Iterator[AnswerEvent]:
        """Yield TextDelta events and then one AnswerDone. ``language`` forces the answer's language."""
        ...

    def needs_passages(self, question: str) -> bool:
        """Tell whether documents can help to answer; False for a greeting and the like."""
        ...

    def nothing_indexed(self, question: str, language: Language | None = None) -> Answer:
        """Return what to say while the index holds no document (reason "empty_index")."""
        ...


@runtime_checkable
class Remote(Protocol):
    """Something that needs a server, or holds something that does."""

    def require_healthy(self) -> None:
        """Raise BackendError unless what is needed can be reached; without servers do nothing."""
        ...


@runtime_checkable
class Rewriter(Protocol):
    """Makes follow-up questions self-contained.

    Contract: without earlier turns, and for a question that is self-contained already, ``searched`` is the question.
    """

    def turn(self, question: str, conversation: Conversation) -> Turn:
        """Return ``question`` with what it is to be searched as."""
        ...

    def replayed(self, questions: Sequence[str]) -> Conversation:
        """Return the conversation that ``questions``, oldest first, make; no model takes part."""
        ...
