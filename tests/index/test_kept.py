"""What stays in memory: at most so many values, the oldest forgotten first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.index.kept import Kept


def test_the_oldest_are_forgotten() -> None:
    kept: Kept[int, str] = Kept(3)
    kept.put({1: "a", 2: "b"})
    kept.put({3: "c", 4: "d"})
    assert kept.find([1, 2, 3, 4, 5]) == {2: "b", 3: "c", 4: "d"}


def test_more_than_fit_leave_the_last_of_them() -> None:
    kept: Kept[int, str] = Kept(2)
    kept.put({number: str(number) for number in range(10)})
    assert kept.find(range(10)) == {8: "8", 9: "9"}


@given(puts=st.lists(st.dictionaries(st.integers(0, 20), st.text(max_size=3), max_size=8), max_size=10))
def test_never_more_than_allowed_and_always_what_was_put_in(puts: list[dict[int, str]]) -> None:
    kept: Kept[int, str] = Kept(5)
    put: dict[int, str] = {}
    for values in puts:
        kept.put(values)
        put |= values
    found = kept.find(range(21))
    assert len(found) == min(5, len(put))
    assert found.items() <= put.items()
