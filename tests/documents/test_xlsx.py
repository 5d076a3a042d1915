"""Workbooks made with openpyxl: what a person sees in the cells."""

# ruff: noqa: E501 (markup and tables of cases are easier to read on long lines)

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.documents.number_formats import general, shown

openpyxl = pytest.importorskip("openpyxl")
xlsxwriter = pytest.importorskip("xlsxwriter")  # comes with python-pptx


def made(build: Callable[[Any], None]) -> bytes:
    book = openpyxl.Workbook()
    build(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_a_section_a_sheet_under_its_header_row(one: Any, outline_of: Any) -> None:
    def build(book: Any) -> None:
        sheet = book.active
        sheet.title = "売上"
        sheet["B1"] = "2026年度 売上表"
        rows = (
            ("品名", "価格", "日付", "率"),
            ("りんご", 1234567.5, datetime.date(2026, 6, 4), 0.125),
            ("みかん", -300, None, True),
        )
        for at, row in enumerate(rows, 3):
            for column, value in enumerate(row, 2):
                sheet.cell(at, column, value)
        sheet["C4"].number_format = sheet["C5"].number_format = '#,##0"円"'
        sheet["D4"].number_format = 'yyyy"年"m"月"d"日"'
        sheet["E4"].number_format = "0.0%"
        book.create_sheet("空")
        second = book.create_sheet("Notes")
        second["A1"] = "Only a line."
        hidden = book.create_sheet("隠し")
        hidden["A1"], hidden.sheet_state = "X秘密", "hidden"

    document = one("表.xlsx", made(build))
    assert document.title == "表"
    header = "品名 | 価格 | 日付 | 率"
    assert outline_of(document) == [
        (("売上",), None, "prose", "売上\n\n2026年度 売上表"),
        (
            ("売上", header), None, "table",
            f"{header}\n\nりんご | 1,234,568円 | 2026年6月4日 | 12.5%\nみかん | -300円 | | TRUE",
        ),
        (("Notes",), None, "prose", "Notes\n\nOnly a line."),
    ]  # fmt: skip


def test_merged_cells_hidden_rows_and_columns(one: Any) -> None:
    def build(book: Any) -> None:
        sheet = book.active
        sheet.title = "S"
        for row in (
            ("区分", "名", "秘密の列", "値"),
            ("東", "甲", "X", 1),
            (None, "乙", "X", 2),
            ("隠れた行", "丙", "X", 3),
            ("西", "丁", "X", 4),
        ):
            sheet.append(row)
        sheet.merge_cells("A2:A3")
        sheet.column_dimensions["C"].hidden = True
        sheet.row_dimensions[4].hidden = True

    assert one("a.xlsx", made(build)).text == "S\n\n区分 | 名 | 値\n\n東 | 甲 | 1\n東 | 乙 | 2\n西 | 丁 | 4"


def test_rows_that_a_filter_hides_are_read(one: Any) -> None:
    def build(book: Any) -> None:
        sheet = book.active
        for row in (("Name", "Value"), ("a", 1), ("b", 2)):
            sheet.append(row)
        sheet.auto_filter.ref = "A1:B3"
        sheet.sheet_properties.filterMode = True
        sheet.row_dimensions[3].hidden = True

    assert one("a.xlsx", made(build)).text.endswith("a | 1\nb | 2")


def test_two_tables_and_a_table_without_header(one: Any, outline_of: Any) -> None:
    def build(book: Any) -> None:
        sheet = book.active
        for row in (("Country", "2025", "2026"), ("Japan", 5, 6), (), (1, 2, 3), (4, 5, 6), (), ("Total",), ("Sum", 9)):
            sheet.append(row)

    found = outline_of(one("a.xlsx", made(build)))
    assert [(path[1:], kind, text.split("\n")[-1]) for path, _, kind, text in found[1:]] == [
        (("Country | 2025 | 2026",), "table", "Japan | 5 | 6"),
        ((), "table", "4 | 5 | 6"),
        ((), "prose", "Total"),
        ((), "table", "Sum | 9"),
    ]


def replaced(data: bytes, part: str, content: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            target.writestr(info, content if info.filename == part else source.read(info))
    return buffer.getvalue()


def test_cells_as_excel_itself_writes_them(one: Any) -> None:
    ns = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    sheet = (
        f'<worksheet {ns}><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>中</t></is></c>'
        '<c r="D1" t="str"><f>A1</f><v>式の文</v></c><c r="E1" t="e"><v>#N/A</v></c><c r="F1" t="s"><v>99</v></c>'
        '<c r="XFE1"><v>1</v></c></row><row><c><v>0.30000000000000004</v></c><c><v>1E3</v></c></row></sheetData></worksheet>'
    )
    texts = f"<sst {ns}><si><r><t>東</t></r><r><t>京</t></r><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></si></sst>"
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        book.add_worksheet("Sheet").write(0, 0, "x")
    data = buffer.getvalue()
    data = replaced(replaced(data, "xl/worksheets/sheet1.xml", sheet), "xl/sharedStrings.xml", texts)
    assert one("a.xlsx", data).text == "Sheet\n\n東京 | 中 | | 式の文 | #N/A\n\n0.3 | 1000"


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (1234.5, "General", "1234.5"), (1e20, "General", "1E+20"), (0.1 + 0.2, "General", "0.3"), (123456789012, "General", "123456789012"),
        (2.5, "0", "3"), (-2.5, "0", "-3"), (-0.4, "0", "0"), (0.005, "0.00", "0.01"), (1234567.891, "#,##0.00", "1,234,567.89"),
        (0, "#,##0", "0"), (0, "#,###", ""), (12, "0000", "0012"), (1500000, "#,##0,", "1,500"), (12.3, "#.##", "12.3"), (12, "#.##", "12"),
        (-5, "#,##0;[Red](#,##0)", "(5)"), (0, '0;-0;"なし"', "なし"), (-1234, '"¥"#,##0;[Red]"¥"-#,##0', "¥-1,234"),
        (0.256, "0.0%", "25.6%"), (1234, "[$¥-411]#,##0", "¥1,234"), (1234, "#,##0_);(#,##0)", "1,234"), (12345, "0.00E+00", "1.23E+04"),
        (1001234, "000-0000", "100-1234"), (5, '0"件"', "5件"), (100, "[>=100]0;0.0", "100"), (5, "[>=100]0;0.0", "5.0"), (0.5, "@", "0.5"),
        (46177, "yyyy/m/d", "2026/6/4"), (46177, '[$-411]ggge"年"m"月"d"日"', "令和8年6月4日"), (46177, "[$-411]ge.m.d", "R8.6.4"),
        (43585, 'ggge"年"', "平成31年"), (43586, 'ggge"年"', "令和1年"), (46177, "aaaa", "木曜日"), (46177, "dddd, mmmm d", "Thursday, June 4"),
        (46177.5625, "yyyy/mm/dd hh:mm", "2026/06/04 13:30"), (46177.5625, "h:mm AM/PM", "1:30 PM"), (1.5, "[h]:mm", "36:00"),
        (46177.999999, "yyyy/m/d", "2026/6/5"), (0.5, 'h"時"mm"分"ss"秒"', "12時00分00秒"), (60, "yyyy/m/d", "1900/2/28"), (59, "yyyy/m/d", "1900/2/28"),
        (1, "yyyy/m/d", "1900/1/1"), (-1, "yyyy/m/d", "-1"), (1e9, "yyyy/m/d", "1000000000"), (float("nan"), "0", ""), (1 / 3, "# ?/?", "0.3333333333"),
    ],
)  # fmt: skip
def test_number_formats(value: float, code: str, text: str) -> None:
    assert shown(value, code) == text


def test_the_calendar_of_1904() -> None:
    assert shown(46177 - 1462, "yyyy-mm-dd", since_1904=True) == "2026-06-04"


@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(alphabet='0#?.,%E+-/@;"\\[]ymdhsegaAPM$¥*_ 年<>=1General', max_size=20),
)
def test_no_format_code_fails(value: float, code: str) -> None:
    assert isinstance(shown(value, code), str)


@given(st.integers(-(10**14), 10**14))
def test_general_keeps_every_integer(number: int) -> None:
    assert general(float(number)) == str(number)


@given(st.integers(-(10**9), 10**9))
def test_thousands_are_those_of_python(number: int) -> None:
    assert shown(float(number), "#,##0") == f"{number:,}"


@given(st.dates(datetime.date(1900, 3, 1), datetime.date(9999, 12, 31)))
def test_dates_are_those_of_python(day: datetime.date) -> None:
    serial = (day - datetime.date(1899, 12, 30)).days
    assert shown(float(serial), "yyyy-mm-dd") == day.isoformat()


def test_a_workbook_without_text_is_refused(reason: Any) -> None:
    assert "holds no text" in reason("a.xlsx", made(lambda book: None))
