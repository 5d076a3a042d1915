"""Prepares the reader's layers on plain text: masked words of passages, sentences and translations.

    python -m training.small.train_masking --out RUN_FOLDER [--steps N]

Begins with the embedder's layers; ``train_reader`` begins with what this leaves. Restartable like the other trainings.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from training.small.encoder import Shape
from training.small.masking import Marks, MaskedModel, Share, draw, loss
from training.small.reader import LAYERS, make_reader
from training.small.train_embedder import arguments, descend, load_embedder, log, restore, save, warmed_cosine
from training.small.vocabulary import CLS, MASK, SEP, SPECIALS
from training.static.batches import Batches
from training.static.data import SEED

STEPS = 1200
RATE, WARM_UP, SAVE_EVERY = 3e-4, 0.05, 100
STATE = "masking.pt"


def train(
    out: Path,
    *,
    steps: int = STEPS,
    shape: Shape | None = None,
    layers: Sequence[int] = LAYERS,
    share: Share | None = None,
) -> MaskedModel:
    """Run all steps; losses go to OUT/masking.jsonl, the state to OUT/masking.pt."""
    tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    marks = Marks(*map(tokenizer.token_to_id, (CLS, SEP, MASK)), first=len(SPECIALS))
    torch.manual_seed(SEED)
    model = MaskedModel(make_reader(load_embedder(out, shape or Shape()), layers).body)
    batches, size = Batches(out / "tokens.npz"), len(model.body.table())
    learnt = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learnt, lr=0.0, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    place, started, total = out / STATE, time.monotonic(), 0.0
    for number in range(restore(place, model, optimizer), steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * warmed_cosine(number / steps, WARM_UP, 0.01)
        texts = draw(batches, np.random.default_rng((SEED, number)), share or Share(), marks, size)
        found = {"masked": loss(model, texts)}
        descend(optimizer, found)
        total += float(found["masked"].detach())
        if (number + 1) % 20 == 0:
            log(out / "masking.jsonl", number + 1, started, {"masked": round(total / 20, 4)})
            total = 0.0
        if (number + 1) % SAVE_EVERY == 0 or number + 1 == steps:
            save(place, model, optimizer, number + 1)
    return model


def main() -> None:
    args = arguments(__doc__, ("out",), STEPS)
    train(args.out, steps=args.steps)


if __name__ == "__main__":
    main()
