"""Trains the token table on the tokens of ``prepare`` and the vectors of ``teacher``.

    python -m training.static.train --shared FOLDER --out RUN_FOLDER [--steps 2400] [--dim 256]

Every step mixes all losses: translations and glossary (symmetric InfoNCE whose negatives are of both languages),
cosine to the teacher on both sides, questions and their passages with hard negatives, inverse cloze, sentences from a
few of their words. The rows have fixed SIF weights a / (a + p) (Arora et al. 2017) in front of what is learned.
Restartable: step n draws from (seed, n) alone and the state is saved every ``save_every`` steps.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch.nn import functional
from training.static.batches import Batches, Matches, drop
from training.static.data import SEED, read_lines, read_pairs
from training.static.evaluate import DevSets
from training.static.ragged import Bags, Ragged, stack, tokenize
from training.static.teacher import kept_positions, read_vectors

SIF = 1e-3
SCALE = 20.0  # one over the temperature
DROP = 0.1
QUESTIONS_FROM = 0.15  # share of the steps after which question losses have their full weight
RATE = 8e-3
WARM_UP = 0.03
STEPS, DIM, SIZE = 2400, 256, 1024


class Table(torch.nn.Module):
    """Token vectors with fixed SIF weights; ``forward`` gives unit rows."""

    def __init__(self, sif: torch.Tensor, dim: int) -> None:
        super().__init__()
        self.register_buffer("sif", sif)
        generator = torch.Generator().manual_seed(SEED)
        self.rows = torch.nn.Parameter(torch.randn(len(sif), dim, generator=generator) / math.sqrt(dim))

    def forward(self, bags: Bags) -> torch.Tensor:
        ids, offsets = torch.from_numpy(bags.ids), torch.from_numpy(bags.offsets)
        sums = functional.embedding_bag(ids, self.rows, offsets, mode="sum", per_sample_weights=self.sif[ids])
        return functional.normalize(sums, dim=1)

    def folded(self) -> torch.Tensor:
        """Return the table with its weights multiplied in."""
        return (self.rows * self.sif[:, None]).detach()


class Taught:
    """English texts with a target vector, and the Japanese glossary words that share it."""

    def __init__(self, out: Path, shared: Path, tokenizer: Tokenizer, dim: int) -> None:
        texts, vectors = read_vectors(out)
        self.english = tokenize(tokenizer, texts)
        self.target = project(torch.from_numpy(vectors), dim)
        place = {text: at for at, text in enumerate(texts)}
        rows = read_lines(shared / "data" / "glossary_ja_en.jsonl.gz")
        words = [(row["ja"], place[row["en"][0]]) for row in rows if row["en"][0] in place]
        parallel = read_pairs(shared)
        kept = (parallel[at] for at in kept_positions(parallel, out))
        pairs = [(pair.ja, place[pair.en]) for pair in kept if pair.en in place]
        self.japanese: Ragged = tokenize(tokenizer, (ja for ja, _ in [*words, *pairs]))
        self.of_japanese = np.asarray([at for _, at in [*words, *pairs]])

    def draw(self, rng: np.random.Generator, size: int) -> tuple[list[Bags], torch.Tensor]:
        """Return random English and Japanese texts and the vector of each."""
        english = rng.integers(0, len(self.english), size)
        japanese = rng.integers(0, len(self.japanese), size)
        target = torch.cat([self.target[english], self.target[self.of_japanese[japanese]]])
        return [self.english.bags(english), self.japanese.bags(japanese)], target


def project(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """Return unit rows of the ``dim`` strongest directions (PCA without centring: cosines are kept best)."""
    _, _, directions = torch.linalg.svd(vectors[:: max(1, len(vectors) // 20_000)], full_matrices=False)
    return functional.normalize(vectors @ directions[:dim].T, dim=1)


def contrast(left: torch.Tensor, right: torch.Tensor, owners: np.ndarray, candidates: np.ndarray) -> torch.Tensor:
    """Return InfoNCE: row i of ``left`` belongs to row i of ``right``; its other right rows do not count against it.

    ``owners[i]`` names the passage that answers row i of ``left``, ``candidates[j]`` the passage of row j of ``right``.
    """
    same = torch.from_numpy(owners[:, None] == candidates[None, :]).fill_diagonal_(False)
    scores = (left @ right.T * SCALE).masked_fill(same, -1e4)
    return functional.cross_entropy(scores, torch.arange(len(left)))


def both_ways(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return the symmetric loss of translations: negatives are the other texts of both languages."""
    n = len(left)
    cross, own_left, own_right = left @ right.T * SCALE, left @ left.T * SCALE, right @ right.T * SCALE
    diagonal = torch.eye(n, dtype=torch.bool)
    target = torch.arange(n)
    forward = torch.cat([cross, own_left.masked_fill(diagonal, -1e4)], dim=1)
    backward = torch.cat([cross.T, own_right.masked_fill(diagonal, -1e4)], dim=1)
    return (functional.cross_entropy(forward, target) + functional.cross_entropy(backward, target)) / 2


