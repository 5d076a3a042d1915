"""Fifty clients ask one server while documents come in: errors, wrong citations, times as ratios to one client, memory.

python -m benchmarks.server_load [--home DIR] [--clients 50] [--seconds 20] [--workers 2]

The home is copied first. Every citation of every answer is compared with the document that it names. Then the same
crowd asks a server of several worker processes.
"""

from __future__ import annotations

import argparse
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks._machine import ROOT, describe_machine, write_result

QUESTIONS = (
    "日本はジェネシス・ミッションにいくら投資しますか？",
    "日米の連携領域は何ですか？",
    "How much will Japan and the US invest?",
    "Which laboratories take part?",
    "富岳NEXTはいつ動きますか？",
    "Who is the king of Mars?",
)
SEED = 20261125


@dataclass
class Tally:
    """What the clients saw; filled by many threads."""

    seconds: list[float] = field(default_factory=list)
    stages: dict[str, list[float]] = field(default_factory=lambda: {"retrieval": [], "answering": [], "rest": []})
    outcomes: Counter[str] = field(default_factory=Counter)
    citations: int = 0
    wrong: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def start(home: Path, workers: int = 1, profile: str = "") -> tuple[subprocess.Popen[bytes], str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("genesis-rag")
    options = ["--home", str(home), "--port", str(port), "--workers", str(workers), "--quiet"]
    options += ["--profile", profile] if profile else []
    server = subprocess.Popen([program, "serve", *options])
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            if httpx.get(f"{address}/ready").status_code == 200:
                return server, address
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise SystemExit("The server did not become ready.")


def ask(address: str, seed: int, end: float, texts: dict[str, str], tally: Tally) -> None:
    """Ask until ``end`` and check every citation."""
    chance = random.Random(seed)
    with httpx.Client(base_url=address, timeout=120) as client:
        while time.monotonic() < end:
            started = time.perf_counter()
            try:
                response = client.post("/api/ask", json={"question": chance.choice(QUESTIONS)})
            except httpx.HTTPError as error:
                with tally.lock:
                    tally.outcomes[type(error).__name__] += 1
                continue
            taken = time.perf_counter() - started
            answer = response.json() if response.status_code == 200 else {}
            cited, timings = answer.get("citations", []), answer.get("timings", {})
            wrong = sum(not matches(client, citation, texts) for citation in cited)
            with tally.lock:
                tally.seconds.append(taken)
                tally.outcomes[str(response.status_code)] += 1
                for name in timings and ("retrieval", "answering"):
                    tally.stages[name].append(timings[name])
                if timings:
                    tally.stages["rest"].append(taken - timings["retrieval"] - timings["answering"])
                tally.citations += len(cited)
                tally.wrong += wrong


def matches(client: httpx.Client, citation: dict[str, object], texts: dict[str, str]) -> bool:
    identifier = str(citation["document_id"])
    if identifier not in texts:
        texts[identifier] = client.get(f"/api/documents/{identifier}").json()["text"]
    return texts[identifier][int(str(citation["start"])) : int(str(citation["end"]))] == citation["quote"]


def feed(address: str, end: float, tally: Tally) -> None:
    """Upload documents, one after the other."""
    with httpx.Client(base_url=address, timeout=120) as client:
        number = 0
        while time.monotonic() < end:
            number += 1
            text = f"# Note {number}\n\n" + f"Note {number} is about tide {number} of the year. " * 40
            response = client.post("/api/documents", params={"name": f"note-{number}.md"}, content=text.encode())
            with tally.lock:
                tally.outcomes[f"upload {response.status_code}"] += 1


def phase(address: str, clients: int, seconds: float, feeding: bool) -> Tally:
    tally, texts, end = Tally(), {}, time.monotonic() + seconds
    threads = [threading.Thread(target=ask, args=(address, SEED + n, end, texts, tally)) for n in range(clients)]
    if feeding:
        threads.append(threading.Thread(target=feed, args=(address, end, tally)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


def memory_mib(pid: int) -> float:
    """Return the memory that is the process's alone, in MiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kib = sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Clean:", "Private_Dirty:")))
    return round(kib / 1024, 1)


def several(home: Path, workers: int, clients: int, seconds: float) -> dict[str, Any]:
    """Let the crowd ask a server of several processes while documents come in."""
    server, address = start(home, workers)
    try:
        return {"workers": workers, **told(phase(address, clients, seconds, feeding=True), seconds)}
    finally:
        server.terminate()
        server.wait(60)


def told(tally: Tally, seconds: float) -> dict[str, Any]:
    cuts = statistics.quantiles(tally.seconds, n=100)
    return {
        "answers": len(tally.seconds),
        "answers_per_second": round(len(tally.seconds) / seconds, 1),
        "p50_ms": round(cuts[49] * 1000, 1),
        "p99_ms": round(cuts[98] * 1000, 1),
        "stages_p50_ms": {
            name: round(statistics.median(all_) * 1000, 2) for name, all_ in tally.stages.items() if all_
        },
        "outcomes": dict(tally.outcomes),
        "citations": tally.citations,
        "wrong_citations": tally.wrong,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=ROOT)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--phases", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for name in ("models.toml", "index", "corpus"):
            source = options.home / name
            if source.exists():
                (shutil.copytree if source.is_dir() else shutil.copy)(source, home / name)
        server, address = start(home)
        try:
            alone = phase(address, 1, options.seconds / 2, feeding=False)
            memory, crowds = [memory_mib(server.pid)], []
            for _ in range(options.phases):
                crowds.append(phase(address, options.clients, options.seconds, feeding=True))
                memory.append(memory_mib(server.pid))
        finally:
            server.terminate()
            server.wait(30)
        more = several(home, options.workers, options.clients, options.seconds)
    one, many = told(alone, options.seconds / 2), [told(crowd, options.seconds) for crowd in crowds]
    result = {
        "machine": describe_machine(),
        "clients": options.clients,
        "one_client": one,
        "crowds_while_indexing": many,
        "ratios_to_one_client": {
            key: [round(crowd[f"{key}_ms"] / one[f"{key}_ms"], 1) for crowd in many] for key in ("p50", "p99")
        },
        "memory_mib_after_each": memory,
        "several_processes": more,
        "answers_of_several_processes_to_those_of_one": round(
            more["answers_per_second"] / max(statistics.mean(crowd["answers_per_second"] for crowd in many), 0.1), 2
        ),
    }
    print(write_result("server_load", result))


if __name__ == "__main__":
    main()
