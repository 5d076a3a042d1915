"""The index on disk: SQLite holds the truth; FAISS and the keyword index are derived from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genesis_rag.index.manifest import IndexIdentity
from genesis_rag.index.reader import Index

if TYPE_CHECKING:
    from genesis_rag.index.writer import IndexWriter

__all__ = ["Index", "IndexIdentity", "IndexWriter"]


def __getattr__(name: str) -> object:
    """Import the writer at its first use: who only asks does not wait for it."""
    if name != "IndexWriter":
        raise AttributeError(f"module 'genesis_rag.index' has no attribute '{name}'")
    from genesis_rag.index.writer import IndexWriter

    return IndexWriter
