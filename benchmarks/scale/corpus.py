"""A million distinct short texts of Japanese and English, and their vectors, made once and kept in a work folder."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._machine import ROOT
from genesis_rag.embedding import open_embedder
from genesis_rag.protocols import Embedder
from genesis_rag.text.language import detect_language
from genesis_rag.text.sentences import sentence_spans
from genesis_rag.types import Language

SEED = 20261125
QUERIES = 400
BATCH = 4096
SHIPPED = ROOT / "src" / "genesis_rag" / "embedded" / "static"

Text = tuple[Language, str]
"""Language and text."""


def embedder() -> Embedder:
    """Return the embedder that is measured: the shipped static one."""
    return open_embedder("static", SHIPPED)


def prepare(shared: Path, work: Path) -> None:
    """Write texts.jsonl (shuffled, so that every beginning of it is a sample), vectors.npy and queries to ``work``."""
    if (work / "vectors.npy").exists():
        return
    work.mkdir(parents=True, exist_ok=True)
    texts = list({text: (language, text) for language, text in _all(shared / "data")}.values())
    random.Random(SEED).shuffle(texts)
    model = embedder()
    made = np.lib.format.open_memmap(work / "vectors.part", "w+", np.float32, (len(texts), model.dim))
    for start in range(0, len(texts), BATCH):
        batch = [text for _, text in texts[start : start + BATCH]]
        made[start : start + len(batch)] = model.embed_passages(batch)
    made.flush()
    with (work / "texts.jsonl").open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in texts)
    (work / "vectors.part").rename(work / "vectors.npy")


def texts(work: Path, count: int) -> Iterator[Text]:
    """Yield the first ``count`` texts."""
    with (work / "texts.jsonl").open(encoding="utf-8") as stream:
        for _, line in zip(range(count), stream, strict=False):
            language, text = json.loads(line)
            yield language, text


def vectors(work: Path) -> NDArray[np.float32]:
    """Return all vectors, float32[n, dim], mapped."""
    found: NDArray[np.float32] = np.load(work / "vectors.npy", mmap_mode="r")
    return found


def questions(shared: Path) -> list[str]:
    """Return questions that people asked, half of them Japanese: no text of the corpus is one of them."""
    found: list[str] = []
    for name in ("qa_ja_dev", "qa_en_dev"):
        rows = [row["question"] for row in _rows(shared / "data" / f"{name}.jsonl.gz")]
        found += random.Random(SEED).sample(rows, QUERIES // 2)
    random.Random(SEED).shuffle(found)
    return found


def _all(data: Path) -> Iterator[Text]:
    for row in _rows(data / "parallel_ja_en.jsonl.gz"):
        yield "ja", row["ja"].strip()
        yield "en", row["en"].strip()
    with gzip.open(data / "mono_ja.txt.gz", "rt", encoding="utf-8") as stream:
        for line in stream:
            if line.strip():
                yield "ja", line.strip()
    for name in ("passages_ja", "passages_en", "passages_ja_dev", "passages_en_dev"):
        for row in _rows(data / f"{name}.jsonl.gz"):
            for span in sentence_spans(row["text"]):
                if text := row["text"][span.start : span.end].strip():
                    yield detect_language(text), text
    for row in _rows(data / "glossary_ja_en.jsonl.gz"):
        yield "en", "; ".join(row["en"])
        yield "ja", row["ja"]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)