def draw(batches: Batches, rng: np.random.Generator, at: float, size: int) -> dict[str, tuple[float, float, Matches]]:
    """Return the batches of one step at ``at`` (0..1) of the training; ``size`` translations set the scale.

    Each comes with its weight and the share of the words of its left texts that is dropped.
    """
    asked = min(1.0, at / QUESTIONS_FROM)
    return {
        "translation": (1.0, DROP, batches.translations(rng, size)),
        "glossary": (0.4, 0.0, batches.glossary(rng, size // 2)),
        "questions ja": (1.0 * asked, 0.3, batches.questions(rng, 3 * size // 8, "ja")),
        "questions en": (0.8 * asked, 0.3, batches.questions(rng, size // 4, "en")),
        "medical": (0.2 * asked, 0.3, batches.medical(rng, size // 16)),
        "cloze ja": (0.8, 0.4, batches.cloze(rng, 3 * size // 8, "ja")),
        "cloze en": (0.6, 0.4, batches.cloze(rng, size // 4, "en")),
        "words ja": (0.2, 0.6, batches.sentences(rng, size // 4, "pairs_ja")),
        "words mono": (0.2, 0.6, batches.sentences(rng, size // 4, "mono_ja")),
        "words en": (0.2, 0.6, batches.sentences(rng, size // 4, "pairs_en")),
    }


def losses(
    table: Table, batches: Batches, taught: Taught | None, rng: np.random.Generator, at: float, size: int
) -> dict[str, torch.Tensor]:
    """Return every weighted loss of one step.

    All texts go through the table in one call: each call costs a gradient as large as the table.
    """
    drawn = draw(batches, rng, at, size)
    bags: list[Bags] = []
    for _, share, batch in drawn.values():
        bags += [drop(rng, batch.left, share), drop(rng, batch.right, DROP)]
        bags += [drop(rng, batch.hard, DROP)] if batch.hard is not None else []
    lessons, target = taught.draw(rng, size // 3) if taught is not None else ([], None)
    rows = iter(table(stack([*bags, *lessons])).split([len(part.offsets) for part in [*bags, *lessons]]))
    found: dict[str, torch.Tensor] = {}
    for name, (weight, _, batch) in drawn.items():
        left, right = next(rows), next(rows)
        if name in ("translation", "glossary"):
            found[name] = weight * both_ways(left, right)
            continue
        candidates = batch.group
        if batch.hard is not None:
            right, candidates = torch.cat([right, next(rows)]), np.concatenate([candidates, batch.hard_group])
        found[name] = weight * contrast(left, right, batch.group, candidates)
    if target is not None:
        found["teacher"] = (1.0 - 0.8 * at) * 2 * (1 - (torch.cat(list(rows)) * target).sum(1)).mean()
    return found


def rate(at: float) -> float:
    """Return the learning rate: linear warm-up, then half a cosine down to zero."""
    return RATE * min(at / WARM_UP, 1.0) * (1 + math.cos(math.pi * at)) / 2


def save(place: Path, table: Table, optimizer: torch.optim.Adam, step: int) -> None:
    state = optimizer.state[table.rows]
    tensors = {"rows": table.rows.detach(), "sif": table.sif, "mean": state["exp_avg"], "square": state["exp_avg_sq"]}
    part = place.with_suffix(".part")
    save_file({**tensors, "step": torch.tensor(step)}, part)
    part.replace(place)


def restore(place: Path, table: Table, optimizer: torch.optim.Adam) -> int:
    """Load the state of an interrupted run and return its step, 0 if there is none."""
    if not place.exists():
        return 0
    found = load_file(place)
    with torch.no_grad():
        table.rows.copy_(found["rows"])
    step = int(found["step"])
    optimizer.state[table.rows] = {
        "step": torch.tensor(float(step)), "exp_avg": found["mean"], "exp_avg_sq": found["square"]
    }  # fmt: skip
    return step


def train(
    out: Path,
    shared: Path | None,
    *,
    steps: int = STEPS,
    dim: int = DIM,
    size: int = SIZE,
    save_every: int = 100,
    measure_every: int = 500,
) -> Table:
    """Run all steps; figures go to OUT/log.jsonl, the state to OUT/state.safetensors.

    Without ``shared`` there are neither dev figures nor a teacher.
    """
    tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    batches = Batches(out / "tokens.npz")
    counts = torch.from_numpy(batches.token_counts(tokenizer.get_vocab_size())).double()
    table = Table((SIF / (SIF + counts / counts.sum())).float(), dim)
    optimizer = torch.optim.Adam([table.rows], lr=RATE, betas=(0.9, 0.99), fused=True)
    taught = Taught(out, shared, tokenizer, dim) if shared is not None and any(out.glob("teacher-*.npy")) else None
    dev = DevSets(shared, tokenizer) if shared is not None else None
    started = time.monotonic()
    for step in range(restore(out / "state.safetensors", table, optimizer), steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(step / steps)
        found = losses(table, batches, taught, np.random.default_rng((SEED, step)), step / steps, size)
        optimizer.zero_grad(set_to_none=True)
        torch.stack(list(found.values())).sum().backward()
        optimizer.step()
        done = step + 1
        if done % 50 == 0 or done == steps:
            _log(out, {"step": done, "seconds": round(time.monotonic() - started, 1)}
                 | {name: round(float(loss.detach()), 4) for name, loss in found.items()})  # fmt: skip
        if done % save_every == 0 or done == steps:
            save(out / "state.safetensors", table, optimizer, done)
        if dev is not None and (done % measure_every == 0 or done == steps):
            with torch.inference_mode():
                _log(out, {"step": done, "dev": dev.measure(table.folded())})
    return table


def _log(out: Path, row: dict[str, object]) -> None:
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(json.dumps(row, ensure_ascii=False), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--dim", type=int, default=DIM)
    parser.add_argument("--size", type=int, default=SIZE)
    args = parser.parse_args()
    train(args.out, args.shared, steps=args.steps, dim=args.dim, size=args.size)


if __name__ == "__main__":
    main()
