"""What machine a figure was measured on, and where the figures are kept."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results"
_LIBRARIES = ("numpy", "faiss-cpu", "tantivy", "tokenizers", "onnxruntime", "torch", "sentence-transformers", "bm25s")


def describe_machine() -> dict[str, object]:
    """Return processor, cores, memory, system, libraries and the state of the checkout."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "libraries": {name: found for name in _LIBRARIES if (found := _version(name))},
        "commit": _commit(),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write_result(name: str, result: Mapping[str, object]) -> Path:
    """Write ``result`` as results/NAME.json and return the path."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def read_result(name: str) -> dict[str, object]:
    """Read what ``write_result`` wrote."""
    value: dict[str, object] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return value


def shared_folder(argument: Path | None = None) -> Path:
    """Return the folder of shared data: the argument, or what GENESIS_SHARED names; exit with a message if none."""
    place = argument or Path(os.environ.get("GENESIS_SHARED", ""))
    if not (place / "data").is_dir():
        raise SystemExit("Name the folder of shared data with --shared FOLDER or GENESIS_SHARED.")
    return place


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _commit() -> str:
    run = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return run.stdout.strip()
