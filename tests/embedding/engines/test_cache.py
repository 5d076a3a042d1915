from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from genesis_rag.embedding.cache import CachingEmbedder
from genesis_rag.embedding.hashing import HashingEmbedder
from genesis_rag.protocols import Embedder, Vectors


class Counting(HashingEmbedder):
    """Remembers what it was asked for, and gives questions another direction than passages."""

    def __init__(self, dim: int = 8, fingerprint: str = "") -> None:
        super().__init__(dim)
        self.fingerprint = fingerprint or self.fingerprint
        self.asked: list[str] = []

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return -super().embed_queries(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return super().embed_passages(texts)


def test_a_text_is_computed_once_a_role_and_model(tmp_path: Path) -> None:
    path, inner = tmp_path / "cache" / "vectors.sqlite", Counting()
    cached = CachingEmbedder(inner, path)
    assert isinstance(cached, Embedder)
    first = cached.embed_passages(["日本", "budget", "日本", "\ud800"])
    assert inner.asked == ["日本", "budget", "\ud800"]
    assert np.array_equal(first, HashingEmbedder(8).embed_passages(["日本", "budget", "日本", "\ud800"]))
    assert np.array_equal(cached.embed_passages(["budget", "new", "日本"])[[0, 2]], first[[1, 0]])
    assert inner.asked[3:] == ["new"]
    assert np.array_equal(cached.embed_queries(["日本"]), -first[:1])
    assert inner.asked[4:] == ["日本"]
    cached.close()
    again, other = Counting(), Counting(fingerprint="another model")
    assert np.array_equal(CachingEmbedder(again, path).embed_passages(["日本"]), first[:1])
    CachingEmbedder(other, path).embed_passages(["日本"])
    assert (again.asked, other.asked) == ([], ["日本"])


def test_more_texts_than_one_statement_holds(tmp_path: Path) -> None:
    inner = Counting()
    cached = CachingEmbedder(inner, tmp_path / "vectors.sqlite")
    texts = [f"text {i}" for i in range(1700)]
    expected = cached.embed_passages(texts)
    assert np.array_equal(cached.embed_passages(texts[::-1])[::-1], expected)
    assert len(inner.asked) == 1700


@pytest.mark.parametrize("content", [b"this is not a database, but long enough to look like one " * 100, b""])
def test_a_damaged_cache_is_made_anew(tmp_path: Path, content: bytes) -> None:
    path, inner = tmp_path / "vectors.sqlite", Counting()
    path.write_bytes(content)
    cached = CachingEmbedder(inner, path)
    assert np.array_equal(cached.embed_passages(["日本"]), cached.embed_passages(["日本"]))
    assert inner.asked == ["日本"]


def test_a_new_text_is_not_waited_for_to_reach_the_disk(tmp_path: Path) -> None:
    path, inner = tmp_path / "vectors.sqlite", Counting()
    cached = CachingEmbedder(inner, path)
    cached.embed_queries(["日本"])
    cached.close()
    with sqlite3.connect(path) as database:
        assert database.execute("pragma journal_mode").fetchone() == ("wal",)
    inner.asked.clear()
    CachingEmbedder(inner, path).embed_queries(["日本"])
    assert inner.asked == []


def test_what_a_stopped_process_left_is_read_and_goes_with_a_cache_that_is_emptied(tmp_path: Path) -> None:
    path, inner = tmp_path / "vectors.sqlite", Counting()
    running = CachingEmbedder(inner, path)
    running.embed_passages(["日本"])
    left = tmp_path / "left"
    left.mkdir()
    for file in tmp_path.glob("vectors.sqlite*"):
        (left / file.name).write_bytes(file.read_bytes())
    assert (left / "vectors.sqlite-wal").stat().st_size > 0
    inner.asked.clear()
    CachingEmbedder(inner, left / "vectors.sqlite").embed_passages(["日本"])
    assert inner.asked == []
    for file in tmp_path.glob("vectors.sqlite*"):
        (left / file.name).write_bytes(file.read_bytes())
    CachingEmbedder(inner, left / "vectors.sqlite", limit_mb=-1).embed_passages(["日本"])
    assert inner.asked == ["日本"]
    running.close()


def test_without_a_place_it_passes_through(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    inner = Counting()
    cached = CachingEmbedder(inner, tmp_path / "file" / "vectors.sqlite")
    assert np.array_equal(cached.embed_passages(["日本"]), cached.embed_passages(["日本"]))
    assert inner.asked == ["日本", "日本"]


def test_a_row_of_another_size_is_computed_again(tmp_path: Path) -> None:
    path, inner = tmp_path / "vectors.sqlite", Counting()
    cached = CachingEmbedder(inner, path)
    expected = cached.embed_passages(["日本"])
    with sqlite3.connect(path) as database:
        database.execute("update vectors set vector = x'00'")
    assert np.array_equal(cached.embed_passages(["日本"]), expected)
    assert inner.asked == ["日本", "日本"]


def test_beyond_its_limit_it_is_emptied(tmp_path: Path) -> None:
    path, inner = tmp_path / "vectors.sqlite", Counting()
    CachingEmbedder(inner, path).embed_passages(["日本"])
    CachingEmbedder(inner, path, limit_mb=0).embed_passages(["日本"])
    assert inner.asked == ["日本", "日本"]
