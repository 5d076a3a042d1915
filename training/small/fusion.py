"""Chooses how the cosines of an embedder and a reader's relevance are fused with keyword scores, on the dev sets alone.

    python -m training.small.fusion --shared FOLDER --profile NAME [--models FILE] [--out RESULT.json]

Recall@1 and @5 by direction: the dev split of corpus/qa, and dev questions of the encyclopedia among dev passages.
The winner of the grid has the highest mean over all rows of recall@1 and recall@5; it goes to models.toml by hand.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from training.abstention.asking import Product, passages_file
from training.abstention.data import load_collection, load_questions
from training.static.data import SEED

from genesis_rag.protocols import Reader
from genesis_rag.retrieval import RetrievalSettings, Retriever
from genesis_rag.types import Hit

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS, BASES, SLOPES = (0.2, 0.4, 0.5, 0.6, 0.7), (0.25, 0.3, 0.35, 0.4), (1.5, 2.0, 3.0)
READER_WEIGHTS = (0.0, 0.02, 0.05, 0.08, 0.1, 0.15, 0.2, 0.5, 100.0)
DEPTH, READ = 5, 10


@dataclass(frozen=True)
class Task:
    """A question, the row of the table it counts for, and what a hit must be."""

    row: str
    question: str
    retriever: Retriever
    right: Callable[[Hit], bool]


def corpus_tasks(product: Product) -> list[Task]:
    """Return the answerable dev questions of the fixed set."""
    made = []
    for line in (ROOT / "corpus/qa/genesis_qa.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["split"] == "dev" and row["answerable"]:
            quotes = [(one["source"], one["quote"]) for one in row["evidence"]]
            made.append(Task(row["direction"], row["question"], product.retriever, _holds(quotes)))
    return made


def encyclopedia_tasks(product: Product, data: Path, language: str, most: int) -> list[Task]:
    """Return dev questions whose passage is in the index."""
    asked = load_questions(data, language, "dev", most, SEED)  # type: ignore[arg-type]
    return [Task(f"encyclopedia {language}", qa.question, product.retriever, _named(qa.passage_id)) for qa in asked]


def _holds(quotes: list[tuple[str, str]]) -> Callable[[Hit], bool]:
    return lambda hit: any(hit.document.source == source and quote in hit.chunk.text for source, quote in quotes)


def _named(name: str) -> Callable[[Hit], bool]:
    return lambda hit: hit.document.source.rpartition("#")[2] == name


def measure(tasks: list[Task], **changed: float) -> dict[str, list[float]]:
    """Return recall@1 and recall@5 by row under changed settings."""
    ranks = defaultdict(list)
    for task in tasks:
        old = task.retriever._settings
        task.retriever._settings = replace(old, **changed)  # type: ignore[arg-type]
        hits = task.retriever.search(task.question, DEPTH)
        task.retriever._settings = old
        ranks[task.row].append(next((n for n, hit in enumerate(hits, 1) if task.right(hit)), DEPTH + 1))
    return {row: [round(float(np.mean(np.array(r) <= k)), 4) for k in (1, DEPTH)] for row, r in ranks.items()}


def choose(tasks: list[Task]) -> list[dict[str, object]]:
    """Return all combinations, best first; bases and slopes matter for the corpus alone."""
    own = [task for task in tasks if task.row.startswith("encyclopedia")]
    cross = [task for task in tasks if not task.row.startswith("encyclopedia")]
    alone = {weight: measure(own, dense_weight=weight) for weight in WEIGHTS}
    found: list[dict[str, object]] = []
    for weight, base, slope in itertools.product(WEIGHTS, BASES, SLOPES):
        rows = alone[weight] | measure(cross, dense_weight=weight, foreign_base=base, foreign_slope=slope)
        mean = round(float(np.mean(list(rows.values()))), 4)
        found.append({"dense_weight": weight, "foreign_base": base, "foreign_slope": slope, "mean": mean} | rows)
        print(found[-1], flush=True)
    return sorted(found, key=lambda one: -float(str(one["mean"])))


def reader_weights(tasks: list[Task], reader: Reader) -> dict[float, dict[str, list[float]]]:
    """Return recall@1 and @5 by row with the reader's relevance added to the fused score, for each weight."""
    ranks: dict[float, dict[str, list[int]]] = {weight: defaultdict(list) for weight in READER_WEIGHTS}
    for task in tasks:
        hits = task.retriever.search(task.question, READ)
        texts = [(" ".join((hit.document.title, *hit.chunk.heading_path)), hit.chunk.text) for hit in hits]
        relevance = [max(one.relevance for one in windows) for windows in reader.read(task.question, texts)]
        for weight in READER_WEIGHTS:
            order = sorted(range(len(hits)), key=lambda at, w=weight: -(hits[at].score + w * relevance[at]))  # type: ignore[misc]
            ranks[weight][task.row].append(next((n for n, at in enumerate(order, 1) if task.right(hits[at])), READ + 1))
    return {
        weight: {row: [round(float(np.mean(np.array(r) <= k)), 4) for k in (1, DEPTH)] for row, r in rows.items()}
        for weight, rows in ranks.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=os.environ.get("GENESIS_SHARED", ""))
    parser.add_argument("--profile", default="embedded")
    parser.add_argument("--models", type=Path, help="a models.toml to use beside the packaged one")
    parser.add_argument("--most", type=int, default=600, help="questions of an encyclopedia")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    data = Path(options.shared) / "data"
    with tempfile.TemporaryDirectory() as folder:

        def home(name: str) -> Path:
            place = Path(folder) / name
            place.mkdir()
            if options.models:
                (place / "models.toml").write_text(options.models.read_text(encoding="utf-8"), encoding="utf-8")
            return place

        built_in = Product(home("corpus"), [ROOT / "corpus" / "documents"], options.profile)
        tasks, reader = corpus_tasks(built_in), built_in.answerer.tools.reader
        for language in ("ja", "en"):
            place = home(language)
            file = passages_file(place, load_collection(data, language, ("_dev",)))  # type: ignore[arg-type]
            tasks += encyclopedia_tasks(Product(place, [file], options.profile), data, language, options.most)
        default = measure(tasks)
        found = choose(tasks)
        result = {"default": {"settings": str(RetrievalSettings())} | default, "best": found[:10]}
        if reader is not None:
            result["reader"] = reader_weights(tasks, reader)
    print(json.dumps(result, indent=1))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
