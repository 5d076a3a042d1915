"""A source as a PDF: A4, a text layer, page numbers, Japanese in an embedded font.

Without an embedded font, what a reader like PDFium gets from the file would depend on the fonts of its machine: with
no Japanese font there it leaves out every Japanese character that stands alone.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

from forms.reading import Block, Source
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import ListFlowable, ListItem, Paragraph, SimpleDocTemplate, Spacer, Table

MARGIN = 22 * mm
CELL_SIZE = 9.5
JAPANESE = "IPAexGothic"
"""Debian: fonts-ipaexfont-gothic; its licence allows to embed it."""
_OTHER = re.compile(r"[^\x00-\xff‐-”•…]")
_SIZES = {1: 17.0, 2: 13.5, 3: 11.5}


def japanese_font() -> Path | None:
    """Return the font's file where fontconfig knows it."""
    if not (program := shutil.which("fc-match")):
        return None
    command = [program, "--format=%{family[0]}\n%{file}", JAPANESE]
    family, _, file = subprocess.run(command, capture_output=True, text=True, check=True).stdout.partition("\n")
    return Path(file) if family == JAPANESE else None


def pdf_bytes(source: Source, font: Path | None) -> bytes:
    """Return the same bytes for the same source and font: no clock, no compression that a library could change.

    Raises FileNotFoundError when there is no font.
    """
    if font is None:
        raise FileNotFoundError(f"The font {JAPANESE} is missing: install it or name its file with --font.")
    pdfmetrics.registerFont(TTFont(JAPANESE, font))
    buffer = BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=source.title,
        author="the genesis-rag authors",
        subject=source.licence,
        keywords=source.topics,
        lang=source.language,
        invariant=1,
        pageCompression=0,
    )
    writer = _Writer(source)
    document.build(list(writer.flowables()), onFirstPage=writer.foot, onLaterPages=writer.foot)
    return buffer.getvalue()


class _Writer:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._japanese = source.language == "ja"
        self._styles = {level: self._style(size, bold=True) for level, size in _SIZES.items()}
        self._plain, self._item, self._source_item = (
            self._style(10.5),
            self._style(10.5, gap=0),
            self._style(9.0 if self._japanese else 7.2, gap=2),
        )
        self._cell, self._head = self._style(CELL_SIZE), self._style(CELL_SIZE, bold=True)

    def _style(self, size: float, *, bold: bool = False, gap: float = 8.0) -> ParagraphStyle:
        latin = "Helvetica-Bold" if bold else "Helvetica"
        return ParagraphStyle(
            f"{size} {bold} {gap}",
            fontName=JAPANESE if self._japanese else latin,
            fontSize=size,
            leading=size * 1.6 if self._japanese else size * 1.35,
            spaceBefore=size if bold else 0,
            spaceAfter=gap,
            wordWrap="CJK" if self._japanese else None,
            keepWithNext=1 if bold else 0,
        )

    def foot(self, canvas: Any, document: Any) -> None:
        """Write the page number, and the date of the source instead of today's into the document's properties."""
        stamp = f"D:{self._source.date:%Y%m%d}000000+00'00'"
        canvas.setDateFormatter(lambda *_: stamp)
        canvas.setFont("Helvetica", 8)
        canvas.drawCentredString(A4[0] / 2, MARGIN / 2, str(document.page))

    def flowables(self) -> Iterator[Any]:
        """Yield what goes on the pages, in order."""
        for block in self._source.blocks:
            if block.kind == "heading":
                yield self._paragraph(block.text, self._styles[block.level])
            elif block.kind == "prose":
                yield self._paragraph(block.text, self._plain)
            elif block.kind == "table":
                yield self._table(block)
            else:
                yield self._list(block)
                yield Spacer(1, 12)  # a list's own space is lost when a page ends within the list

    def _paragraph(self, text: str, style: ParagraphStyle) -> Paragraph:
        marked = escape(text, quote=False)
        if not self._japanese and _OTHER.search(text):  # a source with a Japanese title in an English document
            marked = f'<font name="{JAPANESE}">{marked}</font>'
        return Paragraph(marked, style)

    def _list(self, block: Block) -> ListFlowable:
        numbers = block.kind == "numbers"
        style = self._source_item if any("://" in item for (item,) in block.rows) else self._item
        kind, start, form = ("1", 1, "%s.") if numbers else ("bullet", "•", None)
        return ListFlowable(
            [self._list_item(item, style) for (item,) in block.rows],
            bulletType=kind,
            start=start,
            bulletFormat=form,
            bulletFontName=style.fontName,
            bulletFontSize=style.fontSize,
            leftIndent=24,
        )

    def _list_item(self, words: str, style: ParagraphStyle) -> ListItem:
        if "://" not in words:
            return ListItem(self._paragraph(words, style))
        title, _, address = words.rpartition(" ")  # an address has a line of its own: it must not be broken
        return ListItem([self._paragraph(title, style), self._paragraph(address, style)])

    def _table(self, block: Block) -> Table:
        head, *rows = block.rows
        cells = [[self._paragraph(cell, self._head) for cell in head]]
        cells += [[self._paragraph(cell, self._cell) for cell in row] for row in rows]
        looks = [("GRID", (0, 0), (-1, -1), 0.5, colors.grey), ("VALIGN", (0, 0), (-1, -1), "TOP")]
        looks += [("TOPPADDING", (0, 0), (-1, -1), 4), ("BOTTOMPADDING", (0, 0), (-1, -1), 4)]
        return Table(
            cells, colWidths=_widths(block.rows), style=looks, repeatRows=1, spaceBefore=4, spaceAfter=14, hAlign="LEFT"
        )


def _widths(rows: Sequence[Sequence[str]]) -> list[float]:
    """Give columns the width that their longest cell needs; where that is too much, the widest ones give way."""
    columns = zip(*rows, strict=True)
    needed = [max(sum(2 if ord(sign) > 255 else 1 for sign in cell) for cell in column) for column in columns]
    widths = [0.58 * CELL_SIZE * length + 14 for length in needed]
    room = A4[0] - 2 * MARGIN - 12
    cap = room
    while sum(min(width, cap) for width in widths) > room:
        cap -= 1
    return [min(width, cap) for width in widths]
