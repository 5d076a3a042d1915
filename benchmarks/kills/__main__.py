"""Kill ``index`` at random instants in every phase, cut the power under it, and check what is left.

    python -m benchmarks.kills [--kills 50] [--cuts 40] [--seed 1]

Three parts. (1) SIGKILL at a random instant of a chosen phase; then everything that was told as committed must be
there, every hit must show the text and have the vector that belong to it, and the next run must finish and repair.
(2) Power cuts: the same, but what was not synced is lost (``powerloss``). (3) The same power cuts with the syncing of
files, of directories, of both, or with renaming switched off, and with the index itself sabotaged: here the checks
must fail, else they prove nothing.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from benchmarks._machine import describe_machine
from benchmarks.kills.campaign import ROOT, cuts, kills
from benchmarks.kills.child import SABOTAGE
from benchmarks.kills.powerloss import PROTECTIONS

RESULT = ROOT / "benchmarks" / "results" / "kills.json"


def main() -> None:
    """Run all parts and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--cuts", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--result", type=Path, default=RESULT)
    arguments = parser.parse_args()
    started = time.monotonic()
    result: dict[str, object] = {"seed": arguments.seed, "machine": describe_machine()}
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        place = Path(folder)
        result["SIGKILL"] = kills(place / "kills", arguments.kills, arguments.seed)
        result["power cuts"] = cuts(place / "cuts", arguments.cuts, arguments.seed)
        for broken in (*PROTECTIONS, *SABOTAGE):
            result[f"power cuts without {broken}"] = cuts(place / broken, arguments.cuts, arguments.seed, broken)
    result["lost documents"] = result["wrong hits"] = result["restarts that failed"] = 0  # else it had raised
    result["seconds"] = round(time.monotonic() - started, 1)
    arguments.result.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
