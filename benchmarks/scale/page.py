"""Writes docs/scale.md and its plots (SVG) from the results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from benchmarks._machine import ROOT
from benchmarks.scale import growth, large

DOCS = ROOT / "docs"
IMAGES = DOCS / "images"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 340, 60, 190, 34, 40
COLOURS = ("#0b6e99", "#b3541e", "#3c7a3c", "#7a3c7a", "#555555", "#a08000", "#c02050")

Series = Mapping[str, Sequence[tuple[int, float]]]

INTRODUCTION = """# Scale: from ten thousand to a million chunks on one machine, and to ten million vectors

This page and its plots are made by `python -m benchmarks.scale` from `benchmarks/results/scale.json`; change the
script, not the page. Profile `embedded-static`, 256 numbers a vector. The chunks are distinct Japanese and English
sentences and glosses, 20 a document; the questions were asked by people and are no part of them.

There are only about a million such texts. Ten million vectors are those of the texts and of pieces of them, of a third
to seven tenths of a text, embedded like any other: see `benchmarks/scale/large.py`, and below what that distorts.

## How vectors are searched

Up to 50,000 chunks every vector is compared exactly (`vectors.faiss`). From there on (`vectors.codes`) a question is
compared with one bit a number of every row, and the 3,000 nearest by 8 bits a number. Nothing is trained, adding and
taking away wear nothing out, and a filter is applied before the comparing: it makes a search cheaper, never poorer.
Which chunks a filter lets through is read from three columns (`chunks.npy`: chunk, document, language), and the keyword
search is told of it by labels of its rows.

