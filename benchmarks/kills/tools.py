"""What fills the index of the campaign: the real chunker, analyser and loaders, and the shipped hashing embedder."""

from __future__ import annotations

from collections.abc import Sequence

from genesis_rag.chunking import CHUNKER_ID, ChunkSettings, chunk_document, contextual_text
from genesis_rag.embedding.hashing import HashingEmbedder
from genesis_rag.index import IndexIdentity
from genesis_rag.ingest import Tools
from genesis_rag.text.terms import get_analyser
from genesis_rag.types import Chunk, Document

EMBEDDER = HashingEmbedder(dim=64)
ANALYSER = get_analyser("bigram")
SETTINGS = ChunkSettings(max_tokens=40)
IDENTITY = IndexIdentity(EMBEDDER.fingerprint, EMBEDDER.dim, CHUNKER_ID, ANALYSER.id)


def chunk(document: Document) -> Sequence[Chunk]:
    return chunk_document(document, EMBEDDER.count_tokens, SETTINGS)


def context(title: str, piece: Chunk) -> str:
    return contextual_text(title, piece.heading_path, piece.text)


def terms(title: str, piece: Chunk) -> Sequence[str]:
    return ANALYSER.index_terms(context(title, piece))


TOOLS = Tools(IDENTITY, EMBEDDER, chunk, context, terms)
