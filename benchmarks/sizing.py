"""What ten million, a hundred million and a billion chunks need: from figures of one machine to docs/scale-out.md.

    python -m benchmarks.sizing [--documents FOLDER]

With other documents the tables are only printed.

Measured here: bytes a chunk of text, store, keyword index and terms, tokens a chunk (the built-in documents, or those
of FOLDER), and the speed of the one writer without embedding. Taken from results/: the speed and size of the vector
index of a million chunks, of an int8 embedder on a CPU, and of answers by quotation. What cannot be measured without
GPUs and clusters is an ``Assumptions``: prices, processors, utilisations; change them there.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks._machine import ROOT, describe_machine, read_result, write_result

SIZES = {"10 M": 10_000_000, "100 M": 100_000_000, "1 B": 1_000_000_000}
DOCS = ROOT / "docs" / "scale-out.md"
BEGIN, END = "<!-- sizing:begin -->", "<!-- sizing:end -->"
GIB = 2**30
WRITER_CHUNKS, WRITER_ROUNDS = 4_000, 5
"""The fastest round counts: whatever else the machine does only slows it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one chunk takes, and how fast one machine is.

    Attributes:
        text_bytes: of a chunk's text in UTF-8.
        store_bytes: of the SQLite store, vectors left out.
        lexical_bytes: of the keyword index on disk.
        distinct_terms: of a chunk, which is what BM25 in a cluster keeps 8 bytes for.
        tokens: of the text that is embedded, its title and headings too, by the shipped tokenizer.
        chunks_a_document: on average.
        writer_chunks_a_second: read, cut, stored, derived and published by one process, embedding next to nothing.
        search_ms: median vector search among a million chunks of ``search_dim`` numbers in the index of one machine.
        codes_bytes: of its file, a chunk.
        change_s: until 10,000 more chunks are published in an index of a million.
        cpu_tokens_a_second: an int8 embedder of 22 M parameters (all-MiniLM-L6-v2).
        quoted_answers_a_second: answers by quotation.
        cores: of this machine.
    """

    text_bytes: float
    store_bytes: float
    lexical_bytes: float
    distinct_terms: float
    tokens: float
    chunks_a_document: float
    writer_chunks_a_second: float
    search_ms: float
    search_dim: int
    codes_bytes: float
    change_s: float
    cpu_tokens_a_second: float
    quoted_answers_a_second: float
    cores: int


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What was not measured. Prices are of 2026 in US dollars an hour, rented, rounded.

    Attributes:
        dim: numbers of a vector (bge-m3).
        embedder_parameters: that work on each token: those of bge-m3 without its table of 250,000 words.
        writer_parameters: of the model that writes answers.
        gpu_flops: 16-bit, dense, of one H100 SXM by its data sheet; ``small_gpu_flops`` of one L4.
        utilisation: share of that which embedding and the reading of prompts reach.
        gpu_bandwidth: bytes a second of one H100's memory; ``bandwidth_use`` the share that writing reaches.
        batch: answers written at the same time.
        prompt_tokens, answer_tokens: of one written answer.
        hnsw_links: neighbours a vector (M = 16, both directions, 4 bytes each).
        sparse_bytes: of one term of one chunk in an inverted index.
        disk_memory: share of a vector that DiskANN keeps in memory.
        spare: memory kept free for segments being built, and for the system.
        replicas: of everything that is searched.
        node_gib, node_price, core_price, gpu_price, small_gpu_price: one search node, and prices.
    """

    dim: int = 1024
    embedder_parameters: float = 303e6
    writer_parameters: float = 4e9
    gpu_flops: float = 989e12
    small_gpu_flops: float = 121e12
    utilisation: float = 0.2
    gpu_bandwidth: float = 3.35e12
    bandwidth_use: float = 0.6
    batch: int = 32
    prompt_tokens: int = 1_800
    answer_tokens: int = 200
    hnsw_links: int = 32
    sparse_bytes: int = 8
    disk_memory: float = 0.25
    spare: float = 0.3
    replicas: int = 2
    node_gib: int = 256
    node_price: float = 2.0
    core_price: float = 0.05
    gpu_price: float = 3.0
    small_gpu_price: float = 0.7


