"""Rounds of killing, checking and restarting one index."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.kills import check
from benchmarks.kills.corpus import Corpus

PHASES = (
    "open", "discover", "read", "chunk", "embed", "store", "save", "saved",
    "vectors", "keywords", "sync", "publish", "clean", "close",
)  # fmt: skip
ROOT = Path(__file__).resolve().parents[2]
REBUILD_EVERY = 10
FRESH_EVERY = 6


@dataclass
class Outcome:
    """What one child did."""

    phases: list[tuple[str, float]] = field(default_factory=list)
    committed: dict[str, str] = field(default_factory=dict)
    repairs: list[str] = field(default_factory=list)
    returncode: int = 0

    @property
    def killed(self) -> bool:
        """Tell whether it was stopped before its end."""
        return self.returncode == -9


@dataclass(frozen=True)
class Aim:
    """Kill a while after a phase has begun for the nth time."""

    phase: str
    occurrence: int
    delay_s: float


def run_child(corpus: Corpus, index: Path, *options: str, aim: Aim | None = None) -> Outcome:
    """Run ``index`` in a child, kill it as aimed, and return what it told."""
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "benchmarks.kills.child", str(corpus.folder), str(index), str(writing), *options]
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(command, pass_fds=[writing], stderr=errors, cwd=ROOT)
        os.close(writing)
        outcome = _listen(reading, child, aim)
        if outcome.returncode not in (0, -9):
            errors.seek(0)
            raise RuntimeError(f"the run itself failed: {errors.read().decode()}")
    return outcome


def _listen(pipe: int, child: subprocess.Popen[bytes], aim: Aim | None) -> Outcome:
    outcome, seen = Outcome(), 0
    with os.fdopen(pipe, "r", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            kind, _, rest = line.rstrip("\n").partition(" ")
            if kind == "P":
                outcome.phases.append((rest, time.monotonic()))
                seen += aim is not None and rest == aim.phase
                if aim is not None and seen == aim.occurrence:
                    time.sleep(aim.delay_s)
                    child.kill()
                    aim = None
            elif kind == "C" and line.endswith("}\n"):
                outcome.committed = json.loads(rest)
            elif kind == "R":
                outcome.repairs = [repair for repair in json.loads(rest) if repair]
    outcome.returncode = child.wait()
    return outcome


class Campaign:
    """Kills, checks and restarts over a corpus that changes whenever a run has finished."""

    def __init__(self, place: Path, seed: int) -> None:
        self._random = random.Random(seed)
        (place / "corpus").mkdir(parents=True)
        self.corpus, self.index = Corpus(place / "corpus", seed), place / "index"
        self.histogram: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self._before: dict[str, str] = {}
        self._committed: dict[str, str] = {}
        self._durations: dict[str, list[float]] = {}
        self._counts: Counter[str] = Counter()
        self.restart("--cut-in", "never")

    def kill(self, phase: str, *, rebuild: bool = False) -> None:
        """Kill one run in ``phase``, check, and let the next run finish; sometimes that one is killed first, too."""
        options = ["--rebuild"] if rebuild else []
        outcome = self._kill_once(phase, options)
        self._check(outcome, rebuild)
        while self._random.random() < 0.3:
            again = self._kill_once(self._random.choice(PHASES), options)
            self.told["restarts killed"] += 1
            self._check(again, rebuild)
        self.restart(*options[: self._random.randint(0, 1)])

    def start_over(self) -> None:
        """Throw the index away: the next run is a first one."""
        shutil.rmtree(self.index)
        self._before, self._committed = {}, {}

    def cut_power(self, broken: str = "", only: tuple[str, ...] = ()) -> None:
        """Cut the power under one run at a random event of a random kind, check, and let the next run finish."""
        phase = self._random.choice(only or sorted(self._counts))
        nth, seed = self._random.randint(1, self._counts[phase]), self._random.randrange(2**30)
        options = ["--cut-in", phase, "--cut-at", str(nth), "--seed", str(seed), "--broken", broken]
        outcome = run_child(self.corpus, self.index, *options)
        if outcome.killed:
            self.histogram[outcome.phases[-1][0]] += 1
            self._check(outcome, rebuild=False)
        else:
            self.told["came to their end"] += 1
        self.restart("--cut-in", "never")  # watched, so that its events are known

    def restart(self, *options: str) -> None:
        """Let a run finish, check it, and let the corpus change."""
        outcome = run_child(self.corpus, self.index, *options)
        self.told["restarts finished"] += 1
        self.told["restarts that told of a repair"] += bool(outcome.repairs)
        self._finished(outcome)

    def _finished(self, outcome: Outcome) -> None:
        check.finished(self.index, self.corpus, self._random.randrange(2**30))
        for (phase, begun), (_, ended) in zip(outcome.phases, outcome.phases[1:], strict=False):
            self._durations.setdefault(phase, []).append(ended - begun)
        self._counts = Counter(phase for phase, _ in outcome.phases)
        self._before, self._committed = self.corpus.expected, {}
        self.corpus.change()

    def _kill_once(self, phase: str, options: list[str]) -> Outcome:
        while True:
            longest = max(self._durations.get(phase, [0.001])[-40:])
            occurrence = self._random.randint(1, max(1, self._counts[phase]))
            aim = Aim(phase, occurrence, self._random.uniform(0, longest))
            outcome = run_child(self.corpus, self.index, *options, aim=aim)
            if outcome.killed:
                self.histogram[outcome.phases[-1][0] if outcome.phases else "open"] += 1
                return outcome
            self.told["came to their end"] += 1
            self._finished(outcome)

    def _check(self, outcome: Outcome, rebuild: bool) -> None:
        self._committed = outcome.committed or self._committed
        committed = {} if rebuild else self._committed
        check.after_kill(self.index, self.corpus, committed, self._random.randrange(2**30))
        if rebuild and self._before:  # a first run may be seen in part
            check.either_or(self.index, self._before, self.corpus.expected)


def kills(place: Path, number: int, seed: int) -> dict[str, object]:
    """Part 1."""
    campaign = Campaign(place, seed)
    for turn in range(number):
        if turn % FRESH_EVERY == FRESH_EVERY - 1:
            campaign.start_over()
        campaign.kill(PHASES[turn % len(PHASES)], rebuild=turn % REBUILD_EVERY == REBUILD_EVERY - 1)
        print(f"  kill {turn + 1}/{number}: {dict(campaign.histogram)}", file=sys.stderr)
    return {"kills": sum(campaign.histogram.values()), "by phase": dict(campaign.histogram), **campaign.told}


def cuts(place: Path, number: int, seed: int, broken: str = "", only: tuple[str, ...] = ()) -> dict[str, object]:
    """Parts 2 and 3: with ``broken``, stop at the first failure."""
    campaign = Campaign(place, seed)
    for turn in range(number):
        try:
            campaign.cut_power(broken, only)
        except check.Broken as error:
            if not broken:
                raise
            return {"found after cuts": turn + 1, "failure": str(error)}
        print(f"  cut {turn + 1}/{number} {broken}", file=sys.stderr)
    if broken:
        raise check.Broken(f"with {broken} switched off, {number} power cuts went unnoticed")
    return {"cuts": sum(campaign.histogram.values()), "by event": dict(campaign.histogram), **campaign.told}
