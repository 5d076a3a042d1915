"""Haystack: dense over its FAISS store; hybrid over its in-memory store, which alone has BM25, with rank fusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.peers.given import Given
from benchmarks.peers.shape import Job, Passage, fused


class Engine:
    """Components called one after another, without a Pipeline around them, which favours it."""

    packages = ("haystack-ai", "faiss-haystack", "sentence-transformers-haystack", "faiss-cpu", "torch")

    def __init__(self, job: Job) -> None:
        from haystack.utils import ComponentDevice
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
            SentenceTransformersTextEmbedder,
        )

        self._place, self._hybrid = Path(job.place), job.variant == "hybrid"
        self._given = Given(job.given) if job.given else None
        options: dict[str, Any] = {
            "model": job.model,
            "device": ComponentDevice.from_str("cpu"),
            "normalize_embeddings": True,
            "progress_bar": False,
            "local_files_only": True,
        }
        self._texts = SentenceTransformersDocumentEmbedder(batch_size=job.batch, **options)
        self._questions = SentenceTransformersTextEmbedder(**options)
        self._texts.warm_up()
        self._questions.warm_up()

    def index(self, passages: Sequence[Passage]) -> None:
        from haystack import Document

        documents = [Document(id=passage.id, content=passage.whole) for passage in passages]
        if self._given is not None:
            rows = self._given.rows([passage.whole for passage in passages]).tolist()
            embedded = [replace(document, embedding=row) for document, row in zip(documents, rows, strict=True)]
        else:
            embedded = self._texts.run(documents=documents)["documents"]
        if self._hybrid:
            from haystack.document_stores.in_memory import InMemoryDocumentStore

            store: Any = InMemoryDocumentStore(embedding_similarity_function="dot_product")
            store.write_documents(embedded)
            store.save_to_disk(str(self._place / "store.json"))
            return
        from haystack_integrations.document_stores.faiss import FAISSDocumentStore

        store = FAISSDocumentStore(embedding_dim=len(embedded[0].embedding))
        store.write_documents(embedded)
        store.save(self._place / "store")

    def open(self) -> None:
        if self._hybrid:
            from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
            from haystack.document_stores.in_memory import InMemoryDocumentStore

            store: Any = InMemoryDocumentStore.load_from_disk(str(self._place / "store.json"))
            self._dense: Any = InMemoryEmbeddingRetriever(document_store=store)
            self._keyword: Any = InMemoryBM25Retriever(document_store=store)
            return
        from haystack_integrations.components.retrievers.faiss import FAISSEmbeddingRetriever
        from haystack_integrations.document_stores.faiss import FAISSDocumentStore

        self._dense = FAISSEmbeddingRetriever(document_store=FAISSDocumentStore(index_path=str(self._place / "store")))

    def search(self, question: str, k: int) -> list[str]:
        vector = self._questions.run(text=question)["embedding"]
        near = [hit.id for hit in self._dense.run(query_embedding=vector, top_k=k)["documents"]]
        if not self._hybrid:
            return near
        return fused([near, [hit.id for hit in self._keyword.run(query=question, top_k=k)["documents"]]], k)
