"""How long one answer of a warm server takes over about 10,000 chunks, and how much of that is search, answer and HTTP.

python -m benchmarks.warm_ask [--shared FOLDER] [--passages 8500] [--questions 200] [--profile embedded-static]

One client asks. Every question is new to the server at first ("new"); then the same ones come again ("again", when the
passages they are about have mostly been pushed out of memory by others), and a few come many times ("hot"). The ratio
is to an answer that reads nothing, a greeting, so it says what is not HTTP.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import httpx

from benchmarks._machine import ROOT, describe_machine, shared_folder, write_result
from benchmarks.server_load import memory_mib, start

TARGET_MS = 5.0
GREETING = "こんにちは"
HOT = 6


def build(home: Path, data: Path, passages: int, profile: str) -> None:
    """Index half of ``passages`` in each language."""
    documents = home / "documents"
    documents.mkdir()
    for language in ("ja", "en"):
        with gzip.open(data / f"passages_{language}.jsonl.gz", "rt", encoding="utf-8") as rows:
            (documents / f"{language}.jsonl").write_text("".join(islice(rows, passages // 2)), encoding="utf-8")
    program = Path(sys.executable).with_name("genesis-rag")
    options = ["--home", str(home), "--profile", profile, "--quiet"]
    subprocess.run([program, "index", *options, str(documents)], check=True)


def read_questions(data: Path, passages: int, count: int) -> list[str]:
    """Return questions about the indexed passages, no two about one, in turns in Japanese and English."""
    found = []
    for language in ("ja", "en"):
        with gzip.open(data / f"passages_{language}.jsonl.gz", "rt", encoding="utf-8") as rows:
            indexed = {json.loads(row)["id"] for row in islice(rows, passages // 2)}
        with gzip.open(data / f"qa_{language}_train.jsonl.gz", "rt", encoding="utf-8") as rows:
            pairs = (json.loads(row) for row in rows)
            first = {pair["passage_id"]: pair["question"] for pair in pairs if pair.get("passage_id") in indexed}
        step = max(1, len(first) // (count // 2))
        found.append(list(first.values())[::step][: count // 2])
    return [question for pair in zip(*found, strict=False) for question in pair]


def ask_all(client: httpx.Client, questions: Sequence[str]) -> list[dict[str, float]]:
    """Return milliseconds by stage of each answer."""
    rows = []
    for question in questions:
        begin = time.perf_counter()
        response = client.post("/api/ask", json={"question": question})
        whole = 1000 * (time.perf_counter() - begin)
        timings = response.raise_for_status().json()["timings"]
        inside = {name: 1000 * float(timings.get(name) or 0.0) for name in ("retrieval", "answering")}
        rows.append({"whole": whole, **inside, "http": whole - sum(inside.values())})
    return rows


def told(rows: Sequence[dict[str, float]]) -> dict[str, object]:
    """Return p50 and p95 of the whole, and the medians of the stages, in milliseconds."""
    whole = statistics.quantiles([row["whole"] for row in rows], n=100)
    stages = {name: round(statistics.median(row[name] for row in rows), 2) for name in rows[0] if name != "whole"}
    return {"answers": len(rows), "p50_ms": round(whole[49], 2), "p95_ms": round(whole[94], 2), "stages_p50_ms": stages}


def measure(arguments: argparse.Namespace, home: Path) -> dict[str, object]:
    """Build the index, start a server over it and ask."""
    data = shared_folder(arguments.shared) / "data"
    shutil.copy(ROOT / "models.toml", home)
    build(home, data, arguments.passages, arguments.profile)
    questions = read_questions(data, arguments.passages, arguments.questions)
    server, address = start(home, profile=arguments.profile)
    try:
        with httpx.Client(base_url=address, timeout=120) as client:
            ask_all(client, [GREETING, "What is this about?", "これは何についてですか？"] * 3)
            greeting = told(ask_all(client, [GREETING] * 100))
            phases = {
                "new": told(ask_all(client, questions)),
                "again": told(ask_all(client, questions)),
                "hot": told(ask_all(client, [questions[n % HOT] for n in range(len(questions))])),
            }
        memory = memory_mib(server.pid)
    finally:
        server.terminate()
        server.wait(30)
    floor = float(str(greeting["p50_ms"]))
    return {
        "machine": describe_machine(),
        "profile": arguments.profile,
        "passages": arguments.passages,
        "questions": len(questions),
        "greeting": greeting,
        **phases,
        "ratios_to_greeting": {name: round(float(str(one["p50_ms"])) / floor, 2) for name, one in phases.items()},
        "target_p50_ms": TARGET_MS,
        "memory_mib": memory,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--passages", type=int, default=8500)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--profile", default="embedded-static")
    with tempfile.TemporaryDirectory() as folder:
        result = measure(parser.parse_args(), Path(folder))
    write_result("warm_ask", result)
    print(json.dumps({name: result[name] for name in ("greeting", "new", "again", "hot")}, indent=1))


if __name__ == "__main__":
    main()
