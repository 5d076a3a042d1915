"""Passages a second of our ONNX backend against sentence-transformers on torch: one CPU, one model, the same texts.

The backends take turns within each round, and the best of their rounds are compared: whatever else the machine does
only adds time.

    python -m benchmarks.embedding_backends [--model FOLDER] [--passages 192] [--rounds 5]

FOLDER is a model of sentence-transformers with safetensors, such as all-MiniLM-L6-v2; without it a random BERT of 33 M
parameters is made. Its ONNX graph and the int8 form of that are made by torch and onnxruntime in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks._machine import describe_machine, write_result
from benchmarks._made_models import export_onnx, quantise, write_bert
from genesis_rag.embedding import EmbedderOptions, open_embedder
from genesis_rag.protocols import Embedder

TARGETS = {"onnx_float32": 1.1, "onnx_int8": 2.0}
LEAST_COSINE = {"onnx_float32": 0.999, "onnx_int8": 0.98}
SYLLABLES = "ka ni to re mi so ha wa ru en gen pro data model science energy budget compute".split()


def passages_of(count: int) -> list[str]:
    """Return texts of 20 to 160 words, the same in every run."""
    chosen = random.Random(7)
    words = [f"w{chosen.randrange(30_000)}" if i % 2 else chosen.choice(SYLLABLES) for i in range(5000)]
    return [" ".join(chosen.choices(words, k=chosen.randrange(20, 160))) for _ in range(count)]


def opened(folder: Path, threads: int) -> dict[str, Embedder]:
    """Return the backends by name, all over the same weights."""

    def one(backend: str, file: str = "") -> Embedder:
        return open_embedder(backend, folder, EmbedderOptions(device="cpu", threads=threads, file=file, max_tokens=256))

    return {
        "torch": one("sentence_transformers"),
        "onnx_float32": one("onnx", "model.onnx"),
        "onnx_int8": one("onnx", "model_int8.onnx"),
    }


def measure(folder: Path, count: int, rounds: int, threads: int) -> dict[str, object]:
    """Return passages a second, ratios to torch, cosines and every single time."""
    backends, texts = opened(folder, threads), passages_of(count)
    vectors = {name: backend.embed_passages(texts) for name, backend in backends.items()}  # warms up, too
    times: dict[str, list[float]] = {name: [] for name in backends}
    for _ in range(rounds):
        for name, backend in backends.items():
            begin = time.perf_counter()
            backend.embed_passages(texts)
            times[name].append(time.perf_counter() - begin)
    best = {name: min(values) for name, values in times.items()}
    tokens = sum(min(backends["torch"].count_tokens(text) + 2, 256) for text in texts)
    cosines = {name: (vectors["torch"] * vectors[name]).sum(axis=1) for name in TARGETS}
    return {
        "passages": count,
        "tokens": tokens,
        "rounds": rounds,
        "threads": threads,
        "passages_a_second": {name: round(count / seconds, 2) for name, seconds in best.items()},
        "ratio_to_torch": {name: round(best["torch"] / best[name], 3) for name in TARGETS},
        "target_ratio": TARGETS,
        "least_cosine_to_torch": {name: round(float(np.min(rows)), 5) for name, rows in cosines.items()},
        "target_cosine": LEAST_COSINE,
        "times_s": {name: [round(value, 3) for value in values] for name, values in times.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--name", default="", help="what to call the given model in the results")
    parser.add_argument("--passages", type=int, default=192)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "model"
        if arguments.model:
            shutil.copytree(arguments.model, folder)
            name = arguments.name or arguments.model.resolve().name
        else:
            name = f"random BERT, {write_bert(folder):,} parameters"
        export_onnx(folder, folder / "model.onnx")
        quantise(folder / "model.onnx", folder / "model_int8.onnx")
        measured = measure(folder, arguments.passages, arguments.rounds, arguments.threads)
    sizes = f"--passages {arguments.passages} --rounds {arguments.rounds} --threads {arguments.threads}"
    result = {
        "command": f"python -m benchmarks.embedding_backends {sizes}" + (" --model FOLDER" if arguments.model else ""),
        "machine": describe_machine(),
        "model": name,
        **measured,
    }
    write_result("embedding_backends", result)
    print(f"{name}: passages a second {measured['passages_a_second']}")
    print(f"ratios to torch {measured['ratio_to_torch']} (targets {TARGETS})")
    print(f"least cosines {measured['least_cosine_to_torch']} (targets {LEAST_COSINE})")


if __name__ == "__main__":
    main()
