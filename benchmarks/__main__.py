"""Runs every benchmark, one after the other, each in a process of its own: `make bench`.

python -m benchmarks [NAME…]
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CAMPAIGNS = ("peers", "torture")
"""What takes hours, or an environment of its own, and has a command of its own."""


def names() -> list[str]:
    """Return all benchmarks: the modules of this folder and its packages that can be run."""
    modules = [path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_")]
    packages = [path.parent.name for path in HERE.glob("*/__main__.py") if path.parent.name not in CAMPAIGNS]
    return sorted({*modules, *packages})


def main() -> None:
    known = names()
    wanted = sys.argv[1:] or known
    if unknown := sorted(set(wanted) - set(known)):
        raise SystemExit(f"There is no benchmark {', '.join(unknown)}. Known: {', '.join(known)}.")
    failed = []
    for name in wanted:
        print(f"== {name}", flush=True)
        begin = time.perf_counter()
        code = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=HERE.parent, check=False).returncode
        print(f"-- {name}: {'done' if code == 0 else f'failed with {code}'} in {time.perf_counter() - begin:.0f} s")
        if code:
            failed.append(name)
    if failed:
        raise SystemExit(f"Failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
