"""The only reader: finds passages, lets the answerer speak, and checks every quotation against the store."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import TracebackType

from genesis_rag.errors import IndexDamagedError, UserError
from genesis_rag.index import Index
from genesis_rag.protocols import Answerer
from genesis_rag.retrieval import Retriever
from genesis_rag.types import (
    Answer,
    AnswerDone,
    AnswerEvent,
    Document,
    DocumentInfo,
    Hit,
    Language,
    Passage,
    PassagesFound,
    SearchFilter,
)

_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class AskOptions:
    """How to answer one question.

    Attributes:
        passages: how many passages to read; None for the number in the settings.
        language: language of the answer; None for that of the question.
        search_filter: where to search; None for everywhere.
    """

    passages: int | None = None
    language: Language | None = None
    search_filter: SearchFilter | None = None


class Assistant:
    """Answers questions over one index. Every method may be called from several threads at once.

    Args:
        index: what to search; closed with the assistant.
        retriever: searches ``index``.
        answerer: answers from passages.
        passages: how many passages an answer may read where the options do not say.
    """

    def __init__(self, index: Index, retriever: Retriever, answerer: Answerer, passages: int) -> None:
        self._index, self._retriever, self._answerer, self._passages = index, retriever, answerer, passages

    @property
    def info(self) -> Mapping[str, object]:
        """What is being read: generation, numbers of documents and chunks, fingerprint, repairs made on opening."""
        with self._index.reading() as index:
            return {
                "generation": index.generation,
                "documents": len(index.documents()),
                "chunks": index.chunk_count,
                "languages": index.language_counts(),
                "fingerprint": index.fingerprint,
                "answerer": self._answerer.name,
                "repairs": index.repairs,
            }

    def ask(self, question: str, options: AskOptions | None = None) -> Answer:
        """Return the answer to ``question``, its citations checked against the store.

        Raises:
            IndexDamagedError: a stored text is not what was stored.
        """
        *_, last = self.stream(question, options)
        if not isinstance(last, AnswerDone):
            raise TypeError(f"{self._answerer.name} ended with {type(last).__name__} instead of AnswerDone")
        return last.answer

    def stream(self, question: str, options: AskOptions | None = None) -> Iterator[AnswerEvent]:
        """Yield PassagesFound, pieces of text, and AnswerDone with the checked whole.

        Where a cited document was replaced while the answer was being made, the answer is made again from the new
        text; only the last event then tells the new one.
        """
        chosen = options or AskOptions()
        for attempt in range(_ATTEMPTS):
            first = attempt == 0
            started = time.perf_counter()
            passages = self._read(question, chosen)
            retrieved = time.perf_counter()
            if first:
                yield PassagesFound(passages)
            for event in self._events(question, passages, chosen):
                if not isinstance(event, AnswerDone):
                    if first:
                        yield event
                    continue
                if self._checks_out(event.answer):
                    answered = time.perf_counter()
                    timings = {"retrieval": retrieved - started, "answering": answered - retrieved}
                    fingerprint = self._index.fingerprint
                    yield AnswerDone(replace(event.answer, timings=timings, index_fingerprint=fingerprint))
                    return
        raise IndexDamagedError("A quoted text is not what the index stores.", "Run: genesis-rag doctor")

    def search(
        self, query: str, k: int = 10, search_filter: SearchFilter | None = None, *, rerank: bool = False
    ) -> list[Hit]:
        """Return the ``k`` chunks nearest to ``query``, best first, with their scores by stage.

        Raises:
            UserError: ``rerank`` is wanted, and the profile names no reranker.
        """
        if rerank and not self._retriever.reranks:
            raise UserError(
                "This profile names no reranker.", "Use one that does: genesis-rag models list shows the profiles."
            )
        with self._index.reading():
            return self._retriever.search(query, k, search_filter, rerank=rerank)

    @property
    def reranks(self) -> bool:
        """Whether a reranker puts what was found into its order before an answer reads it."""
        return self._retriever.reranks

    @property
    def legs(self) -> tuple[str, ...]:
        """The parts of the search that can be measured alone."""
        return self._retriever.legs

    def search_leg(self, leg: str, query: str, k: int = 10) -> list[Hit]:
        """Return the ``k`` best chunks of one part of the search; see ``retrieval.legs``."""
        with self._index.reading():
            return self._retriever.search_leg(leg, query, k)

    def documents(self) -> list[DocumentInfo]:
        """Return what is known of all documents, in the order of their sources."""
        return self._index.documents()

    def document(self, source_or_id: str) -> Document:
        """Return one document with its text.

        Raises:
            UserError: the index holds no document of that name.
        """
        with self._index.reading() as index:
            found = index.find_document(source_or_id)
            if found is None:
                raise UserError(
                    f"The index holds no document '{source_or_id}'.", "List them: genesis-rag documents list"
                )
            return index.document(found)

    def refresh(self) -> bool:
        """Switch to the newest generation of the index; tell whether there was a newer one."""
        return self._index.refresh()

    def close(self) -> None:
        """Let go of all files."""
        self._index.close()

    def __enter__(self) -> Assistant:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, question: str, options: AskOptions) -> tuple[Passage, ...]:
        if not self._answerer.needs_passages(question):
            return ()
        count = options.passages or self._passages
        with self._index.reading():
            return tuple(self._retriever.passages(question, count, options.search_filter))

    def _events(self, question: str, passages: tuple[Passage, ...], options: AskOptions) -> Iterator[AnswerEvent]:
        if not passages and self._index.chunk_count == 0 and self._answerer.needs_passages(question):
            return iter((AnswerDone(self._answerer.nothing_indexed(question, options.language)),))
        return self._answerer.answer(question, passages, options.language)

    def _checks_out(self, answer: Answer) -> bool:
        with self._index.reading() as index:
            return all(index.verify_quote(c.document_id, c.start, c.end, c.quote) for c in answer.citations)
