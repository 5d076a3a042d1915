"""genesis-rag as a user of its package has it: a passages file is indexed, and searched by words and meaning at once.

The model is the name of a profile ("embedded-static"), or a folder, which takes the place of that profile's embedder.
The variant "whole" makes one chunk of each passage, so that with the same model the same texts are embedded as in
the other engines, and "dense" is the same searched by vectors alone; "chunks" is the product's own cutting, which
reads long passages to their end; with "reranked" the profile's reranker also reads the first of what was found.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.peers.given import Given
from benchmarks.peers.shape import Job, Passage, write_lines

if TYPE_CHECKING:
    from genesis_rag.protocols import Embedder, Vectors

PROFILE = "embedded-static"
NO_LIMIT = 1_000_000
CHUNKS_A_PASSAGE = 2
"""Hits asked for, for each passage wanted, where a passage may be several chunks."""
WHOLE = ("whole", "dense")


class Engine:
    """The public functions; the job's place is the home."""

    packages = ("faiss-cpu", "tantivy", "onnxruntime", "tokenizers", "numpy")

    def __init__(self, job: Job) -> None:
        from genesis_rag import load_settings
        from genesis_rag.wiring import open_parts

        # Vectors that another process computed would be read from here, and questions are to be embedded each time.
        shutil.rmtree(Path(job.place) / "cache", ignore_errors=True)
        folder = Path(job.model).is_dir()
        named = {"profile": PROFILE, "embedder": job.model} if folder else {"profile": job.model}
        self._settings = load_settings(home=Path(job.place), environ={}, **named)
        self._parts = open_parts(self._settings)
        self._depth, self._variant = CHUNKS_A_PASSAGE, job.variant
        if job.variant in WHOLE:
            from genesis_rag.chunking import ChunkSettings

            self._depth = 1
            self._parts = replace(self._parts, chunking=ChunkSettings(max_tokens=NO_LIMIT, min_tokens=0))
        if job.given:
            texts = job.task == "texts"
            embedder: Embedder = (Recording if texts else LookUp)(self._parts.embedder, job.given)
            self._parts = replace(self._parts, embedder=embedder)

    def index(self, passages: Sequence[Passage]) -> None:
        from genesis_rag import run_ingest

        with tempfile.TemporaryDirectory(prefix="passages-") as folder:  # a source, which no search needs
            file = Path(folder) / "passages.jsonl"
            write_lines(file, passages)
            report = run_ingest(self._settings, [file], parts=self._parts)
        if report.skipped:
            raise SystemExit(f"not indexed: {report.skipped[:3]}")

    def open(self) -> None:
        from genesis_rag import open_assistant

        self._assistant = open_assistant(self._settings, self._parts)

    def search(self, question: str, k: int) -> list[str]:
        if self._variant == "dense":
            hits = self._assistant.search_leg("dense", question, k)
        else:
            hits = self._assistant.search(question, self._depth * k, rerank=self._variant == "reranked")
        return list(dict.fromkeys(hit.document.source.partition("#")[2] for hit in hits))[:k]


class LookUp:
    """An embedder whose vectors of passages were made before."""

    def __init__(self, embedder: Embedder, folder: str) -> None:
        self._embedder, self._given = embedder, Given(folder)
        self.fingerprint, self.dim, self.max_tokens = embedder.fingerprint, embedder.dim, embedder.max_tokens

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed for real."""
        return self._embedder.embed_queries(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Look the vectors up."""
        return self._given.rows(texts)

    def count_tokens(self, text: str) -> int:
        """Count for real."""
        return self._embedder.count_tokens(text)


class Recording(LookUp):
    """An embedder that writes down, in a file, what it is to embed."""

    def __init__(self, embedder: Embedder, file: str) -> None:
        self._embedder, self._file = embedder, Path(file)
        self.fingerprint, self.dim, self.max_tokens = embedder.fingerprint, embedder.dim, embedder.max_tokens

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Write the texts down; the vectors mean nothing."""
        with self._file.open("a", encoding="utf-8") as stream:
            stream.writelines(json.dumps(text) + "\n" for text in texts)
        return np.full((len(texts), self.dim), self.dim**-0.5, np.float32)
