"""How far the words of a claim are said by a quote, in the same language or the other: each word finds its like.

A word of the claim counts in full where the quote has it as written or as it sounds (アルゴンヌ, Argonne), else by the
cosine of the embedder to the nearest word of the quote. Figures and words of dates are left to the check of quantities.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genesis_rag.answering.sounds import same_sound
from genesis_rag.protocols import Embedder
from genesis_rag.text.known_names import known_words, missing_known_names
from genesis_rag.text.normalize import fold
from genesis_rag.text.patterns import lazy
from genesis_rag.text.stop_words import ENGLISH

_WORD = lazy(r"[A-Za-z][A-Za-z0-9.&-]*[A-Za-z0-9]|[一-鿿々〆ヶ]+|[ァ-ヺー]{2,}")
_KATAKANA = lazy("[ァ-ヺー]+")
_LATIN = lazy("[A-Za-z]+")
_OF_QUANTITIES = frozenset(
    """
    年 月 日 年度 年間 年以内 億 万 兆 億円 円 人 約 第 番 位 件 台 基 個 倍 超 者 以上 以内 三 四 五 六
    七 八 九 十 一 二 つ
    january february march april may june july august september october november december year years month months day
    days million billion trillion two three four five six seven eight nine ten eleven twelve
    """.split()
)
_LIKE = 0.4
"""A cosine of single words that counts in full; the like of other words lie near 0."""
_CACHED = 20_000
_UNLIKE = ("mountain", "sentence", "blue", "駅", "契約", "音楽", "牛乳", "哲学", "engine", "Tuesday")
"""Words that have nothing to do with each other: an embedder that gives these a cosine says nothing by it."""

Floats = NDArray[np.float32]


def words(text: str) -> list[str]:
    """Return the distinct content words: Latin words, runs of kanji and of katakana, in order."""
    found = dict.fromkeys(match[0] for match in _WORD.finditer(text))
    return [word for word in found if word.lower() not in ENGLISH and word.lower() not in _OF_QUANTITIES]


class WordMatcher:
    """Compares the words of two texts; keeps the vectors of words that it has seen.

    Args:
        embedder: gives words their vectors.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Floats] = {}
        self._floor: float | None = None

    def likeness(self, claim: Sequence[str], evidence: str) -> Floats:
        """Return float32[len(claim)], 0..1: how well ``evidence`` says each word."""
        folded, held = fold(evidence), words(evidence)
        scores = np.zeros(len(claim), np.float32)
        if claim and held:
            cosines = self._vectors(claim) @ self._vectors(held).T
            scores = np.minimum(self.above_chance(cosines.max(axis=1)) / _LIKE, 1.0).astype(np.float32)
        for place, word in enumerate(claim):
            if fold(word) in folded or any(sounds_alike(word, other) for other in held):
                scores[place] = 1.0
        return scores

    def said(self, claim: Sequence[str], evidence: str) -> Floats:
        """Return ``likeness``, where a known name counts in full whose thing ``evidence`` names in either language."""
        scores = self.likeness(claim, evidence)
        scores[[bool(known_words(word)) and not missing_known_names(word, evidence) for word in claim]] = 1.0
        return scores

    def above_chance(self, cosines: Floats) -> Floats:
        """Return cosines so that 0 is what unlike words have with this embedder, and 1 stays 1; in 0..1."""
        if self._floor is None:
            vectors = self._vectors(_UNLIKE)
            count = len(_UNLIKE)
            self._floor = max(0.0, float((np.sum(vectors @ vectors.T) - count) / (count * (count - 1))))
        above: Floats = np.clip((cosines - self._floor) / (1.0 - self._floor), 0.0, 1.0).astype(np.float32)
        return above

    def _vectors(self, texts: Sequence[str]) -> Floats:
        known = self._known
        if len(known) > _CACHED:
            known = self._known = {}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known.update(zip(new, self._embedder.embed_passages(new), strict=True))
        return np.stack([known[text] for text in texts])


def sounds_alike(one: str, other: str) -> bool:
    """Tell whether one is the other in katakana."""
    if _KATAKANA.fullmatch(one) and _LATIN.match(other):
        return same_sound(one, other)
    return bool(_KATAKANA.fullmatch(other) and _LATIN.match(one)) and same_sound(other, one)
