"""Kinds of vector index measured over the same vectors: recall, time of a query, memory, building, taking away."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks.scale import corpus
from genesis_rag.index.coded import CodedVectorIndex
from genesis_rag.index.vectors import FaissVectorIndex

QUERIES = 200
DEPTH = 50
Rows = NDArray[np.float32]
Search = Callable[[Rows, int], NDArray[np.int64]]
FACTORIES = {
    "SQ8": ("SQ8", DEPTH, None),
    "IVF,SQ8 (5 % of lists)": ("IVF{lists},SQ8", DEPTH, 0.05),
    "IVF,SQ8 (20 % of lists)": ("IVF{lists},SQ8", DEPTH, 0.20),
    "HNSW32,SQ8": ("HNSW32,SQ8", DEPTH, 128),
    "RaBitQ, 500 scored again": ("RaBitQ", 500, None),
}
"""Factory string, rows asked for (scored again by the exact vectors) and the share of lists or the breadth."""

MOST_ROWS = {"HNSW32,SQ8": 100_000}
"""Building its graph for a million takes longer than all the rest together, and rows cannot be taken away from it."""


def measure(work: Path, shared: Path, size: int) -> dict[str, object]:
    """Return a report of every kind over the first ``size`` vectors."""
    rows = np.ascontiguousarray(corpus.vectors(work)[:size])
    queries = corpus.embedder().embed_queries(corpus.questions(shared)[:QUERIES])
    best = _exact(rows, queries)
    found: dict[str, object] = {}
    for name, build in (("flat", FaissVectorIndex), ("signs and 8 bits (ours)", CodedVectorIndex)):
        begin = time.perf_counter()
        index = build(rows.shape[1]) if build is FaissVectorIndex else CodedVectorIndex(rows.shape[1], _centre(rows))
        index.add(np.arange(size), rows)
        len(index.ids())
        built = time.perf_counter() - begin
        search: Search = lambda query, k, index=index: index.search(query, k)[0][0]  # noqa: E731
        removed = _timed(lambda index=index: index.remove(np.arange(0, size, 100)))
        index.add(np.arange(0, size, 100), rows[::100])
        found[name] = _report(search, DEPTH, rows, queries, best, built, removed, _megabytes(index.save))
        del index, search
    for name, (factory, k, breadth) in FACTORIES.items():
        if size <= MOST_ROWS.get(name, size):
            found[name] = _faiss(factory, k, breadth, rows, queries, best)
    return found


def _faiss(
    factory: str, k: int, breadth: float | None, rows: Rows, queries: Rows, best: NDArray[np.int64]
) -> dict[str, object]:
    lists = round(2 * len(rows) ** 0.5)
    begin = time.perf_counter()
    index: Any = faiss.index_factory(rows.shape[1], factory.format(lists=lists), faiss.METRIC_INNER_PRODUCT)
    index.train(rows[:: max(1, len(rows) // (40 * lists))])
    index.add(rows)
    built = time.perf_counter() - begin
    if "IVF" in factory:
        index.nprobe = max(1, round(lists * (breadth or 0)))
    elif breadth:
        index.hnsw.efSearch = int(breadth)
    megabytes = _megabytes(lambda path: faiss.write_index(index, str(path)))
    report = _report(lambda q, k: index.search(q, k)[1][0], k, rows, queries, best, built, None, megabytes)
    if "HNSW" not in factory:
        gone = np.arange(0, len(rows), 100)
        report["removing 1 % s"] = round(_timed(lambda: index.remove_ids(faiss.IDSelectorBatch(gone))), 3)
    return report


def _report(
    search: Search,
    k: int,
    rows: Rows,
    queries: Rows,
    best: NDArray[np.int64],
    built: float,
    removed: float | None,
    megabytes: float,
) -> dict[str, object]:
    taken, hits = [], {10: 0, 50: 0}
    for query, exact in zip(queries, best, strict=True):
        begin = time.perf_counter()
        ids = search(query[None], k)
        if k > DEPTH:
            ids = ids[ids >= 0]
            ids = ids[np.argsort(-(rows[ids] @ query))]
        taken.append(1000 * (time.perf_counter() - begin))
        for depth in hits:
            hits[depth] += len(set(ids[:depth].tolist()) & set(exact[:depth].tolist()))
    return {
        **{f"recall@{depth}": round(count / depth / len(queries), 4) for depth, count in hits.items()},
        "p50 ms": round(float(np.percentile(taken, 50)), 2),
        "p95 ms": round(float(np.percentile(taken, 95)), 2),
        "file MB": round(megabytes, 1),
        "built s": round(built, 1),
        "removing 1 % s": None if removed is None else round(removed, 3),
    }


def _exact(rows: Rows, queries: Rows) -> NDArray[np.int64]:
    """Return the exact first ``DEPTH`` for every query, int64[n, DEPTH]."""
    flat = faiss.IndexFlatIP(rows.shape[1])
    flat.add(rows)
    return np.asarray(flat.search(queries, DEPTH)[1])


def _centre(rows: Rows) -> Rows:
    return np.asarray(rows[:: max(1, len(rows) // 2000)].mean(axis=0))


def _timed(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def _megabytes(save: Callable[[Path], object]) -> float:
    with TemporaryDirectory() as folder:
        path = Path(folder, "index")
        save(path)
        return path.stat().st_size / 1e6
