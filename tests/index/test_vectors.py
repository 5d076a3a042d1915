"""The contract of every vector index: the same ids and scores as numpy, whatever was done to it before."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_rag.index.vectors import ExactVectorIndex, FaissVectorIndex
from genesis_rag.protocols import VectorIndex

KINDS = (FaissVectorIndex, ExactVectorIndex)
Kind = Any
"""What makes an index, ``kind(dim)``, and opens a saved one, ``kind.load(path)``."""
DIM = 16


class MilvusKind:
    """Vector indexes in Milvus, each in a collection of its own."""

    def __init__(self, milvus: Any) -> None:
        self._milvus = milvus

    def __call__(self, dim: int) -> VectorIndex:
        from genesis_rag.cluster.searching import MilvusVectorIndex

        return MilvusVectorIndex.create(self._milvus, f"genesis_test_{os.urandom(6).hex()}", dim)

    def load(self, path: Path, *, mapped: bool = True) -> VectorIndex:
        from genesis_rag.cluster.searching import MilvusVectorIndex

        return MilvusVectorIndex.load(self._milvus, path)


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> Kind:
    return MilvusKind(request.getfixturevalue("milvus")) if request.param == "milvus" else request.param


local_kinds = pytest.mark.parametrize("kind", KINDS)
kinds = pytest.mark.parametrize("kind", [*KINDS, pytest.param("milvus", marks=pytest.mark.slow)], indirect=True)


def unit(n: int, seed: int, dim: int = DIM) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def expected(model: dict[int, np.ndarray], query: np.ndarray, k: int, allowed: set[int] | None = None) -> list[int]:
    """Brute force in float64, one row at a time."""
    scored = [
        (-float(np.dot(row.astype(np.float64), query.astype(np.float64))), number)
        for number, row in model.items()
        if allowed is None or number in allowed
    ]
    return [number for _, number in sorted(scored)][:k]


def same(index: VectorIndex, model: dict[int, np.ndarray], queries: np.ndarray, k: int = 7) -> None:
    assert len(index) == len(model)
    for query, (ids, scores) in zip(queries, index.search(queries, k), strict=True):
        assert ids.dtype == np.int64 and scores.dtype == np.float32
        assert ids.tolist() == expected(model, query, k)
        np.testing.assert_allclose(scores, [model[int(i)] @ query for i in ids], atol=2e-6)


@kinds
def test_equals_numpy_after_every_change(kind: Kind, tmp_path: Path) -> None:
    index, queries, model = kind(DIM), unit(30, 99), {}
    ids, rows = np.arange(0, 3000, 7), unit(429, 1)
    index.add(ids, rows)
    model.update(zip(ids.tolist(), rows, strict=True))
    same(index, model, queries)
    index.remove(ids[::3])
    for number in ids[::3].tolist():
        del model[number]
    same(index, model, queries)
    index.save(tmp_path / "v")
    index = kind.load(tmp_path / "v", mapped=False)
    same(index, model, queries)
    again, new = ids[::3][:50], unit(50, 2)
    index.add(again, new)
    model.update(zip(again.tolist(), new, strict=True))
    same(index, model, queries)
    index.save(tmp_path / "w")
    same(kind.load(tmp_path / "w"), model, queries)


@kinds
def test_adding_a_present_id_replaces_it(kind: Kind) -> None:
    index, rows = kind(DIM), unit(4, 3)
    index.add(np.array([5, 6]), rows[:2])
    index.add(np.array([6, 7]), rows[2:])
    same(index, {5: rows[0], 6: rows[2], 7: rows[3]}, rows)


@kinds
def test_of_equal_ids_in_one_call_the_last_counts(kind: Kind) -> None:
    index, rows = kind(DIM), unit(3, 4)
    index.add(np.array([9, 8, 9]), rows)
    same(index, {9: rows[2], 8: rows[1]}, rows)


@kinds
def test_a_removed_id_added_again_is_found(kind: Kind) -> None:
    index, rows = kind(DIM), unit(200, 5)
    index.add(np.arange(200), rows)
    index.remove(np.arange(50))
    index.add(np.arange(50), rows[:50])
    found = index.search(rows, 1)
    assert [int(ids[0]) for ids, _ in found] == list(range(200))


@kinds
def test_unknown_ids_are_ignored_and_others_stay(kind: Kind) -> None:
    index, rows = kind(DIM), unit(3, 6)
    index.remove(np.array([1]))
    index.add(np.array([2**40, 3, 4]), rows)
    index.remove(np.array([77, 3], dtype=np.int64))
    same(index, {2**40: rows[0], 4: rows[2]}, rows)


@kinds
@pytest.mark.parametrize("k", [1, 3, 5, 6, 7, 50])
def test_ties_go_by_rising_id_across_the_border_of_k(kind: Kind, k: int) -> None:
    index, rows = kind(DIM), unit(2, 7)
    ids = np.array([40, 10, 30, 20, 50, 5])
    index.add(ids, np.repeat(rows[:1], 6, axis=0))
    index.add(np.array([1]), rows[1:])
    ((found, scores),) = index.search(rows[:1], k)
    assert found.tolist() == [5, 10, 20, 30, 40, 50, 1][:k]
    assert np.all(np.diff(scores) <= 0)


@kinds
def test_only_allowed_ids_are_returned(kind: Kind) -> None:
    index, rows = kind(DIM), unit(300, 8)
    index.add(np.arange(300), rows)
    model = dict(enumerate(rows))
    allowed = np.array([299, 3, 17, 200, 1000, -1])
    for query, (ids, _) in zip(rows[:20], index.search(rows[:20], 10, allowed), strict=True):
        assert ids.tolist() == expected(model, query, 10, set(allowed.tolist()))
    ((ids, _),) = index.search(rows[:1], 5, np.empty(0, dtype=np.int64))
    assert ids.size == 0


@kinds
def test_few_rows_many_rows_and_none(kind: Kind) -> None:
    index, queries = kind(DIM), unit(3, 9)
    assert [ids.size for ids, _ in index.search(queries, 5)] == [0, 0, 0]
    assert index.search(queries[:0], 5) == []
    index.add(np.array([1]), queries[:1])
    assert [ids.tolist() for ids, _ in index.search(queries, 5)] == [[1], [1], [1]]
    assert [ids.size for ids, _ in index.search(queries, 0)] == [0, 0, 0]
    index.add(np.empty(0, dtype=np.int64), queries[:0])
    assert len(index) == 1


@local_kinds
def test_a_batch_gives_exactly_the_scores_of_single_queries(kind: Kind) -> None:
    index, queries = kind(DIM), unit(100, 10)
    index.add(np.arange(5000), unit(5000, 11))
    batch = index.search(queries, 10)
    for query, (ids, scores) in zip(queries, batch, strict=True):
        ((single_ids, single_scores),) = index.search(query[None], 10)
        assert ids.tolist() == single_ids.tolist()
        assert scores.tobytes() == single_scores.tobytes()


@kinds
def test_misuse_is_refused(kind: Kind, tmp_path: Path) -> None:
    index = kind(DIM)
    with pytest.raises(ValueError, match="shape"):
        index.add(np.array([1]), unit(1, 1, dim=8))
    with pytest.raises(ValueError, match="ids for"):
        index.add(np.array([1, 2]), unit(1, 1))
    with pytest.raises(ValueError, match="missing result"):
        index.add(np.array([-1]), unit(1, 1))
    with pytest.raises(ValueError, match="shape"):
        index.search(unit(1, 1, dim=8), 1)
    (tmp_path / "rubbish").write_bytes(b"not an index" * 100)
    with pytest.raises(ValueError):
        kind.load(tmp_path / "rubbish")


@local_kinds
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_sequence_of_changes_equals_a_dictionary(kind: Kind, data: st.DataObject) -> None:
    _any_sequence(kind, data)


@pytest.mark.slow
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_any_sequence_of_changes_in_milvus_equals_a_dictionary(milvus: Any, data: st.DataObject) -> None:
    _any_sequence(MilvusKind(milvus), data)


def _any_sequence(kind: Kind, data: st.DataObject) -> None:
    index, model = kind(4), {}
    steps = data.draw(st.lists(st.tuples(st.sampled_from("ar"), st.lists(st.integers(0, 12), max_size=6)), max_size=8))
    for seed, (what, numbers) in enumerate(steps):
        ids = np.array(numbers, dtype=np.int64)
        if what == "a":
            rows = unit(len(ids), seed, dim=4)
            index.add(ids, rows)
            model.update(zip(numbers, rows, strict=True))
        else:
            index.remove(ids)
            for number in numbers:
                model.pop(number, None)
    same(index, model, unit(3, 1234, dim=4), k=5)


def test_faiss_rows_are_the_vectors_that_were_added(tmp_path: Path) -> None:
    index, rows = FaissVectorIndex(DIM), unit(50, 12)
    index.add(np.arange(100, 150), rows)
    index.remove(np.array([120]))
    index.save(tmp_path / "v")
    loaded = FaissVectorIndex.load(tmp_path / "v")
    assert sorted(loaded.ids().tolist()) == [n for n in range(100, 150) if n != 120]
    for number in loaded.ids().tolist():
        assert loaded.vector(number).tobytes() == rows[number - 100].tobytes()
    with pytest.raises(KeyError):
        loaded.vector(120)


def test_faiss_searches_run_at_once() -> None:
    index, rows = FaissVectorIndex(DIM), unit(2000, 13)
    index.add(np.arange(2000), rows)
    wrong: list[int] = []

    def search(start: int) -> None:
        for number in range(start, 2000, 4):
            ((ids, _),) = index.search(rows[number : number + 1], 3)
            if int(ids[0]) != number:
                wrong.append(number)

    threads = [threading.Thread(target=search, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
