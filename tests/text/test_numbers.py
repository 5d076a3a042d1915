"""Quantities as values: what is read in both languages, and what is no quantity (the table: quantities.txt)."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from genesis_rag.text.numbers import QUANTITY_KINDS, quantities

INF = math.inf
Value = tuple[str, float, float, str]


def values(text: str) -> list[Value]:
    return [(q.kind, q.low, q.high, q.unit) for q in quantities(text)]


def one(kind: str, value: float, unit: str = "") -> list[Value]:
    return [(kind, value, value, unit)]


def value_of(text: str) -> Value:
    """Read "kind unit low" or "kind unit low..high"."""
    kind, unit, bounds = text.split()
    low, _, high = bounds.partition("..")
    return kind, float(low), float(high or low), "" if unit == "-" else unit.replace("_", " ")


def cases() -> list[tuple[str, list[Value]]]:
    found = []
    for line in Path(__file__).with_name("quantities.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            expected, _, texts = line.partition(": ")
            found += [(text, [value_of(part) for part in expected.split(" + ")]) for text in texts.split(" | ")]
    return found


CASES = cases()


def test_the_table_is_large() -> None:
    assert len(CASES) > 390
    assert {expected[0][0] for _, expected in CASES} == set(QUANTITY_KINDS)


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)])
def test_values(text: str, expected: list[Value]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)])
def test_values_within_a_sentence(text: str, expected: list[Value]) -> None:
    """The same words between others keep their value, and the span shows them."""
    japanese = any("\u3000" < sign < "\uffef" for sign in text)
    before = "計画では、" if japanese else "They say "
    assert values(f"{before}{text}。" if japanese else f"{before}{text}.") == expected
    found = quantities(before + text)
    assert [(q.kind, q.low, q.high, q.unit) for q in found] == expected
    assert found[0].span.start >= len(before)


@pytest.mark.parametrize(
    "text",
    """
    一番 唯一 一部 一方 十分な 万一 統一 三菱 四国 五十嵐 七福神 八百屋 九州 千葉 二酸化炭素 一般に 第三者
    第一線 第一人者 一の矢 四季 百科事典 千代田 三角形 二次元 一覧 均一 COVID-19 F-35 3D 5G B2B A4 CO2 H2O FP8
    JT-60SA v3.0 192.168.0.1 03-1234-5678 090-1234-5678 978-4-00-310101-8 10.1038/s41586-021-03819-2 a1@b2.co.jp
    https://x.jp/2026/06/04/5億円 GPT-4 〒100-8959 one someone none May may march second seconds at_first a an
    the H100 LLM-jp-3 sixties tension weightless &#8221;
    """.split(),
)  # fmt: skip
def test_no_quantity(text: str) -> None:
    assert values(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "one of them",
        "at first",
        "first of all",
        "It may be",
        "a second look",
        "on the one hand",
        "二の足",
        "複数回",
        "the latter half of the plan",
        "0x3f",
        "四日市",
    ],
)
def test_no_quantity_in_phrases(text: str) -> None:
    assert values(text) == []


def test_spans_cover_the_numeral_with_its_unit() -> None:
    text = "今後５年間で約5億㌦、ＵＳ＄１．２ trillion、3割5分、No. 8、令和８年６月４日に100人以上。"
    assert [q.span.of(text) for q in quantities(text)] == [
        "５年間",
        "5億㌦",
        "ＵＳ＄１．２ trillion",
        "3割5分",
        "No. 8",
        "令和８年６月４日",
        "100人",
    ]


@pytest.mark.parametrize(
    ("text", "rough"),
    [
        ("約5億ドル", True),
        ("およそ5億ドル", True),
        ("5億ドル程度", True),
        ("5億ドル近く", True),
        ("30人ほど", True),
        ("30人強", True),
        ("100余人", True),
        ("十数年", True),
        ("about $500 million", True),
        ("approximately 500 people", True),
        ("nearly 500 people", True),
        ("500 people or so", True),
        ("~500 people", True),
        ("数百人", True),
        ("5億ドル", False),
        ("500 people", False),
        ("at least 500 people", False),
        ("強い5人", False),
    ],
)
def test_approximate(text: str, rough: bool) -> None:
    (found,) = quantities(text)
    assert found.approximate is rough


def test_a_compound_sentence() -> None:
    text = "文科省とDOEはそれぞれ、今後5年間で5億ドル、合計10億ドルの戦略的投資を計画している。"
    assert values(text) == [
        ("duration", 60, 60, "month"),
        ("money", 5e8, 5e8, "USD"),
        ("money", 1e9, 1e9, "USD"),
    ]
    assert values("1人当たり5万円") == one("money", 50000, "JPY")
    assert values("In 2025 researchers found 3 errors") == [*one("date", 20250000, "year"), *one("number", 3)]
    assert values("about 2000 GPUs") == one("count", 2000, "gpu")


def test_the_seed_document(seed_text: str) -> None:
    found = values(seed_text)
    assert {("money", 5e8, 5e8, "USD"), ("money", 1e9, 1e9, "USD"), ("duration", 60, 60, "month")} <= set(found)
    assert {("date", 20260604, 20260604, "day"), ("date", 1124, 1124, "day"), ("date", 319, 319, "day")} <= set(found)
    assert {("ordinal", n, n, "") for n in range(1, 27)} <= set(found)
    assert ("duration", -INF, 120, "month") in found
