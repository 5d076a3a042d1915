"""How recall, time and memory grow with the number of chunks, up to a million, on this machine with `embedded-static`.

    python -m benchmarks.scale [--shared FOLDER] [--work FOLDER] [--sizes 10000 …] [--parts kinds …] [--anew]
    python -m benchmarks.scale --sizes 10000000 --anew

Beyond a million there are vectors alone (parts pieces, make and search; see ``large``).

Each part of each size runs in a process of its own and is written to results/scale.json as soon as it is done; what is
there already is not measured again without --anew, so a run that was stopped goes on. The texts, their vectors and the
indexes lie in --work (about 6 GB for a million, 3 GB more for ten). At the end docs/scale.md and its plots are made
from the results.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks._machine import RESULTS, describe_machine, read_result, shared_folder, write_result
from benchmarks.scale import corpus, kinds, large, page, product

PARTS = ("kinds", "fill", "ask", "change")
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
LARGE_PARTS = ("pieces", "make", "search")
MOST_TEXTS = 1_000_000
COMPARED = 200_000
"""Texts that are compared with as many pieces, one of a text; not every text is long enough to give one."""


def measure(part: str, size: int, work: Path, shared: Path) -> dict[str, object]:
    """Run one part here and return its report."""
    if part == "pieces":
        return large.pieces(work, shared, min(size, COMPARED))
    if part in LARGE_PARTS:
        return (large.make if part == "make" else large.search)(work, shared, size)
    if part == "kinds":
        return kinds.measure(work, shared, size)
    if part == "fill":
        return product.fill(work, size)
    return product.ask(work, size, shared) if part == "ask" else product.change(work, size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "genesis-scale")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--parts", nargs="+", choices=[*PARTS, *LARGE_PARTS])
    parser.add_argument("--anew", action="store_true", help="measure again what is there")
    parser.add_argument("--page", action="store_true", help="only write the page and plots of the results")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.page:
        page.write(read_result("scale"))
        return
    shared = shared_folder(args.shared)
    if args.one:
        print(json.dumps(measure(args.one[0], int(args.one[1]), args.work, shared)))
        return
    corpus.prepare(shared, args.work)
    result: dict[str, Any] = read_result("scale") if (RESULTS / "scale.json").exists() else {"sizes": {}}
    for size in args.sizes:
        for part in args.parts or (LARGE_PARTS if size > MOST_TEXTS else PARTS):
            known = result["sizes"].setdefault(str(size), {})
            missing = part in ("ask", "change") and not product.index_folder(args.work, size).is_dir()
            if missing:
                known["fill"] = _apart("fill", size, args.work, shared)
            if part not in known or (args.anew and not (missing and part == "fill")):
                known[part] = _apart(part, size, args.work, shared)
            result["machine"] = describe_machine()
            write_result("scale", result)
    page.write(result)


def _apart(part: str, size: int, work: Path, shared: Path) -> dict[str, object]:
    print(f"{size:,} chunks: {part}", flush=True)
    command = [sys.executable, "-m", "benchmarks.scale", "--one", part, str(size)]
    command += ["--work", str(work), "--shared", str(shared)]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, object] = json.loads(run.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
