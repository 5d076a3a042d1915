"""Across languages without a keyword in common: the translation of a sentence among 2,000, dense alone.

    python -m benchmarks.translation_retrieval [--shared FOLDER]

The 2,000 held-back pairs of ``training.static.data`` (1,000 general, 1,000 conversational), which no training saw;
recall@1 both ways, over the whole pool and within each group of 1,000. The baseline is the hashing embedder, which only
finds what both sides spell alike.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from training.static.data import Pair, held_back, read_pairs

from benchmarks._machine import ROOT, describe_machine, shared_folder, write_result
from genesis_rag.embedding import EmbedderOptions, open_embedder
from genesis_rag.protocols import Embedder, Vectors

EMBEDDED = ROOT / "src" / "genesis_rag" / "embedded"
SHIPPED = EMBEDDED / "static"
SHORTER = (256, 128)


def hits(queries: Vectors, documents: Vectors) -> np.ndarray:
    """Return for each row whether the row of the same place is the nearest; a tie is no hit."""
    scores = queries @ documents.T
    right = scores.diagonal().copy()
    np.fill_diagonal(scores, -np.inf)
    return right > scores.max(axis=1)


def measure(embedder: Embedder, pairs: Sequence[Pair]) -> dict[str, object]:
    """Return recall@1 of both directions: all, by group among all, by group among the group."""
    ja = embedder.embed_passages([pair.ja for pair in pairs])
    en = embedder.embed_passages([pair.en for pair in pairs])
    result: dict[str, object] = {}
    for name, left, right in (("ja-en", ja, en), ("en-ja", en, ja)):
        found = hits(left, right)
        figures = {f"all {len(pairs)}": share(found)}
        for group in sorted({pair.group for pair in pairs}):
            at = np.flatnonzero([pair.group == group for pair in pairs])
            figures[f"{group}, among all"] = share(found[at])
            figures[f"{group}, among its {len(at)}"] = share(hits(left[at], right[at]))
        result[f"{name} recall@1"] = figures
        sources = np.asarray([pair.source for pair in pairs])
        result[f"{name} recall@1 by source"] = {
            f"{source} ({int((sources == source).sum())})": share(found[sources == source])
            for source in sorted(set(sources.tolist()))
        }
    return result


def small_embedder(folder: Path = EMBEDDED / "small", dim: int = 0) -> Embedder:
    """Return the small embedder in a folder that ``training.small.export`` wrote."""
    options = EmbedderOptions(file="embedder.onnx", pooling="mean", max_tokens=512, dim=dim)
    return open_embedder("onnx", folder, options)


def share(found: np.ndarray) -> float:
    return round(float(found.mean()), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path)
    shared = shared_folder(parser.parse_args().shared)
    pairs = read_pairs(shared)
    chosen = [pairs[at] for at in held_back(pairs)]
    static = open_embedder("static", SHIPPED)
    result = {
        "what": "recall@1 of a sentence's translation, dense alone, on pairs held back from training",
        "embedder": static.fingerprint,
        "static": measure(static, chosen),
        "small": measure(small_embedder(), chosen),
        **{f"small at {dim}": measure(small_embedder(dim=dim), chosen) for dim in SHORTER},
        "baseline hashing": measure(open_embedder("hashing", SHIPPED), chosen),
        "machine": describe_machine(),
    }
    print(write_result("translation_retrieval", result).read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
