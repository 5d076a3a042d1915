"""Runs one engine in processes of its own and works out its figures."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks._machine import ROOT
from benchmarks.peers.shape import Job, Question
from benchmarks.peers.worker import MARK

DEPTHS = (1, 5, 10)
Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Run:
    """How to run: interpreter, environment, and how many cold starts."""

    python: str
    environment: Mapping[str, str]
    cold: int


def measure(job: Job, run: Run, questions: Sequence[Question]) -> tuple[Figures, dict[str, str]]:
    """Return the figures of one engine and the versions of its libraries."""
    place = Path(job.place)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    indexed = _events(replace(job, task="index"), run)["indexed"]
    searching = _events(replace(job, task="search"), run)
    starts = [searching["hit"]["after"]]
    starts += [_events(replace(job, task="first"), run)["hit"]["after"] for _ in range(run.cold - 1)]
    searched = searching["searched"]
    times = sorted(1000 * seconds for seconds in searched["times"])
    figures = {
        "passages_a_second": round(indexed["passages"] / indexed["seconds"], 2),
        "query_p50_ms": round(statistics.median(times), 3),
        "query_p95_ms": round(times[min(len(times) - 1, int(0.95 * len(times)))], 3),
        "cold_start_s": round(statistics.median(starts), 3),
        "indexing_peak_mb": indexed["peak_mb"],
        "searching_peak_mb": searched["peak_mb"],
        "disk_mb": round(sum(file.stat().st_size for file in place.rglob("*") if file.is_file()) / 1e6, 3),
        **recalls(searched["found"], questions),
    }
    return figures, indexed["versions"]


def recalls(found: Sequence[Sequence[str]], questions: Sequence[Question]) -> Figures:
    """Return recall at 1, 5 and 10 by language, as parts of 1, for the ids found for each question."""
    figures: Figures = {}
    for language in sorted({question.language for question in questions}, reverse=True):
        pairs = [(ids, one.passage) for ids, one in zip(found, questions, strict=True) if one.language == language]
        for depth in DEPTHS:
            hits = sum(passage in ids[:depth] for ids, passage in pairs)
            figures[f"{language}_recall@{depth}"] = round(hits / len(pairs), 4)
    return figures


def _events(job: Job, run: Run) -> dict[str, Any]:
    """Run a worker; return what it told by event, each with the seconds ``after`` its start at which it was told."""
    command = [run.python, "-m", "benchmarks.peers.worker", json.dumps(asdict(job))]
    told: dict[str, Any] = {}
    begin = time.perf_counter()
    with tempfile.TemporaryFile("w+", errors="replace") as complaints:
        with subprocess.Popen(
            command, cwd=ROOT, env=dict(run.environment), stdout=subprocess.PIPE, stderr=complaints, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith(MARK):
                    said = json.loads(line.removeprefix(MARK))
                    told[said["event"]] = {**said, "after": time.perf_counter() - begin}
        if process.returncode:
            complaints.seek(0)
            last = complaints.read()[-3000:]
            raise SystemExit(f"{job.adapter} ({job.task}) failed with {process.returncode}:\n{last}")
    return told
