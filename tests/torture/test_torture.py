"""A seeded sample of every part of ``make torture``: see benchmarks/torture."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.torture import damage, documents, faults, killing, ledger, soak  # noqa: E402
from benchmarks.torture.__main__ import run  # noqa: E402

pytestmark = pytest.mark.slow

PARTS = {"kills": (killing.one, 2), "damage": (damage.one, 32), "documents": (documents.one, 10), "soak": (soak.one, 1)}


@pytest.mark.parametrize("name", PARTS)
def test_a_sample_holds(name: str, tmp_path: Path) -> None:
    turn, turns = PARTS[name]
    book = ledger.Ledger.open(tmp_path / "torture.json", name, 20, turns)
    run(book, turn, 600)
    assert book.failures == [] and book.done == turns
    assert book.counts[{"damage": "planted", "soak": "updates"}.get(name, name)] >= turns


@pytest.mark.parametrize("number", [0, 7, *range(len(faults.FULL), len(faults.CASES))])
def test_a_fault_is_met(number: int, tmp_path: Path) -> None:
    book = ledger.Ledger(tmp_path / "torture.json", "faults", 20, 1)
    faults.one(book, tmp_path, number)
    assert book.failures == [] and sum(book.counts.values()) >= 1


def test_a_campaign_goes_on_where_it_was_and_remembers_what_did_not_hold(tmp_path: Path) -> None:
    path, seen = tmp_path / "torture.json", list[int]()

    def turn(book: ledger.Ledger, folder: Path, number: int) -> None:
        seen.append(number)
        book.count("turns")
        if number == 1:
            raise ValueError("it broke")

    run(ledger.Ledger.open(path, "part", 1, 2), turn, 60)
    run(ledger.Ledger.open(path, "part", 1, 4), turn, 60)
    run(ledger.Ledger.open(path, "part", 1, 4), turn, 60)
    run(ledger.Ledger.open(path, "other", 1, 9), turn, -1)
    assert seen == [0, 1, 2, 3]
    told = json.loads(path.read_text())
    assert (told["part"]["turns done"], told["part"]["counts"]) == (4, {"turns": 4}) and told["other"][
        "turns done"
    ] == 0
    assert told["part"]["failures"] == ["turn 1: ValueError: it broke"]
