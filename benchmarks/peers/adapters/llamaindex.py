"""LlamaIndex over FAISS; hybrid adds its BM25Retriever (bm25s) in its QueryFusionRetriever, without made-up queries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.shape import Passage


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

    def __init__(self, model: str, place: Path, variant: str) -> None:
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        self._place, self._hybrid = place, variant == "hybrid"
        self._embedding: Any
        if (Path(model) / "config.json").is_file():
            self._embedding = HuggingFaceEmbedding(model_name=model, device="cpu", local_files_only=True)
        else:
            self._embedding = _table_embedding(model)
        self._retriever: Any = None

    def index(self, passages: Sequence[Passage]) -> None:
        import faiss
        from llama_index.core import StorageContext, VectorStoreIndex
        from llama_index.core.schema import TextNode
        from llama_index.vector_stores.faiss import FaissVectorStore

        nodes: list[Any] = [TextNode(text=passage.whole, id_=passage.id) for passage in passages]
        dim = len(self._embedding.get_query_embedding("a"))
        storage = StorageContext.from_defaults(vector_store=FaissVectorStore(faiss.IndexFlatIP(dim)))
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


def _table_embedding(model: str) -> Any:
    """Return an embedding over a table of tokens, which HuggingFaceEmbedding refuses: it reads texts of any length."""
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(model, device="cpu", local_files_only=True)

    class TableEmbedding(BaseEmbedding):
        def _get_query_embedding(self, query: str) -> list[float]:
            return encoder.encode_query(query, show_progress_bar=False).tolist()

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

        def _get_text_embedding(self, text: str) -> list[float]:
            return self._get_text_embeddings([text])[0]

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return encoder.encode_document(texts, show_progress_bar=False).tolist()

    return TableEmbedding()
