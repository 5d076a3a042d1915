"""The only reader: finds passages, lets the answerer speak, and checks every quotation against the store."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType

from genesis_rag.errors import IndexDamagedError, UserError
from genesis_rag.index.reading import IndexReader
from genesis_rag.protocols import Answerer, Remote, Rewriter
from genesis_rag.retrieval import Retriever
from genesis_rag.types import (
    NO_CONVERSATION,
    Answer,
    AnswerDone,
    AnswerEvent,
    Conversation,
    Document,
    DocumentInfo,
    Hit,
    Language,
    Passage,
    PassagesFound,
    SearchFilter,
    Turn,
)
from genesis_rag.values import dataclass

_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class AskOptions:
    """How to answer one question.

    Attributes:
        passages: how many passages to read; None for the number in the settings.
        language: language of the answer; None for that of the question.
        search_filter: where to search; None for everywhere.
        conversation: what was asked before; a follow-up question is made self-contained with it.
    """

    passages: int | None = None
    language: Language | None = None
    search_filter: SearchFilter | None = None
    conversation: Conversation = NO_CONVERSATION


class Assistant:
    """Answers questions over one index. Every method may be called from several threads at once.

    Args:
        index: what to search; closed with the assistant.
        retriever: searches ``index``.
        answerer: answers from passages.
        passages: how many passages an answer may read where the options do not say.
        rewriter: makes follow-up questions self-contained; without one they are searched as they are.
    """

    def __init__(
        self,
        index: IndexReader,
        retriever: Retriever,
        answerer: Answerer,
        passages: int,
        rewriter: Rewriter | None = None,
    ) -> None:
        self._index, self._retriever, self._answerer, self._passages = index, retriever, answerer, passages
        self._rewriter = rewriter

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

        Its ``searched`` tells what a follow-up question was searched as.

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
        turn = self._turn(question, chosen)
        chosen = replace(chosen, language=chosen.language or turn.language)
        for attempt in range(_ATTEMPTS):
            first = attempt == 0
            started = time.perf_counter()
            passages = self._read(turn.searched, chosen)
            retrieved = time.perf_counter()
            if first:
                yield PassagesFound(passages, turn.searched)
            for event in self._events(turn.searched, passages, chosen):
                if not isinstance(event, AnswerDone):
                    if first:
                        yield event
                    continue
                if self._checks_out(event.answer):
                    answered = time.perf_counter()
                    timings = {"retrieval": retrieved - started, "answering": answered - retrieved}
                    yield AnswerDone(self._finished(event.answer, turn, timings))
                    return
        raise IndexDamagedError("A quoted text is not what the index stores.", "Run: genesis-rag doctor")

    def conversation(self, questions: Sequence[str]) -> Conversation:
        """Return the conversation that earlier ``questions``, oldest first, make; those of small talk are left out."""
        asked = [question for question in questions if self._answerer.needs_passages(question)]
        return self._rewriter.replayed(asked) if self._rewriter else NO_CONVERSATION

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
            document: Document = index.document(found)
            return document

    def require_ready(self) -> None:
        """See that the servers that search and answers need can be reached.

        Raises:
            BackendError: one of them cannot.
        """
        for part in (self._index, self._retriever, self._answerer):
            if isinstance(part, Remote):
                part.require_healthy()

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

    def _turn(self, question: str, options: AskOptions) -> Turn:
        if self._rewriter is None or not options.conversation.turns:
            return Turn(question, question)
        return self._rewriter.turn(question, options.conversation)

    def _finished(self, answer: Answer, turn: Turn, timings: Mapping[str, float]) -> Answer:
        searched = "" if turn.searched == turn.asked else turn.searched
        fingerprint = self._index.fingerprint
        return replace(answer, question=turn.asked, searched=searched, timings=timings, index_fingerprint=fingerprint)

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
