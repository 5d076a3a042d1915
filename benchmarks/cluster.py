"""The same index on this machine and in Milvus: do both find the same, and what does a search cost there?

Every question of the QA set is searched in both, alternately, so that a busy machine slows both; the figure is the
ratio of the medians. Without --milvus it is Milvus Lite, which is made for trying out: then the ratio says nothing
about a cluster, the equality does.

    python -m benchmarks.cluster [--milvus http://HOST:19530] [--dense FLAT] [--every 1]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks._machine import ROOT, describe_machine, write_result
from genesis_rag.assistant import Assistant
from genesis_rag.cluster import parse_address
from genesis_rag.cluster.manifest import Cluster
from genesis_rag.cluster.table import Table
from genesis_rag.migration import HITS, migrate, same_but_ties
from genesis_rag.settings import Settings, built_in_corpus
from genesis_rag.wiring import open_assistant, run_ingest

QA = ROOT / "corpus" / "qa" / "genesis_qa.jsonl"
STAYING_OUT = "genesis_benchmark_"


def counted_calls() -> dict[str, int]:
    """Let every search and query of Milvus be counted in what is returned."""
    calls = {"search": 0, "query": 0}

    def counting(name: str) -> Any:
        before = getattr(Table, name)

        def counted(*arguments: Any, **options: Any) -> Any:
            calls[name] += 1
            return before(*arguments, **options)

        return counted

    for name in calls:
        setattr(Table, name, counting(name))
    return calls


def compare(here: Assistant, there: Assistant, questions: list[str]) -> dict[str, object]:
    """Search both for every question."""
    times: dict[str, list[float]] = {"here": [], "there": []}
    calls, differing = counted_calls(), []
    for question in questions:
        found = {}
        for name, assistant in (("here", here), ("there", there)):
            begin = time.perf_counter()
            found[name] = assistant.search(question, HITS)
            times[name].append(time.perf_counter() - begin)
        if not same_but_ties(found["here"], found["there"]):
            differing.append(question)
    medians = {name: statistics.median(values) for name, values in times.items()}
    return {
        "questions": len(questions),
        "same_top_10": len(questions) - len(differing),
        "differing": differing,
        "search_ms_here": round(1000 * medians["here"], 2),
        "search_ms_there": round(1000 * medians["there"], 2),
        "ratio": round(medians["there"] / medians["here"], 2),
        "calls_a_search": {name: round(number / len(questions), 2) for name, number in calls.items()},
    }


def measure(address: str, home: Path, every: int) -> dict[str, object]:
    """Index the built-in documents here, move them to ``address``, and compare."""
    here, there = Settings(home=home), Settings(home=home, index=address)
    run_ingest(here, [built_in_corpus()])
    begin = time.perf_counter()
    report = migrate(here, there, ["日本"], force=False, progress=lambda *_: None)
    seconds = time.perf_counter() - begin
    lines = QA.read_text(encoding="utf-8").splitlines()[::every]
    questions = [json.loads(line)["question"] for line in lines]
    with open_assistant(here) as one, open_assistant(there) as other:
        compared = compare(one, other, questions)
    return {
        "documents": report.documents,
        "chunks": report.chunks,
        "faults": list(report.faults),
        "migration_s": round(seconds, 2),
        **compared,
    }


def clean_up(address: str) -> None:
    """Remove the collections of this benchmark."""
    cluster = Cluster.connect(parse_address(address))
    cluster.milvus.drop_alias(cluster.address.collection)
    for name in cluster.milvus.names():
        if name.startswith(cluster.address.collection):
            cluster.milvus.drop(name)
    cluster.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--milvus", default="", help="URL of a cluster; without, Milvus Lite")
    parser.add_argument("--dense", default="FLAT", help="kind of the index over vectors")
    parser.add_argument("--every", type=int, default=1, help="take every n-th question")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = f"milvus:{folder}/lite.db?dense={arguments.dense}"
        if arguments.milvus:
            name, host = STAYING_OUT + os.urandom(4).hex(), arguments.milvus.partition("://")[2]
            place = f"milvus://{host}/{name}?texts={folder}/texts&dense={arguments.dense}"
        try:
            result = measure(place, Path(folder) / "home", arguments.every)
        finally:
            clean_up(place)
    engine = "a cluster" if arguments.milvus else "Milvus Lite"
    head = {"command": "python -m benchmarks.cluster", "engine": engine, "dense": arguments.dense}
    whole = {**head, "machine": describe_machine(), **result}
    if arguments.every == 1:
        write_result("cluster", whole)
    print(json.dumps({name: value for name, value in whole.items() if name != "machine"}, ensure_ascii=False, indent=1))
    if result["faults"] or result["differing"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
