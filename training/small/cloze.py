"""Questions that nobody asked: a sentence of a passage, and windows with and without what stood around it.

The inverse cloze task (Lee et al. 2019) needs no questions, so it reaches what passages talk about and questions don't.
Words of the sentence are left out, and it is taken out of its passage; a right window has no answer to point at.
"""

from __future__ import annotations

import numpy as np
from training.small.reading import QUESTION, WINDOW, Ids, Rng, Window, Windows, text_at
from training.static.ragged import Ragged

_SHORTEST, _LONGEST = 8, 32  # tokens of a sentence
_AROUND = 24  # tokens that have to be left of a passage
_DROPPED = 0.3
_TRIES = 8


class ClozeGroups:
    """Draws groups from the passages of one language. ``ends`` are the ids of the signs that end a sentence."""

    def __init__(self, windows: Windows, passages: Ragged, titles: Ragged, ends: tuple[int, ...], wrong: int) -> None:
        self.windows, self.passages, self.titles, self.wrong = windows, passages, titles, wrong
        self.ends = np.asarray(ends)

    def group(self, rng: Rng, hard: bool = False) -> list[Window]:
        """Return a right window and the wrong ones: of a passage beside the right one, and of others."""
        at, first, last = self._sentence(rng)
        text = text_at(self.passages, at)
        words = text[first:last]
        question = words[rng.random(len(words)) >= _DROPPED][:QUESTION]
        made = [self._window(rng, question, at, np.concatenate([text[:first], text[last:]]))]
        beside = at + 1 if at + 1 < len(self.passages) else at - 1
        others = [beside, *(int(i) for i in rng.integers(0, len(self.passages), self.wrong + hard))]
        for other in others[: self.wrong + hard]:
            other = other if other != at else beside
            made.append(self._window(rng, question, other, text_at(self.passages, other)))
        return made

    def _sentence(self, rng: Rng) -> tuple[int, int, int]:
        """Return a passage and the first and last token (exclusive) of a sentence in it; any run if there is none."""
        at, length = 0, 0
        for _ in range(_TRIES):
            at = int(rng.integers(0, len(self.passages)))
            text = text_at(self.passages, at)
            length = len(text)
            stops = np.flatnonzero(np.isin(text, self.ends)) + 1
            starts = np.concatenate([[0], stops[:-1]]) if len(stops) else np.zeros(0, np.int64)
            sizes = stops - starts
            fit = np.flatnonzero((sizes >= _SHORTEST) & (sizes <= _LONGEST) & (length - sizes >= _AROUND))
            if len(fit):
                one = int(rng.choice(fit))
                return at, int(starts[one]), int(stops[one])
        begin = int(rng.integers(0, max(length - _SHORTEST, 0) + 1))
        return at, begin, min(begin + _SHORTEST, length)

    def _window(self, rng: Rng, question: Ids, passage: int, text: Ids) -> Window:
        size = min(int(rng.integers(64, WINDOW + 1)), len(text))
        begin = int(rng.integers(0, len(text) - size + 1))
        title = text_at(self.titles, passage) if rng.random() < 0.85 else np.zeros(0, np.int64)
        return self.windows.window(question, title, text[begin : begin + size])
