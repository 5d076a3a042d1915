"""txtai with its content store (SQLite), as its documentation sets it up for retrieval; hybrid adds its own BM25."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.given import Given
from benchmarks.peers.shape import Job, Passage, longest


class Engine:
    """``Embeddings`` with texts kept; its index type is what txtai chooses by size."""

    packages = ("txtai", "faiss-cpu", "torch", "transformers")

    def __init__(self, job: Job) -> None:
        from txtai import Embeddings

        self._place = Path(job.place)
        self._given = Given(job.given) if job.given else None
        # Its own pooling reads a transformer's folder; anything else goes through sentence-transformers.
        length = longest(Path(job.model))
        way: dict[str, Any] = {"maxlength": length} if length else {"method": "sentence-transformers"}
        hybrid = job.variant == "hybrid"
        self._made = Embeddings(path=job.model, content=True, hybrid=hybrid, gpu=False, encodebatch=job.batch, **way)

    def index(self, passages: Sequence[Passage]) -> None:
        if (given := self._given) is not None:
            self._made.model.encode = lambda data, category=None: given.rows(data)
        self._made.index((passage.id, passage.whole, None) for passage in passages)
        self._made.save(str(self._place / "index"))

    def open(self) -> None:
        self._made.load(str(self._place / "index"))

    def search(self, question: str, k: int) -> list[str]:
        return [str(hit["id"]) for hit in self._made.search(question, k)]
