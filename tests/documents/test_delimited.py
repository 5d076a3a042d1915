"""csv and tsv in all their dialects."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.documents.builder import DocumentBuilder
from genesis_rag.documents.delimited import delimiter
from genesis_rag.documents.sheets import add_rows, is_header

ROWS = [
    ["品名", "価格", "備考"],
    ["りんご", "1,200", '甘い"赤"\n二行目'],
    ["みかん", "80", ""],
    ["ぶどう", "500", "a|b"],
]
TEXT = '品名 | 価格 | 備考\n\nりんご | 1,200 | 甘い"赤" 二行目\nみかん | 80\nぶどう | 500 | a｜b'


def written(sign: str, quoting: int = csv.QUOTE_MINIMAL, end: str = "\r\n") -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=sign, quoting=quoting, lineterminator=end).writerows(ROWS)
    return buffer.getvalue()


@pytest.mark.parametrize("sign", [",", "\t", ";", "|"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_every_dialect_gives_the_same_text(sign: str, quoting: int, encoding: str, one: Any, outline_of: Any) -> None:
    document = one("果物.csv", written(sign, quoting).encode(encoding))
    assert document.title == "果物" and document.text == TEXT
    assert [(path, kind) for path, _, kind, _ in outline_of(document)] == [(("品名 | 価格 | 備考",), "table")]


def test_the_ending_decides_when_nothing_else_does(one: Any) -> None:
    assert one("a.tsv", "a b\tc, d\ne f\tg, h\n").text.endswith("e f | g, h")
    assert one("a.csv", "a b\tc, d\ne f\tg, h\n").text.endswith("e f g | h")
    assert one("a.csv", "only one column\nof words\n").text == "only one column\n\nof words"


def test_a_quotation_mark_that_is_never_closed_swallows_nothing(one: Any) -> None:
    text = 'Name,Height\n"Ann,5\nBob,6\nCid,7\n'
    assert one("a.csv", text).text == 'Name | Height\n\n"Ann | 5\nBob | 6\nCid | 7'


def test_titles_above_tables_and_several_tables(one: Any, outline_of: Any) -> None:
    found = outline_of(one("a.csv", "2026年度 報告,,\n単位：円,,\n国,額,比\n日本,5,1\n\n,都市,人口\n,東京,1400\n"))
    assert [(path, kind, text) for path, _, kind, text in found] == [
        ((), "prose", "2026年度 報告\n\n単位：円"),
        (("国 | 額 | 比",), "table", "国 | 額 | 比\n\n日本 | 5 | 1"),
        (("都市 | 人口",), "table", "都市 | 人口\n\n東京 | 1400"),
    ]


@pytest.mark.parametrize(
    ("row", "below", "header"),
    [
        (["Name", "Age"], ["Ann", "5"], True),
        (["", "2025", "2026"], ["Japan", "1", "2"], True),
        (["項目", "令和7年度", "R8"], ["予算", "1", "2"], True),
        (["1", "2"], ["3", "4"], False),
        (["Ann", "5"], ["Bob", "6"], False),
        (["Name", "Name"], ["a", "b"], False),
        (["Name", "x" * 61], ["a", "b"], False),
        (["Name", "Age"], ["note", ""], False),
        (["a", "b", "", "", "", ""], ["1", "2", "3", "4", "5", "6"], False),
    ],
)
def test_which_rows_are_headers(row: list[str], below: list[str], header: bool) -> None:
    assert is_header(row, below) is header


CELLS = st.lists(st.lists(st.text(alphabet='aあ1,;|\t"\n -.', max_size=8), max_size=5), max_size=12)


@given(CELLS)
def test_every_cell_is_in_the_text_in_order(rows: list[list[str]]) -> None:
    builder = DocumentBuilder()
    add_rows(rows, builder, 1)
    text, at = squeezed(builder.finish().text), 0
    for row in rows:
        for cell in row:
            at = text.index(squeezed(cell), at) + len(squeezed(cell))


def squeezed(text: str) -> str:
    return " ".join(text.replace("|", "｜").split())


@given(CELLS, st.sampled_from(",\t;|"))
def test_the_delimiter_is_found_without_fail(rows: list[list[str]], sign: str) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=sign).writerows(rows)
    assert delimiter(buffer.getvalue(), ",") in ",\t;|"
