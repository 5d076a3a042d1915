"""What every engine is given and must do. Only the standard library: other environments import this, too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage; engines embed ``whole``."""

    id: str
    title: str
    text: str

    @property
    def whole(self) -> str:
        """Title and text, as all engines embed it."""
        return f"{self.title}\n{self.text}"


@dataclass(frozen=True, slots=True)
class Question:
    """One question and the passage that answers it."""

    text: str
    language: str
    passage: str


@dataclass(frozen=True, slots=True)
class Job:
    """What one process does.

    Attributes:
        adapter: module of ``benchmarks.peers.adapters``.
        variant: what the adapter makes of it, such as "dense" or "hybrid".
        model: folder of sentence-transformers; for ours also the name of a profile.
        task: "index", "search", "first", or of ours "texts": write down the texts that are embedded.
        place: folder of the index.
        data: folder with passages.jsonl and questions.jsonl.
        given: folder of vectors made before, which take the place of the model in indexing; empty to embed for real.
        batch: texts that the model computes together, at most.
        k: hits wanted.
    """

    adapter: str
    variant: str
    model: str
    task: str
    place: str
    data: str
    given: str = ""
    batch: int = 32
    k: int = 10


class Adapter(Protocol):
    """One engine. What it needs is imported when it is made, so that this counts as its start."""

    packages: tuple[str, ...]
    """Whose versions to record."""

    def __init__(self, job: Job) -> None:
        """Import the library and load the model."""

    def index(self, passages: Sequence[Passage]) -> None:
        """Embed the passages, index them and write everything that ``open`` needs to the job's place.

        Where vectors are given, the embedding that the engine asks is one that looks them up; all else is as ever.
        """

    def open(self) -> None:
        """Open what ``index`` wrote."""

    def search(self, question: str, k: int) -> list[str]:
        """Return the ids of at most ``k`` passages, best first."""


def write_lines(path: Path, rows: Sequence[Passage] | Sequence[Question]) -> None:
    """Write passages or questions as JSON Lines."""
    path.write_text("".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON Lines file."""
    with path.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def fused(rankings: Sequence[Sequence[str]], k: int, constant: int = 60) -> list[str]:
    """Return the first ``k`` of a reciprocal rank fusion: the sum of 1 / (constant + rank) (Cormack et al., 2009)."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            scores[name] = scores.get(name, 0.0) + 1 / (constant + rank)
    return sorted(scores, key=lambda name: -scores[name])[:k]


def longest(model: Path) -> int:
    """Return how many tokens of a text are read by the transformer in a folder; 0 for a table of tokens."""
    if not (model / "config.json").is_file():
        return 0
    for name, key in (("sentence_bert_config.json", "max_seq_length"), ("config.json", "max_position_embeddings")):
        if (model / name).is_file() and (found := json.loads((model / name).read_text(encoding="utf-8")).get(key)):
            return int(found)
    raise ValueError(f"{model} does not say how many tokens it reads")
