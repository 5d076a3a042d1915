"""Makes docs/peers.md of the measured figures: ``python -m benchmarks.peers.page``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks._machine import ROOT, read_result

PAGE = ROOT / "docs" / "peers.md"
COLUMNS = {
    "passages_a_second": ("passages/s", ".0f", True),
    "beside_model_ms": ("beside the model, ms a passage", ".2f", False),
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
AHEAD_POINTS, AHEAD_TIMES = 20, 20
DENSE, HYBRID = "dense alone", "hybrid"
Table = Mapping[str, Mapping[str, float]]


def is_ours(engine: str) -> bool:
    return engine.startswith("ours")


def is_peer(engine: str) -> bool:
    return not is_ours(engine) and engine != "raw"


def is_dense(engine: str) -> bool:
    return DENSE in engine if is_ours(engine) else HYBRID not in engine


def shown_name(engine: str) -> str:
    first = engine.split(",")[0].split(" ")[0]
    return NAMES[first] + engine.removeprefix(first)


def verdict(reached: bool) -> str:
    return "**reached**" if reached else "**not reached**"


def table(found: Table, columns: Mapping[str, tuple[str, str, bool]]) -> str:
    """Return engines as rows; the best figure of a column is bold. A column that a row lacks is left out."""
    columns = {key: column for key, column in columns.items() if all(key in row for row in found.values())}
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


def behind(ours: Table, peers: Table) -> list[str]:
    """Return in words every figure in which no row of ours is as good as the best peer.

    "beside_model_ms" is a part of "passages_a_second" and not judged once more.
    """
    said = []
    for key, (heading, form, more) in {**COLUMNS, **RECALLS}.items():
        if key == "beside_model_ms":
            continue
        choose = max if more else min
        mine, theirs = choose(row[key] for row in ours.values()), choose(row[key] for row in peers.values())
        if mine != choose(mine, theirs):
            who = next(name for name, row in peers.items() if row[key] == theirs)
            said.append(f"{heading} ({format(mine, form)} against {format(theirs, form)} of {shown_name(who)})")
    return said


def ahead(found: Table) -> list[str]:
    """Return the verdicts on "ahead of every peer on every row", like compared with like."""
    said = []
    for dense, way in ((True, "By vectors alone"), (False, "By vectors and words")):
        ours = {name: row for name, row in found.items() if is_ours(name) and is_dense(name) is dense}
        peers = {name: row for name, row in found.items() if is_peer(name) and is_dense(name) is dense}
        if ours and peers:
            lost = behind(ours, peers)
            about = f": behind in {'; '.join(lost)}" if lost else ""
            said.append(f"{way}, at least as good as every peer in every column: {verdict(not lost)}{about}.")
    return said


def overhead(found: Table, ours: str) -> str:
    """Return how much longer a row of ours takes than the floor; in indexing its keyword index is always included."""
    floor, row = found["raw"], found[ours]
    if "beside_model_ms" in row:
        more = (row["beside_model_ms"] - floor["beside_model_ms"]) * floor["passages_a_second"] / 1000
    else:
        more = floor["passages_a_second"] / row["passages_a_second"] - 1
    query = row["query_p50_ms"] - floor["query_p50_ms"]
    return (
        f"{shown_name(ours)} above the floor: {100 * more:+.1f} % time in indexing "
        f"(at most +{INDEXING_TARGET:.0%}: {verdict(more <= INDEXING_TARGET)}), {query:+.1f} ms in a query "
        f"(at most +{QUERY_TARGET_MS:.0f} ms: {verdict(query <= QUERY_TARGET_MS)})."
    ).replace("10%", "10 %")


def section(title: str, about: str, found: Table) -> str:
    """Return a table with its verdicts; the overhead is told of each row of ours, if the floor was measured."""
    told = ahead(found) + [overhead(found, name) for name in found if is_ours(name) and "raw" in found]
    return "\n\n".join([f"## {title}", about, table(found, COLUMNS), table(found, RECALLS), bullets(told)])


def bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def best_offline(found: Table) -> str:
    """Return how far ours is ahead of the best peers, each at its best."""
    ours = [row for name, row in found.items() if is_ours(name)]
    peers = [row for name, row in found.items() if is_peer(name)]
    points = 100 * (max(row["ja_recall@1"] for row in ours) - max(row["ja_recall@1"] for row in peers))
    times = found["ours, embedded-static"]["passages_a_second"] / max(row["passages_a_second"] for row in peers)
    return bullets(
        [
            f"Japanese recall@1 against the best peer: {points:+.1f} points "
            f"(at least +{AHEAD_POINTS}: {verdict(points >= AHEAD_POINTS)}).",
            f"`embedded-static` indexes {times:.0f} times as fast as the fastest peer "
            f"(at least {AHEAD_TIMES} times: {verdict(times >= AHEAD_TIMES)}).",
        ]
    )


def introduction(result: Mapping[str, Any]) -> str:
    machine, asked = result["machine"], result["questions"]
    return (
        "# Against other libraries\n\n"
        "Made by `python -m benchmarks.peers` from its measurements (`benchmarks/results/peers.json`); do not edit.\n\n"
        f"The same {result['passages']:,} passages (Japanese and English in one index) and the same questions "
        f"({asked['ja']} Japanese, {asked['en']} English, of titles that no model of ours was trained on) through "
        "every engine, one after another, each in processes of its own: "
        f"{machine['cores']} cores ({machine['processor']}), {result['threads']} threads, no network. "
        "All embed title and text, cut where the model's folder says, "
        f"{result['batch']} texts at once, with the settings that each has by itself in all else. "
        "Memory is the peak of resident memory, disk all that an engine needs to open again, texts included; a cold "
        f"start is from the start of a process to its first hit (median of {result['cold_starts']}). Every question is "
        "embedded for real: ours begins every process without the vectors that it keeps of earlier ones. "
        "The best of each column is bold."
        "\n\n"
        "With a transformer, passages/s and memory while indexing are those of the real model over "
        f"{result['sample']} of the passages. For the index of all of them, the vectors were made once and looked up "
        'in place of the model, in every engine alike; what an engine then takes is the column "beside the model". '
        "The time above the floor in indexing is the difference of that column, as a part of the floor's real time "
        f"for a passage. {vectors_told(result['vectors'])}"
    )


def vectors_told(vectors: Mapping[str, Mapping[str, Any]]) -> str:
    """Return how near the vectors that were made once are to those of sentence-transformers."""
    return " ".join(
        f"{VECTORS[name]} differ from those of sentence-transformers by a cosine of "
        f"{about['least_cosine']:.5f} at worst and {about['mean_cosine']:.5f} on average "
        f"({about['compared']} compared)."
        for name, about in vectors.items()
    )


VECTORS = {
    "minilm": "Those of all-MiniLM-L6-v2, made by our ONNX engine in float32,",
    "small": "Those of our small transformer, made by our ONNX engine in int8,",
}
ABOUT = {
    "minilm": (
        "Everyone with all-MiniLM-L6-v2",
        "The others search by vectors alone, and once more with their own hybrid search with its default settings, "
        "none of which cuts Japanese into words; ours by vectors and words, as it always does, and by the vectors of "
        "the same index alone; one chunk a passage. Ours runs the same weights in float32 through torch, as the others "
        "do, or through onnxruntime, if the folder holds a graph. The model knows English only.",
    ),
    "static": (
        "Everyone with our table of tokens",
        "`genesis-embed-static` as a folder of sentence-transformers; ours by the profile `embedded-static`; all "
        "is embedded for real. Here embedding costs next to nothing, so that indexing shows what is done beside it: "
        "ours also writes a keyword index and keeps every text and vector in SQLite, synced to the disk, from which "
        "the search files can be made anew.",
    ),
    "small": (
        "Everyone with our small transformer",
        "`genesis-embed-small` as a folder of sentence-transformers in float32 (`training/small/rebuild.py`); ours by "
        "the profile `embedded`, in int8.",
    ),
    "best": (
        "Each at its best, offline",
        "The others' hybrid search with all-MiniLM-L6-v2, as above; ours with the weights that are shipped and its own "
        "cutting into chunks.",
    ),
}


def page(result: Mapping[str, Any]) -> str:
    """Return the whole of docs/peers.md."""
    parts = [introduction(result)]
    for name, (title, about) in ABOUT.items():
        found = result["tables"][name]["engines"]
        parts.append(section(title, about, found))
    parts[-1] += "\n" + best_offline(result["tables"]["best"]["engines"])
    versions = ", ".join(f"{name} {found}" for name, found in sorted(result["versions"].items()))
    return "\n\n".join([*parts, f"Versions: {versions}.\n"])


def write_page() -> Path:
    """Write docs/peers.md and return its path."""
    PAGE.write_text(page(read_result("peers")), encoding="utf-8")
    return PAGE


if __name__ == "__main__":
    print(write_page())
