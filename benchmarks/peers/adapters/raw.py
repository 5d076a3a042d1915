"""The floor: sentence-transformers and FAISS, nothing in between."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.given import Given
from benchmarks.peers.shape import Job, Passage


class Engine:
    """A flat index of all vectors, and the texts as JSON Lines."""

    packages = ("sentence-transformers", "faiss-cpu", "torch", "transformers")

    def __init__(self, job: Job) -> None:
        import faiss
        from sentence_transformers import SentenceTransformer

        if job.variant != "dense":
            raise ValueError(f"there is no {job.variant} raw engine")
        self._faiss, self._place, self._batch = faiss, Path(job.place), job.batch
        self._given = Given(job.given) if job.given else None
        self._model = SentenceTransformer(job.model, device="cpu", local_files_only=True)

    def index(self, passages: Sequence[Passage]) -> None:
        texts = [passage.whole for passage in passages]
        if self._given is not None:
            rows = self._given.rows(texts)
        else:
            rows = self._model.encode_document(
                texts, batch_size=self._batch, normalize_embeddings=True, show_progress_bar=False
            )
        index = self._faiss.IndexFlatIP(rows.shape[1])
        index.add(rows)
        self._faiss.write_index(index, str(self._place / "vectors.faiss"))
        lines = [json.dumps([passage.id, passage.whole], ensure_ascii=False) for passage in passages]
        (self._place / "texts.jsonl").write_text("\n".join(lines), encoding="utf-8")

    def open(self) -> None:
        self._index = self._faiss.read_index(str(self._place / "vectors.faiss"))
        lines = (self._place / "texts.jsonl").read_text(encoding="utf-8").split("\n")
        self._texts = [json.loads(line) for line in lines]

    def search(self, question: str, k: int) -> list[str]:
        row = self._model.encode_query([question], normalize_embeddings=True, show_progress_bar=False)
        _, (found,) = self._index.search(row, k)
        return [self._texts[at][0] for at in found if at >= 0]
