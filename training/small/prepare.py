"""Everything that is made once before the training: tokenizer, first rows of the token table, token ids.

python -m training.small.prepare --shared FOLDER --teacher MODEL_FOLDER --static FOLDER --out RUN_FOLDER
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer
from training.small import vocabulary
from training.static import prepare as static_prepare
from training.static.data import EN_SOURCES, SEED, read_lines, read_pairs
from training.static.teacher import check_teacher, kept_positions

from genesis_rag.embedding import open_embedder

_COUNTED_PAIRS = 150_000


def texts_to_count(shared: Path, out: Path) -> tuple[list[str], list[str]]:
    """Return English and Japanese texts in which the use of the pieces is counted."""
    data, pairs = shared / "data", read_pairs(shared)
    kept = kept_positions(pairs, out)
    random.Random(SEED).shuffle(kept)
    english = [pairs[at].en for at in kept[:_COUNTED_PAIRS]]
    japanese = [pairs[at].ja for at in kept[:_COUNTED_PAIRS]]
    for language, texts, sources in (("en", english, EN_SOURCES), ("ja", japanese, ("",))):
        for row in static_prepare.load_passages(data, [f"passages_{language}"], sources):
            texts.append(f"{row['title']}\n{row['text']}")
    for row in read_lines(data / "glossary_ja_en.jsonl.gz"):
        english += row["en"]
        japanese.append(row["ja"])
    return english, japanese


def make_vocabulary(shared: Path, teacher: Path, static: Path, out: Path) -> None:
    """Write tokenizer.json, teacher_ids.npy and rows.npy."""
    english, japanese = texts_to_count(shared, out)
    theirs = Tokenizer.from_file(str(teacher / "tokenizer.json"))
    theirs.no_truncation()
    theirs.no_padding()
    chosen = vocabulary.choose(theirs, vocabulary.static_japanese(static / "tokenizer.json"), english, japanese)
    meaning = open_embedder("static", static).embed_passages([p.strip(vocabulary.START) for p in chosen.pieces])
    weights = load_file(teacher / "model.safetensors")
    rows = weights[next(name for name in weights if name.endswith("word_embeddings.weight"))].astype(np.float32)
    np.save(out / "rows.npy", vocabulary.first_rows(chosen, rows, meaning))
    vocabulary.save(vocabulary.build(chosen.pieces), chosen, out)


def prepare(shared: Path, teacher: Path, static: Path, out: Path, limit: int | None = None) -> None:
    """Make what is not there yet."""
    out.mkdir(parents=True, exist_ok=True)
    if not (out / "rows.npy").exists():
        make_vocabulary(shared, teacher, static, out)
    if not (out / "tokens.npz").exists():
        static_prepare.prepare(shared, out, limit=limit)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("shared", "teacher", "static", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    check_teacher(args.teacher)
    prepare(args.shared, args.teacher, args.static, args.out)


if __name__ == "__main__":
    main()
