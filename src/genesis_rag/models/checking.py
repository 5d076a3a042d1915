"""Whether the files of a model are here and right: a quick look at every start, whole hashes on demand.

A file whose hash was computed leaves a stamp (size, time of change, hash); as long as it has not been touched since,
the quick look compares the stamp with what is expected instead of reading gigabytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from genesis_rag.errors import ModelError
from genesis_rag.models.lock import Expected, expected, read_lock, write_json
from genesis_rag.models.spec import FileSpec, ModelSpec
from genesis_rag.values import dataclass

STAMPS = ".verified.json"
_BLOCK = 1 << 20
Report = Callable[[str, int, int, str], None]
"""Called with phase, bytes done, bytes in all and the file at hand."""

Trouble = Literal["missing", "wrong size", "wrong hash"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one file."""

    model: str
    file: str
    trouble: Trouble
    found: str = ""
    wanted: str = ""

    def __str__(self) -> str:
        """Return one line for people."""
        told = f" (expected {self.wanted}, found {self.found})" if self.wanted else ""
        return f"{self.model}/{self.file}: {self.trouble}{told}"


def look(model: ModelSpec, store: Path) -> list[Finding]:
    """Return what a quick look finds wrong: files missing, of a wrong size, or changed since they were checked."""
    return _findings(model, store, whole=False, report=None)


def verify(model: ModelSpec, store: Path, report: Report | None = None) -> list[Finding]:
    """Return what is wrong with the files of a model, every byte read. Offline."""
    return _findings(model, store, whole=True, report=report)


def require_sound(model: ModelSpec, store: Path) -> None:
    """Refuse to load a model whose files are not the right ones.

    Raises:
        ModelError: a file is missing or differs from its pin or from models.lock.
    """
    if not model.repo:
        return
    if found := look(model, store):
        missing = all(one.trouble == "missing" for one in found)
        again = f"Fetch it again: genesis-rag models pull {model.name}"
        raise ModelError(
            f"Model '{model.name}' is {'not complete' if missing else 'not what it should be'}: {found[0]}.", again
        )


def stamp(folder: Path, name: str, sha256: str) -> None:
    """Remember that ``name``, as it lies there now, has this hash."""
    stat = (folder / name).stat()
    stamps = _stamps(folder) | {name: [stat.st_size, stat.st_mtime_ns, sha256]}
    write_json(folder / STAMPS, stamps)


def hash_file(path: Path, report: Callable[[int], None] | None = None) -> str:
    """Return the sha256 of a file; ``report`` is told the bytes of every block."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            if report:
                report(len(block))
    return digest.hexdigest()


def _findings(model: ModelSpec, store: Path, *, whole: bool, report: Report | None) -> list[Finding]:
    lock = read_lock(store)
    folder = store / model.name
    stamps = {} if whole else _stamps(folder)
    found = (_finding(model, file, folder, lock, stamps, report) for file in model.files)
    return [one for one in found if one is not None]


def _finding(
    model: ModelSpec,
    file: FileSpec,
    folder: Path,
    lock: Mapping[str, Expected],
    stamps: Mapping[str, object],
    report: Report | None,
) -> Finding | None:
    path = folder / file.name
    wanted = expected(model, file, lock)
    try:
        stat = path.stat()
    except OSError:
        return None if file.optional else Finding(model.name, file.name, "missing")
    if wanted.size and stat.st_size != wanted.size:
        return Finding(model.name, file.name, "wrong size", f"{stat.st_size:,}", f"{wanted.size:,} bytes")
    if not wanted.sha256:
        return None
    known = stamps.get(file.name)
    if isinstance(known, list) and known[:2] == [stat.st_size, stat.st_mtime_ns]:
        sha256 = str(known[2])
    else:
        done = 0

        def tell(size: int) -> None:
            nonlocal done
            done += size
            if report:
                report("Checking", done, stat.st_size, file.name)

        sha256 = hash_file(path, tell)
        _remember(folder, file.name, sha256)
    if sha256 != wanted.sha256:
        return Finding(model.name, file.name, "wrong hash", sha256, wanted.sha256)
    return None


def _remember(folder: Path, name: str, sha256: str) -> None:
    try:
        stamp(folder, name, sha256)
    except OSError:
        return  # a store that cannot be written to is checked in full each time


def _stamps(folder: Path) -> dict[str, object]:
    try:
        value = json.loads((folder / STAMPS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
