"""SIGKILL at random instants of runs that add, change, rename and delete, and that rebuild: see benchmarks/kills."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.kills.campaign import FRESH_EVERY, PHASES, REBUILD_EVERY, Campaign
from benchmarks.torture.ledger import Ledger

TURNS_A_CAMPAIGN = 25
_running: dict[Path, Campaign] = {}


def one(ledger: Ledger, folder: Path, turn: int) -> None:
    """Kill one run and check everything."""
    campaign = _campaign(ledger, folder / "kills", turn)
    rebuild = turn % REBUILD_EVERY == REBUILD_EVERY - 1
    with _counting(ledger, campaign, folder / "kills", "killed in"):
        if turn % FRESH_EVERY == FRESH_EVERY - 1:
            campaign.start_over()
        campaign.kill(PHASES[turn % len(PHASES)], rebuild=rebuild)


def cut(ledger: Ledger, folder: Path, turn: int) -> None:
    """Cut the power under one run, so that what was not synced is lost, and check everything."""
    campaign = _campaign(ledger, folder / "cuts", turn)
    with _counting(ledger, campaign, folder / "cuts", "cut in"):
        campaign.cut_power()


def _campaign(ledger: Ledger, place: Path, turn: int) -> Campaign:
    """Return the campaign at hand; it begins anew every few turns, so that a part can be gone on with."""
    if turn % TURNS_A_CAMPAIGN == 0 or place not in _running:
        shutil.rmtree(place, ignore_errors=True)
        _running[place] = Campaign(place, ledger.seed * 1_000_003 + turn)
    return _running[place]


@contextmanager
def _counting(ledger: Ledger, campaign: Campaign, place: Path, word: str) -> Iterator[None]:
    before, told = campaign.histogram.copy(), campaign.told.copy()
    try:
        yield
    except BaseException:
        del _running[place]
        raise
    for phase, number in (campaign.histogram - before).items():
        ledger.count(f"{word} {phase}", number)
        ledger.count("kills", number)
    for what, number in (campaign.told - told).items():
        ledger.count(what, number)
