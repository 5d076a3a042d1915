"""Passages of several searches in turn."""

from __future__ import annotations

from genesis_rag.retrieval.sides import in_turn
from genesis_rag.types import Passage


def passage(document: str, start: int, end: int, marker: int = 1) -> Passage:
    return Passage(marker, document, "s", "t", (), None, start, end, "x" * (end - start), "en", "0", (), 1.0, {})


def test_the_best_of_each_come_first_and_no_place_twice() -> None:
    first = [passage("a", 0, 10), passage("b", 0, 10, 2), passage("c", 0, 10, 3)]
    second = [passage("a", 5, 20), passage("d", 0, 10, 2)]
    found = in_turn([first, second], 3)
    assert [(one.document_id, one.start, one.marker) for one in found] == [("a", 0, 1), ("b", 0, 2), ("d", 0, 3)]
    assert in_turn([first, second], 0) == [] and in_turn([[], []], 5) == []
    assert len(in_turn([first, second], 9)) == 4
