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
INDEXING = ("passages_a_second", "beside_model_ms", "indexing_peak_mb", "disk_mb")
Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Run:
    """How to run: interpreter, environment, and how many cold starts."""

    python: str
    environment: Mapping[str, str]
    cold: int


def measure_indexing(job: Job, run: Run, sample: str) -> tuple[Figures, dict[str, str]]:
    """Index all passages; return the figures of that and the versions of the libraries.

    Where vectors are given, throughput and memory with the real model are those of the passages in ``sample``, and
    "beside_model_ms" is what the engine takes for each of all passages beside the model.
    """
    place, disk = Path(job.place), "disk_mb"
    if not job.given:
        indexed = _indexed(job, run)
        return {**_speed(indexed), disk: _size(place)}, indexed["versions"]
    real = _indexed(replace(job, data=sample, given=""), run)
    indexed = _indexed(job, run)
    beside = round(1000 * indexed["seconds"] / indexed["passages"], 3)
    return {**_speed(real), "beside_model_ms": beside, disk: _size(place)}, indexed["versions"]


def measure_searching(job: Job, run: Run, questions: Sequence[Question]) -> Figures:
    """Return the figures of searching what was indexed last; every question is embedded for real."""
    job = replace(job, given="")
    searching = told(replace(job, task="search"), run)
    starts = [searching["hit"]["after"]]
    starts += [told(replace(job, task="first"), run)["hit"]["after"] for _ in range(run.cold - 1)]
    searched = searching["searched"]
    times = sorted(1000 * seconds for seconds in searched["times"])
    return {
        "query_p50_ms": round(statistics.median(times), 3),
        "query_p95_ms": round(times[min(len(times) - 1, int(0.95 * len(times)))], 3),
        "cold_start_s": round(statistics.median(starts), 3),
        "searching_peak_mb": searched["peak_mb"],
        **recalls(searched["found"], questions),
    }


def recalls(found: Sequence[Sequence[str]], questions: Sequence[Question]) -> Figures:
    """Return recall at 1, 5 and 10 by language, as parts of 1, for the ids found for each question."""
    figures: Figures = {}
    for language in sorted({question.language for question in questions}, reverse=True):
        pairs = [(ids, one.passage) for ids, one in zip(found, questions, strict=True) if one.language == language]
        for depth in DEPTHS:
            hits = sum(passage in ids[:depth] for ids, passage in pairs)
            figures[f"{language}_recall@{depth}"] = round(hits / len(pairs), 4)
    return figures


def told(job: Job, run: Run) -> dict[str, Any]:
    """Run a worker; return what it told by event, each with the seconds ``after`` its start at which it was told."""
    command = [run.python, "-m", "benchmarks.peers.worker", json.dumps(asdict(job))]
    events: dict[str, Any] = {}
    begin = time.perf_counter()
    with tempfile.TemporaryFile("w+", errors="replace") as complaints:
        with subprocess.Popen(
            command, cwd=ROOT, env=dict(run.environment), stdout=subprocess.PIPE, stderr=complaints, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith(MARK):
                    said = json.loads(line.removeprefix(MARK))
                    events[said["event"]] = {**said, "after": time.perf_counter() - begin}
        if process.returncode:
            complaints.seek(0)
            last = complaints.read()[-3000:]
            raise SystemExit(f"{job.adapter} ({job.task}) failed with {process.returncode}:\n{last}")
    return events


def _indexed(job: Job, run: Run) -> dict[str, Any]:
    """Index into an empty place."""
    shutil.rmtree(job.place, ignore_errors=True)
    Path(job.place).mkdir()
    indexed: dict[str, Any] = told(replace(job, task="index"), run)["indexed"]
    return indexed


def _speed(indexed: Mapping[str, Any]) -> Figures:
    speed = round(indexed["passages"] / indexed["seconds"], 2)
    return {"passages_a_second": speed, "indexing_peak_mb": indexed["peak_mb"]}


def _size(place: Path) -> float:
    return round(sum(file.stat().st_size for file in place.rglob("*") if file.is_file()) / 1e6, 3)
