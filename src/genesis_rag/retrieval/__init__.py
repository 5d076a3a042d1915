"""Finds passages: keyword and vector search over one index, fused, each language given its share, neighbours merged."""

from __future__ import annotations

from genesis_rag.retrieval.rerank import Reranking
from genesis_rag.retrieval.retriever import Retriever
from genesis_rag.retrieval.searchable import Searchable
from genesis_rag.retrieval.settings import RetrievalSettings

__all__ = ["Reranking", "RetrievalSettings", "Retriever", "Searchable"]
