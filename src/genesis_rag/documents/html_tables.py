"""Tables of web pages as lines "a | b | c", one a row, the header first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from genesis_rag.documents.html_cleaning import is_dropped, tag_of, words
from genesis_rag.documents.limits import Meter
from genesis_rag.documents.tables import row_line
from genesis_rag.documents.wrapping import squeeze

Element = Any

MAX_SPAN = 1000
LONG_CELL = 600
"""A cell of more characters holds paragraphs: such a table only lays out the page."""

_INSIDE = words("table ul ol h1 h2 h3 h4 h5 h6 pre")


def is_data_table(table: Element) -> bool:
    """Tell a table of facts from one that lays out the page: nested, with headings or lists, one column, long cells."""
    if table.get("role") in ("presentation", "none"):
        return False
    widest = 0
    for row in table.iter("tr"):
        widest = max(widest, sum(tag_of(cell) in ("td", "th") for cell in row))
    if widest < 2:
        return False
    if any(tag_of(inner) in _INSIDE for inner in table.iterdescendants()) and next(table.iter("th"), None) is None:
        return False
    cells = [len("".join(cell.itertext())) for cell in table.iter("td")]
    return not cells or max(cells) <= LONG_CELL


def table_rows(table: Element, hidden: frozenset[str], meter: Meter) -> Iterator[str]:
    """Yield the rows of a table; the caption comes first and begins with a line feed.

    A cell that spans rows is repeated in each of them, so that every line can be understood alone.
    """
    waiting: dict[int, tuple[int, str]] = {}
    for caption in table.iterchildren("caption"):
        yield "\n" + cell_text(caption, hidden)
    for row in table.iter("tr"):
        if next(row.iterancestors("table"), None) is not table or is_dropped(row, hidden, in_article=True):
            continue
        cells: list[str] = []
        for cell in row:
            if tag_of(cell) not in ("td", "th") or is_dropped(cell, hidden, in_article=True):
                continue
            _take_spanned(cells, waiting)
            text = cell_text(cell, hidden)
            rows, columns = _span(cell, "rowspan"), min(_span(cell, "colspan"), 100)
            if rows > 1:
                waiting.update(
                    (len(cells) + offset, (rows - 1, text if not offset else "")) for offset in range(columns)
                )
            cells += [text] + [""] * (columns - 1)
        _take_spanned(cells, waiting)
        meter.cells(len(cells))
        line = row_line(cells)
        if line:
            yield line


def _take_spanned(cells: list[str], waiting: dict[int, tuple[int, str]]) -> None:
    """Fill the columns that cells of rows above reach into."""
    while (found := waiting.get(len(cells))) is not None:
        rows, text = found
        if rows > 1:
            waiting[len(cells)] = (rows - 1, text)
        else:
            del waiting[len(cells)]
        cells.append(text)


def _span(cell: Element, name: str) -> int:
    value = (cell.get(name) or "").strip()
    return max(1, min(int(value), MAX_SPAN)) if value.isascii() and value.isdigit() and len(value) < 7 else 1


def cell_text(cell: Element, hidden: frozenset[str]) -> str:
    """Return the text of a cell on one line."""
    from lxml import etree

    parts = []
    walker = etree.iterwalk(cell, events=("start", "end"))
    skipped: Element = None
    for event, element in walker:
        if event == "start":
            if element is not cell and is_dropped(element, hidden, in_article=True):
                walker.skip_subtree()
                skipped = element
                continue
            if tag_of(element) in ("br", "p", "div", "li"):
                parts.append(" ")
            parts.append(element.text or "")
        elif element is not cell:
            parts.append(element.tail or "")
            skipped = None if element is skipped else skipped
    return squeeze("".join(parts))
