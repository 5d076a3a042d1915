"""Counters of the server in the text format of Prometheus (version 0.0.4). Nothing here tells what was asked."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from genesis_rag.types import Answer

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

_HELP = {
    "genesis_http_requests_total": "Requests by method, route and status.",
    "genesis_http_request_seconds": "Time until a response began, by route.",
    "genesis_answers_total": "Answers by outcome (answered, or the reason for none) and language.",
    "genesis_answer_stage_seconds": "Time of answers by stage.",
    "genesis_answer_characters_total": "Characters of the answers.",
    "genesis_answer_citations_total": "Verified citations of the answers.",
    "genesis_refused_total": "Requests refused before they were looked at, by reason.",
    "genesis_requests_in_progress": "Requests being served.",
    "genesis_writes_total": "Uploads and removals by result.",
    "genesis_questions_waiting": "Questions that wait for their turn.",
    "genesis_writes_waiting": "Uploads and removals that wait.",
    "genesis_index_documents": "Documents in the index.",
    "genesis_index_chunks": "Chunks in the index.",
    "genesis_index_generation": "Generation of the index that is read.",
}

IN_PROGRESS = "genesis_requests_in_progress"
"""Counted up and down, and told as a gauge."""

Labels = tuple[tuple[str, str], ...]

Snapshot = dict[str, Any]
"""The state of one process as JSON values: what it counted, and gauges that add up over processes."""


@dataclass(slots=True)
class _Histogram:
    counts: list[int] = field(default_factory=lambda: [0] * len(BOUNDS))
    number: int = 0
    total: float = 0.0


class Metrics:
    """Counts; every method may be called from several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counters: defaultdict[str, defaultdict[Labels, float]] = defaultdict(lambda: defaultdict(float))
        self._histograms: defaultdict[str, defaultdict[Labels, _Histogram]] = defaultdict(
            lambda: defaultdict(_Histogram)
        )

    def count(self, name: str, by: float = 1, **labels: str) -> None:
        """Add to a counter."""
        with self._lock:
            self._counters[name][tuple(labels.items())] += by

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Add a duration to a histogram."""
        with self._lock:
            histogram = self._histograms[name][tuple(labels.items())]
            histogram.number += 1
            histogram.total += seconds
            for place, bound in enumerate(BOUNDS):
                histogram.counts[place] += seconds <= bound

    def answered(self, answer: Answer) -> None:
        """Count an answer."""
        outcome = answer.reason or "answered"
        self.count("genesis_answers_total", outcome=outcome, language=answer.language)
        self.count("genesis_answer_characters_total", len(answer.text))
        self.count("genesis_answer_citations_total", len(answer.citations))
        for stage, seconds in answer.timings.items():
            self.observe("genesis_answer_stage_seconds", seconds, stage=stage)

    def text(self, gauges: Mapping[str, float]) -> str:
        """Return everything in the text format; ``gauges`` are values as of now."""
        with self._lock:
            return "\n".join((*self._lines(gauges), ""))

    def snapshot(self, gauges: Mapping[str, float]) -> Snapshot:
        """Return everything as it is now."""
        with self._lock:
            counters = [
                [name, labels, value]
                for name, of in self._counters.items()
                for labels, value in of.items()
                if name != IN_PROGRESS
            ]
            going = self._counters[IN_PROGRESS][()]
            histograms = [
                [name, labels, [*one.counts], one.number, one.total]
                for name, of in self._histograms.items()
                for labels, one in of.items()
            ]
        return {"counters": counters, "histograms": histograms, "gauges": {IN_PROGRESS: going, **gauges}}

    def add(self, snapshot: Snapshot) -> None:
        """Add what another process counted."""
        with self._lock:
            for name, labels, value in snapshot["counters"]:
                self._counters[name][_key(labels)] += value
            for name, labels, counts, number, total in snapshot["histograms"]:
                histogram = self._histograms[name][_key(labels)]
                histogram.counts = [a + b for a, b in zip(histogram.counts, counts, strict=True)]
                histogram.number += number
                histogram.total += total

    def _lines(self, gauges: Mapping[str, float]) -> Iterator[str]:
        for name, values in sorted(self._counters.items()):
            yield from _head(name, "counter")
            yield from (f"{name}{_labels(labels)} {value:g}" for labels, value in sorted(values.items()))
        for name, histograms in sorted(self._histograms.items()):
            yield from _head(name, "histogram")
            for labels, one in sorted(histograms.items(), key=lambda pair: pair[0]):
                for bound, count in zip(BOUNDS, one.counts, strict=True):
                    yield f"{name}_bucket{_labels((*labels, ('le', f'{bound:g}')))} {count}"
                yield f"{name}_bucket{_labels((*labels, ('le', '+Inf')))} {one.number}"
                yield f"{name}_sum{_labels(labels)} {one.total:.6f}"
                yield f"{name}_count{_labels(labels)} {one.number}"
        for name, value in sorted(gauges.items()):
            yield from _head(name, "gauge")
            yield f"{name} {value:g}"


def summed(snapshots: Sequence[Snapshot], gauges: Mapping[str, float]) -> str:
    """Return what several processes counted, together, in the text format; ``gauges`` are those of all."""
    total, waiting = Metrics(), defaultdict[str, float](float)
    for snapshot in snapshots:
        total.add(snapshot)
        for name, value in snapshot["gauges"].items():
            waiting[name] += value
    return total.text({**waiting, **gauges})


def _key(labels: Sequence[Sequence[str]]) -> Labels:
    return tuple((name, value) for name, value in labels)


def _head(name: str, kind: str) -> Iterator[str]:
    yield f"# HELP {name} {_HELP[name]}"
    yield f"# TYPE {name} {kind}"


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    escaped = {"\\": r"\\", '"': r"\"", "\n": r"\n"}
    pairs = (f'{name}="{"".join(escaped.get(c, c) for c in value)}"' for name, value in labels)
    return "{" + ",".join(pairs) + "}"
