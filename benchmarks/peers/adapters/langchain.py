"""LangChain over FAISS; hybrid adds its BM25Retriever (rank-bm25) in its EnsembleRetriever, each with its defaults."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.given import Given
from benchmarks.peers.shape import Job, Passage


class Engine:
    """The vector store asked directly; the keyword leg is made anew on opening, as it has no file of its own."""

    packages = ("langchain-core", "langchain-community", "langchain-huggingface", "rank-bm25", "faiss-cpu", "torch")

    def __init__(self, job: Job) -> None:
        from langchain_community.vectorstores import FAISS
        from langchain_huggingface import HuggingFaceEmbeddings

        self._kind, self._place, self._hybrid = FAISS, Path(job.place), job.variant == "hybrid"
        self._embeddings: Any = HuggingFaceEmbeddings(
            model_name=job.model,
            model_kwargs={"device": "cpu", "local_files_only": True},
            encode_kwargs={"normalize_embeddings": True, "batch_size": job.batch},
        )
        if job.given:
            self._embeddings = _looking_up(Given(job.given))
        self._ensemble: Any = None

    def index(self, passages: Sequence[Passage]) -> None:
        store = self._kind.from_texts(
            [passage.whole for passage in passages],
            self._embeddings,
            metadatas=[{"id": passage.id} for passage in passages],
            ids=[passage.id for passage in passages],
        )
        store.save_local(str(self._place))

    def open(self) -> None:
        self._store = self._kind.load_local(str(self._place), self._embeddings, allow_dangerous_deserialization=True)
        if self._hybrid:
            from langchain_classic.retrievers import EnsembleRetriever
            from langchain_community.retrievers import BM25Retriever

            documents = [self._store.docstore.search(name) for name in self._store.index_to_docstore_id.values()]
            self._keyword = BM25Retriever.from_documents(documents)
            self._dense = self._store.as_retriever()
            self._ensemble = EnsembleRetriever(retrievers=[self._dense, self._keyword], id_key="id")

    def search(self, question: str, k: int) -> list[str]:
        if self._ensemble is None:
            found = self._store.similarity_search(question, k=k)
        else:
            self._keyword.k = k
            self._dense.search_kwargs = {"k": k}
            found = self._ensemble.invoke(question)[:k]
        return [str(hit.metadata["id"]) for hit in found]


def _looking_up(given: Given) -> Any:
    from langchain_core.embeddings import Embeddings

    class LookUp(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return given.rows(texts).tolist()

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    return LookUp()