def plan(chunks: int, found: Figures, assumed: Assumptions) -> dict[str, float]:
    """Return what ``chunks`` need: GiB, hours, nodes and dollars.

    A token costs a forward pass 2 operations a parameter (Kaplan et al. 2020, arXiv:2001.08361, section 2.1); attention
    adds 2 % for passages of some hundred tokens and is left out.
    """
    vector = 4 * assumed.dim
    sparse = found.distinct_terms * assumed.sparse_bytes
    hnsw = chunks * (vector + 4 * assumed.hnsw_links + sparse)
    disk = chunks * (vector * assumed.disk_memory + sparse)
    flops = 2 * assumed.embedder_parameters * found.tokens * chunks / assumed.utilisation
    return {
        "documents": chunks / found.chunks_a_document,
        "text_gib": chunks * found.text_bytes / GIB,
        "vectors_gib": chunks * vector / GIB,
        "store_gib": chunks * (found.store_bytes + vector) / GIB,
        "lexical_gib": chunks * found.lexical_bytes / GIB,
        "hnsw_memory_gib": hnsw / GIB,
        "hnsw_nodes": _nodes(hnsw, assumed),
        "disk_memory_gib": disk / GIB,
        "disk_nodes": _nodes(disk, assumed),
        "codes_gib": chunks * found.codes_bytes * assumed.dim / found.search_dim / GIB,
        "change_s": chunks / 1e6 * found.change_s,
        "search_s": found.search_ms / 1000 * chunks / 1e6 * assumed.dim / found.search_dim,
        "gpu_hours": flops / assumed.gpu_flops / 3600,
        "small_gpu_hours": flops / assumed.small_gpu_flops / 3600,
        "gpu_dollars": flops / assumed.gpu_flops / 3600 * assumed.gpu_price,
        "cpu_core_hours": chunks * found.tokens / found.cpu_tokens_a_second * found.cores / 3600,
        "writer_hours": chunks / found.writer_chunks_a_second / 3600,
    }


def questions(found: Figures, assumed: Assumptions) -> dict[str, float]:
    """Return what a million questions cost beside search: hours of processors and GPUs, and dollars."""
    reading = 2 * assumed.writer_parameters * assumed.prompt_tokens / (assumed.gpu_flops * assumed.utilisation)
    steps = assumed.gpu_bandwidth * assumed.bandwidth_use / (2 * assumed.writer_parameters)
    writing = assumed.answer_tokens / (steps * assumed.batch)
    gpu_hours = 1e6 * (reading + writing) / 3600
    core_hours = 1e6 / found.quoted_answers_a_second * found.cores / 3600
    return {
        "quoted_core_hours": core_hours,
        "quoted_dollars": core_hours * assumed.core_price,
        "written_gpu_hours": gpu_hours,
        "written_dollars": gpu_hours * assumed.gpu_price + core_hours * assumed.core_price,
        "written_answers_a_second_a_gpu": 1 / (reading + writing),
    }


