"""An embedder that is opened when it is first asked."""

from __future__ import annotations

import numpy as np

from genesis_rag.embedding.hashing import HashingEmbedder
from genesis_rag.embedding.later import LaterEmbedder
from genesis_rag.protocols import Embedder


def test_it_is_opened_once_and_gives_what_the_embedder_gives() -> None:
    opened: list[HashingEmbedder] = []

    def opening() -> Embedder:
        opened.append(HashingEmbedder())
        return opened[-1]

    later = LaterEmbedder(opening)
    assert not opened
    texts = ["投資", "a budget"]
    assert np.array_equal(later.embed_passages(texts), HashingEmbedder().embed_passages(texts))
    assert np.array_equal(later.embed_queries(texts), HashingEmbedder().embed_queries(texts))
    assert (later.fingerprint, later.dim) == (HashingEmbedder().fingerprint, HashingEmbedder().dim)
    assert (later.max_tokens, later.count_tokens("a b")) == (
        HashingEmbedder().max_tokens,
        HashingEmbedder().count_tokens("a b"),
    )
    assert len(opened) == 1
    assert isinstance(later, Embedder)
