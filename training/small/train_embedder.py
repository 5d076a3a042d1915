"""Trains ``genesis-embed-small`` on the tokens of ``prepare``.

    python -m training.small.train_embedder --shared FOLDER --teacher MODEL_FOLDER --out RUN_FOLDER [--steps N]

First the new pieces alone learn, with the teacher's layers as they are; then everything does. Restartable: step n draws
from (seed, n) alone, and weights and optimiser are saved every ``SAVE_EVERY`` steps.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from training.small.encoder import Encoder, Shape, from_bert
from training.small.lessons import EARLY, LATE, Lessons, Taught
from training.small.vocabulary import CLS, SEP
from training.static.batches import Batches
from training.static.data import SEED, read_lines, read_pairs
from training.static.ragged import Ragged, tokenize
from training.static.teacher import check_teacher, kept_positions

STEPS = 640
ALONE, ALL_TRANSLATIONS = 0.12, 0.45  # shares of the steps: new pieces alone; no questions yet
RATE_NEW, RATE_BODY = 6e-4, 1.5e-4
WARM_UP = 0.03
SAVE_EVERY = 25
EMBEDDER, MATCHING = "embedder.pt", "matching.pt"
"""The state of this training, and of the one that goes on with it (``train_matching``)."""


def read_teacher(folder: Path, shape: Shape) -> Encoder:
    """Return the teacher: its own token table is ``old``, and ``new`` is empty."""
    state = {name.removeprefix("bert."): tensor for name, tensor in load_file(folder / "model.safetensors").items()}
    encoder = Encoder(shape, state["embeddings.word_embeddings.weight"], torch.zeros(0, shape.width))
    encoder.load_state_dict(from_bert(state, shape), strict=False)
    return encoder.requires_grad_(False)


def make_encoder(out: Path, teacher: Encoder) -> Encoder:
    """Return the encoder before its training: the teacher with the token table of ``prepare``."""
    rows = torch.from_numpy(np.load(out / "rows.npy"))
    n_old = int((np.load(out / "teacher_ids.npy") >= 0).sum())
    encoder = Encoder(teacher.shape, rows[:n_old].clone(), rows[n_old:].clone())
    kept = {name: tensor.clone() for name, tensor in teacher.state_dict().items() if name not in ("old", "new")}
    encoder.load_state_dict(kept, strict=False)
    return encoder


def teacher_tokens(shared: Path, teacher: Path, out: Path) -> Ragged:
    """Return the English sides of the training pairs in the teacher's own tokens."""
    cache = out / "teacher_tokens.npz"
    if not cache.exists():
        tokenizer = Tokenizer.from_file(str(teacher / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        pairs = read_pairs(shared)
        made = tokenize(tokenizer, (pairs[at].en for at in kept_positions(pairs, out)))
        np.savez(cache, ids=made.ids, starts=made.starts)
    with np.load(cache) as arrays:
        return Ragged(arrays["ids"], arrays["starts"])


def read_taught(shared: Path, folder: Path, out: Path, shape: Shape) -> Taught:
    """Return the teacher in ``folder`` with what it is asked about."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return Taught(read_teacher(folder, shape), marks_of(tokenizer), teacher_tokens(shared, folder, out))


def marks_of(tokenizer: Tokenizer) -> tuple[int, int]:
    """Return the ids of [CLS] and [SEP]."""
    return tokenizer.token_to_id(CLS), tokenizer.token_to_id(SEP)


def similar_sentences(shared: Path, tokenizer: Tokenizer) -> tuple[Ragged, Ragged, np.ndarray]:
    """Return the two sides of JSTS and their scores from 0 to 5."""
    rows = list(read_lines(shared / "data" / "sts_ja_train.jsonl.gz"))
    sides = [tokenize(tokenizer, (row[name] for row in rows)) for name in ("s1", "s2")]
    return sides[0], sides[1], np.asarray([row["score"] for row in rows], np.float32)


def warmed_cosine(at: float, warm_up: float, least: float) -> float:
    """Return the part of a learning rate at ``at`` (0..1): linear warm-up, then half a cosine down to ``least``."""
    return min(at / warm_up, 1.0) * max((1 + math.cos(math.pi * at)) / 2, least)


def step_down(optimizer: torch.optim.Optimizer) -> None:
    """Take one step down the gradients there are, at most of length 1."""
    torch.nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], 1.0)
    optimizer.step()


def arguments(about: str | None, folders: Sequence[str], steps: int) -> argparse.Namespace:
    """Return the command line of a training: its folders and how many steps."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in folders:
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=steps)
    return parser.parse_args()


def rates(at: float) -> tuple[float, float]:
    """Return the learning rates of the new pieces and of everything else at ``at`` (0..1) of the training."""
    down = (1 + math.cos(math.pi * at)) / 2
    body = min(max((at - ALONE) / 0.05, 0.0), 1.0)
    return RATE_NEW * min(at / WARM_UP, 1.0) * max(down, 0.02), RATE_BODY * body * max(down, 0.02)


def save(place: Path, encoder: Encoder, optimizer: torch.optim.Optimizer, step: int) -> None:
    part = place.with_suffix(".part")
    torch.save({"model": encoder.state_dict(), "optimizer": optimizer.state_dict(), "step": step}, part)
    part.replace(place)


def restore(place: Path, encoder: Encoder, optimizer: torch.optim.Optimizer) -> int:
    """Load the state of an interrupted run and return its step, 0 if there is none."""
    if not place.exists():
        return 0
    found = torch.load(place, weights_only=True)
    encoder.load_state_dict(found["model"])
    optimizer.load_state_dict(found["optimizer"])
    return int(found["step"])


def load_embedder(out: Path, shape: Shape, names: Sequence[str] = (MATCHING, EMBEDDER)) -> Encoder:
    """Return the trained embedder of a run, from the first of ``names`` that is there."""
    place = next(out / name for name in names if (out / name).exists())
    state = torch.load(place, weights_only=True)["model"]
    encoder = Encoder(shape, state["old"], state["new"])
    encoder.load_state_dict(state)
    return encoder


def descend(optimizer: torch.optim.Optimizer, losses: Mapping[str, torch.Tensor]) -> None:
    """Take one step down the sum of ``losses``, with gradients of at most length 1."""
    optimizer.zero_grad(set_to_none=True)
    torch.stack(list(losses.values())).sum().backward()
    step_down(optimizer)


def log(place: Path, step: int, started: float, found: Mapping[str, float]) -> None:
    """Add a line to the log in ``place`` and print it; ``started`` is a time of the monotonic clock."""
    line = json.dumps({"step": step, "seconds": round(time.monotonic() - started, 1), **found})
    with place.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    print(line, flush=True)


def one_step(
    encoder: Encoder, optimizer: torch.optim.Optimizer, lessons: Lessons, number: int, steps: int
) -> dict[str, float]:
    """Learn from one batch and return its losses."""
    at = number / steps
    alone = at < ALONE
    for parameter in [*encoder.body(), encoder.old]:
        parameter.requires_grad_(not alone)
    for group, rate in zip(optimizer.param_groups, rates(at), strict=True):
        group["lr"] = rate
    found = lessons.losses(encoder, EARLY if at < ALL_TRANSLATIONS else LATE, np.random.default_rng((SEED, number)))
    descend(optimizer, found)
    return {name: round(float(loss.detach()), 4) for name, loss in found.items()}


def train(shared: Path, teacher_folder: Path, out: Path, *, steps: int = STEPS, shape: Shape | None = None) -> Encoder:
    """Run all steps; losses go to OUT/embedder.jsonl, the state to OUT/embedder.pt."""
    tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    taught = read_taught(shared, teacher_folder, out, shape or Shape())
    encoder = make_encoder(out, taught.teacher)
    lessons = Lessons(
        Batches(out / "tokens.npz"),
        marks_of(tokenizer),
        taught,
        make_encoder(out, taught.teacher).requires_grad_(False),
        similar_sentences(shared, tokenizer),
    )
    groups = [{"params": [encoder.new]}, {"params": [*encoder.body(), encoder.old]}]
    optimizer = torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    place, started = out / EMBEDDER, time.monotonic()
    for number in range(restore(place, encoder, optimizer), steps):
        found = one_step(encoder, optimizer, lessons, number, steps)
        if (number + 1) % 5 == 0:
            log(out / "embedder.jsonl", number + 1, started, found)
        if (number + 1) % SAVE_EVERY == 0 or number + 1 == steps:
            save(place, encoder, optimizer, number + 1)
    return encoder


def main() -> None:
    args = arguments(__doc__, ("shared", "teacher", "out"), STEPS)
    check_teacher(args.teacher)
    train(args.shared, args.teacher, args.out, steps=args.steps)


if __name__ == "__main__":
    main()
