"""Answers written by a language model over the passages; nothing that the passages do not support is shown.

The model writes statements that end with markers. Each sentence is checked as soon as it is complete: the words of the
cited passage that support it are looked for, and every quantity in it must stand there. What fails is left out and
counted, shown with a mark, or written anew once (``GenerativeSettings.unsupported``). Where nothing is left, the
quotations of the extractive answerer stand in for the written answer.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace
from typing import Literal

from genesis_rag.answering.citations import AnswerText, Numbering
from genesis_rag.answering.claims import statement_of
from genesis_rag.answering.extractive import ExtractiveAnswerer
from genesis_rag.answering.orders import gives_orders, is_active
from genesis_rag.answering.phrases import Key, phrase
from genesis_rag.answering.polarity import split_opening
from genesis_rag.answering.prompts import (
    NO_ANSWER,
    PROMPT_VERSION,
    Messages,
    again_messages,
    build_messages,
    citation_grammar,
    fitting_passages,
)
from genesis_rag.answering.questions import analyse_question
from genesis_rag.answering.replies import no_evidence_text
from genesis_rag.answering.support import Support, SupportFinder, SupportLimits
from genesis_rag.answering.verification import invalid_markers, parse_markers
from genesis_rag.protocols import Generator, Remote
from genesis_rag.text.normalize import nfc
from genesis_rag.text.patterns import lazy
from genesis_rag.text.sentences import sentence_spans
from genesis_rag.types import Answer, AnswerDone, AnswerEvent, Language, Passage, TextDelta, Writing
from genesis_rag.values import dataclass

Unsupported = Literal["mark", "remove", "regenerate"]
UNSUPPORTED: tuple[Unsupported, ...] = ("mark", "remove", "regenerate")
_MOST_RAW_CHARS = 8_000
_AFTER_MARKER = " 。.、,\n"
_OPENING = ("[", "［", "【", "〔")
_LONGEST_MARKER = 12
_ASKS = lazy(r"(?:[?？]|(?:です|ます|ません|でした|ました|でしょう|だろう)か。?)[」』)）\"”]*$")


@dataclass(frozen=True, slots=True)
class GenerativeSettings:
    """How much to read and write.

    Attributes:
        prompt_tokens: most tokens of rules, passages and question together.
        answer_tokens: most tokens of the answer.
        least_confidence: below this estimate of the extractive answerer the model is not asked at all.
        support: what counts as supported.
        unsupported: what happens to a sentence that is not: "remove" leaves it out and says so, "mark" shows it and
            says behind it that the sources do not hold it, "regenerate" lets the model write once more and keeps the
            better of both. A sentence that asks, orders or leads away is never shown.
    """

    prompt_tokens: int = 1800
    answer_tokens: int = 400
    least_confidence: float = 0.05
    support: SupportLimits = field(default_factory=SupportLimits)
    unsupported: Unsupported = "remove"


@dataclass(slots=True)
class _Draft:
    """One text of the model: what of it holds, what does not, and how it was written."""

    text: AnswerText
    sentences: int = 0
    dropped: int = 0
    raw: str = ""
    first_token: float = 0.0
    seconds: float = 0.0

    def better_than(self, other: _Draft) -> bool:
        """Tell whether more of it holds."""
        return bool(self.text.citations) and (not other.text.citations or self.dropped < other.dropped)


class GenerativeAnswerer:
    """Writes answers with ``generator``; see ``protocols.Answerer``.

    Args:
        generator: the language model.
        extractive: answers small talk, says when nothing is relevant, and stands in where nothing written holds.
        settings: how much to read and write.
    """

    def __init__(
        self, generator: Generator, extractive: ExtractiveAnswerer, settings: GenerativeSettings | None = None
    ) -> None:
        self.name = "generative"
        self._generator, self._extractive = generator, extractive
        self._settings = settings or GenerativeSettings()
        self._finder = SupportFinder(extractive.tools, self._settings.support)

    @property
    def made_by(self) -> str:
        """What the answers depend on beside question and passages: models, prompt, settings."""
        tools = self._extractive.tools
        quoting = f"{tools.embedder.fingerprint}+{tools.word_embedder.fingerprint}"
        quoting += f"+{tools.reader.fingerprint}" if tools.reader else ""
        return f"{self._generator.fingerprint}+{quoting}+prompt{PROMPT_VERSION}+{self._settings}"

    def needs_passages(self, question: str) -> bool:
        """Tell whether documents can help; see ``protocols.Answerer``."""
        return self._extractive.needs_passages(question)

    def require_healthy(self) -> None:
        """Raise BackendError where the model needs a server that cannot be reached."""
        if isinstance(self._generator, Remote):
            self._generator.require_healthy()

    def nothing_indexed(self, question: str, language: Language | None = None) -> Answer:
        """Say that there are no documents yet; see ``protocols.Answerer``."""
        return self._extractive.nothing_indexed(question, language)

    def answer(
        self, question: str, passages: Sequence[Passage], language: Language | None = None
    ) -> Iterator[AnswerEvent]:
        """Yield the supported sentences as they are written, and then the whole answer."""
        quoted = self._extractive.compose(question, passages, language)
        target = quoted.language
        shown = self._readable(question, passages, target)
        if quoted.reason not in ("", "no_evidence") or not shown or self._hopeless(quoted):
            yield AnswerDone(quoted)
            return
        asked = statement_of(analyse_question(question))
        draft = self._draft()
        messages = build_messages(question, shown, target)
        if self._settings.unsupported == "regenerate":
            draft = self._best_of_two(messages, shown, asked, target)
            if draft.text.length:
                yield TextDelta(draft.text.text)
        else:
            yield from map(TextDelta, self._checked(draft, messages, shown, asked, target))
        wrong = invalid_markers(draft.raw, {passage.marker for passage in shown})
        yield AnswerDone(self._whole(replace(quoted, invalid_markers=wrong), passages, draft))

    def _draft(self) -> _Draft:
        return _Draft(AnswerText(self._extractive.tools.terms))

    def _best_of_two(self, messages: Messages, passages: Sequence[Passage], asked: str, target: Language) -> _Draft:
        """Return what the model wrote, or what it writes when told that not all of that holds: the better of both."""
        first = self._draft()
        for _ in self._checked(first, messages, passages, asked, target):
            pass
        if not first.dropped:
            return first
        second = self._draft()
        for _ in self._checked(second, again_messages(messages, first.raw, target), passages, asked, target):
            pass
        return second if second.better_than(first) else first

    def _checked(
        self, draft: _Draft, messages: Messages, passages: Sequence[Passage], asked: str, target: Language
    ) -> Iterator[str]:
        """Let the model write into ``draft``, and yield each piece of it that is shown."""
        for statement in statements(self._timed(draft, self._written(messages, passages))):
            draft.raw += statement
            length = draft.text.length
            written, dropped = self._add(statement, passages, draft.text, asked, target)
            draft.sentences, draft.dropped = draft.sentences + written, draft.dropped + dropped
            if draft.text.length > length:
                yield "".join(draft.text.pieces)[length:]

    def _timed(self, draft: _Draft, pieces: Iterator[str]) -> Iterator[str]:
        """Pass the pieces on, and note when they came."""
        started = time.perf_counter()
        for piece in pieces:
            draft.seconds = time.perf_counter() - started
            draft.first_token = draft.first_token or draft.seconds
            yield piece

    def _hopeless(self, quoted: Answer) -> bool:
        return quoted.abstained and (quoted.confidence or 0.0) < self._settings.least_confidence

    def _readable(self, question: str, passages: Sequence[Passage], target: Language) -> tuple[Passage, ...]:
        texts = 3 if self._settings.unsupported == "regenerate" else 1  # the first one is read again
        answers = texts * self._settings.answer_tokens
        room = min(self._settings.prompt_tokens, self._generator.context_tokens - answers - 64)
        return fitting_passages(question, passages, target, self._generator.count_tokens, room)

    def _written(self, messages: Messages, passages: Sequence[Passage]) -> Iterator[str]:
        """Yield what the model writes; one that never ends is stopped."""
        length = 0
        for piece in self._generator.stream(
            messages,
            max_tokens=self._settings.answer_tokens,
            grammar=citation_grammar([passage.marker for passage in passages]),
        ):
            yield piece
            length += len(piece)
            if length > _MOST_RAW_CHARS:
                return

    def _add(
        self, statement: str, passages: Sequence[Passage], text: AnswerText, asked: str, target: Language
    ) -> tuple[int, int]:
        """Add the supported sentences of one statement; return how many there are, and how many are not supported.

        A yes or no is no claim of its own: it goes with the sentence that it opens, unless the words which support that
        decide ``asked`` (the statement that was asked about) the other way.
        """
        numbers = [number for use in parse_markers(statement) for number in use.numbers]
        cited = [passage for passage in passages if passage.marker in numbers]
        words = _without_markers(statement)
        sentences, dropped, opening = 0, 0, ""
        for span in sentence_spans(words):
            whole = " ".join(nfc(span.of(words)).split())
            polar, sentence = split_opening(whole)
            opening = opening if polar is None else whole[: len(whole) - len(sentence)]
            if not sentence or sentence.strip(" .。") == NO_ANSWER:
                continue
            sentences += 1
            harmless = not _is_no_statement(sentence)
            support = self._finder.best(sentence, cited) if harmless else None
            if support is None or not support.enough:
                dropped += 1
                if harmless and self._settings.unsupported == "mark":
                    text.say((" " if text.length else "") + _marked(sentence, target))
                continue
            if text.length:
                text.say(" ")
            if opening and not self._decides_otherwise(asked, opening, support):
                text.say(f"{opening.rstrip()} " if opening[0].isascii() else opening)
            opening = ""
            text.cite(sentence, support.passage, support.start, support.end)
        return sentences, dropped

    def _decides_otherwise(self, asked: str, opening: str, support: Support) -> bool:
        context = "\n".join((support.passage.title, *support.passage.heading_path))
        value, _ = self._extractive.judge.verdict(asked, support.passage.text[support.start : support.end], context)
        return value is not None and value != split_opening(opening)[0]

    def _whole(self, quoted: Answer, passages: Sequence[Passage], draft: _Draft) -> Answer:
        """Return what was written, or the quotations where nothing of it holds, under the numbers of that text."""
        target, text = quoted.language, draft.text
        fingerprint = f"{self._generator.fingerprint}+{quoted.model_fingerprint}+prompt{PROMPT_VERSION}"
        tokens = self._generator.count_tokens(draft.raw)
        writing = Writing(draft.sentences, draft.dropped, tokens, draft.first_token, draft.seconds)
        quoted = replace(quoted, writing=writing)
        base = replace(quoted, answerer=self.name, model_fingerprint=fingerprint)
        if text.citations:
            key: Key = "note_marked" if self._settings.unsupported == "mark" else "note_unsupported"
            counted = [phrase(key, target, count=draft.dropped)] if draft.dropped else []
            notes = (*counted, *(note for note in quoted.notes if note == phrase("note_differ", target)))
            base = replace(base, text=text.text, citations=tuple(text.citations), notes=notes)
            return replace(base, abstained=False, reason="", passages=text.numbering.applied(passages))
        if quoted.abstained or draft.raw.strip(" .。\n") == NO_ANSWER:
            numbering = Numbering()
            said = no_evidence_text(passages, target, numbering)
            base = replace(base, text=said, citations=(), notes=())
            return replace(base, abstained=True, reason="no_evidence", passages=numbering.applied(passages))
        return replace(quoted, notes=(*quoted.notes, phrase("note_quoted_instead", target)))


def _marked(sentence: str, target: Language) -> str:
    """Return a sentence that says before its full stop that the sources do not hold it."""
    body = sentence.rstrip("。.!！")
    return f"{body}{'' if target == 'ja' else ' '}{phrase('unsupported_mark', target)}{sentence[len(body) :]}"


def _is_no_statement(sentence: str) -> bool:
    """Tell whether a sentence asks, orders or leads away: quotations show addresses, a model's words never do."""
    return _ASKS.search(sentence) is not None or is_active(sentence) or gives_orders(sentence)


def statements(pieces: Iterable[str]) -> Iterator[str]:
    """Yield a stream of text cut after each run of markers; what remains at the end comes last."""
    waiting = ""
    for piece in pieces:
        waiting += piece
        while (cut := _end_of_statement(waiting)) is not None:
            yield waiting[:cut]
            waiting = waiting[cut:]
    if waiting.strip():
        yield waiting


def _end_of_statement(text: str) -> int | None:
    """Return where the first run of markers ends, once something else has begun after it."""
    uses = parse_markers(text)
    for number, use in enumerate(uses):
        begin = uses[number + 1].span.start if number + 1 < len(uses) else len(text)
        between = text[use.span.end : begin]
        rest = between.lstrip(_AFTER_MARKER)
        unfinished_marker = rest[:1] in _OPENING and len(rest) <= _LONGEST_MARKER
        if rest and not unfinished_marker:
            return use.span.end + len(between) - len(rest)
    return None


def _without_markers(text: str) -> str:
    """Return ``text`` without its markers; a full stop that stood after one moves before it."""
    kept, end = [], 0
    for use in parse_markers(text):
        kept.append(text[end : use.span.start].rstrip())
        end = use.span.end
    return "".join([*kept, text[end:]])
