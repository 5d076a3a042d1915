"""How cost grows: what ten times as many chunks or vectors cost, measure by measure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

OURS = "signs and 8 bits (ours)"
KINDS = (OURS, "SQ8", "RaBitQ, 500 scored again")
TEN = 10

Values = dict[int, float]
"""Size -> value."""


def kinds(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return kind -> report of one size, of whichever part measured it."""
    if "make" not in parts or "search" not in parts:
        found: dict[str, Any] = parts.get("kinds", {})
        return found
    keys = ("recall@10", "recall@50", "p50 ms", "p95 ms", "file MB")
    ours = {key: parts["search"][key] for key in keys} | {"built s": parts["make"]["seconds"][OURS]}
    return {OURS: ours, **parts["make"]["kinds"]}


def section(sizes: Mapping[int, Any]) -> list[str]:
    """Return the lines of the page."""
    measures = {name: values for name, values in _measures(sizes).items() if len(values) > 1}
    every = sorted({size for values in measures.values() for size in values})
    steps = [(size, TEN * size) for size in every if TEN * size in every]
    if not steps:
        return []
    lines = [
        "\n## How cost grows\n",
        "What each measure becomes when there are ten times as many: × 1 is no growth, × 10 in step with the size.\n",
        f"| Measure | {' | '.join(f'{a:,} → {b:,}' for a, b in steps)} | for one, at the largest |",
        "|---" * (len(steps) + 2) + "|",
    ]
    for name, values in measures.items():
        cells = [f"× {values[b] / values[a]:.2g}" if a in values and b in values else "–" for a, b in steps]
        largest = max(values)
        lines.append(f"| {name} | {' | '.join(cells)} | {_each(name, values[largest] / largest)} |")
    return [*lines, "", *_told(measures)]


def _measures(sizes: Mapping[int, Any]) -> dict[str, Values]:
    found: dict[str, Values] = {}

    def put(name: str, size: int, value: float) -> None:
        if value > 0:
            found.setdefault(name, {})[size] = value

    for size, parts in sizes.items():
        for kind, report in kinds(parts).items():
            if kind in KINDS:
                put(f"vectors, {kind}: p50 ms", size, report["p50 ms"])
        if OURS in kinds(parts):
            put("vectors, file MB", size, kinds(parts)[OURS]["file MB"])
        if "ask" in parts:
            put("whole search, p50 ms", size, parts["ask"]["milliseconds"]["search"]["p50"])
            put("whole search, p95 ms", size, parts["ask"]["milliseconds"]["search"]["p95"])
            put("memory while asking, MB", size, parts["ask"]["resident_mb"] - parts["ask"]["before_opening_mb"])
        if "fill" in parts:
            put("filling, s", size, sum(parts["fill"]["seconds"].values()))
            put("peak memory while filling, MB", size, parts["fill"]["peak_resident_mb"])
            put("on the disk, MB", size, sum(parts["fill"]["megabytes"].values()))
    return found


def _each(name: str, value: float) -> str:
    """Return the cost of one at the largest size."""
    unit = name.rsplit(" ", 1)[-1]
    if unit == "MB":
        return f"{1e6 * value:,.0f} bytes"
    return f"{(1e6 if unit == 's' else 1e3) * value:,.3g} µs"


def _told(measures: Mapping[str, Values]) -> list[str]:
    """Say the exponents between the two largest sizes in words: 1 is in step with the size."""
    told = []
    for name, values in measures.items():
        if len(values) > 1:
            before, after = sorted(values)[-2:]
            power = math.log(values[after] / values[before]) / math.log(after / before)
            told.append(f"{name} as n^{power:.2f}")
    return [f"Between the two largest sizes of each grow: {'; '.join(told)}.\n"]
