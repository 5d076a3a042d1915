"""Trains ``genesis-reader`` on top of a trained embedder.

    python -m training.small.train_reader --shared FOLDER --out RUN_FOLDER [--steps N]

Restartable: step n draws from (seed, n) alone, and weights and optimiser are saved every ``SAVE_EVERY`` steps.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from training.small.cloze import ClozeGroups
from training.small.encoder import Shape
from training.small.reader import LAYERS, Reader, losses, make_reader
from training.small.reading import QuestionGroups, TranslationGroups, Window, Windows, load_questions
from training.small.train_embedder import arguments, descend, load_embedder, log, restore, save, warmed_cosine
from training.small.train_masking import STATE as MASKING
from training.static.batches import LANGUAGES, Batches
from training.static.data import SEED

FIRST, SECOND = 3200, 2800
"""Steps with questions nearly as they stand; steps with other words in them, and with altered ones to be refused."""
STEPS = FIRST + SECOND
RATE, WARM_UP, SAVE_EVERY = 3e-4, 0.05, 100
WRONG = 2
ENDS = ("。", ".", "?", "!")
"""The signs that end a sentence."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many groups of each kind a step has."""

    ja: int = 18
    en: int = 10
    translations: int = 4
    cloze: int = 2
    """Of each language."""


class Course:
    """Draws the groups of a step; every question comes once before any comes again."""

    def __init__(self, shared: Path, out: Path, tokenizer: Tokenizer, share: Share) -> None:
        windows = Windows(tokenizer)
        self.share = share
        self.questions = {
            language: QuestionGroups(windows, load_questions(shared, out, tokenizer, language), WRONG)
            for language in ("ja", "en")
        }
        batches = Batches(out / "tokens.npz")
        self.batches = batches
        ends = tuple(at for sign in ENDS if (at := tokenizer.token_to_id(sign)) is not None)
        self.cloze = [
            ClozeGroups(windows, batches.texts[f"passages_{name}"], batches.texts[f"titles_{name}"], ends, WRONG)
            for name in LANGUAGES
        ]
        self.translations = TranslationGroups(windows, batches.texts["pairs_ja"], batches.texts["pairs_en"], WRONG)

    def groups(self, step: int, hard: bool) -> list[list[Window]]:
        """Return the groups of one step; ``hard`` ones have a window more, and questions in other words."""
        rng = np.random.default_rng((SEED, step))
        found = []
        for language, size in (("ja", self.share.ja), ("en", self.share.en)):
            groups = self.questions[language]
            count = len(groups.data.passage)
            for number in range(step * size, (step + 1) * size):
                order = np.random.default_rng((SEED, number // count)).permutation(count)
                found.append(groups.group(rng, int(order[number % count]), hard))
        pairs = self.batches.translations(rng, self.share.translations * 2).group
        chosen = rng.permutation(pairs)[: self.share.translations]
        found += [self.translations.group(rng, int(at), hard) for at in chosen]
        return found + [groups.group(rng, hard) for groups in self.cloze for _ in range(self.share.cloze)]


def read_plain(reader: Reader, out: Path) -> None:
    """Take the layers that ``train_masking`` left, if it was run."""
    if (out / MASKING).exists():
        state = torch.load(out / MASKING, weights_only=True)["model"]
        prefix = "body."
        reader.body.load_state_dict({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})


def rate(number: int, steps: int) -> float:
    """Return the learning rate: for each of both parts linear warm-up, then half a cosine down to zero."""
    first = first_steps(steps)
    at = number / first if number < first else (number - first) / (steps - first)
    return RATE * warmed_cosine(at, WARM_UP, 0.01)


def first_steps(steps: int) -> int:
    """Return how many of ``steps`` are of the first kind."""
    return max(1, steps * FIRST // STEPS)


def train(
    shared: Path,
    out: Path,
    *,
    steps: int = STEPS,
    shape: Shape | None = None,
    layers: Sequence[int] = LAYERS,
    share: Share | None = None,
) -> Reader:
    """Run all steps; losses go to OUT/reader.jsonl, the state to OUT/reader.pt."""
    tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    torch.manual_seed(SEED)
    reader = make_reader(load_embedder(out, shape or Shape()), layers)
    read_plain(reader, out)
    course = Course(shared, out, tokenizer, share or Share())
    learnt = [parameter for parameter in reader.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learnt, lr=0.0, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    place, started, sums = out / "reader.pt", time.monotonic(), {}
    for number in range(restore(place, reader, optimizer), steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(number, steps)
        found = losses(reader, course.groups(number, number >= first_steps(steps)))
        descend(optimizer, found)
        sums = {name: sums.get(name, 0.0) + float(loss.detach()) for name, loss in found.items()}
        if (number + 1) % 20 == 0:
            means = {name: round(total / 20, 4) for name, total in sums.items()}
            log(out / "reader.jsonl", number + 1, started, means)
            sums = {}
        if (number + 1) % SAVE_EVERY == 0 or number + 1 == steps:
            save(place, reader, optimizer, number + 1)
    return reader


def main() -> None:
    args = arguments(__doc__, ("shared", "out"), STEPS)
    train(args.shared, args.out, steps=args.steps)


if __name__ == "__main__":
    main()
