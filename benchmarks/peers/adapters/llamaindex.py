"""LlamaIndex over FAISS; hybrid adds its BM25Retriever (bm25s) in its QueryFusionRetriever, without made-up queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.given import Given
from benchmarks.peers.shape import Job, Passage, longest


class Engine:
    """The retriever asked directly; no model writes."""

    packages = (
        "llama-index-core",
        "llama-index-embeddings-huggingface",
        "llama-index-vector-stores-faiss",
        "llama-index-retrievers-bm25",
        "faiss-cpu",
        "torch",
    )

    def __init__(self, job: Job) -> None:
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        self._place, self._hybrid = Path(job.place), job.variant == "hybrid"
        if longest(Path(job.model)):
            self._embedding: Any = HuggingFaceEmbedding(model_name=job.model, device="cpu", local_files_only=True)
        else:
            self._embedding = _table(job.model)
        self._dim = len(self._embedding.get_query_embedding("a"))
        if job.given:
            given = Given(job.given)
            self._embedding = _embedding(
                lambda query: given.rows([query])[0].tolist(), lambda texts: given.rows(texts).tolist()
            )
        self._embedding.embed_batch_size = job.batch
        self._retriever: Any = None

    def index(self, passages: Sequence[Passage]) -> None:
        import faiss
        from llama_index.core import StorageContext, VectorStoreIndex
        from llama_index.core.schema import TextNode
        from llama_index.vector_stores.faiss import FaissVectorStore

        nodes: list[Any] = [TextNode(text=passage.whole, id_=passage.id) for passage in passages]
        storage = StorageContext.from_defaults(vector_store=FaissVectorStore(faiss.IndexFlatIP(self._dim)))
        index = VectorStoreIndex(nodes, storage_context=storage, embed_model=self._embedding)
        index.storage_context.persist(persist_dir=str(self._place))
        if self._hybrid:
            from llama_index.retrievers.bm25 import BM25Retriever

            BM25Retriever.from_defaults(nodes=nodes).persist(str(self._place / "bm25"))

    def open(self) -> None:
        from llama_index.core import StorageContext, load_index_from_storage
        from llama_index.vector_stores.faiss import FaissVectorStore

        storage = StorageContext.from_defaults(
            vector_store=FaissVectorStore.from_persist_dir(str(self._place)), persist_dir=str(self._place)
        )
        self._index: Any = load_index_from_storage(storage, embed_model=self._embedding)

    def search(self, question: str, k: int) -> list[str]:
        self._retriever = self._retriever or self._make_retriever(k)
        return [str(hit.node.node_id) for hit in self._retriever.retrieve(question)][:k]

    def _make_retriever(self, k: int) -> Any:
        dense = self._index.as_retriever(similarity_top_k=k)
        if not self._hybrid:
            return dense
        from llama_index.core.llms import MockLLM
        from llama_index.core.retrievers import QueryFusionRetriever
        from llama_index.core.retrievers.fusion_retriever import FUSION_MODES
        from llama_index.retrievers.bm25 import BM25Retriever

        keyword = BM25Retriever.from_persist_dir(str(self._place / "bm25"))
        keyword.similarity_top_k = k
        return QueryFusionRetriever(
            [dense, keyword],
            llm=MockLLM(),
            mode=FUSION_MODES.RECIPROCAL_RANK,
            similarity_top_k=k,
            num_queries=1,
            use_async=False,
        )


def _table(model: str) -> Any:
    """Return an embedding over a table of tokens, which HuggingFaceEmbedding refuses: it reads texts of any length."""
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(model, device="cpu", local_files_only=True)
    return _embedding(
        lambda query: encoder.encode_query(query, show_progress_bar=False).tolist(),
        lambda texts: encoder.encode_document(texts, show_progress_bar=False).tolist(),
    )


def _embedding(of_query: Callable[[str], list[float]], of_texts: Callable[[list[str]], list[list[float]]]) -> Any:
    from llama_index.core.base.embeddings.base import BaseEmbedding

    class Embedding(BaseEmbedding):
        def _get_query_embedding(self, query: str) -> list[float]:
            return of_query(query)

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return of_query(query)

        def _get_text_embedding(self, text: str) -> list[float]:
            return of_texts([text])[0]

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return of_texts(texts)

    return Embedding()
