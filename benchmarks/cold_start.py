"""How long a cold `ask --json` takes, as a ratio to importing the libraries it cannot do without.

The two programs run alternately, so that a busy machine slows both; the figure is the ratio of the medians.

    python -m benchmarks.cold_start [--runs 15] [--profile embedded-static]
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

TARGET_RATIO = 2.5
BASELINE = (sys.executable, "-c", "import numpy, faiss, tokenizers")
QUESTIONS = ("日本はジェネシス・ミッションにいくら投資しますか？", "How much will Japan and the United States invest?")


def seconds_of(command: Sequence[str], environment: dict[str, str]) -> tuple[float, bytes]:
    """Run a command and return its wall time and output."""
    begin = time.perf_counter()
    run = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, env=environment, check=True)
    return time.perf_counter() - begin, run.stdout


def measure(runs: int, profile: str, home: Path) -> dict[str, object]:
    """Return the medians, the ratio and every single time."""
    program = str(Path(sys.executable).with_name("ask"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GENESIS_")}
    asking = [program, "--json", "--home", str(home), "--profile", profile]
    seconds_of([*asking, QUESTIONS[0]], environment)  # builds the index and warms the file cache
    seconds_of(BASELINE, environment)
    times: dict[str, list[float]] = {"baseline": [], "ask": []}
    abstained = 0
    for run in range(runs):
        times["baseline"].append(seconds_of(BASELINE, environment)[0])
        elapsed, out = seconds_of([*asking, QUESTIONS[run % len(QUESTIONS)]], environment)
        times["ask"].append(elapsed)
        abstained += json.loads(out)["abstained"]
    medians = {name: statistics.median(values) for name, values in times.items()}
    return {
        "command": f"python -m benchmarks.cold_start --runs {runs} --profile {profile}",
        "machine": describe_machine(),
        "profile": profile,
        "runs": runs,
        "baseline": 'python -c "import numpy, faiss, tokenizers"',
        "baseline_median_s": round(medians["baseline"], 4),
        "ask_median_s": round(medians["ask"], 4),
        "ratio": round(medians["ask"] / medians["baseline"], 3),
        "target_ratio": TARGET_RATIO,
        "answers_abstained": abstained,
        "times_s": {name: [round(value, 4) for value in values] for name, values in times.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--profile", default="embedded-static")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        result = measure(arguments.runs, arguments.profile, Path(home))
    write_result("cold_start", result)
    print(f"cold ask {result['ask_median_s']} s, {result['ratio']} times the baseline (target {TARGET_RATIO})")


if __name__ == "__main__":
    main()
