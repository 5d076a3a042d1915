"""PowerPoint decks made with python-pptx."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

pptx = pytest.importorskip("pptx")
from pptx.chart.data import CategoryChartData  # noqa: E402
from pptx.enum.chart import XL_CHART_TYPE  # noqa: E402
from pptx.oxml.ns import qn  # noqa: E402
from pptx.util import Inches  # noqa: E402

BOX = (Inches(1), Inches(2), Inches(4), Inches(2))
TITLE_AND_BODY, TITLE_ONLY, BLANK = 1, 5, 6


def made(build: Callable[[Any], None]) -> bytes:
    deck = pptx.Presentation()
    build(deck)
    buffer = io.BytesIO()
    deck.save(buffer)
    return buffer.getvalue()


def slide(deck: Any, layout: int, title: str = "") -> Any:
    added = deck.slides.add_slide(deck.slide_layouts[layout])
    if title:
        added.shapes.title.text = title
    return added


def test_a_page_a_slide_with_titles_lists_and_notes(one: Any, outline_of: Any) -> None:
    def build(deck: Any) -> None:
        first = slide(deck, 0, "日本の取組")
        first.placeholders[1].text = "2026年6月"
        second = slide(deck, TITLE_AND_BODY, "公表内容")
        frame = second.placeholders[1].text_frame
        frame.text = "初の国際パートナーとなる"
        for level, text in ((1, "5年間で5億ドル"), (0, "計算資源を\x0b強化する")):
            paragraph = frame.add_paragraph()
            paragraph.text, paragraph.level = text, level
        second.notes_slide.notes_text_frame.text = "ここで署名式に触れる。"
        slide(deck, BLANK)
        third = slide(deck, TITLE_AND_BODY, "Goal")
        third.placeholders[1].text_frame.text = "Double the productivity."

    document = one("a.pptx", made(build))
    assert document.title == "日本の取組" and document.metadata["pages"] == "4"
    assert outline_of(document) == [
        (("日本の取組",), 1, "prose", "日本の取組\n\n2026年6月"),
        (
            ("公表内容",), 2, "list",
            "公表内容\n\n- 初の国際パートナーとなる\n  - 5年間で5億ドル\n- 計算資源を\n  強化する",
        ),
        (("公表内容", "ノート"), 2, "prose", "ノート\n\nここで署名式に触れる。"),
        (("Goal",), 4, "prose", "Goal\n\nDouble the productivity."),
    ]  # fmt: skip


def test_tables_charts_groups_and_text_boxes(one: Any, outline_of: Any) -> None:
    def build(deck: Any) -> None:
        page = slide(deck, TITLE_ONLY, "Data")
        table = page.shapes.add_table(3, 2, *BOX).table
        for row in range(3):
            for column in range(2):
                table.cell(row, column).text = f"{row}{column}"
        table.cell(0, 0).merge(table.cell(1, 0))
        data = CategoryChartData()
        data.categories = ["2024", "2025"]
        data.add_series("売上", (1.5, 2.25))
        data.add_series("利益", (0.1 + 0.2, None))
        page.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *BOX, data)
        group = page.shapes.add_group_shape()
        group.shapes.add_textbox(*BOX).text_frame.text = "箱の文章。"

    assert outline_of(one("a.pptx", made(build))) == [
        (("Data",), 1, "table", "Data\n\n00 10 | 01\n00 10 | 11\n20 | 21"),
        (("Data",), 1, "table", "| 売上 | 利益\n2024 | 1.5 | 0.3\n2025 | 2.25"),
        (("Data",), 1, "prose", "箱の文章。"),
    ]  # fmt: skip


def test_numbered_paragraphs_bullets_and_what_has_none(one: Any) -> None:
    def build(deck: Any) -> None:
        frame = slide(deck, TITLE_ONLY, "一覧").shapes.add_textbox(*BOX).text_frame
        frame.text = "前書き。"
        for kind, attributes, level, text in (
            ("buAutoNum", {"type": "arabicPeriod", "startAt": "3"}, 0, "三番"),
            ("buAutoNum", {"type": "alphaLcParenBoth"}, 1, "内"),
            ("buAutoNum", {"type": "arabicPeriod", "startAt": "3"}, 0, "四番"),
            ("buChar", {"char": "●"}, 0, "点"),
            ("buNone", {}, 0, "結び。"),
        ):
            paragraph = frame.add_paragraph()
            paragraph.text, paragraph.level = text, level
            properties = paragraph._p.get_or_add_pPr()
            bullet = properties.makeelement(qn(f"a:{kind}"), attributes)
            properties.append(bullet)

    assert one("a.pptx", made(build)).text == "一覧\n\n前書き。\n\n3. 三番\n  (a) 内\n4. 四番\n- 点\n\n結び。"


def test_hidden_slides_shapes_and_slide_numbers_are_left_out(one: Any) -> None:
    def build(deck: Any) -> None:
        slide(deck, TITLE_ONLY, "隠し")._element.set("show", "0")
        page = slide(deck, TITLE_ONLY, "表")
        box = page.shapes.add_textbox(*BOX)
        box.text_frame.text = "X秘密"
        box._element.nvSpPr.cNvPr.set("hidden", "1")
        number = page.shapes.add_textbox(*BOX).text_frame.paragraphs[0]._p
        field = number.makeelement(qn("a:fld"), {"id": "{0}", "type": "slidenum"})
        text = field.makeelement(qn("a:t"), {})
        text.text = "17"
        field.append(text)
        number.append(field)

    document = one("a.pptx", made(build))
    assert document.text == "表" and [section.page for section in document.sections] == [2]
    assert document.metadata["hidden_slides"] == "1"


def test_the_first_short_line_is_the_title_of_a_slide_without_one(one: Any, outline_of: Any) -> None:
    def build(deck: Any) -> None:
        page = slide(deck, BLANK)
        page.shapes.add_textbox(*BOX).text_frame.text = "四半期の業績"
        page.shapes.add_textbox(*BOX).text_frame.text = "売上は前年より一割多い、百億円であった。"
        other = slide(deck, BLANK)
        other.shapes.add_textbox(*BOX).text_frame.text = "見出しのない文章だけの頁である。"

    assert [(path, page) for path, page, *_ in outline_of(one("a.pptx", made(build)))] == [
        (("四半期の業績",), 1),
        ((), 2),
    ]


def test_an_empty_deck_is_refused(reason: Any) -> None:
    assert "holds no text" in reason("a.pptx", made(lambda deck: slide(deck, BLANK)))
