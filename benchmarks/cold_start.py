"""How long a cold `ask --json` takes, as a ratio to importing the libraries it cannot do without, and where it goes.

The two programs run alternately, so that a busy machine slows both; the figures are ratios of medians, of the time on
the clock and of the time on a processor. The stages are marked inside of a process that does what `ask` does.

    python -m benchmarks.cold_start [--runs 15]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks._machine import describe_machine, write_result

PROFILES = {"embedded-static": 2.0, "embedded": 5.0}
"""Each with the ratio to aim at."""
BASELINE = (sys.executable, "-c", "import numpy, faiss, tokenizers")
QUESTIONS = ("日本はジェネシス・ミッションにいくら投資しますか？", "How much will Japan and the United States invest?")
STAGES = """
import gc, json, sys, time
gc.set_threshold(200_000)
question, home, profile = sys.argv[1:]
marks = [("start of Python", time.process_time())]
def mark(name): marks.append((name, time.process_time()))
import numpy, faiss, tokenizers
mark("numpy, faiss, tokenizers")
import re._compiler
compiled, compile_pattern = [0, 0.0], re._compiler.compile
def counting(*arguments):
    begin = time.process_time()
    try:
        return compile_pattern(*arguments)
    finally:
        compiled[0] += 1
        compiled[1] += time.process_time() - begin
re._compiler.compile = counting
import genesis_rag.cli.main
mark("command")
from pathlib import Path
from genesis_rag import wiring
mark("wiring")
from genesis_rag.cli.opening import settings_for
settings = settings_for(Path(home), profile)
mark("settings")
parts = wiring.open_parts(settings)
mark("models")
assistant = wiring.open_assistant(settings, parts)
mark("index")
assistant.search(question, 6)
mark("search")
answer = assistant.ask(question)
mark("answer, with a second search")
from genesis_rag.server.schemas import answer_payload, to_line
to_line(answer_payload(answer))
assistant.close()
mark("JSON, closing")
stages = {name: end - begin for (_, begin), (name, end) in zip([("", 0.0), *marks], marks)}
print(json.dumps({"stages": stages, "modules": len(sys.modules), "patterns": compiled}))
"""


def run_once(command: Sequence[str], environment: dict[str, str]) -> tuple[float, float, bytes]:
    """Run a command and return its time on the clock, on a processor, and its output."""
    begin, before = time.perf_counter(), os.times()
    run = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, env=environment, check=True)
    elapsed, after = time.perf_counter() - begin, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return elapsed, used, run.stdout


def measure(runs: int, profile: str, home: Path) -> dict[str, object]:
    """Return the medians, the ratios, the stages and every single time."""
    program = str(Path(sys.executable).with_name("ask"))
    # Byte code is written as where it is installed.
    unwanted = ("GENESIS_", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    asking = [program, "--json", "--home", str(home), "--profile", profile]
    for question in QUESTIONS:  # builds the index and warms the file cache
        run_once([*asking, question], environment)
    run_once(BASELINE, environment)
    times: dict[str, list[float]] = {"baseline": [], "ask": [], "baseline_processor": [], "ask_processor": []}
    staged, abstained = [], 0
    for run in range(runs):
        question = QUESTIONS[run % len(QUESTIONS)]
        for name, command in (("baseline", BASELINE), ("ask", (*asking, question))):
            elapsed, used, out = run_once(command, environment)
            times[name].append(elapsed)
            times[f"{name}_processor"].append(used)
        abstained += json.loads(out)["abstained"]
        staged.append(
            json.loads(run_once([sys.executable, "-c", STAGES, question, str(home), profile], environment)[2])
        )
    medians = {name: statistics.median(values) for name, values in times.items()}
    return {
        "command": f"python -m benchmarks.cold_start --runs {runs}",
        "machine": describe_machine(),
        "profile": profile,
        "runs": runs,
        "baseline": 'python -c "import numpy, faiss, tokenizers"',
        "baseline_median_s": round(medians["baseline"], 4),
        "ask_median_s": round(medians["ask"], 4),
        "ratio": round(medians["ask"] / medians["baseline"], 3),
        "ratio_of_processor_time": round(medians["ask_processor"] / medians["baseline_processor"], 3),
        "target_ratio": PROFILES[profile],
        "answers_abstained": abstained,
        "stages_processor_ms": {
            name: round(1000 * statistics.median(one["stages"][name] for one in staged), 1)
            for name in staged[0]["stages"]
        },
        "modules": staged[0]["modules"],
        "patterns_compiled": statistics.median(one["patterns"][0] for one in staged),
        "patterns_ms": round(1000 * statistics.median(one["patterns"][1] for one in staged), 1),
        "times_s": {name: [round(value, 4) for value in values] for name, values in times.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    found = {}
    for profile in PROFILES:
        with tempfile.TemporaryDirectory() as home:
            found[profile] = measure(runs, profile, Path(home))
        print(f"cold ask, {profile}: {found[profile]['ask_median_s']} s, {found[profile]['ratio']} times the baseline")
        print(json.dumps(found[profile]["stages_processor_ms"], indent=1))
    write_result("cold_start", {"profiles": found})


if __name__ == "__main__":
    main()
