"""Properties of quantities: one value however it is written, any text is read, time grows with length only."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.text.numbers import QUANTITY_KINDS, Quantity, quantities

Value = tuple[str, float, float, str]


def values(text: str) -> list[Value]:
    return [(q.kind, q.low, q.high, q.unit) for q in quantities(text)]


def one(kind: str, value: float, unit: str = "") -> list[Value]:
    return [(kind, value, value, unit)]


KANJI = "〇一二三四五六七八九"
ONES = "zero one two three four five six seven eight nine ten eleven twelve".split()
ONES += "thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def in_kanji(number: int) -> str:
    """Return ``number`` with 十百千万億兆."""
    parts = []
    for big in ("", "万", "億", "兆"):
        number, group = divmod(number, 10_000)
        if not group:
            continue
        text = ""
        for power, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
            digit = group // power % 10
            # 一千万, but 千.
            shown = KANJI[digit] if digit > 1 or not sign or (sign == "千" and big) else ""
            text += shown + sign if digit else ""
        parts.append(text + big)
    return "".join(reversed(parts))


def with_scales(number: int) -> str:
    """Return ``number`` as 3億2,000万."""
    parts = []
    for big in ("", "万", "億", "兆"):
        number, group = divmod(number, 10_000)
        parts.append(f"{group:,}{big}" if group else "")
    return "".join(reversed(parts))


def in_words(number: int) -> str:
    def below_thousand(value: int) -> str:
        words = [f"{ONES[value // 100]} hundred"] if value >= 100 else []
        rest = value % 100
        if rest >= 20:
            words.append(TENS[rest // 10 - 2] + (f"-{ONES[rest % 10]}" if rest % 10 else ""))
        elif rest:
            words.append(ONES[rest])
        return " and ".join(words)

    groups = []
    for scale in ("", " thousand", " million", " billion", " trillion"):
        number, group = divmod(number, 1000)
        if group:
            groups.append(below_thousand(group) + scale)
    return " ".join(reversed(groups))


FULL_WIDTH = str.maketrans("0123456789,", "０１２３４５６７８９，")


@given(st.integers(2, 10**15 - 1))
def test_a_number_is_the_same_however_it_is_written(number: int) -> None:
    forms = [str(number), f"{number:,}", str(number).translate(FULL_WIDTH), f"{number:,}".translate(FULL_WIDTH)]
    forms += [in_kanji(number), with_scales(number), with_scales(number).translate(FULL_WIDTH)]
    for form in forms:
        assert values(form + "円") == one("money", number, "JPY"), form
        assert values(f"費用は{form}ドルだった") == one("money", number, "USD"), form
    for form in (f"{number:,} dollars", in_words(number) + " dollars", f"USD {number:,}", f"${number}"):
        assert values(form) == one("money", number, "USD"), form


@given(st.integers(1000, 2999), st.integers(1, 12), st.integers(1, 28))
def test_a_date_is_the_same_however_it_is_written(year: int, month: int, day: int) -> None:
    names = "January February March April May June July August September October November December".split()
    name = names[month - 1]
    kanji_year = "".join(KANJI[int(digit)] for digit in str(year))
    forms = [
        f"{year}年{month}月{day}日",
        f"{year}年{month}月{day}日".translate(FULL_WIDTH),
        f"{kanji_year}年{in_kanji(month)}月{in_kanji(day)}日",
        f"{year}-{month:02}-{day:02}",
        f"{year}/{month}/{day}",
        f"{name} {day}, {year}",
        f"{day} {name} {year}",
        f"{name[:3]}. {day}, {year}" if month != 5 else f"May {day}, {year}",
    ]
    for form in forms:
        assert values(form) == one("date", year * 10000 + month * 100 + day, "day"), form


@given(st.integers(2, 300))
def test_years_of_reiwa(year: int) -> None:
    if year < 100:
        assert values(f"令和{year}年") == one("date", (2018 + year) * 10000, "year")
        assert values(f"令和{in_kanji(year)}年度") == one("fiscal_year", 2018 + year, "year")


@given(st.integers(1, 10**7), st.integers(1, 99))
def test_decimals(whole: int, part: int) -> None:
    text = f"{whole}.{part:02}"
    assert values(f"{text}%") == values(f"{text} percent") == one("percent", float(text), "%")


@given(data=st.data())
def test_any_text_is_read_and_spans_are_inside_and_in_order(data: st.DataObject, mixed: Any) -> None:
    text = data.draw(mixed)
    found = quantities(text)
    for quantity in found:
        assert quantity.kind in QUANTITY_KINDS
        assert 0 <= quantity.span.start < quantity.span.end <= len(text)
        assert quantity.low <= quantity.high
    assert all(a.span.start <= b.span.start for a, b in pairwise(found))
    assert quantities(text) == found


SIGNS = "0123456789０５.,:/-〜~%$¥円ドル年月日度時分秒十百千万億兆第数約半一二三人件の令和平成元RHmkMW s^×⁻¹eE()①"
WORDS = "one two hundred million half a and third of June may FY 2026 10".split()
WORDS += "times fold phase ii within about to between".split()


@given(st.text(alphabet=SIGNS, max_size=40))
def test_signs_in_any_order(text: str) -> None:
    assert all(0 <= q.span.start < q.span.end <= len(text) and q.low <= q.high for q in quantities(text))


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_words_in_any_order(text: str) -> None:
    assert all(0 <= q.span.start < q.span.end <= len(text) and q.low <= q.high for q in quantities(text))


@given(st.text(max_size=60))
def test_text_of_any_characters(text: str) -> None:
    assert all(isinstance(q, Quantity) for q in quantities(text))


PIECES = """
    1 9,999 一 千 1万 1.1. 1-1- a~the~ one~hundred~ two~million~and~ a. a@ 1年( 5〜 $ 1~ 2026年6月 漢 キロ 令和8
    a- 1, 1: 1/ http:// 10^ e 1e1 A. 1時間 june~4~ ① 50% no.~ about~ @a 1_ 1の 1分の 数百 and~a~half~ 10.1234/
    第 〒100- ▲3 half~ 10の
""".split()


FAST = frozenset("1 一 1万 a~ 2026年6月 漢 a@ 1. one~hundred~ half~".split())
TIMED = [pytest.param(piece, marks=() if piece in FAST else pytest.mark.slow) for piece in PIECES]


@pytest.mark.parametrize("piece", TIMED)
def test_time_grows_with_length_only(piece: str) -> None:
    piece = piece.replace("~", " ")

    def seconds(size: int) -> float:
        text = (piece * size)[:size]
        start = time.process_time()
        quantities(text)
        return time.process_time() - start

    # Longer than what quantities() keeps in its cache. Four times the length: about four times the time; a square: 16.
    short = min(seconds(2100) for _ in range(2))
    assert seconds(8400) < 9 * short + 0.05 or seconds(8400) < 9 * short + 0.05


def test_a_hundred_kilobytes_take_less_than_two_seconds(seed_text: str, fact_pairs: list[tuple[str, str]]) -> None:
    """About 0.1 s on the machine it was written on."""
    japanese, english = ("\n".join(pair[side] for pair in fact_pairs) for side in (0, 1))
    for text in (japanese, english, seed_text):
        long = (text * (100_000 // len(text) + 1))[:100_000]
        start = time.process_time()
        assert len(quantities(long)) > 500
        assert time.process_time() - start < 2
