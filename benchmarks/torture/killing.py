"""SIGKILL at random instants of runs that add, change, rename and delete, and that rebuild: see benchmarks/kills."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.kills.campaign import FRESH_EVERY, PHASES, REBUILD_EVERY, Campaign
from benchmarks.torture.ledger import Ledger

TURNS_A_CAMPAIGN = 25
_running: dict[Path, Campaign] = {}


def one(ledger: Ledger, folder: Path, turn: int) -> None:
    """Kill one run and check everything; a campaign begins anew every few turns, so that a part can be gone on with."""
    place = folder / "kills"
    if turn % TURNS_A_CAMPAIGN == 0 or place not in _running:
        shutil.rmtree(place, ignore_errors=True)
        _running[place] = Campaign(place, ledger.seed * 1_000_003 + turn)
    campaign = _running[place]
    before, told = campaign.histogram.copy(), campaign.told.copy()
    if turn % FRESH_EVERY == FRESH_EVERY - 1:
        campaign.start_over()
    try:
        campaign.kill(PHASES[turn % len(PHASES)], rebuild=turn % REBUILD_EVERY == REBUILD_EVERY - 1)
    except Exception:
        del _running[place]
        raise
    for phase, number in (campaign.histogram - before).items():
        ledger.count(f"killed in {phase}", number)
        ledger.count("kills", number)
    for what, number in (campaign.told - told).items():
        ledger.count(what, number)
