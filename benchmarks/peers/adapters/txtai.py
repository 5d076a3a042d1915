"""txtai with its content store (SQLite), as its documentation sets it up for retrieval; hybrid adds its own BM25."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.shape import Passage


class Engine:
    """``Embeddings`` with texts kept; its index type is what txtai chooses by size."""

    packages = ("txtai", "faiss-cpu", "torch", "transformers")

    def __init__(self, model: str, place: Path, variant: str) -> None:
        from txtai import Embeddings

        self._place = place
        # Its own pooling reads a transformer's folder; anything else goes through sentence-transformers.
        transformer = (Path(model) / "config.json").is_file()
        way: dict[str, Any] = {"maxlength": True} if transformer else {"method": "sentence-transformers"}
        self._made = Embeddings(path=model, content=True, hybrid=variant == "hybrid", gpu=False, **way)

    def index(self, passages: Sequence[Passage]) -> None:
        self._made.index((passage.id, passage.whole, None) for passage in passages)
        self._made.save(str(self._place / "index"))

    def open(self) -> None:
        self._made.load(str(self._place / "index"))

    def search(self, question: str, k: int) -> list[str]:
        return [str(hit["id"]) for hit in self._made.search(question, k)]
