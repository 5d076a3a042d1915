"""Ten million vectors, by themselves: more than there are texts, so most are of pieces that texts were cut into.

Every text of the corpus counts as it is, and as pieces of a third to seven tenths of it: real words in real company,
about as near to each other as sentences of one paragraph are. How much that distorts is measured beside: the same
search over a million texts, and over a million pieces of as many texts (``pieces`` of the report). Vectors are never
kept, only coded, so that the exact first of every question are found while they pass by.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks.scale import corpus
from benchmarks.scale.kinds import DEPTH, QUERIES, Rows
from benchmarks.scale.product import resident
from genesis_rag.index.coded import CodedVectorIndex
from genesis_rag.index.coded_rows import CodedFile

OURS, SQ8, RABITQ = "signs and 8 bits (ours)", "SQ8", "RaBitQ, 500 scored again"
"""As ``kinds`` calls them; here RaBitQ's proposals are scored again by our 8 bits, as no vector is kept."""

CUTS = (
    *((0, 0.5), (0.5, 1), (0.25, 0.75), (0, 0.35), (0.33, 0.68), (0.65, 1)),
    *((0, 0.7), (0.3, 1), (0.15, 0.5), (0.5, 0.85), (0.2, 0.6), (0.45, 0.9)),
)
"""Where pieces begin and end, as parts of a text."""

LEAST_CHARACTERS = 8
AT_ONCE = 50_000
SLOW_QUERIES = 60
AGAIN = 500
"""Rows that RaBitQ proposes and 8 bit codes score again."""


@dataclass
class Exact:
    """The best so far of vectors that pass by."""

    queries: Rows
    scores: Rows = field(init=False)
    ids: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.scores = np.full((len(self.queries), DEPTH), -2.0, dtype=np.float32)
        self.ids = np.full((len(self.queries), DEPTH), -1, dtype=np.int64)

    def see(self, first: int, rows: Rows) -> None:
        """Look at rows with the ids from ``first`` on."""
        scores, ids = faiss.knn(self.queries, rows, DEPTH, metric=faiss.METRIC_INNER_PRODUCT)
        scores, ids = np.concatenate([self.scores, scores], axis=1), np.concatenate([self.ids, ids + first], axis=1)
        best = np.argsort(-scores, axis=1)[:, :DEPTH]
        self.scores, self.ids = np.take_along_axis(scores, best, axis=1), np.take_along_axis(ids, best, axis=1)


