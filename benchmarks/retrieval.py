"""How well the right passage is found: keyword search, vectors, and both, judged by passage on public questions.

For each language all train and dev passages are indexed by the product itself; the dev questions are asked (English:
wiki, qed, selqa). Settings are fitted on half of the dev titles and reported on the other half, never on the corpus.
The reference for keyword search is bm25s in the same run. See also `_retrieval_mixed.py` (both languages in one index)
and `_retrieval_seed.py` (questions over the seed document).

    python -m benchmarks.retrieval [--shared FOLDER] [--profile NAME] [--models FILE] [--parts legs,mixed,seed]
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from training.abstention.data import load_collection, load_questions, title_key

from benchmarks import _bm25s, _retrieval_mixed, _retrieval_seed
from benchmarks._machine import RESULTS, describe_machine, read_result, shared_folder, write_result
from benchmarks._retrieval_kit import (
    Collection,
    figures,
    halves,
    interval,
    open_collection,
    rank_of,
    reciprocal,
)
from genesis_rag.retrieval import RetrievalSettings
from genesis_rag.retrieval.fusion import fuse, keyword_scores
from genesis_rag.types import Language

NAME = "retrieval"
DEPTH = 40
"""Chunks asked for, so that ten different passages are among them."""
WEIGHTS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
ALL = 10**6
LANGUAGES: tuple[Language, ...] = ("ja", "en")


@dataclass(frozen=True)
class Asked:
    """The questions of a language, which passage answers each, and its title."""

    questions: list[str]
    passages: list[str]
    titles: list[str]


def scalings(collection: Collection, question: str, bm25: np.ndarray) -> dict[str, np.ndarray]:
    """Return the keyword scores under ours and two other ways to scale BM25."""
    index, terms = collection.index, collection.analyser.search_terms(question)
    possible = 0.0
    for term, weight in terms:
        holding = index.document_frequency(term)
        possible += weight * math.log(1 + (index.chunk_count - holding + 0.5) / (holding + 0.5))
    return {
        "words": keyword_scores(bm25, index.chunk_count),
        "best found": bm25 / max(float(bm25.max(initial=0.0)), 1e-9),
        "best possible": bm25 / max(possible, 1e-9),
    }


def weight_curves(collection: Collection, asked: Asked, at: Sequence[int]) -> dict[str, dict[float, float]]:
    """Return the MRR@10 of each dense weight under each scaling over the questions at these positions."""
    total: dict[str, dict[float, float]] = {}
    retriever = collection.retriever()
    for place in at:
        hits = retriever.search(asked.questions[place], ALL)
        dense = np.array([hit.scores["dense"] for hit in hits])
        bm25 = np.array([hit.scores["lexical"] for hit in hits])
        owners = [collection.names[hit.chunk.document_id] for hit in hits]
        for name, keyword in scalings(collection, asked.questions[place], bm25).items():
            curve = total.setdefault(name, dict.fromkeys(WEIGHTS, 0.0))
            for weight in WEIGHTS:
                order = np.argsort(-fuse(dense, keyword, weight), kind="stable")
                rank = rank_of(asked.passages[place], (owners[i] for i in order))
                curve[weight] += float(reciprocal([rank])[0])
    return {name: {w: round(value / len(at), 4) for w, value in curve.items()} for name, curve in total.items()}


def measure_language(home: Path, data: Path, language: Language, options: argparse.Namespace) -> dict[str, object]:
    passages = load_collection(data, language)
    rows = list(zip(passages.ids, passages.titles, passages.texts, strict=True))
    found = load_questions(data, language, "dev", ALL, 1)
    titles = [title_key(passages.titles[passages.place[qa.passage_id]]) for qa in found]
    asked = Asked([qa.question for qa in found], [qa.passage_id for qa in found], titles)
    begin = time.perf_counter()
    collection = open_collection(home, rows, profile=options.profile, models=options.models)
    seconds = time.perf_counter() - begin
    retriever = collection.retriever()
    ways = {
        "keyword": lambda q: collection.keyword(q, DEPTH),
        "dense": lambda q: collection.dense(q, DEPTH),
        "hybrid": lambda q: collection.hybrid(retriever, q, DEPTH),
    }
    ranks = {
        way: [rank_of(p, ask(q)) for q, p in zip(asked.questions, asked.passages, strict=True)]
        for way, ask in ways.items()
    }
    split = dict(halves(titles))
    best = max(("keyword", "dense"), key=lambda way: float(reciprocal(ranks[way]).mean()))
    return {
        "passages": len(rows),
        "chunks": collection.index.chunk_count,
        "questions": len(asked.questions),
        "indexing_s": round(seconds, 1),
        "all": {way: figures(row) for way, row in ranks.items()},
        "reported_half": {way: figures([row[i] for i in split["report"]]) for way, row in ranks.items()},
        "reported_half_questions": len(split["report"]),
        "hybrid_minus_better_leg_on_reported_half": difference(ranks["hybrid"], ranks[best], split["report"]),
        "reference": reference(language, rows, asked, ranks["keyword"]),
        "speed": speed(collection, asked.questions),
        "mrr_by_scaling_and_dense_weight_on_fit_half": weight_curves(collection, asked, split["fit"]),
    }


def difference(ranks: Sequence[int], others: Sequence[int], at: Sequence[int]) -> dict[str, list[float]]:
    """Return how much better ``ranks`` are than ``others`` on the same questions, with 95 % intervals."""
    one, two = (np.array([row[i] for i in at]) for row in (ranks, others))
    return {
        **{f"recall@{k}": interval((one <= k).astype(float) - (two <= k)) for k in (1, 5, 10)},
        "mrr@10": interval(reciprocal(one) - reciprocal(two)),
    }


def reference(
    language: str, rows: Sequence[tuple[str, str, str]], asked: Asked, own: Sequence[int]
) -> dict[str, object]:
    """Return the figures of bm25s and how much better the keyword leg is than its best variant (by MRR@10)."""
    place = {identifier: number for number, (identifier, _, _) in enumerate(rows)}
    texts = [f"{title}\n{text}" for _, title, text in rows]
    all_ranks: dict[str, list[int]] = {}
    seconds = 0.0
    for name, cut in _bm25s.cutters(language).items():
        found, seconds = _bm25s.search(cut(texts), cut(asked.questions), DEPTH)
        gold = [place[passage] for passage in asked.passages]
        all_ranks[name] = [row.index(g) + 1 if g in row else ALL for row, g in zip(found, gold, strict=True)]
    best = max(all_ranks, key=lambda name: float(reciprocal(all_ranks[name]).mean()))
    return {
        "bm25s": {name: figures(ranks) for name, ranks in all_ranks.items()},
        "best": best,
        "keyword_minus_best": difference(own, all_ranks[best], range(len(own))),
        "retrieve_ms": round(1000 * seconds, 3),
    }


def speed(collection: Collection, questions: Sequence[str]) -> dict[str, float]:
    """Return medians over 300 questions: a search for ten hits, the embedding in it, six passages, both bare legs."""
    retriever, index = collection.retriever(), collection.index
    times: dict[str, list[float]] = {"search_ms": [], "passages_ms": [], "embedding_ms": [], "bare_legs_ms": []}
    for question in questions[:300]:
        marks = [time.perf_counter()]
        retriever.search(question, 10)
        marks.append(time.perf_counter())
        retriever.passages(question, 6)
        marks.append(time.perf_counter())
        vector = collection.embedder.embed_queries([question])
        marks.append(time.perf_counter())
        index.search_dense(vector, 50)
        index.search_lexical(collection.analyser.search_terms(question), 50)
        marks.append(time.perf_counter())
        for name, value in zip(times, np.diff(marks), strict=True):
            times[name].append(1000 * float(value))
    medians = {name: round(float(np.median(values)), 3) for name, values in times.items()}
    beside = medians["search_ms"] - medians["embedding_ms"]
    return {**medians, "search_without_embedding_to_bare_legs": round(beside / medians["bare_legs_ms"], 2)}


def measure_legs(shared: Path, folder: Path, options: argparse.Namespace) -> dict[str, object]:
    languages = {name: measure_language(folder / name, shared / "data", name, options) for name in LANGUAGES}
    curves = [language["mrr_by_scaling_and_dense_weight_on_fit_half"] for language in languages.values()]
    scaled: dict[str, dict[str, object]] = {}
    for name in ("words", "best found", "best possible"):
        best = max(WEIGHTS, key=lambda weight: sum(curve[name][weight] for curve in curves))  # type: ignore[index]
        found = {language: languages[language]["mrr_by_scaling_and_dense_weight_on_fit_half"] for language in LANGUAGES}
        mrr = {language: curve[name][best] for language, curve in found.items()}  # type: ignore[index]
        scaled[name] = {"dense_weight": best, **mrr}
    return {"mrr_by_scaling": scaled, "fitted_dense_weight": scaled["words"]["dense_weight"], "languages": languages}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--profile", default="embedded-static")
    parser.add_argument("--models", type=Path, help="a models.toml that replaces tables of the built-in one")
    parser.add_argument("--parts", default="legs,mixed,seed", help="which parts to run; others keep their last result")
    options = parser.parse_args()
    shared = shared_folder(options.shared)
    parts = {"legs": measure_legs, "mixed": _retrieval_mixed.measure, "seed": _retrieval_seed.measure}
    measured: dict[str, object] = {}
    for part in options.parts.split(","):
        with tempfile.TemporaryDirectory() as folder:
            figures_of_part = parts[part](shared, Path(folder), options)
        measured[part] = {"machine": describe_machine(), "profile": options.profile, **figures_of_part}
        print(part, json.dumps(figures_of_part, ensure_ascii=False, indent=1), flush=True)
    known = dict(read_result(NAME)) if (RESULTS / f"{NAME}.json").is_file() else {}
    settings = asdict(RetrievalSettings())
    result = {"command": "python -m benchmarks.retrieval", "settings": settings, **{p: known.get(p) for p in parts}}
    result |= measured
    if options.models is None:
        write_result(NAME, result)


if __name__ == "__main__":
    main()
