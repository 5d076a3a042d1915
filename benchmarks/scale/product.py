"""The product itself over so many chunks: filling, opening, asking, filtering, changing."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.scale import corpus
from genesis_rag.index import Index, IndexIdentity, IndexWriter
from genesis_rag.retrieval import Retriever
from genesis_rag.text.terms import get_analyser
from genesis_rag.types import Chunk, Document, SearchFilter

CHUNKS_A_DOCUMENT = 20
SAVE_EVERY = 500
CHANGED = 10_000
WARM = 40
FOLDERS = 100
YEARS = 20
FILTERS = {
    "language": SearchFilter(language="ja"),
    "source, 1 of 100": SearchFilter(source_glob="07/*"),
    "date, 1 of 20": SearchFilter(dated_from="2007-01-01", dated_to="2007-12-31"),
}

Report = dict[str, object]


def index_folder(work: Path, size: int) -> Path:
    """Return where the index of ``size`` chunks lies."""
    return work / f"index-{size}"


def fill(work: Path, size: int) -> Report:
    """Index the first ``size`` texts as documents of 20 and publish them; return seconds by phase."""
    directory = index_folder(work, size)
    shutil.rmtree(directory, ignore_errors=True)
    phases: dict[str, float] = {}
    began: list[tuple[str, float]] = [("store", time.perf_counter())]

    def told(phase: str, _done: int, _total: int) -> None:
        if phase != began[0][0]:
            now = time.perf_counter()
            phases[began[0][0]] = phases.get(began[0][0], 0.0) + now - began[0][1]
            began[0] = (phase, now)

    with IndexWriter.open(directory, _identity(), _terms, progress=told) as writer:
        _put(writer, work, 0, size, saved=lambda: told("store", 0, 0))
        writer.commit()
    told("", 0, 0)
    parts = {"store": directory / "store.sqlite"}
    files = {path.name: path for path in directory.glob("derived/*/vectors.*")}
    megabytes = {name: path.stat().st_size / 1e6 for name, path in (parts | files).items()}
    megabytes["keywords"] = sum(path.stat().st_size for path in directory.glob("derived/*/lexical/*")) / 1e6
    return {
        "seconds": _rounded(phases),
        "megabytes": _rounded(megabytes),
        "peak_resident_mb": resident("VmHWM"),
    }


def ask(work: Path, size: int, shared: Path) -> Report:
    """Open the index and ask; return milliseconds of each part of a search, and what lies in memory."""
    model = corpus.embedder()
    base = resident("VmRSS")
    begin = time.perf_counter()
    index = Index.open(index_folder(work, size), _identity(), _terms)
    opened = time.perf_counter() - begin
    analyser = get_analyser()
    retriever = Retriever(index, model, analyser)
    asked = corpus.questions(shared)
    begin = time.perf_counter()
    retriever.search(asked[0], 10)
    first = time.perf_counter() - begin
    for question in asked[:WARM]:
        retriever.search(question, 10)
    vectors = {question: model.embed_queries([question]) for question in asked}
    terms = {question: analyser.search_terms(question) for question in asked}
    timed = {
        "search": _times(asked, lambda q: retriever.search(q, 10)),
        "embedding": _times(asked, lambda q: model.embed_queries([q])),
        "vectors": _times(asked, lambda q: index.search_dense(vectors[q], 50)),
        "vectors, Japanese only": _times(asked, lambda q: index.search_dense(vectors[q], 50, FILTERS["language"])),
        "keywords": _times(asked, lambda q: index.search_lexical(terms[q], 100)),
    }
    for name, wanted in FILTERS.items():
        retriever.search(asked[0], 10, wanted)
        timed[f"search by {name}"] = _times(asked[:200], lambda q, w=wanted: retriever.search(q, 10, w))
    report: Report = {
        "opened_ms": round(1000 * opened, 1),
        "first_search_ms": round(1000 * first, 1),
        "milliseconds": timed,
        "resident_mb": resident("VmRSS"),
        "of_it_in_files_mb": resident("RssFile"),
        "before_opening_mb": base,
        "recall": _recall(index, work, size, vectors),
    }
    index.close()
    return report


def change(work: Path, size: int) -> Report:
    """Add 10,000 chunks to a copy of the index, then take 10,000 away; return the seconds of each until published."""
    count = min(CHANGED, size // 10)
    directory = work / "changed"
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(index_folder(work, size), directory)
    with IndexWriter.open(directory, _identity(), _terms) as writer:
        begin = time.perf_counter()
        _put(writer, work, size, size + count, lambda: None)
        writer.commit()
        added = time.perf_counter() - begin
        begin = time.perf_counter()
        for document, _ in _documents(work, 0, count):
            writer.remove_source(document.source)
        writer.commit()
        removed = time.perf_counter() - begin
        if writer.repairs or writer.published is None or writer.published.chunks != size:
            raise SystemExit(f"not {size} chunks after the changes: {writer.published}, {writer.repairs}")
    shutil.rmtree(directory)
    return {
        "chunks": count,
        "added_s": round(added, 2),
        "removed_s": round(removed, 2),
        "peak_resident_mb": resident("VmHWM"),
    }


def resident(key: str) -> float:
    """Return a number of this process's status in megabytes."""
    with Path("/proc/self/status").open(encoding="ascii") as stream:
        return next(round(int(line.split()[1]) / 1000, 1) for line in stream if line.startswith(f"{key}:"))


