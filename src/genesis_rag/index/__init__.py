"""The index on disk: SQLite holds the truth; FAISS and the keyword index are derived from it."""

from __future__ import annotations

from genesis_rag.index.manifest import IndexIdentity
from genesis_rag.index.reader import Index
from genesis_rag.index.writer import IndexWriter

__all__ = ["Index", "IndexIdentity", "IndexWriter"]
