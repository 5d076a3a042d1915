"""A seeded sample of the campaign of ``make torture``: see benchmarks/kills."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.kills import campaign, child, powerloss  # noqa: E402

pytestmark = pytest.mark.slow


def test_killed_runs_lose_nothing_and_mend_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "PHASES", ("store", "keywords", "publish", "save", "sync"))
    told = campaign.kills(tmp_path / "kills", 5, seed=11)
    assert told["kills"] >= 5 and told["restarts finished"] >= 6


def test_power_cuts_lose_nothing(tmp_path: Path) -> None:
    told = campaign.cuts(tmp_path / "cuts", 3, seed=12)
    assert told["restarts finished"] == 4


@pytest.mark.parametrize("broken", powerloss.PROTECTIONS)
def test_the_checks_notice_a_missing_protection(tmp_path: Path, broken: str) -> None:
    told = campaign.cuts(tmp_path / "cuts", 10, seed=13, broken=broken, only=("clean", "close"))
    assert "damaged" in str(told["failure"])


@pytest.mark.parametrize("broken", child.SABOTAGE)
def test_the_checks_notice_a_sabotaged_index(tmp_path: Path, broken: str) -> None:
    told = campaign.cuts(tmp_path / "cuts", 10, seed=14, broken=broken, only=("saved", "close"))
    assert ("lost" if broken == "saving" else "repair") in str(told["failure"])