def _recall(index: Index, work: Path, size: int, asked: dict[str, np.ndarray]) -> dict[str, float]:
    """Return how many of the exact first 10 and 50 the vector search finds."""
    queries = np.concatenate(list(asked.values()))
    rows = corpus.vectors(work)
    best = np.full((len(queries), 50), -2.0, dtype=np.float32)
    for start in range(0, size, 50_000):
        products = queries @ rows[start : min(size, start + 50_000)].T
        best = -np.partition(-np.concatenate([best, products], axis=1), 49, axis=1)[:, :50]
    best = -np.sort(-best, axis=1)
    found = {10: 0, 50: 0}
    for query, least in zip(queries, best, strict=True):
        ((numbers, _),) = index.search_dense(query[None], 50)
        exact = index.vectors_of(numbers)
        scores = [float(exact[number] @ query) for number in numbers.tolist()]
        for depth in found:
            found[depth] += sum(score >= least[depth - 1] - 1e-6 for score in scores[:depth])
    return {f"recall@{depth}": round(hits / depth / len(queries), 4) for depth, hits in found.items()}


def _times(asked: Iterable[str], act: Callable[[str], object]) -> dict[str, float]:
    taken = []
    for question in asked:
        begin = time.perf_counter()
        act(question)
        taken.append(1000 * (time.perf_counter() - begin))
    return {"p50": round(float(np.percentile(taken, 50)), 2), "p95": round(float(np.percentile(taken, 95)), 2)}


def _put(writer: IndexWriter, work: Path, start: int, end: int, saved: Callable[[], None]) -> None:
    for place, (document, chunks) in enumerate(_documents(work, start, end), start=1):
        first = start + CHUNKS_A_DOCUMENT * (place - 1)
        if place % SAVE_EVERY == 1:
            rows = corpus.vectors(work)  # mapped anew, so that what was read does not count as memory of the writer
        hashes = [hashlib.blake2b(chunk.text.encode(), digest_size=16).digest() for chunk in chunks]
        writer.put(document, chunks, np.array(rows[first : first + len(chunks)]), hashes)
        if place % SAVE_EVERY == 0:
            writer.save()
            saved()


def _documents(work: Path, start: int, end: int) -> Iterator[tuple[Document, list[Chunk]]]:
    lines = islice(corpus.texts(work, end), start, None)
    place = start // CHUNKS_A_DOCUMENT
    while texts := list(islice(lines, CHUNKS_A_DOCUMENT)):
        yield _document(place, texts)
        place += 1


def _document(place: int, texts: list[corpus.Text]) -> tuple[Document, list[Chunk]]:
    whole = "\n".join(text for _, text in texts)
    key = hashlib.sha256(whole.encode()).hexdigest()
    chunks: list[Chunk] = []
    start = 0
    for ordinal, (language, text) in enumerate(texts):
        end = start + len(text)
        name = hashlib.sha256(f"{key}{ordinal}".encode()).hexdigest()[:16]
        chunks.append(Chunk(name, key[:16], ordinal, start, end, text, (), None, language))
        start = end + 1
    document = Document(
        id=key[:16],
        source=f"{place % FOLDERS:02d}/{place}.txt",
        title="",
        text=whole,
        language=texts[0][0],
        content_sha256=key,
        sections=(),
        metadata={"date": f"{2000 + place % YEARS}-04-01"},
    )
    return document, chunks


def _identity() -> IndexIdentity:
    model = corpus.embedder()
    return IndexIdentity(model.fingerprint, model.dim, "benchmark", get_analyser().id)


def _terms(title: str, chunk: Chunk) -> list[str]:
    return list(get_analyser().index_terms(chunk.text))


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in values.items() if name}
