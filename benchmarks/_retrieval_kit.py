"""What the retrieval benchmarks share: an index made by the product itself, ranks judged by document, intervals."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genesis_rag import load_settings, run_ingest
from genesis_rag.chunking import contextual_text
from genesis_rag.engines import model_embedder
from genesis_rag.index import Index
from genesis_rag.models import load_catalogue
from genesis_rag.protocols import Embedder
from genesis_rag.retrieval import RetrievalSettings, Retriever
from genesis_rag.retrieval.rerank import Reranking
from genesis_rag.text.terms import Analyser, get_analyser
from genesis_rag.types import Chunk, SearchFilter
from genesis_rag.wiring import retrieval_settings

SEED = 20261125
DEEPEST = 10
MISSED = 10**6
Row = tuple[str, str, str]
"""Id, title and text of a passage."""


@dataclass(frozen=True)
class Collection:
    """An index of passages, opened as the product opens it, and which passages each chunk belongs to."""

    index: Index
    embedder: Embedder
    analyser: Analyser
    owners: dict[int, frozenset[str]]
    names: dict[str, frozenset[str]]
    settings: RetrievalSettings

    def retriever(self, settings: RetrievalSettings | None = None, reranking: Reranking | None = None) -> Retriever:
        return Retriever(self.index, self.embedder, self.analyser, settings or self.settings, reranking)

    def dense(self, question: str, k: int, where: SearchFilter | None = None) -> list[frozenset[str]]:
        ((numbers, _),) = self.index.search_dense(self.embedder.embed_queries([question]), k, where)
        return [self.owners[int(number)] for number in numbers]

    def keyword(self, question: str, k: int) -> list[frozenset[str]]:
        numbers, _ = self.index.search_lexical(self.analyser.search_terms(question), k)
        return [self.owners[int(number)] for number in numbers]

    def hybrid(self, retriever: Retriever, question: str, k: int) -> list[frozenset[str]]:
        return [self.names[hit.chunk.document_id] for hit in retriever.search(question, k)]


def open_collection(
    home: Path, rows: Iterable[Row], *, profile: str, models: Path | None = None, files: Sequence[Path] = ()
) -> Collection:
    """Index ``rows`` (as a passages file) and ``files`` in the new folder ``home`` and open the result.

    Args:
        home: where to work.
        rows: passages.
        profile: a profile of models.toml.
        models: a models.toml whose tables replace the built-in ones.
        files: further documents; they are copied.
    """
    home.mkdir(parents=True)
    passages = home / "passages.jsonl"
    with passages.open("w", encoding="utf-8") as stream:
        for identifier, title, text in rows:
            stream.write(json.dumps({"id": identifier, "title": title, "text": text}, ensure_ascii=False) + "\n")
    if models is not None:
        shutil.copyfile(models, home / "models.toml")
    paths = [passages, *(Path(shutil.copy(file, home)) for file in files)]
    settings = load_settings(home=home, environ={}, profile=profile)
    report = run_ingest(settings, paths)
    if report.skipped:
        raise SystemExit(f"not indexed: {report.skipped[:3]}")
    catalogue = load_catalogue(home)
    spec = catalogue.profile(profile)
    model = catalogue.model(spec.embedder)
    analyser = get_analyser(spec.analyser)

    def terms(title: str, chunk: Chunk) -> list[str]:
        return analyser.index_terms(contextual_text(title, chunk.heading_path, chunk.text))

    index = Index.open(settings.index_dir, None, terms)
    names = {
        info.id: frozenset(source.partition("#")[2] or source for source in info.sources) for info in index.documents()
    }
    owners = {
        number: names[info.id]
        for info in index.documents()
        for number, _ in index.chunk_ids_at(info.id, range(info.chunk_count)).values()
    }
    return Collection(index, model_embedder(model, settings), analyser, owners, names, retrieval_settings(model))


def rank_of(passage: str, found: Iterable[frozenset[str]]) -> int:
    """Return the rank of a passage among the distinct documents found, ``MISSED`` if it is not there."""
    for rank, names in enumerate(dict.fromkeys(found), start=1):
        if passage in names:
            return rank
    return MISSED


def figures(ranks: Sequence[int]) -> dict[str, object]:
    """Return recall at 1, 5 and 10 and MRR@10, each with its 95 % interval (1,000 bootstrap samples of questions)."""
    row = np.array(ranks)
    values: dict[str, NDArray[np.float64]] = {f"recall@{k}": (row <= k).astype(float) for k in (1, 5, 10)}
    values["mrr@10"] = reciprocal(row)
    return {name: interval(value) for name, value in values.items()}


def reciprocal(ranks: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float64]:
    """Return 1/rank, 0 below rank 10."""
    row = np.array(ranks, dtype=float)
    return np.where(row <= DEEPEST, 1.0 / row, 0.0)


def interval(values: NDArray[np.float64]) -> list[float]:
    """Return mean and the bounds of its 95 % bootstrap interval."""
    random = np.random.default_rng(SEED)
    means = [values[random.integers(0, len(values), len(values))].mean() for _ in range(1000)]
    low, high = np.quantile(means, [0.025, 0.975])
    return [round(float(value), 4) for value in (values.mean(), low, high)]


def in_fit_half(title: str) -> bool:
    """Tell which half of the titles a title is in; settings are fitted on one and reported on the other."""
    return hashlib.sha256(title.encode()).digest()[0] < 128


def halves(titles: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
    """Yield ("fit", positions) and ("report", positions)."""
    for name, wanted in (("fit", True), ("report", False)):
        yield name, [at for at, title in enumerate(titles) if in_fit_half(title) is wanted]