def make(work: Path, shared: Path, size: int, *, whole: bool = True, a_text: int = len(CUTS)) -> dict[str, object]:
    """Code ``size`` vectors into a file, find the exact answers, and measure the kinds that need the vectors.

    Args:
        work: the folder of the corpus.
        shared: where the questions are.
        size: how many vectors.
        whole: whether whole texts come first.
        a_text: pieces of a text.
    """
    queries = _queries(shared)
    exact, seconds = Exact(queries), dict.fromkeys(("embedding", OURS, "exact", SQ8, RABITQ), 0.0)
    others: dict[str, Any] = {
        name: faiss.index_factory(queries.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
        for name, factory in ((SQ8, "SQ8"), (RABITQ, "RaBitQ"))
    }
    sample = np.array(corpus.vectors(work)[:AT_ONCE])
    for index in others.values():
        index.train(sample)
    first = 0
    with CodedFile(_file(work, size), sample.mean(axis=0), size) as file:
        blocks = _timed(_blocks(work, size, whole, a_text), seconds, "embedding")
        for rows in blocks:
            ids = np.arange(first, first + len(rows))
            steps: dict[str, Callable[[], object]] = {
                OURS: lambda ids=ids, rows=rows: file.add(ids, rows),  # type: ignore[misc]
                "exact": lambda first=first, rows=rows: exact.see(first, rows),  # type: ignore[misc]
                **{name: lambda index=index, rows=rows: index.add(rows) for name, index in others.items()},  # type: ignore[misc]
            }
            for name, step in steps.items():
                began = time.perf_counter()
                step()
                seconds[name] += time.perf_counter() - began
            first += len(rows)
    np.save(_truth(work, size), exact.ids)
    kinds = _others(work, size, queries, exact.ids, others)
    for name, kind in kinds.items():
        kind["built s"] = round(seconds[name], 1)
    return {
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "cosine of the 10th": round(float(np.median(exact.scores[:, 9])), 4),
        "kinds": kinds,
    }


def search(work: Path, shared: Path, size: int) -> dict[str, object]:
    """Search what ``make`` coded, in a process of its own: opening, recall, time, memory."""
    queries, best = _queries(shared), np.load(_truth(work, size))
    base = resident("VmRSS")
    began = time.perf_counter()
    index = CodedVectorIndex.load(_file(work, size))
    opened = time.perf_counter() - began
    began = time.perf_counter()
    index.search(queries[:1], DEPTH)
    first = time.perf_counter() - began
    report = _report(lambda query: index.search(query, DEPTH)[0][0], queries, best)
    return {
        **report,
        "file MB": round(_file(work, size).stat().st_size / 1e6, 1),
        "opened ms": round(1000 * opened, 1),
        "first search ms": round(1000 * first, 1),
        "resident MB": resident("VmRSS"),
        "before opening MB": base,
    }


def pieces(work: Path, shared: Path, size: int) -> dict[str, object]:
    """Return recall over so many texts and over pieces of as many texts: what cutting does to the measurement."""
    found: dict[str, object] = {"vectors": size}
    for name, whole in (("texts", True), ("pieces", False)):
        made = make(work, shared, size, whole=whole, a_text=1)
        report = search(work, shared, size)
        cosine = {"cosine of the 10th": made["cosine of the 10th"]}
        found[name] = {key: report[key] for key in ("recall@10", "recall@50")} | cosine
        _file(work, size).unlink()
    return found


def _others(
    work: Path, size: int, queries: Rows, best: NDArray[np.int64], others: dict[str, Any]
) -> dict[str, dict[str, object]]:
    codes = CodedVectorIndex.load(_file(work, size))

    def again(query: Rows) -> NDArray[np.int64]:
        proposed = others[RABITQ].search(query, AGAIN)[1][0].tolist()
        scores = codes.products(query[0], proposed)
        return np.array(sorted(scores, key=lambda number: -scores[number]), dtype=np.int64)

    found = {
        SQ8: _report(lambda query: others[SQ8].search(query, DEPTH)[1][0], queries[:SLOW_QUERIES], best),
        RABITQ: _report(again, queries, best),
    }
    for name, report in found.items():
        report["file MB"] = round(size * others[name].sa_code_size() / 1e6, 1)
    return found


def _report(find: Callable[[Rows], NDArray[np.int64]], queries: Rows, best: NDArray[np.int64]) -> dict[str, object]:
    taken, hits = [], {10: 0, DEPTH: 0}
    for query, exact in zip(queries, best, strict=False):
        began = time.perf_counter()
        ids = find(query[None])
        taken.append(1000 * (time.perf_counter() - began))
        for depth in hits:
            hits[depth] += len(set(ids[:depth].tolist()) & set(exact[:depth].tolist()))
    return {
        **{f"recall@{depth}": round(count / depth / len(queries), 4) for depth, count in hits.items()},
        "p50 ms": round(float(np.percentile(taken, 50)), 2),
        "p95 ms": round(float(np.percentile(taken, 95)), 2),
    }


def _blocks(work: Path, size: int, whole: bool, a_text: int) -> Iterator[Rows]:
    """Yield vectors, of the texts and then of pieces, ``size`` in all."""
    left = size
    if whole:
        rows = corpus.vectors(work)
        for start in range(0, min(left, len(rows)), AT_ONCE):
            yield np.array(rows[start : min(size, start + AT_ONCE)])
        left -= min(left, len(rows))
    model, waiting = corpus.embedder(), islice(_pieces(work, a_text), left)
    while some := list(islice(waiting, AT_ONCE)):
        yield model.embed_passages(some)
        left -= len(some)
    if left:
        raise SystemExit(f"{left:,} vectors are missing: the corpus gives no more pieces")


def _pieces(work: Path, a_text: int) -> Iterator[str]:
    for place, (_, text) in enumerate(corpus.texts(work, len(corpus.vectors(work)))):
        known = {text}
        for number in range(a_text):
            start, end = (round(part * len(text)) for part in CUTS[(place + number) % len(CUTS)])
            piece = _at_words(text, start, end)
            if len(piece) >= LEAST_CHARACTERS and piece not in known:
                known.add(piece)
                yield piece


def _at_words(text: str, start: int, end: int) -> str:
    """Return the piece, its ends moved to where words begin if there are spaces near."""
    if start and (space := text.find(" ", start, start + 15)) >= 0:
        start = space
    if (space := text.find(" ", end, end + 15)) >= 0:
        end = space
    return text[start:end].strip()


def _queries(shared: Path) -> Rows:
    return corpus.embedder().embed_queries(corpus.questions(shared)[:QUERIES])


def _timed(blocks: Iterator[Rows], seconds: dict[str, float], name: str) -> Iterator[Rows]:
    while True:
        began = time.perf_counter()
        rows = next(blocks, None)
        seconds[name] += time.perf_counter() - began
        if rows is None:
            return
        yield rows


def _file(work: Path, size: int) -> Path:
    return work / f"vectors-{size}.codes"


def _truth(work: Path, size: int) -> Path:
    return work / f"vectors-{size}.truth.npy"
