"""Which words of a passage support a sentence that a model wrote, and how well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from genesis_rag.answering.features import Tools
from genesis_rag.answering.names import NameChecker
from genesis_rag.answering.orders import gives_orders
from genesis_rag.answering.reversals import ReversalFinder
from genesis_rag.answering.units import Unit, split_passage
from genesis_rag.answering.verification import missing_addresses, missing_quantities
from genesis_rag.answering.wording import WordMatcher, words
from genesis_rag.text.language import detect_language
from genesis_rag.text.patterns import lazy
from genesis_rag.types import Passage
from genesis_rag.values import dataclass

_LONGEST_WINDOW = 3
_LONE_KANJI = lazy("[一-鿿]|[〇一二三四五六七八九十百千万億兆]+(?:[人件台基個倍円年月日回番位者]|か国|か月)?")


@dataclass(frozen=True, slots=True)
class SupportLimits:
    """How well the quoted words must carry a sentence.

    The score is the mean of two: how far the words of the sentence are said (``wording``), with title and headings,
    rare words counting more, and the cosine of the sentence and the quoted words. Set on the dev halves of
    ``benchmarks/planted``. Either pair is for a sentence in English and for one in Japanese.

    Attributes:
        same: least scores where sentence and passage are in one language.
        across: least scores where they are not.
    """

    same: tuple[float, float] = (0.58, 0.67)
    across: tuple[float, float] = (0.46, 0.49)

    def least(self, sentence: str, *, same_language: bool) -> float:
        """Return the least score that ``sentence`` needs."""
        return (self.same if same_language else self.across)[detect_language(sentence) == "ja"]


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
        self._matcher = WordMatcher(tools.word_embedder)
        self._names = NameChecker(self._matcher)
        self._reversals = ReversalFinder(self._matcher)

    def best(self, sentence: str, passages: Sequence[Passage]) -> Support | None:
        """Return the best support for ``sentence`` in any of ``passages``, None if there are no words at all."""
        found = [support for passage in passages for support in self._in_passage(sentence, passage)]
        return max(found, key=lambda one: (one.enough, one.numbers_agree, one.score, one.start - one.end), default=None)

    def _in_passage(self, sentence: str, passage: Passage) -> list[Support]:
        """Judge every window of a passage; none is enough that is further from the claim than one that is reversed.

        What is denied is asked of the one sentence in a window that is nearest to the claim.
        """
        units = [unit for unit in split_passage(passage) if not gives_orders(unit.text)]
        if not units:
            return []
        windows = [
            (units[first].start, units[last].end)
            for first in range(len(units))
            for last in range(first, min(first + _LONGEST_WINDOW, len(units)))
            if _together(units[first], units[last]) and last - first == units[last].position - units[first].position
        ]
        texts = [passage.text[start:end] for start, end in windows]
        scores = self._scores(sentence, texts, passage)
        single = {(unit.start, unit.end) for unit in units}
        alone = [(score, window) for window, score in zip(windows, scores, strict=True) if window in single]
        found, turned = [], 0.0
        for window, text, score in zip(windows, texts, scores, strict=True):
            inside = [one for one in alone if window[0] <= one[1][0] and one[1][1] <= window[1]]
            start, end = max(inside)[1] if inside else window
            nearest = passage.text[start:end]
            support = self._support(sentence, passage, window, text, score)
            if support.enough and self._reversals.reversed(
                sentence, text, nearest, same_language=_same_language(sentence, passage)
            ):
                turned = max(turned, score)
                support = replace(support, enough=False)
            found.append(support)
        return [replace(one, enough=one.enough and one.score > turned) for one in found]

    def _scores(self, sentence: str, texts: Sequence[str], passage: Passage) -> list[float]:
        context, wanted = _context(passage), _telling(words(sentence))
        query = self._tools.word_embedder.embed_queries([sentence])[0]
        cosines = self._matcher.above_chance(self._tools.word_embedder.embed_passages(texts) @ query)
        weights = [max(self._tools.term_weights(self._tools.terms(word)), default=1.0) for word in wanted]
        said = []
        for text in texts:
            likeness = self._matcher.said(wanted, f"{context}\n{text}")
            said.append(np.average(likeness, weights=weights) if sum(weights) > 0 else 1.0)
        return [float(share + cosine) / 2 for share, cosine in zip(said, cosines, strict=True)]

    def _support(self, sentence: str, passage: Passage, window: tuple[int, int], text: str, score: float) -> Support:
        same = _same_language(sentence, passage)
        context = f"{_context(passage)}\n{text}"
        agree = not missing_quantities(sentence, text)
        least = self._limits.least(sentence, same_language=same)
        enough = agree and score >= least and not missing_addresses(sentence, context)
        enough = enough and not self._names.missing(sentence, context, same_language=same)
        return Support(passage, *window, score, agree, enough)


def _context(passage: Passage) -> str:
    """Return title and headings, which say what a passage is about."""
    return "\n".join((passage.title, *passage.heading_path))


def _telling(found: list[str]) -> list[str]:
    """Leave out figures and lone kanji, most of them verbs without their endings, where there are other words."""
    whole = [word for word in found if not _LONE_KANJI.fullmatch(word)]
    return whole if len(whole) > 1 else found


def _together(first: Unit, last: Unit) -> bool:
    """Tell whether two units may be quoted as one: the same one, or of one paragraph, list or table."""
    return first.position == last.position or first.block == last.block


def _same_language(sentence: str, passage: Passage) -> bool:
    language = detect_language(sentence)
    return language in (passage.language, "other")
