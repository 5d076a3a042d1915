"""Numbers as Word and PowerPoint write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.documents.list_numbers import kanji, letters, power_point, roman, written


@pytest.mark.parametrize(
    ("number", "form", "text"),
    [
        (4, "upperRoman", "IV"),
        (1999, "lowerRoman", "mcmxcix"),
        (4000, "lowerRoman", "4000"),
        (27, "lowerLetter", "aa"),
        (2, "upperLetter", "B"),
        (22, "ordinal", "22nd"),
        (11, "ordinal", "11th"),
        (7, "decimalZero", "07"),
        (12, "decimalFullWidth", "１２"),
        (20, "decimalEnclosedCircle", "⑳"),
        (21, "decimalEnclosedCircle", "㉑"),
        (36, "decimalEnclosedCircle", "㊱"),
        (51, "decimalEnclosedCircle", "51"),
        (1, "aiueo", "ア"),
        (46, "aiueo", "ン"),
        (47, "aiueo", "ア"),
        (3, "iroha", "ハ"),
        (23, "japaneseCounting", "二十三"),
        (1010, "japaneseCounting", "千十"),
        (305, "ideographDigital", "三〇五"),
        (5, "somethingNew", "5"),
    ],
)
def test_word(number: int, form: str, text: str) -> None:
    assert written(number, form) == text


@pytest.mark.parametrize(
    ("number", "scheme", "text"),
    [
        (3, "arabicPeriod", "3."),
        (3, "arabicPlain", "3"),
        (3, "arabicParenR", "3)"),
        (3, "alphaLcParenBoth", "(c)"),
        (3, "romanUcPeriod", "III."),
        (3, "circleNumDbPlain", "③"),
        (3, "ea1JpnKorPeriod", "三."),
    ],
)
def test_powerpoint(number: int, scheme: str, text: str) -> None:
    assert power_point(number, scheme) == text


@given(st.integers(-5, 10**6))
def test_no_number_fails(number: int) -> None:
    assert roman(number) and letters(number) and kanji(number)


@given(st.integers(1, 3998))
def test_each_number_has_its_own_form(number: int) -> None:
    assert len({roman(number), roman(number + 1)}) == len({kanji(number), kanji(number + 1)}) == 2
