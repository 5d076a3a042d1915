"""A source as a Word document: Word's own headings, lists and tables, language and date in its properties."""

from __future__ import annotations

from datetime import datetime, time
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.oxml.ns import qn
from forms.reading import Block, Source

FONT = "Yu Gothic"


def docx_bytes(source: Source) -> bytes:
    """Return the same members for the same source, all with one fixed date."""
    document = Document()
    _properties(document, source)
    for block in source.blocks:
        if block.kind == "heading":
            document.add_heading(block.text, block.level)
        elif block.kind == "prose":
            document.add_paragraph(block.text)
        elif block.kind == "table":
            _table(document, block)
        else:
            _list(document, block)
    buffer = BytesIO()
    document.save(buffer)
    return _dated(buffer.getvalue())


def _properties(document: Any, source: Source) -> None:
    written = datetime.combine(source.date, time())
    properties = document.core_properties
    properties.title, properties.language, properties.keywords = source.title, source.language, source.topics
    properties.author = properties.last_modified_by = "the genesis-rag authors"
    properties.subject, properties.comments = source.licence, ""
    properties.created = properties.modified = written
    fonts = document.styles["Normal"].element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), FONT)


def _table(document: Any, block: Block) -> None:
    table = document.add_table(rows=0, cols=len(block.rows[0]), style="Table Grid")
    for row in block.rows:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = words
    for cell in table.rows[0].cells:
        for run in cell.paragraphs[0].runs:
            run.bold = True
    document.add_paragraph()


def _list(document: Any, block: Block) -> None:
    style = "List Number" if block.kind == "numbers" else "List Bullet"
    number = _restarted(document, style) if block.kind == "numbers" else None
    for (item,) in block.rows:
        paragraph = document.add_paragraph(item, style=style)
        if number is not None:
            place = paragraph._p.get_or_add_pPr().get_or_add_numPr()
            place.get_or_add_ilvl().val, place.get_or_add_numId().val = 0, number


def _restarted(document: Any, style: str) -> int:
    """Return the id of a new numbering like that of the style, which starts at 1: Word would count on otherwise."""
    numbering = document.part.numbering_part.element
    base = document.styles[style].element.pPr.numPr.numId.val
    abstract = numbering.num_having_numId(base).abstractNumId.val
    number = numbering.add_num(abstract)
    number.add_lvlOverride(ilvl=0).add_startOverride(1)
    return int(number.numId)


def _dated(data: bytes) -> bytes:
    buffer = BytesIO()
    with ZipFile(BytesIO(data)) as old, ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(ZipInfo(name, (1980, 1, 1, 0, 0, 0)), old.read(name), ZIP_DEFLATED)
    return buffer.getvalue()
