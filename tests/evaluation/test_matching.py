from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.evaluation.matching import (
    best_f1,
    character_f1,
    contains,
    is_exact,
    list_precision,
    list_recall,
    normalised,
    polar_form,
    polarity,
    token_f1,
)


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        ("両者は5億ドルを投資する。", "$500 million"),
        ("It will invest $500 million.", "約5億ドル"),
        ("２０２６年６月４日（現地時間）", "June 4, 2026"),
        ("令和8年に始まった。", "2026年"),
        ("2026年6月4日に署名", "6月4日"),
        ("four challenges", "4件"),
        ("全国32万台", "320,000"),
        ("少なくとも28名の労働者が犠牲になった", "28名"),
        ("絵本『森へ帰ろう』(1991年、金の星社)が盗作だと", "『森へ帰ろう』(1991年、金の星社)"),
        ("in 1990 (Tokyo)", "Tokyo, 1990"),
        ("⑧　先端製造", "先端製造"),
        ("the FUGAKU supercomputer", "Fugaku"),
        ("富岳ＮＥＸＴを開発", "富岳NEXT"),
        ("uses GPT-4.", "GPT-4"),
    ],
)
def test_says(answer: str, form: str) -> None:
    assert contains(answer, form)


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        ("15億ドルを投資する", "5億ドル"),
        ("5億ドル", "5"),
        ("全部で251件あった。", "1件"),
        ("there is one such system", "3件"),
        ("1.5倍になった", "5"),
        ("10,500 people", "500"),
        ("June 14, 2026", "June 1"),
        ("2026年6月4日", "2025年6月4日"),
        ("5億円", "5億ドル"),
        ("Osaka, 1990", "Tokyo, 1990"),
        ("the winning party", "art"),
        ("uses GPT-40", "GPT-4"),
        ("", "何か"),
        ("答え", "。"),
    ],
)
def test_does_not_say(answer: str, form: str) -> None:
    assert not contains(answer, form)


def test_exact_ignores_width_case_and_signs_but_nothing_else() -> None:
    assert is_exact("「ＡＩ法」。", ["AI法"])
    assert is_exact("The Fugaku", ["fugaku", "the fugaku!"])
    assert not is_exact("AI法である", ["AI法"])
    assert not is_exact("", ["。"])


def test_yes_and_no() -> None:
    assert [polarity(text) for text in ("はい、できます。", "Yes.", "いいえ。", "No, it does not")] == [
        True,
        True,
        False,
        False,
    ]
    assert [polarity(text) for text in ("はいたか", "Yesterday", "No. 8", "できます", "")] == [None] * 5
    assert polar_form("はい") is True
    assert polar_form("no") is False
    assert polar_form("はい、できます") is None


def test_token_f1_by_hand() -> None:
    # "cat sat on mat" against "cat on hat": 2 shared, precision 2/4, recall 2/3
    assert token_f1("The cat sat on the mat.", "a cat on a hat") == pytest.approx(2 * 0.5 * (2 / 3) / (0.5 + 2 / 3))
    assert token_f1("yes yes yes", "yes") == pytest.approx(0.5)
    assert token_f1("", "x") == 0.0


def test_character_f1_by_hand() -> None:
    # 東京都庁 against 東京: 2 shared, precision 2/4, recall 1
    assert character_f1("「東京都庁」", "東京") == pytest.approx(2 / 3)
    assert character_f1("大阪", "東京") == 0.0
    assert character_f1("ＡＩ", "ai") == 1.0


def test_best_f1_takes_the_nearest_form_and_the_measure_of_the_language() -> None:
    assert best_f1("東京", ["大阪", "東京都"], "ja") == pytest.approx(0.8)
    assert best_f1("red green", ["red", "green blue red"], "en") == pytest.approx(0.8)
    assert best_f1("x", [], "en") == 0.0


def test_lists() -> None:
    entries = [("量子", "quantum"), ("核融合", "fusion"), ("気候", "climate")]
    assert list_recall("quantum and 核融合", entries) == pytest.approx(2 / 3)
    assert list_recall("", entries) == 0.0
    assert list_recall("x", []) == 0.0
    assert list_precision(["quantum", "football", "fusion power"], entries) == pytest.approx(2 / 3)
    assert list_precision([], entries) == 0.0


@given(st.text(max_size=40))
def test_a_text_says_itself_and_scores_full_marks(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)
    assert 0.0 <= token_f1(text, "語 word") <= 1.0
    if normalised(text):
        assert character_f1(text, text) == pytest.approx(1.0)
        assert contains(text, text)
        assert is_exact(text, [text])


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_numbers_are_said_only_whole(said: int, asked: int) -> None:
    assert contains(f"全部で{said}件あった。", f"{asked}件") == (said == asked)
    assert contains(f"There were {said} of them.", str(asked)) == (said == asked)
