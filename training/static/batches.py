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
_KEPT_SHARE = 0.7
_OF_A_TITLE = 8  # questions of one title in the half of a batch that is of few titles
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
        self._by_title = {language: self._title_ranges(language) for language in LANGUAGES}
        self._glossary_words = np.flatnonzero(np.diff(self.texts["glossary_ja"].starts) > 0)

    def _title_ranges(self, language: str) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the questions ordered by title, and for each place there where its title begins and ends."""
        titles = self.texts[f"titles_{language}"]
        keys = [titles.ids[a:b].tobytes() for a, b in zip(titles.starts[:-1], titles.starts[1:], strict=True)]
        numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        of_question = np.asarray([numbers[key] for key in keys])[self._arrays[f"owner_{language}"]]
        order = np.argsort(of_question, kind="stable")
        ordered = of_question[order]
        return order, np.searchsorted(ordered, ordered, "left"), np.searchsorted(ordered, ordered, "right")

    def add_negatives(self, language: str, other: NDArray[np.int32]) -> None:
        """Let every second hard negative come from ``other``: int32[n questions, k], the likeliest first, -1 fills."""
        first = self._arrays[f"negatives_{language}"]
        k = min(first.shape[1], other.shape[1])
        both = np.stack([first[:, :k], other[:, :k]], axis=2).reshape(len(first), 2 * k)
        self._arrays[f"negatives_{language}"] = both

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

    def questions(self, rng: Rng, size: int, language: str, around: float = _WINDOW_SHARE) -> Matches:
        """Questions and their passage: a window around the answer, or title and passage; one hard negative each.

        The share ``around`` is of windows; a passage may be cut in front of its answer.

        Half of them are of few titles, so that passages of one article compete, which are the hardest to tell apart.
        """
        questions, owner = self.texts[f"questions_{language}"], self._arrays[f"owner_{language}"]
        at = np.concatenate([rng.integers(0, len(questions), size // 2), self._of_few_titles(rng, size // 2, language)])
        size = len(at)
        own = owner[at]
        longest = rng.choice(_PASSAGE_LENGTHS, size)
        windows = self.texts[f"windows_{language}"].bags(at)
        whole = self._passages(language, own, np.zeros(size, np.int64), longest)
        titles = self._titles(rng, language, own)
        pick = rng.random(size) < around
        right = join(titles, _choose(pick, windows, whole))
        negatives = self._arrays[f"negatives_{language}"][at, rng.integers(0, _HARD_OF, size)]
        wrong = np.where(negatives >= 0, negatives, rng.integers(0, len(self.texts[f"passages_{language}"]), size))
        skip = np.where(pick, self._random_skip(rng, language, wrong), 0)
        hard = self._passages(language, wrong, skip, np.where(pick, 160, longest))
        hard = join(self._titles(rng, language, wrong), hard)
        return Matches(questions.bags(at), right, own, hard, wrong)

    def _of_few_titles(self, rng: Rng, size: int, language: str) -> NDArray[np.int64]:
        order, first, last = self._by_title[language]
        anchors = rng.integers(0, len(order), max(size // _OF_A_TITLE, 1))
        room = (last - first)[anchors, None]
        return order[first[anchors, None] + (rng.random((len(anchors), _OF_A_TITLE)) * room).astype(np.int64)].ravel()

    def medical(self, rng: Rng, size: int) -> Matches:
        at = rng.choice(len(self.texts["medical_questions"]), min(size, len(self.texts["medical_questions"])), False)
        return Matches(self.texts["medical_questions"].bags(at), self.texts["medical_answers"].bags(at, 200), at)

    def cloze(self, rng: Rng, size: int, language: str) -> Matches:
        """A short run of a passage, and the title with the passage around it (inverse cloze task, Lee et al. 2019).

        In most pairs the run stays in the passage, which teaches to tell passages by their words.
        """
        passages = self.texts[f"passages_{language}"]
        at = self._passages_of_few_titles(rng, size, language)
        size = len(at)
        length = rng.integers(6, 24, size)
        skip = (rng.random(size) * np.maximum(passages.lengths(at) - length, 0)).astype(np.int64)
        span = passages.parts(at, skip, length)
        around = rng.integers(40, 300, size)
        whole = passages.parts(at, np.maximum(skip - around // 2, 0), around + length)
        behind = passages.parts(at, skip + length, around)
        right = join(self._titles(rng, language, at), _choose(rng.random(size) < _KEPT_SHARE, whole, behind))
        return Matches(span, right, at)

    def _passages_of_few_titles(self, rng: Rng, size: int, language: str) -> NDArray[np.int64]:
        """Return random passages and, for each, three that follow it in the file, which are mostly of its article."""
        anchors = rng.integers(0, len(self.texts[f"passages_{language}"]), size // 4)
        return ((anchors[:, None] + np.arange(4)) % len(self.texts[f"passages_{language}"])).ravel()

    def sentences(self, rng: Rng, size: int, name: str) -> Matches:
        """Sentences twice; the caller drops most words of the left ones: few words find the sentence they are from."""
        at = np.unique(rng.integers(0, len(self.texts[name]), size))
        bags = self.texts[name].bags(at)
        return Matches(bags, bags, at)

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
