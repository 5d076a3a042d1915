"""models.lock: the hashes of files for which models.toml knows none, as the first download found them.

JSON, one entry a file under ``repo@revision/name``. A later file that differs is refused.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genesis_rag.errors import ModelError
from genesis_rag.models.spec import FileSpec, ModelSpec
from genesis_rag.values import dataclass

LOCK_FILE = "models.lock"
_HINT = "Remove the file to learn the hashes anew at the next download, if you trust the source."


@dataclass(frozen=True, slots=True)
class Expected:
    """What a file must be; 0 and empty for what is not known."""

    size: int
    sha256: str


def lock_key(model: ModelSpec, file: FileSpec) -> str:
    """Return the name of a file in the lock."""
    return f"{model.repo}@{model.revision_of(file)}/{file.name}"


def read_lock(store: Path) -> dict[str, Expected]:
    """Return all entries; none without a lock.

    Raises:
        ModelError: the lock is damaged.
    """
    path = store / LOCK_FILE
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["files"]
        return {key: Expected(int(one["size"]), str(one["sha256"])) for key, one in entries.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} cannot be read: {error}", _HINT) from error


def add_to_lock(store: Path, entries: Mapping[str, Expected]) -> None:
    """Write ``entries`` into the lock; those that it has already stay as they are."""
    known = {**entries, **read_lock(store)}
    files = {key: {"size": one.size, "sha256": one.sha256} for key, one in sorted(known.items())}
    write_json(store / LOCK_FILE, {"schema": 1, "files": files})


def expected(model: ModelSpec, file: FileSpec, lock: Mapping[str, Expected]) -> Expected:
    """Return what models.toml says of a file, and what the lock says where it is silent."""
    locked = lock.get(lock_key(model, file), Expected(0, ""))
    if file.sha256:
        return Expected(file.size, file.sha256)
    return Expected(file.size or locked.size, locked.sha256)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON so that a reader sees the old or the new file, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    beside.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)
