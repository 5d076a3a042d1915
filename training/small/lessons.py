"""What one step of the embedder's training learns from: batches of texts, and the losses over their vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from training.small.encoder import Encoder, vectors
from training.static.batches import Batches, Matches, drop
from training.static.ragged import Bags, Ragged

SCALE = 20.0  # one over the temperature
MATRYOSHKA = (384, 128)
QUEUE = 2048
Texts = list[NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Mix:
    """How many texts of each kind a step has."""

    translations: int
    glossary: int
    anchors: int = 0
    questions: int = 0
    cloze: int = 0
    similar: int = 0
    hard: float = 0.5


EARLY = Mix(translations=384, glossary=128)
LATE = Mix(translations=176, glossary=48, anchors=32, questions=44, cloze=16, similar=32)


@dataclass
class Memory:
    """The vectors of passages of earlier steps, as further wrong ones (cross-batch memory, Wang et al. 2020)."""

    rows: torch.Tensor
    owners: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def add(self, rows: torch.Tensor, owners: NDArray[np.int64]) -> None:
        self.rows = torch.cat([self.rows, rows.detach()])[-QUEUE:]
        self.owners = np.concatenate([self.owners, owners])[-QUEUE:]


def texts_of(bags: Bags, cls: int, sep: int, longest: int) -> Texts:
    """Return each text's ids between [CLS] and [SEP], at most ``longest`` of them."""
    ends = np.append(bags.offsets, len(bags.ids))[1:]
    return [
        np.concatenate([[cls], bags.ids[a : min(b, a + longest - 2)], [sep]])
        for a, b in zip(bags.offsets, ends, strict=True)
    ]


def contrast(
    left: torch.Tensor, right: torch.Tensor, owners: NDArray[np.int64], candidates: NDArray[np.int64]
) -> torch.Tensor:
    """Return InfoNCE at the dimensions of ``MATRYOSHKA``: row i of ``left`` belongs to row i of ``right``.

    ``candidates[j]`` says of which text row j of ``right`` is: other rows of the right text don't count against it.
    """
    same = torch.from_numpy(owners[:, None] == candidates[None, :]).fill_diagonal_(False)
    target = torch.arange(len(left))
    parts = []
    for dim in MATRYOSHKA:
        a, b = (functional.normalize(x[:, :dim], dim=1) for x in (left, right))
        parts.append(functional.cross_entropy((a @ b.T * SCALE).masked_fill(same, -1e4), target))
    return torch.stack(parts).mean()


