"""Random batches of every kind of training data, drawn anew for each step from (seed, step) alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from training.static.ragged import Bags, Ragged, join

Rng = np.random.Generator
LANGUAGES = ("ja", "en")
_PASSAGE_LENGTHS = (64, 96, 160, 256, 512)  # tokens
_WINDOW_SHARE = 0.4
_TITLE_SHARE = 0.85
_HARD_OF = 8  # one of this many best wrong passages is the hard negative
# How often a pair is drawn against its share of the file: kyoto is narrow, short everyday sentences are the hardest.
_KYOTO, _CONVERSATIONAL = 0.6, 1.3


@dataclass(frozen=True, slots=True)
class Matches:
    """Row i of ``left`` belongs to row i of ``right``, which is (of) text ``group[i]``.

    ``hard`` holds one wrong text each, ``hard_group`` which it is.
    """

    left: Bags
    right: Bags
    group: NDArray[np.int64]
    hard: Bags | None = None
    hard_group: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


class Batches:
    """The tokens of a run and how batches are drawn from them."""

    def __init__(self, place: Path) -> None:
        with np.load(place) as arrays:
            self._arrays = {name: arrays[name] for name in arrays.files if not name.endswith((".ids", ".starts"))}
            names = [name.removesuffix(".ids") for name in arrays.files if name.endswith(".ids")]
            self.texts = {name: Ragged(arrays[f"{name}.ids"], arrays[f"{name}.starts"]) for name in names}
        weights = np.where(self._arrays["pairs_kyoto"], _KYOTO, 1.0)
        weights = np.where(self._arrays["pairs_conversational"], _CONVERSATIONAL, weights)
        self._pair_steps = np.cumsum(weights / weights.sum())
        self._glossary_words = np.flatnonzero(np.diff(self.texts["glossary_ja"].starts) > 0)

    def token_counts(self, size: int) -> NDArray[np.int64]:
        """Return how often each token occurs in the data."""
        counts = np.zeros(size, np.int64)
        for ragged in self.texts.values():
            counts += np.bincount(ragged.ids, minlength=size)
        return counts

    def translations(self, rng: Rng, size: int) -> Matches:
        at = np.minimum(np.searchsorted(self._pair_steps, rng.random(size)), len(self._pair_steps) - 1)
        at = np.unique(at)
        return Matches(self.texts["pairs_ja"].bags(at), self.texts["pairs_en"].bags(at), at)

    def glossary(self, rng: Rng, size: int) -> Matches:
        """Words and one of their glosses each; common words, which come first in the file, more often."""
        words = self._glossary_words
        at = words[np.unique((len(words) * rng.random(size) ** 1.5).astype(np.int64))]
        starts = self._arrays["gloss_starts"]
        sizes = starts[at + 1] - starts[at]
        gloss = starts[at] + (sizes * rng.random(len(at)) ** 2).astype(np.int64)
        return Matches(self.texts["glossary_ja"].bags(at), self.texts["glosses"].bags(gloss), at)

    def questions(self, rng: Rng, size: int, language: str) -> Matches:
        """Questions and their passage: a window around the answer, or title and passage; one hard negative each."""
        questions, owner = self.texts[f"questions_{language}"], self._arrays[f"owner_{language}"]
        at = rng.integers(0, len(questions), size)
        own = owner[at]
        longest = rng.choice(_PASSAGE_LENGTHS, size)
        windows = self.texts[f"windows_{language}"].bags(at)
        whole = self._passages(language, own, np.zeros(size, np.int64), longest)
        titles = self._titles(rng, language, own)
        pick = rng.random(size) < _WINDOW_SHARE
        right = join(titles, _choose(pick, windows, whole))
        negatives = self._arrays[f"negatives_{language}"][at, rng.integers(0, _HARD_OF, size)]
        wrong = np.where(negatives >= 0, negatives, rng.integers(0, len(self.texts[f"passages_{language}"]), size))
        skip = np.where(pick, self._random_skip(rng, language, wrong), 0)
        hard = self._passages(language, wrong, skip, np.where(pick, 160, longest))
        hard = join(self._titles(rng, language, wrong), hard)
        return Matches(questions.bags(at), right, own, hard, wrong)

    def medical(self, rng: Rng, size: int) -> Matches:
        at = rng.choice(len(self.texts["medical_questions"]), min(size, len(self.texts["medical_questions"])), False)
        return Matches(self.texts["medical_questions"].bags(at), self.texts["medical_answers"].bags(at, 200), at)

    def cloze(self, rng: Rng, size: int, language: str) -> Matches:
        """A short run of a passage and the rest of the passage behind it (inverse cloze task)."""
        passages = self.texts[f"passages_{language}"]
        at = rng.integers(0, len(passages), size)
        length = rng.integers(6, 28, size)
        skip = (rng.random(size) * np.maximum(passages.lengths(at) - length - 24, 0)).astype(np.int64)
        span = passages.parts(at, skip, length)
        ahead = rng.random(size) < 0.5  # the text before the run, or behind it
        before = passages.parts(at, np.maximum(skip - 200, 0), np.minimum(skip, 200))
        behind = passages.parts(at, skip + length, np.full(size, 200, np.int64))
        return Matches(span, join(self._titles(rng, language, at), _choose(ahead, before, behind)), at)

    def _titles(self, rng: Rng, language: str, at: NDArray[np.integer]) -> Bags:
        longest = np.where(rng.random(len(at)) < _TITLE_SHARE, 40, 0)
        return self.texts[f"titles_{language}"].parts(at, np.zeros(len(at), np.int64), longest)

    def _passages(self, language: str, at: NDArray[np.integer], skip: NDArray[np.int64], n: NDArray[np.int64]) -> Bags:
        return self.texts[f"passages_{language}"].parts(at, skip, n)

    def _random_skip(self, rng: Rng, language: str, at: NDArray[np.integer]) -> NDArray[np.int64]:
        room = np.maximum(self.texts[f"passages_{language}"].lengths(at) - 160, 0)
        return (rng.random(len(at)) * room).astype(np.int64)


def _choose(pick: NDArray[np.bool_], first: Bags, second: Bags) -> Bags:
    """Return bag i of ``first`` where ``pick``, else of ``second``."""
    return join(_where(pick, first), _where(~pick, second))


def _where(pick: NDArray[np.bool_], bags: Bags) -> Bags:
    sizes = np.diff(np.append(bags.offsets, len(bags.ids)))
    kept = np.where(pick, sizes, 0)
    return Bags(bags.ids[np.repeat(pick, sizes)], np.cumsum(kept) - kept)


def drop(rng: Rng, bags: Bags, share: float) -> Bags:
    """Return the bags without a random ``share`` of their tokens."""
    keep = rng.random(len(bags.ids)) >= share
    before = np.concatenate([[0], np.cumsum(keep)])
    return Bags(bags.ids[keep], before[bags.offsets])
