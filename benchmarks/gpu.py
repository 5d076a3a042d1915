"""Our engines on a GPU against the same engines on the processors: the same results, and how much faster.

    python -m benchmarks.gpu [--device cuda] [--model FOLDER] [--passages 2048] [--rounds 3]

Without FOLDER a random BERT of 33 M parameters is made. What an installed library cannot do on a GPU (FAISS and
llama.cpp come without CUDA from the package index) is told as such and not measured. Where there is no GPU the command
says so and writes nothing; ``--device cpu`` compares the processors with themselves, which only tries the script out.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._machine import describe_machine, write_result
from benchmarks._made_models import export_onnx, write_bert, write_llama
from benchmarks.embedding_backends import passages_of
from genesis_rag.embedding import EmbedderOptions, open_embedder
from genesis_rag.protocols import Embedder, Generator

LEAST_COSINE = {"sentence_transformers": 0.998, "onnx": 0.999}
"""torch computes in bfloat16 on a GPU."""
NOT_ABLE = "the installed library has no GPU support"
ROWS, WIDTH, ASKED = 200_000, 384, 64


def embedding(backend: str, folder: Path, device: str, texts: list[str], rounds: int) -> dict[str, Any]:
    """Return passages a second on both, their ratio, and the least cosine of a text's two vectors."""

    def opened(where: str) -> Embedder:
        file = "model.onnx" if backend == "onnx" else ""
        return open_embedder(backend, folder, EmbedderOptions(device=where, file=file))

    both = {"cpu": opened("cpu"), device: opened(device)}
    some = texts[: max(1, len(texts) // 16)]  # the processors need not do all of it
    vectors = {name: one.embed_passages(some) for name, one in both.items()}
    speeds = {
        "cpu": len(some) / best_of(rounds, lambda: both["cpu"].embed_passages(some)),
        device: len(texts) / best_of(rounds, lambda: both[device].embed_passages(texts)),
    }
    least = float((vectors["cpu"] * vectors[device]).sum(axis=1).min())
    if least < LEAST_COSINE[backend]:
        raise SystemExit(f"{backend}: a text's vectors on {device} and the processors have a cosine of {least:.5f}")
    return {
        "passages_a_second": {name: round(value, 1) for name, value in speeds.items()},
        "ratio": round(speeds[device] / speeds["cpu"], 2),
        "least_cosine": round(least, 5),
    }


def generation(folder: Path, rounds: int) -> dict[str, Any] | str:
    """Return tokens a second of llama.cpp with all layers on the GPU and with none, and whether both write the same."""
    import llama_cpp

    if not llama_cpp.llama_supports_gpu_offload():
        return NOT_ABLE
    from genesis_rag.generation import GeneratorOptions, open_generator

    file = folder / "model.gguf"
    write_llama(file)
    told: dict[str, str] = {}
    speeds: dict[str, float] = {}
    for name, layers in (("cpu", 0), ("cuda", -1)):
        one = open_generator("llama_cpp", file, GeneratorOptions(gpu_layers=layers))
        work = partial(_write, one)
        told[name] = work()
        speeds[name] = round(one.count_tokens(told[name]) / best_of(rounds, work), 1)
    return {"tokens_a_second": speeds, "same_text": told["cpu"] == told["cuda"]}


def _write(generator: Generator) -> str:
    return "".join(generator.stream([("user", "w1 w2 w3")], max_tokens=128))


def vector_search(rounds: int) -> dict[str, Any] | str:
    """Return milliseconds of exact search among random vectors on both, and whether both find the same."""
    import faiss

    if not hasattr(faiss, "StandardGpuResources"):
        return NOT_ABLE
    draw = np.random.default_rng(1)
    rows = draw.standard_normal((ROWS, WIDTH), dtype=np.float32)
    asked = draw.standard_normal((ASKED, WIDTH), dtype=np.float32)
    flat = faiss.IndexFlatIP(WIDTH)
    flat.add(rows)
    both = {"cpu": flat, "cuda": faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), 0, flat)}
    found = {name: one.search(asked, 10)[1] for name, one in both.items()}
    times = {name: round(1000 * best_of(rounds, partial(one.search, asked, 10)), 2) for name, one in both.items()}
    same = float((found["cpu"] == found["cuda"]).mean())
    return {"rows": ROWS, "questions": ASKED, "ms": times, "same_places": same}


def best_of(rounds: int, work: Callable[[], object]) -> float:
    """Return the seconds of the quickest of some rounds, after one to warm up."""
    work()
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def measure(folder: Path, device: str, count: int, rounds: int) -> dict[str, Any]:
    """Return all parts; ``folder`` holds a sentence-transformers model, to which its ONNX graph is added."""
    import onnxruntime

    texts = passages_of(count)
    random.Random(3).shuffle(texts)
    found: dict[str, Any] = {"torch": embedding("sentence_transformers", folder, device, texts, rounds)}
    able = device == "cpu" or "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    if able:
        export_onnx(folder, folder / "model.onnx")
    found["onnx"] = embedding("onnx", folder, device, texts, rounds) if able else NOT_ABLE
    found["llama_cpp"] = NOT_ABLE if device == "cpu" else generation(folder, rounds)
    found["faiss"] = NOT_ABLE if device == "cpu" else vector_search(rounds)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--passages", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    import torch

    if options.device != "cpu" and not torch.cuda.is_available():
        print("torch sees no GPU here; nothing was measured.")
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "model"
        name = options.model.name if options.model else f"random BERT, {write_bert(folder):,} parameters"
        if options.model:
            shutil.copytree(options.model, folder)
        measured = measure(folder, options.device, options.passages, options.rounds)
    card = torch.cuda.get_device_name() if options.device != "cpu" else "none"
    result = {"machine": describe_machine(), "gpu": card, "model": name, "passages": options.passages, **measured}
    if options.device != "cpu":
        write_result("gpu", result)
    print(result)


if __name__ == "__main__":
    main()
