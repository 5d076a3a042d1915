"""Answers that took a model's time, kept for when the same is asked again of the same passages.

In memory only, and bounded. An answer is found again under everything that it came from: the normalised question, the
passages to the last character with their documents' hashes and scores, the language, what answers (model, prompt,
sampling, settings), and the generation of the index. So a changed document, model or setting finds nothing.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from genesis_rag.protocols import Answerer, Remote
from genesis_rag.text.normalize import fold
from genesis_rag.types import Answer, AnswerDone, AnswerEvent, Language, Passage, TextDelta

MOST_ANSWERS = 256


class CachingAnswerer:
    """Answers like ``answerer``, and from memory where it has answered the same before; see ``protocols.Answerer``.

    Threads may share it. An answer that was broken off, or that failed, is not kept.

    Args:
        answerer: what answers.
        made_by: says what the answers depend on beside question and passages.
        generation: tells the generation of the index; a new one empties the memory.
        most: how many answers are kept, those used last.
    """

    def __init__(
        self, answerer: Answerer, made_by: str, generation: Callable[[], int], most: int = MOST_ANSWERS
    ) -> None:
        self.name = answerer.name
        self._answerer, self._made_by, self._generation, self._most = answerer, made_by, generation, most
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._kept_of = -1

    def answer(
        self, question: str, passages: Sequence[Passage], language: Language | None = None
    ) -> Iterator[AnswerEvent]:
        """Yield the events of the answer; one that is remembered comes in one piece."""
        generation = self._generation()
        key = self._key(question, passages, language, generation)
        known = self._find(key, generation)
        if known is not None:
            yield TextDelta(known.text)
            yield AnswerDone(replace(known, question=question))
            return
        for event in self._answerer.answer(question, passages, language):
            if isinstance(event, AnswerDone):
                self._keep(key, generation, event.answer)
            yield event

    def needs_passages(self, question: str) -> bool:
        """Tell whether documents can help; see ``protocols.Answerer``."""
        return self._answerer.needs_passages(question)

    def nothing_indexed(self, question: str, language: Language | None = None) -> Answer:
        """Say that there are no documents yet; see ``protocols.Answerer``."""
        return self._answerer.nothing_indexed(question, language)

    def require_healthy(self) -> None:
        """Raise BackendError where the answerer needs a server that cannot be reached."""
        if isinstance(self._answerer, Remote):
            self._answerer.require_healthy()

    def _key(self, question: str, passages: Sequence[Passage], language: Language | None, generation: int) -> str:
        asked = " ".join(fold(question).split())
        parts = (self._made_by, generation, language, asked, tuple(passages))
        return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()

    def _find(self, key: str, generation: int) -> Answer | None:
        with self._lock:
            self._forget_others(generation)
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
            return known

    def _keep(self, key: str, generation: int, answer: Answer) -> None:
        with self._lock:
            self._forget_others(generation)
            self._kept[key] = answer
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def _forget_others(self, generation: int) -> None:
        if generation != self._kept_of:
            self._kept.clear()
            self._kept_of = generation
