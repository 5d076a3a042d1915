"""genesis-rag as a user of its package has it: a passages file is indexed, and searched by words and meaning at once.

The model is the name of a profile ("embedded-static"), or a folder, which takes the place of that profile's embedder.
The variant "whole" makes one chunk of each passage, so that with the same model the same texts are embedded as in
the other engines; "chunks" is the product's own cutting, which reads long passages to their end; with "reranked" the
profile's reranker also reads the first of what was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.peers.shape import Passage, write_lines

PROFILE = "embedded-static"
NO_LIMIT = 1_000_000
CHUNKS_A_PASSAGE = 2
"""Hits asked for, for each passage wanted, where a passage may be several chunks."""


class Engine:
    """The public functions; ``place`` is its home."""

    packages = ("faiss-cpu", "tantivy", "onnxruntime", "tokenizers", "numpy")

    def __init__(self, model: str, place: Path, variant: str) -> None:
        from genesis_rag import load_settings
        from genesis_rag.wiring import open_parts

        folder = Path(model).is_dir()
        named = {"profile": PROFILE, "embedder": model} if folder else {"profile": model}
        self._settings = load_settings(home=place, environ={}, **named)
        self._parts = open_parts(self._settings)
        self._depth, self._rerank = CHUNKS_A_PASSAGE, variant == "reranked"
        if variant == "whole":
            from genesis_rag.chunking import ChunkSettings

            self._depth = 1
            self._parts = replace(self._parts, chunking=ChunkSettings(max_tokens=NO_LIMIT, min_tokens=0))

    def index(self, passages: Sequence[Passage]) -> None:
        from genesis_rag import run_ingest

        file = self._settings.home / "passages.jsonl"
        write_lines(file, passages)
        report = run_ingest(self._settings, [file], parts=self._parts)
        if report.skipped:
            raise SystemExit(f"not indexed: {report.skipped[:3]}")

    def open(self) -> None:
        from genesis_rag import open_assistant

        self._assistant = open_assistant(self._settings, self._parts)

    def search(self, question: str, k: int) -> list[str]:
        hits = self._assistant.search(question, self._depth * k, rerank=self._rerank)
        return list(dict.fromkeys(hit.document.source.partition("#")[2] for hit in hits))[:k]
