"""Answers by quotation: picks the sentences, list items or table rows that answer, and cites them exactly."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from genesis_rag.answering.both_sides import answer_both, answer_sides
from genesis_rag.answering.citations import AnswerText, Numbering
from genesis_rag.answering.claims import statement_of
from genesis_rag.answering.conflicts import disagreeing, write_disagreeing
from genesis_rag.answering.features import Question, Tools, UnitTable, build_table, read_question, remembered_weight
from genesis_rag.answering.phrases import Key, phrase
from genesis_rag.answering.questions import QuestionProfile, analyse_question
from genesis_rag.answering.replies import no_evidence_text, plain_answer, small_talk_text
from genesis_rag.answering.scoring import Weights, load_weights
from genesis_rag.answering.selection import Choice, Chooser, Limits
from genesis_rag.answering.smalltalk import SmallTalk, small_talk
from genesis_rag.answering.units import split_passages
from genesis_rag.protocols import Embedder, Reader
from genesis_rag.text.contests import sides_of
from genesis_rag.text.normalize import fold
from genesis_rag.text.patterns import lazy
from genesis_rag.text.terms import Analyser
from genesis_rag.types import Answer, AnswerDone, AnswerEvent, Language, Passage, TextDelta

if TYPE_CHECKING:
    from genesis_rag.answering.verdict import Judge

_OTHER_LANGUAGE_MUST_BEAT = 0.25
_WEAK = 0.5
_SINGLE_WORD = lazy(r"[^\s、。,?!ぁ-ゖ]+")


class ExtractiveAnswerer:
    """Answers with exact quotations from the passages; see ``protocols.Answerer``.

    Args:
        embedder: gives the vectors that compare a question with a unit, also across languages.
        analyser: gives the terms; the same one that the index was made with.
        term_weights: inverse document frequency in the index of each of some terms.
        limits: how much an answer may hold.
        weights: fitted weights; by default those shipped with the package for a reader, or for none.
        reader: reads question and passages together, if there is one.
        word_embedder: compares single words, and claims with quotations; by default ``embedder``.
        generation: of the index; the weights of terms stay the same as long as it does.
    """

    name = "extractive"

    def __init__(
        self,
        embedder: Embedder,
        analyser: Analyser,
        term_weights: Callable[[Collection[str]], Sequence[float]],
        limits: Limits | None = None,
        weights: Weights | None = None,
        reader: Reader | None = None,
        word_embedder: Embedder | None = None,
        generation: Callable[[], int] = lambda: 0,
    ) -> None:
        self.weights = weights or load_weights(with_reader=reader is not None)
        scale = self.weights.cross_scale
        weight = remembered_weight(term_weights, generation)
        self.tools = Tools(embedder, word_embedder or embedder, analyser, term_weights, weight, scale, reader)
        self.limits = limits or Limits()

    @cached_property
    def judge(self) -> Judge:
        """What decides yes/no questions; made for the first of them, as it has much to prepare."""
        from genesis_rag.answering.verdict import Judge

        return Judge(self.tools.word_embedder)

    def answer(
        self, question: str, passages: Sequence[Passage], language: Language | None = None
    ) -> Iterator[AnswerEvent]:
        """Yield the answer's text, one quotation at a time, and then the whole answer."""
        answer = self.compose(question, passages, language)
        shown = 0
        for citation in answer.citations:
            yield TextDelta(answer.text[shown : citation.answer_end])
            shown = citation.answer_end
        if answer.text[shown:]:
            yield TextDelta(answer.text[shown:])
        yield AnswerDone(answer)

    def compose(self, question: str, passages: Sequence[Passage], language: Language | None = None) -> Answer:
        """Return the answer to ``question`` from ``passages``.

        Args:
            question: any string.
            passages: what was retrieved, best first.
            language: language of the answer; by default that of the question.
        """
        profile = analyse_question(question)
        if talk := small_talk(profile.question, profile.core):
            return self._small_talk(question, talk, passages, language)
        target = language or profile.answer_language or (profile.language if profile.language != "other" else "en")
        if word := _single_word(profile):
            return self._single_word(question, word, profile, passages, target)
        if contest := sides_of(question):
            answers = answer_sides(contest.sides, passages, target, self.compose)
            told = partial(answer_both, question, contest, answers, passages, target, self.tools.terms)
            if both := told():
                return both
        asked = read_question(profile, self.tools)
        table = build_table(asked, split_passages(passages), passages, self.tools)
        choice = self._choose(asked, table, tuple(passages), target)
        if choice is None or not choice.confidence.enough:
            if contest and (one := told(one_is_enough=True)):
                return one
            return self._nothing(question, target, passages, choice.confidence.probability if choice else 0.0)
        if differing := disagreeing(asked, table, choice.units[0], passages) if not choice.is_list else ():
            return self._differing(question, table, passages, differing, choice, target)
        return self._write(question, table, passages, choice, target, ())

    def needs_passages(self, question: str) -> bool:
        """Return whether documents can help to answer; False for greetings and the like."""
        profile = analyse_question(question)
        talk = small_talk(profile.question, profile.core)
        return talk is None or talk.kind in ("too_vague", "unsupported_language")

    def nothing_indexed(self, question: str, language: Language | None = None) -> Answer:
        """Say that there are no documents yet; see ``protocols.Answerer``."""
        profile = analyse_question(question)
        target = language or ("ja" if profile.language == "ja" else "en")
        return self._plain(question, phrase("empty_index", target), target, "empty_index", (), None)

    def _choose(
        self, question: Question, table: UnitTable, passages: tuple[Passage, ...], target: Language
    ) -> Choice | None:
        """Return the best choice in the wanted language, or in another where that is much surer."""
        chooser = Chooser(question, table, passages, self.weights, self.limits, self.tools.word_embedder)
        wanted = np.array([unit.language == target for unit in table.units], dtype=bool)
        statement = statement_of(question.profile)
        for mask in (wanted, ~wanted) if statement else ():
            if decided := chooser.decide(statement, self.judge, mask):
                return decided
        own, other = chooser.choose(wanted), chooser.choose(~wanted)
        if own is None or other is None:
            return own or other
        if not other.confidence.enough:
            return own
        if not own.confidence.enough:
            return other
        surer = other.confidence.probability - own.confidence.probability
        return other if surer > _OTHER_LANGUAGE_MUST_BEAT else own

    def _write(
        self,
        question: str,
        table: UnitTable,
        passages: Sequence[Passage],
        choice: Choice,
        target: Language,
        notes: tuple[str, ...],
    ) -> Answer:
        text = AnswerText(self.tools.terms)
        if choice.count is not None:
            text.say(phrase("count", target, count=choice.count) + "\n")
        if choice.verdict is not None:
            text.say(phrase("yes" if choice.verdict else "no", target))
        shown = [] if choice.lead is None else [choice.lead]
        for number, k in enumerate([*shown, *choice.units]):
            unit = table.units[k]
            if number:
                text.say("\n" if choice.is_list or shown else " ")
            text.quote(passages[unit.passage], unit.start, unit.end)
        if not text.citations:
            return self._nothing(question, target, passages, choice.confidence.probability)
        numbered = text.numbering.applied(passages)
        answer = self._plain(question, text.text, target, "", numbered, choice.confidence.probability)
        return replace(
            answer,
            abstained=False,
            citations=tuple(text.citations),
            notes=notes + self._notes(table, choice, target),
        )

    def _differing(
        self,
        question: str,
        table: UnitTable,
        passages: Sequence[Passage],
        units: Sequence[int],
        choice: Choice,
        target: Language,
    ) -> Answer:
        """Answer with what each document says where they do not say the same."""
        text = AnswerText(self.tools.terms)
        write_disagreeing(text, table, units, passages, target)
        numbered, sure = text.numbering.applied(passages), choice.confidence.probability
        notes = (phrase("note_differ", target), *self._notes(table, replace(choice, units=tuple(units)), target))
        answer = self._plain(question, text.text, target, "", numbered, sure)
        return replace(answer, abstained=False, citations=tuple(text.citations), notes=notes)

    def _notes(self, table: UnitTable, choice: Choice, target: Language) -> tuple[str, ...]:
        notes = []
        quoted = {table.units[k].language for k in choice.units}
        keys: dict[Language, Key] = {"ja": "note_quoted_ja", "en": "note_quoted_en", "other": "note_quoted_other"}
        notes += [phrase(key, target) for language, key in keys.items() if language in quoted - {target}]
        if choice.left_out:
            notes.append(phrase("note_left_out", target, count=choice.left_out))
        if choice.confidence.probability < _WEAK:
            notes.append(phrase("note_weak", target))
        return tuple(notes)

    def _small_talk(
        self, question: str, talk: SmallTalk, passages: Sequence[Passage], language: Language | None
    ) -> Answer:
        reply = language or talk.language
        near = [passage for passage in passages if talk.kind in ("too_vague", "unsupported_language")]
        reason = "greeting" if talk.kind == "thanks" else talk.kind
        numbering = Numbering()
        text = small_talk_text(talk, language, near, numbering)
        shown = numbering.applied(passages)
        return self._plain(question, text, "en" if reply == "other" else reply, reason, shown, None)

    def _single_word(
        self, question: str, word: str, profile: QuestionProfile, passages: Sequence[Passage], target: Language
    ) -> Answer:
        """Answer a single word with the nearest statement about it, or say that more is needed."""
        asked = read_question(replace(profile, kind="definition"), self.tools)
        table = build_table(asked, split_passages(passages), passages, self.tools)
        limits = replace(self.limits, sentences=1)
        chooser = Chooser(asked, table, tuple(passages), self.weights, limits, self.tools.word_embedder)
        holds = np.array([word in text and len(text) > len(word) + 4 for text in table.folded], dtype=bool)
        for mask in (holds & np.array([unit.language == target for unit in table.units], dtype=bool), holds):
            if choice := chooser.choose(mask):
                return self._write(question, table, passages, choice, target, (phrase("note_one_word", target),))
        numbering = Numbering()
        text = small_talk_text(SmallTalk("too_vague", target), target, passages, numbering)
        return self._plain(question, text, target, "too_vague", numbering.applied(passages), None)

    def _nothing(self, question: str, target: Language, passages: Sequence[Passage], sure: float) -> Answer:
        numbering = Numbering()
        text = no_evidence_text(passages, target, numbering)
        return self._plain(question, text, target, "no_evidence", numbering.applied(passages), sure)

    def _plain(
        self,
        question: str,
        text: str,
        language: Language,
        reason: str,
        passages: Sequence[Passage],
        confidence: float | None,
    ) -> Answer:
        return plain_answer(
            question,
            text,
            language,
            reason,
            passages,
            answerer=self.name,
            model_fingerprint=self.tools.embedder.fingerprint,
            confidence=confidence,
        )


def _single_word(profile: QuestionProfile) -> str:
    """Return the folded word when the question is nothing but one, else ""."""
    core = fold(profile.core).strip(" 。?!「」\"'")
    return core if _SINGLE_WORD.fullmatch(core) and profile.ordinal is None else ""
