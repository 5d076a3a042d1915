"""Windows hold the whole text, stay within their size, and end where sentences end."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.reading.windows import windows

TEXTS = st.text(alphabet="あ京AZ 。.!?\n", max_size=300)


def begins(text: str) -> np.ndarray:
    """Every character that is no white space is a token."""
    return np.array([at for at, c in enumerate(text) if not c.isspace()], np.int64)


@given(TEXTS, st.integers(4, 60))
def test_windows_hold_every_token_and_are_small_enough(text: str, most: int) -> None:
    tokens = begins(text)
    found = windows(text, tokens, most)
    assert found[0][0] == 0
    assert found[-1][1] == len(tokens)
    assert all(0 <= end - start <= most for start, end in found)
    assert all(after[0] <= before[1] and after[1] > before[1] for before, after in pairwise(found))
    assert all(after[0] > before[0] for before, after in pairwise(found))


def test_a_short_text_is_one_window() -> None:
    assert windows("一つ。二つ。", begins("一つ。二つ。"), 10) == [(0, 6)]
    assert windows("", begins(""), 10) == [(0, 0)]


def test_windows_end_with_sentences_and_repeat_the_last_one() -> None:
    text = "ああああ。いい。うううう。ええええ。"
    assert [text[a:b] for a, b in windows(text, begins(text), 8)] == [
        "ああああ。いい。",
        "いい。うううう。",
        "ええええ。",
    ]


def test_a_sentence_longer_than_a_window_is_cut() -> None:
    assert windows("あ" * 25, begins("あ" * 25), 10) == [(0, 10), (10, 20), (20, 25)]


@pytest.mark.parametrize("most", [5, 7, 50])
def test_newlines_end_lines_of_a_list(most: int) -> None:
    text = "\n".join(["あいう"] * 12)
    assert all((end - start) % 3 == 0 for start, end in windows(text, begins(text), most))
