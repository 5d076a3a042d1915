"""Takes the rarest pieces out of the vocabulary of a run whose models are trained already.

    python -m training.small.shrink --shared FOLDER --teacher MODEL_FOLDER --static FOLDER --out RUN_FOLDER --to NEW_RUN

A run that begins with ``vocabulary.ENGLISH`` and ``vocabulary.JAPANESE`` of today needs none of this: ``choose`` takes
the pieces in the order of their use, so a smaller vocabulary is a part of a larger one, and every row is kept.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from training.small.prepare import make_vocabulary, prepare

TABLES = {"embedder.pt": "", "reader.pt": "body."}


def pieces_of(tokenizer: Path) -> dict[str, int]:
    """Return the pieces of a tokenizer with their ids."""
    found: dict[str, int] = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
    return found


def kept_rows(old: dict[str, int], new: dict[str, int]) -> torch.Tensor:
    """Return for each row of the new table its row in the old one.

    Raises:
        ValueError: the new vocabulary has a piece that the old one lacks.
    """
    missing = new.keys() - old.keys()
    if missing:
        raise ValueError(f"{len(missing)} pieces have no row, such as {sorted(missing)[:3]}")
    return torch.tensor([old[piece] for piece, _ in sorted(new.items(), key=lambda item: item[1])])


def shrink(out: Path, to: Path) -> None:
    """Write the models of ``out`` with the token table of the vocabulary in ``to``; without the optimisers' state."""
    rows = kept_rows(pieces_of(out / "tokenizer.json"), pieces_of(to / "tokenizer.json"))
    n_old = int((np.load(to / "teacher_ids.npy") >= 0).sum())
    for name, prefix in TABLES.items():
        if (out / name).exists():
            found = torch.load(out / name, weights_only=True)
            state = found["model"]
            table = torch.cat([state[f"{prefix}old"], state[f"{prefix}new"]])[rows]
            state |= {f"{prefix}old": table[:n_old].clone(), f"{prefix}new": table[n_old:].clone()}
            torch.save({"model": state, "step": found["step"]}, to / name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("shared", "teacher", "static", "out", "to"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    args.to.mkdir(parents=True, exist_ok=True)
    for path in [args.out / "kept.npy", *args.out.glob("negatives_*.npy")]:
        shutil.copy(path, args.to)
    make_vocabulary(args.shared, args.teacher, args.static, args.to)
    shrink(args.out, args.to)
    prepare(args.shared, args.teacher, args.static, args.to)


if __name__ == "__main__":
    main()
