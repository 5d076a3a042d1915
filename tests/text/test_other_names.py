"""Names in the other language, as documents give them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.text.known_names import other_forms
from genesis_rag.text.other_names import name_pairs, other_names

JAPANESE = (
    "昨年、ジェネシス・ミッション（Genesis Mission）が始まった。米国エネルギー省（DOE、Department of Energy）が担う。"
)
ENGLISH = 'The Genesis Mission (ジェネシス・ミッション) is led by the "Department of Energy" (エネルギー省).'


def test_pairs_of_both_directions() -> None:
    assert list(name_pairs(JAPANESE)) == [
        ("ジェネシス・ミッション", "Genesis Mission"),
        ("米国エネルギー省", "DOE"),
        ("米国エネルギー省", "Department of Energy"),
    ]
    assert list(name_pairs(ENGLISH)) == [
        ("The Genesis Mission", "ジェネシス・ミッション"),
        ("Department of Energy", "エネルギー省"),
    ]


@pytest.mark.parametrize(
    ("question", "text", "names"),
    [
        ("ジェネシス・ミッションとは何ですか", JAPANESE, ["Genesis Mission"]),
        ("ｼﾞｪﾈｼｽ・ﾐｯｼｮﾝとは", JAPANESE, ["Genesis Mission"]),
        ("What is the GENESIS MISSION?", JAPANESE, ["ジェネシス・ミッション"]),
        ("What is the Genesis Mission?", ENGLISH, ["ジェネシス・ミッション"]),
        ("エネルギー省は何をしますか", JAPANESE, ["DOE", "Department of Energy"]),
        ("アルゴンヌ国立研究所はどこですか", "オークリッジ国立研究所（ORNL）", []),
        ("What does a doer do?", JAPANESE, []),
        ("AIの利用は", "AIの利用（Example）", []),
        ("協定はいつ結ばれましたか", "包括的協定（Dec 2025）", []),
        ("米国のものは", "Aurora（米国）、Frontier（米国）、El Capitan（米国）", []),
        ("ジェネシス・ミッション（Genesis Mission）とは", JAPANESE, []),
    ],
)
def test_names_of_a_question(question: str, text: str, names: list[str]) -> None:
    assert other_names(question, [text]) == names


@given(
    st.text(alphabet="()（）、AaÅ1 東京アー「」。\n|", max_size=60), st.text(alphabet="()（）Aa1 東京アー", max_size=40)
)
def test_names_come_from_the_text_and_are_not_in_the_question(text: str, question: str) -> None:
    for outside, inside in name_pairs(text):
        assert outside in text
        assert inside in text
        assert outside.isascii() is not inside.isascii()
    assert all(name in text and name not in question for name in other_names(question, [text]))


def test_known_names_in_the_other_script() -> None:
    assert other_forms("文科省の資料") == ["MEXT"]
    assert {"United States", "US", "USA"} <= set(other_forms("米国は"))
    assert other_forms("Who leads MEXT?") == ["文部科学省"]
    assert other_forms("何もない") == []