Not chosen: an inverted file needs more than a fifth of its lists for recall 0.95, because the words of a question lie
elsewhere than sentences do, and a question of one language must look among the lists of the other; a graph (HNSW)
cannot give rows back; flat 8 bits and RaBitQ read or compute many times as much a row as the comparison of signs.
"""


def write(result: Mapping[str, Any]) -> None:
    """Write the page and the plots of what has been measured so far."""
    sizes = {int(size): parts for size, parts in sorted(result["sizes"].items(), key=lambda one: int(one[0]))}
    lines = [INTRODUCTION, *_kinds(sizes), *_pieces(sizes), *_product(sizes), *growth.section(sizes)]
    machine = result.get("machine", {})
    lines += [f"\nMeasured on {machine.get('processor')}, {machine.get('cores')} cores, at {machine.get('commit')}.\n"]
    (DOCS / "scale.md").write_text("\n".join(lines), encoding="utf-8")


def _kinds(sizes: Mapping[int, Any]) -> list[str]:
    lines = ["\n## Kinds of index over the same vectors\n"]
    plots: dict[str, dict[str, list[tuple[int, float]]]] = {"recall@10": {}, "p95 ms": {}, "file MB": {}}
    for size, parts in sizes.items():
        found = growth.kinds(parts)
        if not found:
            continue
        keys = list(found["flat" if "flat" in found else growth.OURS])
        lines += [f"\n{size:,} vectors\n", f"| Kind | {' | '.join(keys)} |", "|---" * (len(keys) + 1) + "|"]
        for name, values in found.items():
            lines.append(f"| {name} | {' | '.join(_cell(values.get(key)) for key in keys)} |")
            for key, plot in plots.items():
                plot.setdefault(name, []).append((size, values[key]))
    for key, series in plots.items():
        lines.append(_plot(f"scale-kinds-{key.split()[0].replace('@', '')}.svg", f"{key} by number of vectors", series))
    return lines


def _pieces(sizes: Mapping[int, Any]) -> list[str]:
    """Say what became of recall by cutting texts, and what else is known of the largest search."""
    lines = []
    for size, parts in sizes.items():
        if "pieces" in parts:
            one = parts["pieces"]
            lines.append(f"\nWhat pieces distort: over {one['vectors']:,} vectors each, with signs and 8 bits\n")
            lines += ["| Vectors of | recall@10 | recall@50 | cosine of the 10th, median |", "|---|---|---|---|"]
            for name in ("texts", "pieces"):
                lines.append(f"| {name} | {' | '.join(_cell(value) for value in one[name].values())} |")
        if "search" in parts:
            one = parts["search"]
            lines.append(
                f"\nOver {size:,} vectors the file of signs and 8 bits opened in {one['opened ms']} ms, its first"
                f" search took {one['first search ms']} ms, and the process held {one['resident MB']:,.0f} MB after"
                f" {large.QUERIES} of them, {one['before opening MB']:,.0f} MB of that before it opened the file.\n"
            )
    return lines


def _product(sizes: Mapping[int, Any]) -> list[str]:
    lines = ["\n## The whole search\n"]
    asked = {size: parts["ask"] for size, parts in sizes.items() if "ask" in parts}
    filled = {size: parts["fill"] for size, parts in sizes.items() if "fill" in parts}
    changed = {size: parts["change"] for size, parts in sizes.items() if "change" in parts}
    if asked:
        timed = list(next(iter(asked.values()))["milliseconds"])
        rows = {f"{name}, p50 / p95 ms": [_pair(one["milliseconds"][name]) for one in asked.values()] for name in timed}
        for key in ("opened_ms", "first_search_ms", "resident_mb", "of_it_in_files_mb", "before_opening_mb"):
            rows[key.replace("_", " ")] = [_cell(one[key]) for one in asked.values()]
        for key in ("recall@10", "recall@50"):
            rows[f"{key} of the vectors"] = [_cell(one["recall"][key]) for one in asked.values()]
        lines += _table(list(asked), rows)
        series = {n: [(s, one["milliseconds"][n]["p95"]) for s, one in asked.items()] for n in timed}
        lines.append(_plot("scale-time.svg", "Time of a search, p95 ms", series))
        memory = {k: [(s, one[k]) for s, one in asked.items()] for k in ("resident_mb", "of_it_in_files_mb")}
        lines.append(_plot("scale-memory.svg", "Memory while asking, MB", memory))
    if filled:
        lines.append("\n## Filling, and what lies on the disk\n")
        every = {f"{name} s": [_cell(one["seconds"].get(name)) for one in filled.values()] for name in _phases(filled)}
        kinds = sorted({name for one in filled.values() for name in one["megabytes"]})
        every |= {f"{name} MB": [_cell(one["megabytes"].get(name)) for one in filled.values()] for name in kinds}
        every["peak resident MB"] = [_cell(one["peak_resident_mb"]) for one in filled.values()]
        lines += ["Embedding (made beforehand) is not in it.\n", *_table(list(filled), every)]
    if changed:
        lines.append("\n## Changing: chunks added, then as many taken away, each until readers see it\n")
        keys = list(next(iter(changed.values())))
        lines += _table(list(changed), {key: [_cell(one[key]) for one in changed.values()] for key in keys})
    return lines


def _phases(filled: Mapping[int, Any]) -> list[str]:
    return list(dict.fromkeys(name for one in filled.values() for name in one["seconds"]))


def _table(sizes: Sequence[int], rows: Mapping[str, Sequence[str]]) -> list[str]:
    head = [f"| Chunks | {' | '.join(f'{size:,}' for size in sizes)} |", "|---" * (len(sizes) + 1) + "|"]
    return head + [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]


def _pair(one: Mapping[str, float]) -> str:
    return f"{one['p50']} / {one['p95']}"


def _cell(value: object) -> str:
    return "–" if value is None else f"{value}"


def _plot(name: str, title: str, series: Series) -> str:
    """Draw values over sizes, both by powers of ten, and return the line that shows the picture."""
    values = [value for points in series.values() for _, value in points if value > 0]
    sizes = sorted({size for points in series.values() for size, _ in points})
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)) + 1e-9)
    linear = max(values) <= 1
    if linear:
        low, high = min(0.5, math.floor(10 * min(values)) / 10), 1.0

    def across(size: int) -> float:
        first, last = math.log10(sizes[0]), math.log10(sizes[-1])
        return LEFT + (WIDTH - LEFT - RIGHT) * ((math.log10(size) - first) / (last - first) if last > first else 0.5)

    def down(value: float) -> float:
        place = value if linear else math.log10(max(value, 10**low))
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (place - low) / ((high - low) or 1)

    ticks = [low, (low + high) / 2, high] if linear else [10.0**power for power in range(int(low), int(high) + 1)]
    parts = [_text(LEFT, 18, title, weight="bold")]
    parts += [_line(LEFT, down(t), WIDTH - RIGHT, down(t), "#dddddd") + _text(4, down(t) + 4, f"{t:g}") for t in ticks]
    parts += [_text(across(size) - 20, HEIGHT - 14, f"{size:,}") for size in sizes]
    for number, (label, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        drawn = " ".join(f"{across(size):.1f},{down(value):.1f}" for size, value in points)
        parts.append(f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across(s):.1f}" cy="{down(v):.1f}" r="3" fill="{colour}"/>' for s, v in points]
        parts.append(_text(WIDTH - RIGHT + 12, TOP + 16 * number + 8, label, colour))
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">'
    body = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>' + "\n".join(parts)
    (IMAGES / name).write_text(f"{svg}\n{body}\n</svg>\n", encoding="utf-8")
    return f"\n![{title}](images/{name})\n"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _text(x: float, y: float, words: str, colour: str = "#222222", weight: str = "normal") -> str:
    style = f'fill="{colour}" font-size="12" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>'
