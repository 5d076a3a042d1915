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

from genesis_rag.index.coded import RESCORED, TOLERANCE, CodedVectorIndex
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
@settings(max_examples=settings.default.max_examples // 2)
@given(data=st.data())
def test_any_sequence_of_changes_equals_a_dictionary(kind: Kind, data: st.DataObject) -> None:
    _any_sequence(kind, data)


@pytest.mark.slow
@settings(max_examples=5)
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


def near(index: CodedVectorIndex, model: dict[int, np.ndarray], allowed: set[int] | None = None) -> None:
    """The contract of an index with a tolerance: what it found is as good as what ought to be found."""
    assert len(index) == len(model)
    given = None if allowed is None else np.array(sorted(allowed), dtype=np.int64)
    queries = unit(20, 99)
    for query, (ids, scores) in zip(queries, index.search(queries, 7, given), strict=True):
        best = expected(model, query, 7, allowed)
        assert len(ids) == len(best) and len(set(ids.tolist())) == len(ids)
        assert ids.dtype == np.int64 and scores.dtype == np.float32
        assert allowed is None or allowed.issuperset(ids.tolist())
        np.testing.assert_allclose(scores, [model[int(i)] @ query for i in ids], atol=CODED_ATOL)
        np.testing.assert_allclose(scores, [model[i] @ query for i in best], atol=CODED_ATOL)
        assert (np.diff(scores) <= 0).all()


CODED_ATOL = 0.01
"""The rounding of rows of 16 numbers; of 256 it is within TOLERANCE."""


@settings(max_examples=settings.default.max_examples // 2)
@given(
    st.lists(
        st.tuples(st.sampled_from("arsl"), st.lists(st.integers(0, 40), max_size=12), st.integers(0, 999)), max_size=8
    )
)
def test_coded_follows_every_change(changes: list[tuple[str, list[int], int]]) -> None:
    index, model = CodedVectorIndex(DIM, unit(1, 7)[0] * 0.1), {}
    for what, numbers, seed in changes:
        ids = np.array(numbers, dtype=np.int64)
        if what == "a":
            rows = unit(len(ids), seed)
            index.add(ids, rows)
            model.update(zip(numbers, rows, strict=True))
        elif what == "r":
            index.remove(ids)
            for number in numbers:
                model.pop(number, None)
        elif what == "s":
            near(index, model, set(numbers))
        else:
            near(index, model)
    near(index, model)
    known = np.array(sorted(model), dtype=np.int64)
    assert index.ids().tolist() == known.tolist()
    assert index.holds(known, np.array([model[n] for n in known.tolist()]).reshape(-1, DIM))
    assert set(index.products(unit(1, 3)[0], range(41))) == set(model)


@pytest.mark.parametrize("mapped", [True, False])
def test_coded_is_the_same_after_saving_and_can_be_changed(tmp_path: Path, mapped: bool) -> None:
    rows = unit(RESCORED + 2_000, 21, dim=40)
    index = CodedVectorIndex(40, rows.mean(axis=0))
    index.add(np.arange(len(rows)) * 3, rows)
    index.save(tmp_path / "v")
    loaded = CodedVectorIndex.load(tmp_path / "v", mapped=mapped)
    for (ids, scores), (again, others) in zip(index.search(rows[:9], 5), loaded.search(rows[:9], 5), strict=True):
        assert ids.tolist() == again.tolist() and scores.tobytes() == others.tobytes()
    before = (tmp_path / "v").read_bytes()
    loaded.remove(np.array([0, 3]))
    loaded.add(np.array([6]), rows[:1])
    assert [int(ids[0]) for ids, _ in loaded.search(rows[:1], 1)] == [6] and len(loaded) == len(rows) - 2
    assert (tmp_path / "v").read_bytes() == before


def test_coded_finds_nearly_all_of_real_size_and_all_inside_a_narrow_filter() -> None:
    rng = np.random.default_rng(5)
    centres = rng.standard_normal((300, 256))
    rows = centres[rng.integers(0, 300, 20_000)] + 1.5 * rng.standard_normal((20_000, 256)) + 0.5
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    index = CodedVectorIndex(256, rows[:500].mean(axis=0))
    index.add(np.arange(20_000), rows)
    narrow = np.arange(0, 20_000, 10)
    for allowed, least in ((None, 0.97), (np.arange(0, 20_000, 2), 0.97), (narrow, 0.99)):
        hits = 0
        products = rows[:50] @ rows.T
        if allowed is not None:
            products[:, np.setdiff1d(np.arange(20_000), allowed)] = -2
        for query, (ids, scores) in enumerate(index.search(rows[:50], 10, allowed)):
            hits += len(set(ids.tolist()) & set(np.argsort(-products[query])[:10].tolist()))
            assert np.abs(scores - products[query][ids]).max() <= TOLERANCE
        assert hits / 500 >= least


def test_coded_refuses_files_of_another_size_or_kind(tmp_path: Path) -> None:
    index = CodedVectorIndex(DIM)
    index.add(np.arange(30), unit(30, 1))
    index.save(tmp_path / "v")
    whole = (tmp_path / "v").read_bytes()
    for broken in (whole[:-1], whole + b"x", whole[:10], b"", b"X" + whole[1:], whole[:8] + b"\xff" * 16 + whole[24:]):
        (tmp_path / "w").write_bytes(broken)
        with pytest.raises(ValueError):
            CodedVectorIndex.load(tmp_path / "w")


def test_coded_tells_other_vectors_and_other_ids() -> None:
    index, rows = CodedVectorIndex(DIM), unit(30, 1)
    index.add(np.arange(30), rows)
    assert index.holds(np.arange(30), rows)
    assert not index.holds(np.arange(30), rows[::-1])
    assert not index.holds(np.array([31]), rows[:1])
