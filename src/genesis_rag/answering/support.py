"""Which words of a passage support a sentence that a model wrote, and how well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genesis_rag.answering.features import Tools
from genesis_rag.answering.units import Unit, split_passage
from genesis_rag.answering.verification import term_support, unsupported_names
from genesis_rag.text.language import detect_language
from genesis_rag.text.numbers import unsupported_quantities
from genesis_rag.types import Passage

_LONGEST_WINDOW = 3


@dataclass(frozen=True, slots=True)
class SupportLimits:
    """How well the quoted words must carry a sentence.

    Attributes:
        terms: least share of the sentence's content terms, where both are in one language.
        across: least cosine between sentence and quote, divided by ``Tools.cross_scale``, where they are not.
    """

    terms: float = 0.5
    across: float = 0.5


@dataclass(frozen=True, slots=True)
class Support:
    """The best evidence for a sentence in one passage: ``passage.text[start:end]``."""

    passage: Passage
    start: int
    end: int
    score: float
    numbers_agree: bool
    enough: bool


class SupportFinder:
    """Finds the words that support a sentence among passages.

    Args:
        tools: terms and vectors.
        limits: what counts as supported.
    """

    def __init__(self, tools: Tools, limits: SupportLimits | None = None) -> None:
        self._tools, self._limits = tools, limits or SupportLimits()

    def best(self, sentence: str, passages: Sequence[Passage]) -> Support | None:
        """Return the best support for ``sentence`` in any of ``passages``, None if there are no words at all."""
        found = [support for passage in passages for support in self._in_passage(sentence, passage)]
        return max(found, key=lambda one: (one.enough, one.numbers_agree, one.score, one.start - one.end), default=None)

    def _in_passage(self, sentence: str, passage: Passage) -> list[Support]:
        units = split_passage(passage)
        if not units:
            return []
        windows = [
            (units[first].start, units[last].end)
            for first in range(len(units))
            for last in range(first, min(first + _LONGEST_WINDOW, len(units)))
            if _together(units[first], units[last])
        ]
        texts = [passage.text[start:end] for start, end in windows]
        scores = self._scores(sentence, texts, passage)
        return [
            self._support(sentence, passage, window, text, score)
            for window, text, score in zip(windows, texts, scores, strict=True)
        ]

    def _scores(self, sentence: str, texts: Sequence[str], passage: Passage) -> list[float]:
        if _same_language(sentence, passage):
            context = " ".join((passage.title, *passage.heading_path))
            return [term_support(sentence, f"{context}\n{text}", self._tools.terms) for text in texts]
        query = self._tools.embedder.embed_queries([sentence])[0]
        cosines = self._tools.embedder.embed_passages(texts) @ query
        return [float(value) for value in np.clip(cosines / (self._tools.cross_scale or 1.0), 0.0, 1.0)]

    def _support(self, sentence: str, passage: Passage, window: tuple[int, int], text: str, score: float) -> Support:
        same = _same_language(sentence, passage)
        context = "\n".join((passage.title, *passage.heading_path, text))
        agree = not unsupported_quantities(sentence, text)
        named = not unsupported_names(sentence, context, same_language=same)
        least = self._limits.terms if same else self._limits.across
        return Support(passage, *window, score, agree, agree and named and score >= least)


def _together(first: Unit, last: Unit) -> bool:
    """Tell whether two units may be quoted as one: the same one, or of one paragraph, list or table."""
    return first.position == last.position or first.block == last.block


def _same_language(sentence: str, passage: Passage) -> bool:
    language = detect_language(sentence)
    return language in (passage.language, "other")
