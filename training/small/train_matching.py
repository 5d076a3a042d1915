"""Goes on with the embedder: questions to passages of both languages at once, in batches that gradient caching allows.

    python -m training.small.train_matching --shared FOLDER --teacher MODEL_FOLDER --out RUN_FOLDER [--steps N]

The token table stays as ``train_embedder`` left it, so that a reader over it stays valid. Questions of either language
stand against the passages of both. Restartable like the other trainings; hard negatives are mined once, at the start.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from training.small.caching import cached_backward
from training.small.encoder import Encoder, Shape
from training.small.lessons import Memory, Texts, contrast, likeness, texts_of
from training.small.mining import mined
from training.small.train_embedder import (
    EMBEDDER,
    MATCHING,
    arguments,
    load_embedder,
    log,
    marks_of,
    read_taught,
    restore,
    save,
    similar_sentences,
    step_down,
    warmed_cosine,
)
from training.static.batches import LANGUAGES, Batches, drop
from training.static.data import SEED
from training.static.ragged import Bags
from training.static.teacher import check_teacher

STEPS = 140
RATE, WARM_UP, SAVE_EVERY = 5e-5, 0.05, 20
_LENGTHS, _SHARES = (160, 208, 288), (0.5, 0.4, 0.1)  # tokens of a passage
_AROUND = 0.9  # of the passages are windows around the answer: one that lacks it teaches nothing but itself
_FEWER = 0.1  # of a question's tokens are left out


@dataclass(frozen=True, slots=True)
class Mix:
    """How many texts of each kind a step has."""

    ja: int = 96
    en: int = 64
    cloze: int = 8
    translations: int = 64
    similar: int = 16


@dataclass(frozen=True, slots=True)
class Batch:
    """The texts of a step in parts, and of which passage each question and each candidate is."""

    parts: dict[str, Texts]
    owners: NDArray[np.int64]
    candidates: NDArray[np.int64]
    pairs: NDArray[np.int64]
    scores: NDArray[np.float32]

    def texts(self) -> Texts:
        """Return the texts of all parts, one behind the other."""
        return [text for part in self.parts.values() for text in part]

    def split(self, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the rows of each part."""
        sizes = [len(texts) for texts in self.parts.values()]
        return dict(zip(self.parts, rows.split(sizes), strict=True))


class Matching:
    """Draws the batches of a step and computes their losses."""

    def __init__(self, shared: Path, teacher_folder: Path, out: Path, shape: Shape, mix: Mix) -> None:
        tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
        self.mix, self.batches = mix, Batches(out / "tokens.npz")
        self.marks = marks_of(tokenizer)
        self._taught = read_taught(shared, teacher_folder, out, shape)
        self.similar = similar_sentences(shared, tokenizer)
        self.memory = Memory(torch.zeros(0, shape.width))

    def _texts(self, bags: Bags, longest: int = 64) -> Texts:
        return texts_of(bags, *self.marks, longest=longest)

    def batch(self, rng: np.random.Generator) -> Batch:
        """Return the texts of a step; passages of English ones are numbered on from the Japanese."""
        longest = int(rng.choice(_LENGTHS, p=_SHARES))
        asked: Texts = []
        right: Texts = []
        wrong: Texts = []
        owners, wrong_owners = [], []
        for number, language in enumerate(LANGUAGES):
            first = number * (1 << 32)
            drawn = [self.batches.questions(rng, getattr(self.mix, language), language, _AROUND)]
            if self.mix.cloze:
                drawn.append(self.batches.cloze(rng, self.mix.cloze, language))
            for match in drawn:
                asked += self._texts(drop(rng, match.left, _FEWER), 48)
                right += self._texts(match.right, longest)
                owners.append(match.group + first)
                if match.hard is not None:
                    wrong += self._texts(match.hard, longest)
                    wrong_owners.append(match.hard_group + first)
        pairs = self.batches.translations(rng, self.mix.translations)
        chosen = rng.integers(0, len(self.similar[2]), self.mix.similar)
        parts = {"asked": asked, "right": right, "wrong": wrong}
        parts |= {"ja": self._texts(pairs.left), "en": self._texts(pairs.right)}
        parts |= {name: self._texts(side.bags(chosen)) for name, side in zip(("s1", "s2"), self.similar, strict=False)}
        right_of = np.concatenate(owners)
        candidates = np.concatenate([right_of, *wrong_owners])
        return Batch(parts, right_of, candidates, pairs.group, self.similar[2][chosen])

    def taught(self, pairs: NDArray[np.int64]) -> torch.Tensor:
        """Return the teacher's vectors of the English sides of pairs."""
        return self._taught.vectors(pairs, 64)

    def losses(self, batch: Batch, taught: torch.Tensor, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the weighted losses over the vectors of all texts of ``batch``; keeps those of passages."""
        of = batch.split(rows)
        candidates = torch.cat([of["right"], of["wrong"], self.memory.rows])
        names = np.concatenate([batch.candidates, self.memory.owners])
        found = {
            "questions": contrast(of["asked"], candidates, batch.owners, names),
            "teacher": 2 * (2 - (of["ja"] * taught).sum(1) - (of["en"] * taught).sum(1)).mean(),
            "translation": 0.5 * contrast(of["ja"], of["en"], batch.pairs, batch.pairs),
        }
        self.memory.add(candidates[: len(batch.candidates)], batch.candidates)
        if len(batch.scores):
            found["similar"] = 0.2 * likeness(of["s1"], of["s2"], torch.from_numpy(batch.scores))
        return found


def train(
    shared: Path,
    teacher_folder: Path,
    out: Path,
    *,
    steps: int = STEPS,
    shape: Shape | None = None,
    mix: Mix | None = None,
) -> Encoder:
    """Run all steps; losses go to OUT/matching.jsonl, the state to OUT/matching.pt."""
    shape = shape or Shape()
    encoder = load_embedder(out, shape, (EMBEDDER,))
    for parameter in (encoder.old, encoder.new):
        parameter.requires_grad_(False)
    matching = Matching(shared, teacher_folder, out, shape, mix or Mix())
    mined(shared / "data", out, matching.batches, encoder, matching.marks)
    optimizer = torch.optim.AdamW(encoder.body(), lr=0.0, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    place, started = out / MATCHING, time.monotonic()
    for number in range(restore(place, encoder, optimizer), steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * warmed_cosine(number / steps, WARM_UP, 0.02)
        batch = matching.batch(np.random.default_rng((SEED, number)))
        optimizer.zero_grad(set_to_none=True)
        found = cached_backward(encoder, batch.texts(), partial(matching.losses, batch, matching.taught(batch.pairs)))
        step_down(optimizer)
        log(out / "matching.jsonl", number + 1, started, found)
        if (number + 1) % SAVE_EVERY == 0 or number + 1 == steps:
            save(place, encoder, optimizer, number + 1)
    return encoder


def main() -> None:
    args = arguments(__doc__, ("shared", "teacher", "out"), STEPS)
    check_teacher(args.teacher)
    train(args.shared, args.teacher, args.out, steps=args.steps)


if __name__ == "__main__":
    main()
