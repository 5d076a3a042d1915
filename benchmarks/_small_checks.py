"""Further figures of the small models: the corpus's questions by direction, translations, what quantising costs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from training.small.encoder import Shape, vectors
from training.small.export import export, load_reader
from training.small.train_embedder import load_embedder
from training.static.data import Pair

from benchmarks._machine import ROOT
from benchmarks.evaluation import QUESTIONS
from benchmarks.translation_retrieval import SHIPPED, hits, share, small_embedder
from genesis_rag.embedding import open_embedder
from genesis_rag.protocols import Embedder, Reader
from genesis_rag.reading import ReaderOptions, open_reader

MEASURES = ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10")


def small_reader(folder: Path) -> Reader:
    return open_reader("onnx", folder, ReaderOptions(file="reader.onnx"))


def corpus_questions(folder: Path, profiles: dict[str, str]) -> dict[str, object]:
    """Return recall of the evidence on both splits of the corpus's questions, by direction and way of searching."""
    found: dict[str, dict[str, object]] = {}
    program = str(Path(sys.executable).with_name("genesis-rag"))
    for name, profile in profiles.items():
        out = folder / f"corpus-{name}.json"
        command = [program, "evaluate", QUESTIONS, "--documents", "corpus/documents", "--retrieval-only", "--quiet"]
        subprocess.run([*command, "--profile", profile, "--out", str(out)], cwd=ROOT, check=True)
        for direction, ways in json.loads(out.read_text(encoding="utf-8"))["ablation"]["direction"].items():
            for way, figures in ways.items():
                label = way if way in ("bm25", "keyword") else f"{way} {name}"
                kept = {measure: figures[measure]["value"] for measure in MEASURES if measure in figures}
                found.setdefault(direction, {})[label] = kept | {"n": figures["recall@1"]["n"]}
    return dict(found)


def translations(pairs: Sequence[Pair], small: Embedder) -> dict[str, dict[str, float]]:
    """Return recall@1 of the translation among all ``pairs``, both ways, dense alone."""
    found = {}
    for name, embedder in (("static", open_embedder("static", SHIPPED)), ("small", small)):
        found[name] = translated(embedder, pairs)
    return found


def translated(embedder: Embedder, pairs: Sequence[Pair]) -> dict[str, float]:
    """Return recall@1 of the translation among all ``pairs``, both ways."""
    ja, en = (embedder.embed_passages([getattr(pair, side) for pair in pairs]) for side in ("ja", "en"))
    return {"ja-en": share(hits(ja, en)), "en-ja": share(hits(en, ja))}


def quantisation(
    run: Path, folder: Path, shipped: Path, texts: Sequence[str], pairs: Sequence[Pair]
) -> dict[str, object]:
    """Return what int8 costs the embedder, and how near the graph in float32 is to torch.

    Args:
        run: the run folder of the shipped models.
        folder: where the graphs in float32 go.
        shipped: the folder of the shipped models.
        texts: passages whose vectors are compared.
        pairs: translations for the loss of recall@1.
    """
    encoder = load_embedder(run, Shape())
    export(encoder, load_reader(run, encoder), run / "tokenizer.json", folder, quantised=False)
    plain, small = small_embedder(folder), small_embedder(shipped)
    floats, ints = plain.embed_passages(list(texts)), small.embed_passages(list(texts))
    tokenizer = Tokenizer.from_file(str(run / "tokenizer.json"))
    ids = [np.asarray(tokenizer.encode(text).ids[:512]) for text in texts]
    with torch.no_grad():
        theirs = vectors(encoder, ids, encoder.table()).numpy()
    cosines, parity = (floats * ints).sum(axis=1), (floats * theirs).sum(axis=1)
    recall = [translated(one, pairs)["ja-en"] for one in (plain, small)]
    return {
        "texts": len(texts),
        "cosine int8 to float32": {"mean": round(float(cosines.mean()), 4), "least": round(float(cosines.min()), 4)},
        "cosine float32 graph to torch (bfloat16 products)": round(float(parity.mean()), 4),
        "translation recall@1, float32": recall[0],
        "translation recall@1, int8": recall[1],
    }
