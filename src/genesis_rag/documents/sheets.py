"""Rows of spreadsheets and csv files as sections: the header row is the heading of the rows below it.

So every chunk of a long table knows the names of its columns, and a row is one line that can be quoted exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from genesis_rag.documents.builder import MAX_HEADING, DocumentBuilder
from genesis_rag.documents.tables import row_line

MAX_HEADER_CELL = 60
_NUMBER = re.compile(r"[-+−△▲(（]?[¥￥$€£]?[\d０-９][\d０-９.,:/\s-]*[%％円年月日)）]*$")
_YEAR = re.compile(
    r"(?:FY|CY)?\s?(?:19|20)\d\d(?:年度?)?|(?:令和|平成|昭和|[RHS])\s?(?:\d{1,2}|元)(?:年度?)?|\d{1,2}月|Q[1-4]"
)

Row = Sequence[str]


def add_rows(rows: Iterable[Row], builder: DocumentBuilder, level: int) -> None:
    """Append rows of cells. Rows without text part tables; lines above a table that fill one cell are paragraphs.

    Args:
        rows: the cells of each row; line ends in them do not matter.
        builder: where to append.
        level: of the headings that header rows become.
    """
    for table in _tables(rows):
        builder.part()
        first = next(table)
        second = next(table, None)
        while second is not None and _filled(first) < 2:
            _paragraph(first, builder)
            first, second = second, next(table, None)
        if _filled(first) < 2:
            _paragraph(first, builder)
            continue
        indent = _first_filled(first)
        line = row_line(first[indent:])
        if second is not None and len(line) <= MAX_HEADING and is_header(first, second):
            builder.heading(level, line)
            builder.meter.cells(len(first))
        else:
            _row(first, builder, indent)
        if second is not None:
            _row(second, builder, indent)
        for row in table:
            _row(row, builder, indent)
        builder.leave(level)


def is_header(row: Row, below: Row) -> bool:
    """Tell whether a row names columns: short words, all different, above a row that fills as many cells or more."""
    words = [cell.strip() for cell in row if cell.strip()]
    if len(set(words)) < len(words) or any(len(word) > MAX_HEADER_CELL for word in words):
        return False
    if any(_NUMBER.match(word) and not _YEAR.fullmatch(word) for word in words) or all(map(_YEAR.fullmatch, words[:1])):
        return bool(words) and not row[0].strip() and all(map(_YEAR.fullmatch, words))
    return _filled(below) >= 2 and len(words) >= 0.6 * _filled(below)


def _tables(rows: Iterable[Row]) -> Iterator[Iterator[Row]]:
    """Yield the tables that rows without text part; each must be used up before the next is asked for."""
    source = iter(rows)
    for row in source:
        if _filled(row):
            yield _until_blank(row, source)


def _until_blank(first: Row, source: Iterator[Row]) -> Iterator[Row]:
    yield first
    for row in source:
        if not _filled(row):
            return
        yield row


def _filled(row: Row) -> int:
    return sum(1 for cell in row if cell and not cell.isspace())


def _first_filled(row: Row) -> int:
    return next((at for at, cell in enumerate(row) if cell.strip()), 0)


def _paragraph(row: Row, builder: DocumentBuilder) -> None:
    builder.meter.cells(len(row))
    builder.add(next(cell for cell in row if cell.strip()).strip())


def _row(row: Row, builder: DocumentBuilder, indent: int) -> None:
    builder.meter.cells(len(row))
    if line := row_line(row[min(indent, _first_filled(row)) :]):
        builder.add(line, "table")
