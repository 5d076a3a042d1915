"""What models.toml says of one model and of one profile."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Task = Literal["embedding", "reranking", "generation"]
PACKAGE_PREFIX = "package:"


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model. ``path`` is a folder or file, or ``package:NAME`` for weights shipped inside the package."""

    name: str
    task: Task
    backend: str
    path: str
    licence: str
    languages: tuple[str, ...] = ()
    memory_mb: int = 0
    query_prefix: str = ""
    passage_prefix: str = ""

    def local_path(self, home: Path) -> Path:
        """Return where the weights lie; relative paths count from ``home``."""
        if self.path.startswith(PACKAGE_PREFIX):
            return Path(__file__).resolve().parent.parent / "embedded" / self.path.removeprefix(PACKAGE_PREFIX)
        return home / Path(self.path).expanduser()


@dataclass(frozen=True, slots=True)
class ProfileSpec:
    """One profile: which model plays which part."""

    name: str
    embedder: str
    analyser: str
    answerer: str
    summary: str = ""
