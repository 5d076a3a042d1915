"""A file of coded rows that is written a batch at a time holds what an index in memory would have saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genesis_rag.index import coded_rows
from genesis_rag.index.coded import CodedVectorIndex
from genesis_rag.index.coded_rows import CodedFile

DIM = 70
IDS = np.arange(0, 500, 5, dtype=np.int64)


def unit(count: int) -> np.ndarray:
    rows = np.random.default_rng(5).normal(size=(count, DIM)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    index = CodedVectorIndex(DIM, unit(100).mean(axis=0))
    index.add(IDS, unit(100))
    index.save(tmp_path / "saved")
    return tmp_path / "saved"


@pytest.mark.parametrize("batch", [1, 33, 100])
def test_batches_make_the_same_file(saved: Path, batch: int) -> None:
    path, rows = saved.with_name("written"), unit(100)
    with CodedFile(path, rows.mean(axis=0), 100) as file:
        for start in range(0, 100, batch):
            file.add(IDS[start : start + batch], rows[start : start + batch])
        file.add(IDS[:0], rows[:0])
    assert path.read_bytes() == saved.read_bytes()


@pytest.mark.parametrize("block", [7, 1000])
def test_a_copy_leaves_out_what_is_gone(saved: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(coded_rows, "COPIED_AT_ONCE", block)
    old, more, path = CodedVectorIndex.load(saved), unit(3), saved.with_name("copied")
    gone = np.concatenate([IDS[:30:3], IDS[-1:], np.array([2, 9999])])
    with CodedFile(path, old.centre(), 100 - 11 + 3) as file:
        file.copy(saved, gone)
        file.add(np.array([1000, 1001, 1002]), more)
    old.remove(gone)
    old.add(np.array([1000, 1001, 1002]), more)
    old.save(saved.with_name("again"))
    assert path.read_bytes() == saved.with_name("again").read_bytes()


@pytest.mark.parametrize(("ids", "message"), [([3, 4], "2 rows instead"), ([3, 4, 5, 6], "more"), ([3, 3, 4], "rise")])
def test_what_was_not_promised_is_refused(tmp_path: Path, ids: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message), CodedFile(tmp_path / "v", np.zeros(DIM, np.float32), 3) as file:
        file.add(np.array(ids), unit(len(ids)))


def test_ids_rise_from_batch_to_batch(tmp_path: Path) -> None:
    with CodedFile(tmp_path / "v", np.zeros(DIM, np.float32), 1) as file:
        file.add(np.array([5]), unit(1))
        with pytest.raises(ValueError, match="rise"):
            file.add(np.array([4]), unit(1))
