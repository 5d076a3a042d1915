"""Other spellings of a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.text.spelling import LEAST_LETTERS, katakana_runs, katakana_variants, slips

WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=LEAST_LETTERS, max_size=12)


@given(WORDS, st.data())
def test_every_single_slip_is_undone(word: str, data: st.DataObject) -> None:
    kind, at = data.draw(st.sampled_from("leave put take swap".split())), data.draw(st.integers(0, len(word) - 2))
    letter = data.draw(st.sampled_from("aqz"))
    wrong = {
        "leave": word[:at] + word[at + 1 :],
        "put": word[:at] + letter + word[at:],
        "take": word[:at] + letter + word[at + 1 :],
        "swap": word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    }[kind]
    if wrong != word and len(wrong) >= LEAST_LETTERS:
        assert word in slips(wrong)


@given(WORDS)
def test_slips_are_distinct_and_near(word: str) -> None:
    found = slips(word)
    assert word not in found
    assert len(found) == len(set(found)) <= 54 * len(word) + 26
    assert all(abs(len(one) - len(word)) <= 1 for one in found)


@pytest.mark.parametrize("word", ["", "abc", "a" * 25, "abcD", "café", "gpt4", "データ"])
def test_other_words_have_no_slips(word: str) -> None:
    assert slips(word) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("インターフェース", "インタフェース"),
        ("コンピュータ", "コンピューター"),
        ("コンピューター", "コンピュータ"),
        ("ヴァイオリン", "バイオリン"),
        ("ベクトル", "ヴェクトル"),
        ("ウィルス", "ウイルス"),
        ("ヂーゼル", "ジーゼル"),
        ("キツト", "キット"),
    ],
)
def test_ways_to_write_katakana(one: str, other: str) -> None:
    assert other in katakana_variants(one)


@given(st.text("アイウヴバビツッジヂーェフ", min_size=3, max_size=10))
def test_variants_differ_and_are_distinct(run: str) -> None:
    found = katakana_variants(run)
    assert run not in found
    assert len(found) == len(set(found))


def test_runs_of_katakana() -> None:
    assert katakana_runs("インタフェースとデータ、データと核") == ["インタフェース", "データ"]
