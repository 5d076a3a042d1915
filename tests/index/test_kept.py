"""What stays in memory: at most so many values, the oldest forgotten first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.index.kept import Kept


class Shelf:
    """Reads texts of even numbers, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def read(self, numbers: list[int]) -> dict[int, str]:
        self.asked.append(numbers)
        return {number: str(number) for number in numbers if number % 2 == 0}


def test_only_what_is_not_here_is_read() -> None:
    kept, shelf = Kept[int, str](3), Shelf()
    assert kept.get([2, 4], shelf.read) == {2: "2", 4: "4"}
    assert kept.get([4, 6, 2], shelf.read) == {2: "2", 4: "4", 6: "6"}
    assert kept.get([6, 2], shelf.read) == {2: "2", 6: "6"}
    assert shelf.asked == [[2, 4], [6]]


def test_the_oldest_are_forgotten_and_what_cannot_be_read_is_asked_for_again() -> None:
    kept, shelf = Kept[int, str](2), Shelf()
    assert kept.get([1, 2, 4, 6], shelf.read) == {2: "2", 4: "4", 6: "6"}
    assert kept.get([6, 4, 2, 1], shelf.read) == {2: "2", 4: "4", 6: "6"}
    assert shelf.asked == [[1, 2, 4, 6], [2, 1]]


@given(asked=st.lists(st.lists(st.integers(0, 20), unique=True, max_size=8), max_size=10))
def test_answers_as_if_everything_were_read(asked: list[list[int]]) -> None:
    kept, shelf = Kept[int, str](5), Shelf()
    for numbers in asked:
        assert kept.get(numbers, shelf.read) == Shelf().read(numbers)
    last = [number for numbers in shelf.asked for number in numbers if number % 2 == 0][-5:]
    shelf.asked.clear()
    kept.get(last, shelf.read)
    assert shelf.asked == []