def _nodes(memory: float, assumed: Assumptions) -> float:
    usable = assumed.node_gib * GIB * (1 - assumed.spare)
    return float(assumed.replicas * -(-memory // usable))


def table(result: Mapping[str, Any]) -> str:
    """Return the tables of docs/scale-out.md."""
    plans, asked, found = result["plans"], result["a million questions"], result["figures"]
    rows: tuple[tuple[str, Callable[[Mapping[str, float]], str]], ...] = (
        ("documents", lambda p: _short(p["documents"])),
        ("text", lambda p: _size(p["text_gib"])),
        ("vectors, float32", lambda p: _size(p["vectors_gib"])),
        ("one SQLite store (disk)", lambda p: _size(p["store_gib"])),
        ("keyword index of one machine (disk)", lambda p: _size(p["lexical_gib"])),
        ("vector index of one machine (disk, mapped)", lambda p: _size(p["codes_gib"])),
        ("… vector search of one question there", lambda p: f"{p['search_s']:,.2f} s"),
        ("… publishing 10,000 more chunks there", lambda p: f"{p['change_s'] / 60:,.0f} min"),
        ("cluster, HNSW: memory of one replica", lambda p: _size(p["hnsw_memory_gib"])),
        ("… search nodes, two replicas", lambda p: f"{p['hnsw_nodes']:,.0f}"),
        ("cluster, DiskANN: memory of one replica", lambda p: _size(p["disk_memory_gib"])),
        ("… search nodes, two replicas", lambda p: f"{p['disk_nodes']:,.0f}"),
        ("embedding: H100 hours (dollars)", lambda p: f"{p['gpu_hours']:,.1f} ({p['gpu_dollars']:,.0f})"),
        ("… L4 hours", lambda p: f"{p['small_gpu_hours']:,.0f}"),
        ("… core hours, small int8 model", lambda p: f"{p['cpu_core_hours']:,.0f}"),
        ("the one writer, without embedding", lambda p: f"{p['writer_hours']:,.1f} h"),
    )
    lines = [f"| chunks | {' | '.join(plans)} |", "|---|" + "---|" * len(plans)]
    lines += [f"| {name} | {' | '.join(tell(one) for one in plans.values())} |" for name, tell in rows]
    lines += ["", "| a million questions | processors and GPUs | dollars |", "|---|---|---|"]
    lines.append(f"| quotations | {asked['quoted_core_hours']:,.0f} core hours | {asked['quoted_dollars']:,.2f} |")
    rate = f"{asked['written_answers_a_second_a_gpu']:.0f} a second on one"
    hours = f"{asked['written_gpu_hours']:,.0f} H100 hours ({rate})"
    lines.append(f"| written answers | {hours} | {asked['written_dollars']:,.0f} |")
    lines += ["", "| measured on one machine, for each chunk | |", "|---|---|"]
    for name, unit in (("text_bytes", "bytes"), ("store_bytes", "bytes"), ("lexical_bytes", "bytes")):
        lines.append(f"| {name} | {found[name]:,.0f} {unit} |")
    lines += [f"| distinct terms | {found['distinct_terms']:.0f} |", f"| tokens | {found['tokens']:.0f} |"]
    lines.append(f"| chunks that the writer stores a second | {found['writer_chunks_a_second']:,.0f} |")
    return "\n".join(lines)


def _short(number: float) -> str:
    for value, name in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= value:
            return f"{number / value:,.1f} {name}"
    return f"{number:,.0f}"


def _size(gib: float) -> str:
    return f"{gib / 1024:,.1f} TiB" if gib >= 1024 else f"{gib:,.0f} GiB" if gib >= 10 else f"{gib:,.1f} GiB"


def measure(documents: Path) -> Figures:
    """Index ``documents`` with the shipped embedder and look at what it takes."""
    from genesis_rag.chunking import contextual_text
    from genesis_rag.settings import load_settings
    from genesis_rag.wiring import open_assistant, open_parts, run_ingest

    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(home=Path(folder), profile="embedded-static")
        parts = open_parts(settings)
        run_ingest(settings, [documents], parts=parts)
        place = settings.index_dir
        store = sum(path.stat().st_size for path in place.glob("store.sqlite*"))
        lexical = sum(path.stat().st_size for path in place.rglob("*") if path.is_file() and "lexical" in str(path))
        text = terms = tokens = chunks = count = 0
        with open_assistant(settings, parts) as assistant:
            for info in assistant.documents():
                count += 1
                for chunk in parts.chunk(assistant.document(info.id)):
                    chunks += 1
                    text += len(chunk.text.encode())
                    terms += len(set(parts.terms(info.title, chunk)))
                    tokens += parts.embedder.count_tokens(contextual_text(info.title, chunk.heading_path, chunk.text))
    embedding, load, scale = (read_result(name) for name in ("embedding_backends", "server_load", "scale"))
    rate: Any = embedding["passages_a_second"]
    million: Any = scale["sizes"]["1000000"]  # type: ignore[index]
    vectors = million["kinds"]["signs and 8 bits (ours)"]
    one: Any = load["one_client"]
    return Figures(
        text_bytes=text / chunks,
        store_bytes=store / chunks - 4 * parts.embedder.dim,
        lexical_bytes=lexical / chunks,
        distinct_terms=terms / chunks,
        tokens=tokens / chunks,
        chunks_a_document=chunks / count,
        writer_chunks_a_second=max(_writer_speed() for _ in range(WRITER_ROUNDS)),
        search_ms=vectors["p50 ms"],
        search_dim=256,
        codes_bytes=vectors["file MB"],
        change_s=million["change"]["added_s"],
        cpu_tokens_a_second=rate["onnx_int8"] * embedding["tokens"] / embedding["passages"],  # type: ignore[operator]
        quoted_answers_a_second=one["answers_per_second"],
        cores=int(describe_machine()["cores"]),  # type: ignore[call-overload]
    )


def _writer_speed() -> float:
    """Return how many chunks a second one process takes in from a passages file, to the published index.

    The shipped embedder is a part of it, and so fast (see indexing_throughput) that the rest is what is measured.
    """
    from genesis_rag.settings import load_settings
    from genesis_rag.wiring import open_parts, run_ingest

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        lines = (f'{{"id": "{at}", "title": "{at}", "text": "{_sentences(at)}"}}' for at in range(WRITER_CHUNKS))
        (home / "many.jsonl").write_text("\n".join(lines), encoding="utf-8")
        settings = load_settings(home=home, profile="embedded-static")
        parts = open_parts(settings)
        begin = time.perf_counter()
        report = run_ingest(settings, [home / "many.jsonl"], parts=parts)
        took = time.perf_counter() - begin
    return report.chunks / took


def _sentences(number: int) -> str:
    return " ".join(f"Sentence {at} of passage {number} says {number * at} of {at + number}." for at in range(20))


def write_docs(result: Mapping[str, Any]) -> None:
    """Put the tables into docs/scale-out.md."""
    before, _, rest = DOCS.read_text(encoding="utf-8").partition(BEGIN)
    DOCS.write_text(f"{before}{BEGIN}\n{table(result)}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=Path)
    args = parser.parse_args()
    figures, assumed = measure(args.documents or ROOT / "corpus" / "documents"), Assumptions()
    result: dict[str, Any] = {
        "command": "python -m benchmarks.sizing",
        "machine": describe_machine(),
        "figures": asdict(figures),
        "assumptions": asdict(assumed),
        "plans": {name: plan(chunks, figures, assumed) for name, chunks in SIZES.items()},
        "a million questions": questions(figures, assumed),
    }
    print(table(result))
    if args.documents is None:
        write_result("sizing", result)
        write_docs(result)


if __name__ == "__main__":
    main()
