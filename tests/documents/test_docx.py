"""Word documents made with python-docx, and by hand where it cannot."""

# ruff: noqa: E501 (markup and tables of cases are easier to read on long lines)

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

docx = pytest.importorskip("docx")
from docx.oxml.ns import nsdecls  # noqa: E402


def made(build: Callable[[Any], None]) -> bytes:
    document = docx.Document()
    build(document)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def with_parts(data: bytes, **changes: Callable[[bytes], bytes]) -> bytes:
    """Return a docx with parts changed: word_document -> word/document.xml."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            name = info.filename.removesuffix(".xml").replace("/", "_")
            target.writestr(info.filename, changes.get(name, bytes)(source.read(info)))
    return buffer.getvalue()


def body(xml: str) -> bytes:
    """Return a docx whose body is ``xml``, between a first and a last paragraph."""
    data = made(lambda document: document.add_paragraph("FIRST"))
    inner = f"<w:p><w:r><w:t>FIRST</w:t></w:r></w:p>{xml}<w:p><w:r><w:t>LAST</w:t></w:r></w:p>"

    def change(part: bytes) -> bytes:
        head, _, _ = part.partition(b"<w:body>")
        return head + b"<w:body>" + inner.encode() + b"</w:body></w:document>"

    return with_parts(data, word_document=change)


def p(text: str, properties: str = "", run: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:rPr>{run}</w:rPr><w:t>{text}</w:t></w:r></w:p>"


def test_headings_lists_and_tables(one: Any, outline_of: Any) -> None:
    def build(document: Any) -> None:
        document.core_properties.title, document.core_properties.author = "題名の欄", "著者"
        document.add_heading("年次報告書", 0)
        document.add_heading("概要", 1)
        document.add_paragraph("本報告は量子計算について述べる。")
        for text in ("量子", "核融合"):
            document.add_paragraph(text, style="List Bullet")
        document.add_paragraph("内側", style="List Bullet 2")
        for text in ("一番", "二番"):
            document.add_paragraph(text, style="List Number")
        document.add_heading("Budget", 2)
        table = document.add_table(3, 3)
        for row, cells in enumerate((("Item", "2025", "2026"), ("GPU|s", "1,000", "2,000"), ("CPU", "", "20"))):
            for column, text in enumerate(cells):
                table.cell(row, column).text = text
        document.add_table(1, 2).cell(0, 1).text = "alone"
        document.add_heading("結び", 1)
        document.add_paragraph("行\n次の行\t後")

    document = one("a.docx", made(build))
    assert document.title == "年次報告書" and document.language == "ja"
    assert document.metadata["author"] == "著者"
    top = "年次報告書"
    assert outline_of(document) == [
        ((top,), None, "prose", "年次報告書"),
        ((top, "概要"), None, "prose", "概要\n\n本報告は量子計算について述べる。"),
        ((top, "概要"), None, "list", "- 量子\n- 核融合\n- 内側\n1. 一番\n2. 二番"),
        ((top, "概要", "Budget"), None, "table", "Budget\n\nItem | 2025 | 2026\nGPU｜s | 1,000 | 2,000\nCPU | | 20"),
        ((top, "概要", "Budget"), None, "table", "| alone"),
        ((top, "結び"), None, "prose", "結び\n\n行\n次の行\t後"),
    ]


def test_merged_cells_are_repeated_down_and_left_empty_across(one: Any) -> None:
    def build(document: Any) -> None:
        table = document.add_table(3, 3)
        for row in range(3):
            for column in range(3):
                table.cell(row, column).text = f"{row}{column}"
        table.cell(0, 0).merge(table.cell(2, 0)).text = "区分"
        table.cell(0, 1).merge(table.cell(0, 2)).text = "見出し"

    assert one("a.docx", made(build)).text == "区分 | 見出し\n区分 | 11 | 12\n区分 | 21 | 22"


def test_cells_behind_a_wide_one_keep_their_columns(one: Any) -> None:
    def build(document: Any) -> None:
        table = document.add_table(2, 3)
        for row in range(2):
            for column in range(3):
                table.cell(row, column).text = f"{row}{column}" if (row, column) != (0, 1) else ""
        table.cell(0, 0).merge(table.cell(0, 1))

    assert one("a.docx", made(build)).text == "00 | | 02\n10 | 11 | 12"


def test_a_table_that_lays_out_the_page_is_read_as_paragraphs(one: Any, outline_of: Any) -> None:
    def build(document: Any) -> None:
        document.add_table(1, 1).cell(0, 0).text = "囲みの文章。"
        table = document.add_table(1, 2)
        table.cell(0, 0).text, table.cell(0, 1).text = "長い文章です。" * 100, "右。"

    assert [kind for _, _, kind, _ in outline_of(one("a.docx", made(build)))] == ["prose"]


NUMBERING = """<w:numbering %s><w:abstractNum w:abstractNumId="50">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="第%%1章"/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="japaneseCounting"/><w:lvlText w:val="%%1-%%2"/><w:isLgl/></w:lvl>
<w:lvl w:ilvl="2"><w:start w:val="3"/><w:numFmt w:val="decimalEnclosedCircle"/><w:lvlText w:val="%%3"/></w:lvl>
</w:abstractNum><w:num w:numId="90"><w:abstractNumId w:val="50"/></w:num>
<w:num w:numId="91"><w:abstractNumId w:val="50"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="8"/></w:lvlOverride></w:num>
</w:numbering>"""


def test_numbers_of_lists_and_headings_are_worked_out(one: Any) -> None:
    def numbered(number: int, level: int, text: str) -> str:
        return p(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')

    heading = '<w:pStyle w:val="Heading1"/><w:numPr><w:ilvl w:val="0"/><w:numId w:val="90"/></w:numPr>'
    xml = (
        p("総則", heading)
        + numbered(90, 1, "甲")
        + numbered(90, 2, "あ")
        + numbered(90, 2, "い")
        + numbered(90, 1, "乙")
    )
    xml += (
        numbered(90, 2, "う")
        + p("細則", heading)
        + numbered(90, 1, "丙")
        + numbered(91, 0, "丁")
        + numbered(7777, 0, "戊")
    )
    data = with_parts(body(xml), word_numbering=lambda _: (NUMBERING % nsdecls("w")).encode())
    lines = [line for line in one("a.docx", data).text.split("\n") if line]
    assert lines == [
        "FIRST", "第1章 総則", "  1-1 甲", "    ③ あ", "    ④ い", "  1-2 乙", "    ③ う", "第2章 細則", "  2-1 丙", "第8章 丁",
        "戊", "LAST",
    ]  # fmt: skip


HIDDEN = {
    "hidden run": p("X秘密", run="<w:vanish/>"),
    "deleted text": '<w:p><w:del w:id="1" w:author="a"><w:r><w:delText>X秘密</w:delText></w:r></w:del></w:p>',
    "moved away": '<w:p><w:moveFrom w:id="1" w:author="a"><w:r><w:t>X秘密</w:t></w:r></w:moveFrom></w:p>',
    "field code": "<w:p><w:r><w:instrText> TOC X秘密 </w:instrText></w:r></w:p>",
    "reading of ruby": "<w:p><w:r><w:ruby><w:rt><w:r><w:t>X秘密</w:t></w:r></w:rt></w:ruby></w:r></w:p>",
    "contents": '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
    f"<w:sdtContent>{p('X秘密')}</w:sdtContent></w:sdt>",
    "comment": '<w:p><w:commentRangeStart w:id="0"/><w:r><w:commentReference w:id="0"/></w:r></w:p>',
    "deleted row": f'<w:tbl><w:tr><w:trPr><w:del w:id="1" w:author="a"/></w:trPr><w:tc>{p("X秘密")}</w:tc><w:tc>{p("X秘密")}</w:tc></w:tr></w:tbl>',
    "xml comment": "<!-- X秘密 --><?pi X秘密?>",
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_a_reader_does_not_see_is_left_out(name: str, one: Any) -> None:
    assert one("a.docx", body(HIDDEN[name])).text == "FIRST\n\nLAST"


SHOWN = {
    "inserted": '<w:p><w:ins w:id="1" w:author="a"><w:r><w:t>見える</w:t></w:r></w:ins></w:p>',
    "link": "<w:p><w:hyperlink><w:r><w:t>見</w:t></w:r></w:hyperlink><w:smartTag><w:r><w:t>える</w:t></w:r></w:smartTag></w:p>",
    "content control": f"<w:sdt><w:sdtContent>{p('見える')}</w:sdtContent></w:sdt>",
    "not hidden": p("見える", run='<w:vanish w:val="0"/>'),
    "base of ruby": "<w:p><w:r><w:ruby><w:rubyBase><w:r><w:t>見</w:t></w:r></w:rubyBase></w:ruby></w:r><w:r><w:t>える</w:t></w:r></w:p>",
    "text box": '<w:p><w:r><w:pict xmlns:v="urn:schemas-microsoft-com:vml"><v:shape><v:textbox><w:txbxContent>'
    f"{p('見える')}</w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>",
    "text box once": '<w:p><w:r><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
    f"<mc:Choice><w:txbxContent>{p('見える')}</w:txbxContent></mc:Choice>"
    f"<mc:Fallback><w:txbxContent>{p('見える')}</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>",
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_a_reader_sees_is_there_once(name: str, one: Any) -> None:
    assert one("a.docx", body(SHOWN[name])).text == "FIRST\n\n見える\n\nLAST"


def test_outline_levels_and_styles_that_inherit_make_headings(one: Any, outline_of: Any) -> None:
    style = '<w:style w:type="paragraph" w:styleId="Own"><w:name w:val="自社見出し"/><w:basedOn w:val="Heading2"/></w:style></w:styles>'
    xml = p("章", '<w:outlineLvl w:val="0"/>') + p("節", '<w:pStyle w:val="Own"/>') + p("本文の段落。")
    data = with_parts(body(xml), word_styles=lambda part: part.replace(b"</w:styles>", style.encode()))
    assert outline_of(one("a.docx", data))[-1][0] == ("章", "節")


def test_footnotes_end_the_section_that_refers_to_them(one: Any) -> None:
    notes = f"""<w:footnotes {nsdecls("w")}><w:footnote w:type="separator" w:id="-1">{p("X")}</w:footnote>
<w:footnote w:id="2">{p("令和8年の値。")}</w:footnote><w:footnote w:id="3">{p("never referred to")}</w:footnote></w:footnotes>"""
    xml = '<w:p><w:r><w:t>予算は5億円</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t>である。</w:t></w:r></w:p>'
    xml += p("続き。") + p("次", '<w:outlineLvl w:val="0"/>')
    relation = (
        '<Relationship Id="rIdN" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes" '
        'Target="footnotes.xml"/></Relationships>'
    )
    buffer = io.BytesIO(body(xml))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("word/footnotes.xml", notes)
    data = with_parts(
        buffer.getvalue(),
        **{"word__rels_document.xml.rels": lambda part: part.replace(b"</Relationships>", relation.encode())},
    )
    assert (
        one("a.docx", data).text
        == "FIRST\n\n予算は5億円（注1）である。\n\n続き。\n\n（注1）令和8年の値。\n\n次\n\nLAST"
    )


def test_a_file_without_text_is_refused(reason: Any) -> None:
    assert "holds no text" in reason("a.docx", made(lambda document: document.add_paragraph("")))
