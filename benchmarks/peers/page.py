"""Makes docs/peers.md of the measured figures: ``python -m benchmarks.peers.page``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks._machine import ROOT, read_result

PAGE = ROOT / "docs" / "peers.md"
COLUMNS = {
    "passages_a_second": ("passages/s", ".0f", True),
    "query_p50_ms": ("query p50, ms", ".1f", False),
    "query_p95_ms": ("p95, ms", ".1f", False),
    "cold_start_s": ("cold start, s", ".2f", False),
    "indexing_peak_mb": ("memory indexing, MB", ".0f", False),
    "searching_peak_mb": ("memory searching, MB", ".0f", False),
    "disk_mb": ("disk, MB", ".1f", False),
}
"""Figure -> heading, format, and whether more is better."""
RECALLS = {
    f"{language}_recall@{depth}": (f"{language} recall@{depth}", ".1%", True)
    for language in ("ja", "en")
    for depth in (1, 5, 10)
}
NAMES = {
    "raw": "sentence-transformers + faiss (the floor)",
    "txtai": "txtai",
    "haystack": "Haystack",
    "langchain": "LangChain",
    "llamaindex": "LlamaIndex",
    "ours": "**genesis-rag**",
}
INDEXING_TARGET, QUERY_TARGET_MS = 0.10, 2.0
Table = Mapping[str, Mapping[str, float]]


def is_ours(engine: str) -> bool:
    return engine.startswith("ours")


def shown_name(engine: str) -> str:
    first, rest = engine.split(",")[0].split(" ")[0], engine[len(engine.split(",")[0].split(" ")[0]) :]
    return NAMES[first] + rest


def table(found: Table, columns: Mapping[str, tuple[str, str, bool]]) -> str:
    """Return engines as rows; the best figure of a column is bold."""
    lines = [
        "| | " + " | ".join(heading for heading, _, _ in columns.values()) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    best = {key: (max if more else min)(row[key] for row in found.values()) for key, (_, _, more) in columns.items()}
    for engine, row in found.items():
        cells = []
        for key, (_, form, _) in columns.items():
            cell = format(row[key], form).replace("%", " %")
            cells.append(f"**{cell}**" if row[key] == best[key] else cell)
        lines.append(f"| {shown_name(engine)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def behind(found: Table) -> list[str]:
    """Return in words every figure in which no row of ours is as good as the best peer; the floor is no peer."""
    ours = {name: row for name, row in found.items() if is_ours(name)}
    peers = {name: row for name, row in found.items() if not is_ours(name) and name != "raw"}
    said = []
    for key, (heading, form, more) in {**COLUMNS, **RECALLS}.items():
        choose = max if more else min
        mine, theirs = choose(row[key] for row in ours.values()), choose(row[key] for row in peers.values())
        if mine != choose(mine, theirs):
            who = next(name for name, row in peers.items() if row[key] == theirs)
            said.append(f"{heading} ({format(mine, form)} against {format(theirs, form)} of {shown_name(who)})")
    return said


def overhead(found: Table, ours: str) -> str:
    """Return how much longer one engine of ours takes than the floor."""
    floor, row = found["raw"], found[ours]
    indexing = floor["passages_a_second"] / row["passages_a_second"] - 1
    query = row["query_p50_ms"] - floor["query_p50_ms"]
    met = indexing <= INDEXING_TARGET and query <= QUERY_TARGET_MS
    return (
        f"{shown_name(ours)} above the floor: {100 * indexing:+.0f} % time in indexing, {query:+.1f} ms in a query, "
        f"its keyword search included (target: at most +10 % and +2 ms; {'met' if met else 'missed'})."
    )


def section(title: str, about: str, found: Table) -> str:
    lost = behind(found)
    verdict = "Behind the best peer in: " + "; ".join(lost) + "." if lost else "Nowhere behind the best peer."
    return "\n\n".join([f"## {title}", about, table(found, COLUMNS), table(found, RECALLS), verdict])


def best_offline(found: Table) -> str:
    """Return how far ours is ahead of the best peers, each at its best."""
    ours = [row for name, row in found.items() if is_ours(name)]
    peers = [row for name, row in found.items() if not is_ours(name)]
    points = 100 * (max(row["ja_recall@1"] for row in ours) - max(row["ja_recall@1"] for row in peers))
    times = found["ours, embedded-static"]["passages_a_second"] / max(row["passages_a_second"] for row in peers)
    return (
        f"Japanese recall@1 {points:+.0f} points against the best peer (target +20); `embedded-static` indexes "
        f"{times:.0f} times as fast as the fastest peer (target 20)."
    )


def introduction(result: Mapping[str, Any]) -> str:
    machine, asked = result["machine"], result["questions"]
    return (
        "# Against other libraries\n\n"
        "Made by `python -m benchmarks.peers` from its measurements (`benchmarks/results/peers.json`); do not edit.\n\n"
        "The same passages (Japanese and English in one index) and the same questions "
        f"({asked['ja']} Japanese, {asked['en']} English, of titles that no model of ours was trained on) through "
        "every engine, one after another, each in processes of its own: "
        f"{machine['cores']} cores ({machine['processor']}), {result['threads']} threads, no network. "
        "All embed title and text, cut where the model's folder says, with the settings that each has by itself. "
        "Memory is the peak of resident memory, disk all that an engine needs to open again, texts included; a cold "
        f"start is from the start of a process to its first hit (median of {result['cold_starts']}). "
        "The best of each column is bold."
    )


ABOUT = {
    "minilm": (
        "Everyone with all-MiniLM-L6-v2",
        "The others search by vectors alone, ours by vectors and words, as it always does; one chunk a passage. "
        "Ours runs the same weights in float32 through torch, as the others do, or through onnxruntime, if the folder "
        "holds a graph. The model knows English only.",
    ),
    "static": (
        "Everyone with our table of tokens",
        "`genesis-embed-static` as a folder of sentence-transformers; ours by the profile `embedded-static`. Here "
        "embedding costs next to nothing, so that indexing shows what is done beside it: ours also writes a keyword "
        "index and keeps every text and vector in SQLite, synced to the disk.",
    ),
    "small": (
        "Everyone with our small transformer",
        "`genesis-embed-small` as a folder of sentence-transformers in float32 (`training/small/rebuild.py`); ours by "
        "the profile `embedded`, in int8.",
    ),
    "best": (
        "Each at its best, offline",
        "The others with all-MiniLM-L6-v2 and their own hybrid search with its default settings, none of which cuts "
        "Japanese into words; ours with the weights that are shipped and its own cutting into chunks.",
    ),
}


def page(result: Mapping[str, Any]) -> str:
    """Return the whole of docs/peers.md."""
    parts = [introduction(result)]
    for name, (title, about) in ABOUT.items():
        found, count = result["tables"][name]["engines"], result["tables"][name]["passages"]
        parts.append(section(title, f"{count:,} passages. {about}", found))
        if name == "best":
            parts.append(best_offline(found))
        else:
            parts.append("\n".join(overhead(found, engine) for engine in found if is_ours(engine)))
    versions = ", ".join(f"{name} {found}" for name, found in sorted(result["versions"].items()))
    return "\n\n".join([*parts, f"Versions: {versions}.\n"])


def write_page() -> Path:
    """Write docs/peers.md and return its path."""
    PAGE.write_text(page(read_result("peers")), encoding="utf-8")
    return PAGE


if __name__ == "__main__":
    print(write_page())
