"""The pure functions: hand-computed."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.retrieval.fusion import Scored, best_first, fuse, fuse_foreign, keyword_scores, share_places


def test_a_full_match_is_four_words_that_no_other_chunk_holds() -> None:
    word = log(2 * 99 + 2)
    assert keyword_scores(np.array([0.0, word, 4 * word, 6 * word]), 99).tolist() == pytest.approx([0, 0.25, 1.0, 1.5])


def test_fusing_is_a_convex_combination() -> None:
    fused = fuse(np.array([0.8, 0.2, -0.5]), np.array([0.0, 1.0, 0.5]), 0.25)
    assert fused.tolist() == pytest.approx([0.2, 0.8, 0.375])


def test_between_languages_the_cosine_stands_in_for_words() -> None:
    dense, keyword = np.array([0.5, 0.4, 0.2, -0.5]), np.array([0.0, 0.4, 0.0, 0.4])
    fused = fuse_foreign(dense, keyword, weight=0.25, base=0.3, slope=2.0)
    assert fused.tolist() == pytest.approx([0.4, 0.2 + 0.3, 0.05, 0.3])
    assert (fused >= fuse(dense, keyword, 0.25)).all()


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 1)), min_size=1, max_size=20), st.floats(0.01, 1))
def test_what_is_better_in_both_legs_is_better_fused(rows: list[tuple[float, float]], weight: float) -> None:
    dense, lexical = np.array(rows).T
    fused = fuse(dense, lexical, weight)
    assert ((fused >= 0) & (fused <= 1 + 1e-12)).all(), "parts of 1 give parts of 1"
    for i in range(len(rows)):
        for j in range(len(rows)):
            if dense[i] >= dense[j] and lexical[i] >= lexical[j]:
                assert fused[i] >= fused[j]


def test_ties_go_by_cosine_and_then_by_number() -> None:
    scored = [Scored(9, 0.2, 1, 0.5, False), Scored(3, 0.4, 0, 0.5, True), Scored(2, 0.2, 1, 0.5, False),
              Scored(1, 0.9, 0, 0.4, False)]  # fmt: skip
    assert [one.number for one in best_first(scored)] == [3, 2, 9, 1]


@pytest.mark.parametrize(
    ("groups", "places", "kept", "chosen"),
    [
        ("aaaabb", 4, {"a": 1, "b": 1}, [0, 1, 2, 4]),  # b's best takes the place of a's worst
        ("aaaabb", 4, {"a": 2, "b": 2}, [0, 1, 4, 5]),
        ("aabaab", 4, {"a": 1, "b": 1}, [0, 1, 2, 3]),  # b has its place already
        ("aaaa", 3, {"a": 1, "b": 2}, [0, 1, 2]),  # there is no b
        ("aaaab", 4, {"a": 1, "b": 3}, [0, 1, 2, 4]),  # only one b
        ("bbbbaa", 3, {"a": 1, "b": 1}, [0, 1, 4]),  # the share holds both ways
        ("aab", 1, {"a": 0, "b": 0}, [0]),
        ("aab", 1, {"a": 1, "b": 0}, [0]),
        ("ab", 5, {"a": 2, "b": 2}, [0, 1]),
        ("", 3, {"a": 1}, []),
        ("ab", 0, {"a": 0, "b": 0}, []),
    ],
)
def test_places_are_shared(groups: str, places: int, kept: dict[str, int], chosen: list[int]) -> None:
    assert share_places(list(groups), places, kept) == chosen


@given(st.lists(st.booleans(), max_size=40), st.integers(0, 12), st.integers(0, 6), st.integers(0, 6))
def test_shares_are_kept_and_nothing_better_is_lost(groups: list[bool], places: int, own: int, other: int) -> None:
    kept = {False: min(own, places), True: min(other, places - min(own, places))}
    chosen = share_places(groups, places, kept)
    assert chosen == sorted(set(chosen)) and len(chosen) == min(places, len(groups))
    for group in (False, True):
        mine = [i for i, g in enumerate(groups) if g is group]
        taken = [i for i in chosen if groups[i] is group]
        assert taken == mine[: len(taken)], "of each group the best are taken"
        assert len(taken) >= min(kept[group], len(mine))
    straight = sum(groups[:places])
    if straight >= kept[True] and min(places, len(groups)) - straight >= kept[False]:
        assert chosen == list(range(len(chosen))), "nothing changes where the shares are met"
