"""What a part of the campaign has done so far, kept in a file, so that it can be stopped at any time."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._machine import describe_machine

SECONDS_BETWEEN_SAVES = 10.0
MOST_TOLD = 50


@dataclass
class Ledger:
    """Counts of one part. ``failures`` is what did not hold, in words; a sound campaign has none."""

    path: Path
    name: str
    seed: int
    turns: int
    done: int = 0
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    figures: dict[str, list[float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    _saved: float = field(default=0.0, repr=False)

    @classmethod
    def open(cls, path: Path, name: str, seed: int, turns: int, *, fresh: bool = False) -> Ledger:
        """Go on with what the file says of this part and seed."""
        old = {} if fresh else _read(path).get(name, {})
        ledger = cls(path, name, seed, turns)
        if old.get("seed") == seed:
            ledger.done, ledger.seconds = old["turns done"], old["seconds"]
            ledger.counts.update(old["counts"])
            ledger.figures, ledger.failures = dict(old.get("figures", {})), list(old["failures"])
        return ledger

    def count(self, what: str, number: int = 1) -> None:
        """Count something that held."""
        self.counts[what] += number

    def failed(self, what: str) -> None:
        """Remember what did not hold."""
        self.failures.append(what)
        print(f"  {self.name} FAILED {what}", file=sys.stderr, flush=True)

    def end_turn(self, seconds: float) -> None:
        """One more turn is done."""
        self.done += 1
        self.seconds += seconds
        if time.monotonic() - self._saved >= SECONDS_BETWEEN_SAVES:
            self.save()
            left = (self.turns - self.done) * self.seconds / self.done
            self.tell(f"{left / 60:.0f} min left")

    def tell(self, what: str) -> None:
        """Print progress."""
        told = f"{self.name} {self.done}/{self.turns} turns, {len(self.failures)} failures, {what}"
        print(told, file=sys.stderr, flush=True)

    def save(self) -> None:
        """Write this part's entry into the file; the others stay as they are."""
        self._saved = time.monotonic()
        entry = {
            "seed": self.seed,
            "turns": self.turns,
            "turns done": self.done,
            "counts": dict(sorted(self.counts.items())),
            "figures": self.figures,
            "failures": self.failures[:MOST_TOLD],
            "seconds": round(self.seconds, 1),
            "machine": describe_machine(),
        }
        beside = self.path.with_suffix(".tmp")
        beside.write_text(json.dumps({**_read(self.path), self.name: entry}, indent=1, ensure_ascii=False) + "\n")
        os.replace(beside, self.path)  # noqa: PTH105


def _read(path: Path) -> dict[str, dict]:  # type: ignore[type-arg]
    try:
        return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]
    except FileNotFoundError:
        return {}