def likeness(left: torch.Tensor, right: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """Return the CoSENT loss (Su 2022): pairs with the higher score should have the higher cosine."""
    cosines = (left * right).sum(1) * SCALE
    lower = scores[:, None] < scores[None, :]
    gaps = (cosines[:, None] - cosines[None, :])[lower]
    return torch.logsumexp(torch.cat([torch.zeros(1), gaps]), dim=0) / 4


@dataclass(frozen=True, slots=True)
class Taught:
    """The teacher, its [CLS] and [SEP], and the English sides of the training pairs in its tokens."""

    teacher: Encoder
    marks: tuple[int, int]
    english: Ragged

    def vectors(self, at: NDArray[np.int64], longest: int) -> torch.Tensor:
        """Return the teacher's vectors of the English sides of pairs ``at``."""
        with torch.no_grad():
            return vectors(self.teacher, texts_of(self.english.bags(at), *self.marks, longest), self.teacher.old)


class Lessons:
    """Draws the batches of a step and returns their weighted losses."""

    def __init__(
        self,
        batches: Batches,
        marks: tuple[int, int],
        taught: Taught,
        first: Encoder,
        similar: tuple[Ragged, Ragged, NDArray[np.float32]],
    ) -> None:
        self.batches, self.cls, self.sep = batches, *marks
        self.taught, self.first, self.similar = taught, first, similar
        self.memory = Memory(torch.zeros(0, first.shape.width))

    def _texts(self, bags: Bags, longest: int = 256) -> Texts:
        return texts_of(bags, self.cls, self.sep, longest)

    def losses(self, encoder: Encoder, mix: Mix, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        """Return every weighted loss of one step. All texts go through the encoder in one call, sorted by length."""
        pairs = self.batches.translations(rng, mix.translations)
        words = self.batches.glossary(rng, mix.glossary)
        matches = {
            name: match
            for name, match in (
                ("questions", self.batches.questions(rng, mix.questions, "ja") if mix.questions else None),
                ("cloze", self.batches.cloze(rng, mix.cloze, "ja") if mix.cloze else None),
            )
            if match is not None
        }
        anchors = self._anchors(rng, mix.anchors)
        parts = [self._texts(pairs.left), self._texts(words.left), self._texts(words.right), anchors]
        for match in matches.values():
            parts += self._match_texts(rng, match, mix.hard)
        scored = rng.integers(0, len(self.similar[2]), mix.similar)
        parts += [self._texts(self.similar[side].bags(scored)) for side in (0, 1)]
        rows = vectors(encoder, [text for part in parts for text in part], encoder.table())
        split = iter(rows.split([len(part) for part in parts]))
        found = self._taught_losses(split, pairs.group, words.group)
        if anchors:
            found["anchor"] = 6 * (1 - (next(split) * self._held(anchors)).sum(1)).mean()
        else:
            next(split)
        for name, match in matches.items():
            found[name] = self._match_loss(name, match, next(split), next(split), next(split))
        if mix.similar:
            found["similar"] = 0.3 * likeness(next(split), next(split), torch.from_numpy(self.similar[2][scored]))
        return found

    def _anchors(self, rng: np.random.Generator, size: int) -> Texts:
        """Return English texts of three kinds, ``size`` of each, whose vectors are to stay what they were."""
        texts: Texts = []
        for name, longest in (("pairs_en", 64), ("questions_en", 48), ("passages_en", 128)):
            at = rng.integers(0, len(self.batches.texts[name]), size)
            texts += self._texts(self.batches.texts[name].bags(at), longest)
        return texts

    def _held(self, texts: Texts) -> torch.Tensor:
        with torch.no_grad():
            return vectors(self.first, texts, self.first.table())

    def _taught_losses(
        self, split: Iterator[torch.Tensor], pairs: NDArray[np.int64], words: NDArray[np.int64]
    ) -> dict[str, torch.Tensor]:
        japanese, word, gloss = next(split), next(split), next(split)
        target = self.taught.vectors(pairs, 256)
        return {
            "teacher": 4 * (1 - (japanese * target).sum(1)).mean(),
            "translation": contrast(japanese, target, pairs, pairs),
            "glossary": 0.3 * contrast(word, gloss, words, words),
        }

    def _match_texts(self, rng: np.random.Generator, match: Matches, hard: float) -> list[Texts]:
        longest = int(rng.choice((96, 128, 192, 256), p=(0.3, 0.4, 0.2, 0.1)))
        wrong: Texts = []
        if match.hard is not None:
            kept = int(len(match.hard.offsets) * hard)
            wrong = self._texts(match.hard, longest)[:kept]
        return [self._texts(drop(rng, match.left, 0.1), 48), self._texts(match.right, longest), wrong]

    def _match_loss(
        self, name: str, match: Matches, left: torch.Tensor, right: torch.Tensor, wrong: torch.Tensor
    ) -> torch.Tensor:
        candidates = np.concatenate([match.group, match.hard_group[: len(wrong)]])
        rows = torch.cat([right, wrong])
        if name != "questions":
            return 0.25 * contrast(left, rows, match.group, candidates)
        owners = np.concatenate([candidates, self.memory.owners])
        found = contrast(left, torch.cat([rows, self.memory.rows]), match.group, owners)
        self.memory.add(rows, candidates)
        return 0.5 * found
