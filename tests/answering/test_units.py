from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.answering.lines import ordinal_of, read_lines
from genesis_rag.answering.units import Unit, split_passage
from genesis_rag.types import Passage

GROUPS = """# 重点計画

計画は三つの柱からなる。費用は10億円である。

基盤整備

1. 電力網の更新
2. 港湾の改修

人材

3. 研究者の育成
4. 留学の支援
"""

TABLE = """連携分野の一覧

| | |
|---|---|
| ① 水素の製造 | ③ 海底の調査 |
| ② 古文書の解読 | |
"""


def units(text: str, make_passage: object, **values: object) -> list[Unit]:
    return split_passage(make_passage(text, **values))  # type: ignore[operator]


def test_lists_keep_their_heading_and_numbers(make_passage: object) -> None:
    found = units(GROUPS, make_passage)
    items = [(unit.ordinal, unit.text, unit.lead_text) for unit in found if unit.kind == "item"]
    assert items == [
        (1, "1. 電力網の更新", "基盤整備"),
        (2, "2. 港湾の改修", "基盤整備"),
        (3, "3. 研究者の育成", "人材"),
        (4, "4. 留学の支援", "人材"),
    ]
    assert [unit.text for unit in found if unit.kind == "heading"] == ["重点計画", "基盤整備", "人材"]
    assert [unit.text for unit in found if unit.kind == "sentence"] == [
        "計画は三つの柱からなる。",
        "費用は10億円である。",
    ]
    assert len({unit.list_id for unit in found if unit.kind == "item"}) == 2


def test_numbered_cells_of_a_flattened_table_are_items(make_passage: object) -> None:
    found = units(TABLE, make_passage)
    items = {unit.ordinal: unit.text for unit in found if unit.kind == "item"}
    assert items == {1: "① 水素の製造", 2: "② 古文書の解読", 3: "③ 海底の調査"}
    assert {unit.lead_text for unit in found if unit.kind == "item"} == {"連携分野の一覧"}


def test_a_table_with_a_header_gives_rows(make_passage: object) -> None:
    found = units("Machines:\n\n| Name | Site |\n|---|---|\n| Alpha | Kobe |\n| Beta | Oak Ridge |\n", make_passage)
    rows = [unit for unit in found if unit.kind == "row"]
    assert [row.text for row in rows] == ["Alpha | Kobe", "Beta | Oak Ridge"]
    assert all("Name | Site" in row.lead_text and "Machines" in row.lead_text for row in rows)


def test_bullets_lose_their_sign_and_wrapped_lines_join(make_passage: object) -> None:
    text = "Goals:\n- Double the output\n  of the grid\n- **Train people**\n* Share data"
    found = [unit for unit in units(text, make_passage) if unit.kind == "item"]
    assert [unit.text for unit in found] == ["Double the output\n  of the grid", "Train people", "Share data"]
    assert {unit.lead_text for unit in found} == {"Goals:"}


def test_a_long_item_is_cut_into_sentences(make_passage: object) -> None:
    first, second = "あ" * 80 + "。", "い" * 80 + "。"
    found = units(f"柱\n- {first}{second}\n- 短い項目", make_passage)
    assert [(unit.text, unit.kind) for unit in found[1:]] == [
        (first, "item"),
        (second, "sentence"),
        ("短い項目", "item"),
    ]


def test_signs_without_words_are_no_units(make_passage: object) -> None:
    assert [unit.text for unit in units("-\n\n***\n\n▲左から次官\n\n---\n", make_passage)] == ["左から次官"]


def test_a_line_of_the_heading_path_is_a_heading(make_passage: object) -> None:
    found = units("公表内容\n日本は参加する。", make_passage, heading_path=("資料", "公表内容"))
    assert [(unit.kind, unit.text) for unit in found] == [("heading", "公表内容"), ("sentence", "日本は参加する。")]


def test_an_english_paragraph_in_a_japanese_document_is_english(make_passage: object) -> None:
    text = "これは日本語の文書である。\n\nThe quick brown fox jumps over the lazy dog.\n\nGenesis Mission"
    assert [unit.language for unit in units(text, make_passage, language="ja")] == ["ja", "en", "ja"]


@pytest.mark.parametrize(
    ("marker", "number"),
    [("①", 1), ("⑳", 20), ("㉑", 21), ("(3)", 3), ("（４）", 4), ("5.", 5), ("６．", 6), ("7)", 7), ("八、", 8),
     ("十二、", 12), ("No. 9", 9), ("⑴", 1)],
)  # fmt: skip
def test_list_markers(marker: str, number: int) -> None:
    assert ordinal_of(marker) == number
    lines = read_lines(f"{marker} 項目の名前")
    assert (lines[0].kind, lines[0].ordinal) == ("item", number)


@pytest.mark.parametrize(
    "line", ["2026年6月4日", "3.5%の増加", "1,000人が参加", "-5度", "第2回会合", "一方、費用は高い"]
)
def test_numbers_that_are_no_list_markers(line: str) -> None:
    assert read_lines(line)[0].kind == "prose"


LINES = st.lists(
    st.sampled_from(
        ["", "- 項目", "1. one two", "| ① あ | ② い |", "|---|---|", "# 見出し", "文である。次の文。", "Mr. A came.",
         "He left.", "  続き", "▲図", "A\tB\tC", "**太字**", "・中点", "（※）注記"]
    )
    | st.text(max_size=20)
)  # fmt: skip


@given(LINES)
def test_units_are_exact_ordered_and_apart(lines: list[str]) -> None:
    text = "\n".join(lines)
    passage = Passage(1, "d", "s", "", (), None, 0, len(text), text, "ja", "h", (), 1.0, {})
    end = 0
    for place, unit in enumerate(split_passage(passage)):
        assert unit.position == place
        assert unit.text == text[unit.start : unit.end] == unit.text.strip()
        assert unit.start >= end
        end = unit.end


def test_questions_of_a_faq_are_no_answers(make_passage: Callable[..., Passage]) -> None:
    text = "**問　港はいつ開きますか。**\n答　港は2027年4月に開く。\n\n**Who leads it?**\nA: Dr. Marsh leads it."
    found = [(unit.kind, unit.text) for unit in split_passage(make_passage(text))]
    assert found == [
        ("heading", "問　港はいつ開きますか。"),
        ("sentence", "港は2027年4月に開く。"),
        ("heading", "Who leads it?"),
        ("sentence", "Dr. Marsh leads it."),
    ]
