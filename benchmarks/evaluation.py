"""The default profile on the test split of the fixed QA set: search, answers, citations and refusals, by direction.

    python -m benchmarks.evaluation [--profile embedded] [--split test]

The run itself is `genesis-rag evaluate`; what is kept here is its summary, without the single questions.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks._machine import ROOT, describe_machine, write_result

QUESTIONS = "corpus/qa/genesis_qa.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="embedded")
    parser.add_argument("--split", default="test")
    options = parser.parse_args()
    program = str(Path(sys.executable).with_name("genesis-rag"))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run.json"
        command = [program, "evaluate", QUESTIONS, "--split", options.split, "--documents", "corpus/documents"]
        subprocess.run([*command, "--profile", options.profile, "--quiet", "--out", str(out)], cwd=ROOT, check=True)
        run = json.loads(out.read_text(encoding="utf-8"))
    run.pop("questions")
    result = {
        "command": f"python -m benchmarks.evaluation --profile {options.profile} --split {options.split}",
        "machine": describe_machine(),
        **run,
    }
    write_result("evaluation", result)


if __name__ == "__main__":
    main()
