"""Break everything that can break, count, and check what is left: `make torture`.

    python -m benchmarks.torture [PART…] [--seconds N] [--seed 1] [--scale 1.0] [--low] [--fresh]

Parts: kills (SIGKILL in every phase of index, delete and rebuild), cuts (of the power), damage (cut and flipped files
of every kind, in every region), faults (full disk, read-only folder, permissions, clock, writers, versions, backups),
documents (files made to harm and mutated ones for every loader) and soak (questions and updates with flat memory and
files). Each part is written to its own entry of benchmarks/results/torture.json as it goes; one that was stopped, or
bounded by ``--seconds``, goes on where it was, with the same seeds; of the soak 60 turns must be of one process. The
exit code is 1 if anything did not hold.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.torture import damage, documents, faults, killing, soak
from benchmarks.torture.ledger import Ledger

RESULT = Path(__file__).resolve().parents[1] / "results" / "torture.json"
PARTS: dict[str, tuple[Callable[[Ledger, Path, int], None], int]] = {
    "kills": (killing.one, 500),
    "cuts": (killing.cut, 100),
    "damage": (damage.one, 800),
    "faults": (faults.one, len(faults.CASES)),
    "documents": (documents.one, 10_000 * len(documents.FORMATS) // documents.AT_ONCE),
    "soak": (soak.one, 100),
}
"""For every part what does one turn, and how many turns there are."""


def main() -> None:
    """Run the parts that were named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--seconds", type=float, default=float("inf"), help="most seconds for each part")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the turns of each part")
    parser.add_argument("--low", action="store_true", help="at the lowest priority, in one thread")
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier run has done")
    parser.add_argument("--result", type=Path, default=RESULT)
    arguments = parser.parse_args()
    if arguments.low:
        os.nice(19)
    failed = 0
    for name in arguments.parts or PARTS:
        turn, turns = PARTS[name]
        turns = max(1, round(turns * arguments.scale))
        ledger = Ledger.open(arguments.result, name, arguments.seed, turns, fresh=arguments.fresh)
        run(ledger, turn, arguments.seconds)
        failed += len(ledger.failures)
    raise SystemExit(1 if failed else 0)


def run(ledger: Ledger, turn: Callable[[Ledger, Path, int], None], seconds: float) -> None:
    """Take the turns that are left, for at most ``seconds``."""
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        while ledger.done < ledger.turns and time.monotonic() < end:
            began = time.monotonic()
            try:
                turn(ledger, Path(folder), ledger.done)
            except Exception as error:
                ledger.failed(f"turn {ledger.done}: {type(error).__name__}: {error}")
            ledger.end_turn(time.monotonic() - began)
        ledger.save()
    ledger.tell("over" if ledger.done >= ledger.turns else "stopped; run it again to go on")


if __name__ == "__main__":
    main()
