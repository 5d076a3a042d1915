"""Excel workbooks (xlsx), read from their XML row by row: a section a sheet, values as a person sees them.

Hidden sheets, rows and columns are left out, but not rows that only a filter hides. Formulas count with the value that
was last computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from genesis_rag.documents.assembly import Draft, assemble, origin_of
from genesis_rag.documents.base import DocumentLoader
from genesis_rag.documents.builder import DocumentBuilder
from genesis_rag.documents.containers import (
    Container,
    Element,
    attribute,
    child,
    core_properties,
    local,
    main_part,
    relationships,
)
from genesis_rag.documents.limits import LoadLimits, Meter
from genesis_rag.documents.number_formats import built_in, general, shown
from genesis_rag.documents.sheets import add_rows
from genesis_rag.documents.titles import stated_title
from genesis_rag.types import Document

MAX_COLUMNS = 16_384
MAX_MERGED_ROWS = 10_000
_BLOCK = 2**20
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]{0,80}?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_FILTERED = re.compile(rb'\bfilterMode="(?:1|true)"')
_REFERENCE = re.compile(r"([A-Z]{1,3})\d*$")


class XlsxLoader(DocumentLoader):
    """xlsx: sheet by sheet, the header row as the heading of its rows."""

    name = "xlsx"
    version = "1"
    suffixes = (".xlsx", ".xlsm")
    label = "an Excel workbook"
    content = "xlsx"

    def load(self, path: Path, source: str) -> Iterator[Document]:
        """Yield one document."""
        builder = DocumentBuilder(self.limits)
        with Container(path, self.limits) as container:
            book = _Book(container, self.limits)
            for name, part in book.sheets:
                builder.meter.page()
                rows = _Sheet(book, part).rows()
                first = next(filter(any, rows), None)
                boxes = list(_boxes(container, part))
                builder.leave(1)
                if first or boxes:
                    builder.heading(1, name)
                add_rows(chain([first] if first else [], rows), builder, 2)
                for words in boxes:
                    builder.add(words)
            properties = core_properties(container)
        title = stated_title(properties.pop("title", "")) or path.stem
        properties["sheets"] = str(len(book.sheets))
        language = properties.pop("language", "")
        yield assemble(Draft(builder.finish(), title, language, properties), origin_of(path, source, self.identity()))


class _Book:
    """What all sheets share: texts, formats, the calendar."""

    def __init__(self, container: Container, limits: LoadLimits) -> None:
        self.container = container
        main = main_part(container, "xl/workbook.xml")
        root, targets = container.xml(main), relationships(container, main)
        properties = child(root, "workbookPr")
        self.since_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        self.sheets = list(_sheets(root, targets))
        parts = dict(targets.values())
        self.texts = _shared_texts(container, parts.get("sharedStrings", ""), Meter(limits))
        self.formats = _formats(container, parts.get("styles", ""))

    def value(self, cell: Element) -> str:
        """Return what a cell shows."""
        kind, stated = cell.get("t", "n"), child(cell, "v")
        if kind == "inlineStr":
            return rich_text(child(cell, "is"))
        text = (stated.text or "") if stated is not None else ""
        if kind == "s":
            return self.texts[int(text)] if text.isdigit() and int(text) < len(self.texts) else ""
        if kind == "b":
            return {"1": "TRUE", "0": "FALSE"}.get(text, text)
        if kind not in ("n", "") or not text:
            return text  # formula text, errors such as #N/A, ISO dates
        try:
            number = float(text)
        except ValueError:
            return text
        style = cell.get("s", "0")
        code = self.formats[int(style)] if style.isdigit() and int(style) < len(self.formats) else "General"
        return general(number) if code == "General" else shown(number, code, since_1904=self.since_1904)


def _sheets(root: Element, targets: dict[str, tuple[str, str]]) -> Iterator[tuple[str, str]]:
    listed = child(root, "sheets")
    for sheet in [] if listed is None else listed:
        kind, part = targets.get(attribute(sheet, "id"), ("", ""))
        if kind == "worksheet" and sheet.get("state", "visible") == "visible":
            yield sheet.get("name", ""), part


def _shared_texts(container: Container, part: str, meter: Meter) -> list[str]:
    texts: list[str] = []
    if part in container:
        for item in container.elements(part, 1):
            texts.append(rich_text(item))
            meter.characters(len(texts[-1]))
    return texts


def rich_text(item: Element | None) -> str:
    """Return the text of a string item without the readings (furigana) that Excel keeps beside it."""
    parts = []
    for inner in [] if item is None else item:
        text = inner if local(inner) == "t" else child(inner, "t") if local(inner) == "r" else None
        parts.append((text.text or "") if text is not None else "")
    return "".join(parts).replace("_x000D_", "")


def _formats(container: Container, part: str) -> list[str]:
    """Return the format code of every cell style."""
    if part not in container:
        return []
    root = container.xml(part)
    own = {}
    numbers, styles = child(root, "numFmts"), child(root, "cellXfs")
    for number in [] if numbers is None else numbers:
        own[number.get("numFmtId", "")] = number.get("formatCode", "General")
    codes = []
    for style in [] if styles is None else styles:
        identifier = style.get("numFmtId", "0")
        codes.append(own.get(identifier) or built_in(int(identifier) if identifier.isdigit() else 0))
    return codes


@dataclass(slots=True)
class _Merged:
    column: int
    last_row: int
    text: str = ""


class _Sheet:
    """One sheet, read as a stream."""

    def __init__(self, book: _Book, part: str) -> None:
        self._book, self._part = book, part
        self._merged: dict[int, list[_Merged]] = {}  # by first row; only what spans rows
        self._filtered = False
        self._hidden: list[tuple[int, int]] = []
        self._scan()

    def _scan(self) -> None:
        """Find what stands behind the rows but has to be known before: merged cells."""
        tail = b""
        with self._book.container.stream(self._part) as stream:
            while block := stream.read(_BLOCK):
                tail += block
                self._filtered = self._filtered or bool(_FILTERED.search(tail))
                for column, row, _, last in _MERGED.findall(tail):
                    if int(row) < int(last) <= int(row) + MAX_MERGED_ROWS:
                        self._merged.setdefault(int(row), []).append(_Merged(_column(column.decode()), int(last)))
                tail = tail[tail.rfind(b"<") :] if len(tail) < 2 * _BLOCK else b""

    def rows(self) -> Iterator[list[str]]:
        """Yield the cells of every row that is shown, an empty row where rows were passed over."""
        open_cells: list[_Merged] = []
        expected = 1
        for element in self._book.container.elements(self._part, 2):
            name = local(element)
            if name == "col" and element.get("hidden") in ("1", "true"):
                self._hidden.append((int(element.get("min", "0")) - 1, int(element.get("max", "0")) - 1))
            if name != "row":
                continue
            number = int(element.get("r", expected))
            if number > expected:
                yield []
            expected = number + 1
            cells = self._cells(element)
            open_cells = [cell for cell in open_cells if cell.last_row >= number]
            self._fill(cells, open_cells)
            for merged in self._merged.get(number, ()):
                merged.text = cells[merged.column] if merged.column < len(cells) else ""
                open_cells += [merged] if merged.text else []
            if element.get("hidden") not in ("1", "true") or self._filtered:
                yield self._visible(cells)

    def _cells(self, row: Element) -> list[str]:
        cells: list[str] = []
        for cell in row:
            if local(cell) != "c":
                continue
            match = _REFERENCE.match(cell.get("r", ""))
            column = _column(match[1]) if match else len(cells)
            if column >= MAX_COLUMNS:
                continue
            text = self._book.value(cell)
            if text and column >= len(cells):
                cells += [""] * (column - len(cells) + 1)
            if text:
                cells[column] = text
            elif not match:
                cells.append("")
        return cells

    @staticmethod
    def _fill(cells: list[str], merged: list[_Merged]) -> None:
        """Repeat the cells that reach down from rows above, if the row has anything else."""
        if not any(cells):
            return
        for cell in merged:
            if cell.column >= len(cells):
                cells += [""] * (cell.column - len(cells) + 1)
            cells[cell.column] = cells[cell.column] or cell.text

    def _visible(self, cells: list[str]) -> list[str]:
        if not self._hidden:
            return cells
        return [c for at, c in enumerate(cells) if not any(first <= at <= last for first, last in self._hidden)]


def _column(letters: str) -> int:
    """Return the index of a column from 0: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _boxes(container: Container, part: str) -> Iterator[str]:
    """Yield the texts of the text boxes on a sheet."""
    drawing = next((target for kind, target in relationships(container, part).values() if kind == "drawing"), "")
    if drawing not in container:
        return
    for body in container.xml(drawing).iter():
        if local(body) == "txBody":
            lines = ("".join(t.text or "" for t in p.iter() if local(t) == "t") for p in body if local(p) == "p")
            if words := "\n".join(line for line in lines if line.strip()):
                yield words
