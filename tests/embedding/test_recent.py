"""Vectors in memory are those of the embedder itself, and it is asked once for a text that comes again soon."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from genesis_rag.embedding.hashing import HashingEmbedder
from genesis_rag.embedding.recent import RecentEmbedder
from genesis_rag.protocols import Vectors


class Counting(HashingEmbedder):
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return super().embed_passages(texts)


@pytest.fixture
def inner() -> Counting:
    return Counting()


def test_the_vectors_are_those_of_the_embedder_in_the_order_asked(inner: Counting) -> None:
    recent = RecentEmbedder(inner)
    recent.embed_passages(["投資", "budget"])
    texts = ["budget", "new", "投資", "new"]
    assert np.array_equal(recent.embed_passages(texts), HashingEmbedder().embed_passages(texts))
    assert np.array_equal(recent.embed_queries(texts), HashingEmbedder().embed_queries(texts))
    assert (recent.fingerprint, recent.dim, recent.max_tokens) == (inner.fingerprint, inner.dim, inner.max_tokens)
    assert recent.embed_passages([]).shape == (0, inner.dim)
    assert recent.count_tokens("a b") == inner.count_tokens("a b")


def test_a_text_that_comes_again_is_not_embedded_again(inner: Counting) -> None:
    recent = RecentEmbedder(inner)
    for _ in range(3):
        recent.embed_passages(["a", "b", "a"])
    assert inner.asked == ["a", "b"]


def test_what_nobody_asks_for_is_forgotten_and_what_is_asked_for_stays(inner: Counting) -> None:
    recent = RecentEmbedder(inner, texts=4)
    for number in range(20):
        recent.embed_passages(["always", f"text {number}"])
    recent.embed_passages(["text 0"])
    assert inner.asked.count("always") == 1
    assert inner.asked.count("text 0") == 2
    assert len(recent._passages._young) + len(recent._passages._old) <= 2 * 4 + 2


def test_long_texts_are_not_kept(inner: Counting) -> None:
    recent = RecentEmbedder(inner)
    for _ in range(2):
        recent.embed_passages(["word " * 1000])
    assert len(inner.asked) == 2


def test_changing_a_result_changes_nothing_that_comes_later(inner: Counting) -> None:
    recent = RecentEmbedder(inner)
    recent.embed_passages(["a"])[:] = 0.0
    recent.embed_passages(["a"])[:] = 0.0
    assert np.array_equal(recent.embed_passages(["a"]), HashingEmbedder().embed_passages(["a"]))
