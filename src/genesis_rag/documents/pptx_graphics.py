"""Tables, charts and SmartArt of slides as lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from genesis_rag.documents.containers import Element, attribute, child, local
from genesis_rag.documents.limits import Meter
from genesis_rag.documents.number_formats import general
from genesis_rag.documents.tables import row_line

MAX_POINTS = 10_000


def table_rows(table: Element, text_of: Callable[[Element], str], meter: Meter) -> Iterator[str]:
    """Yield the rows of a table; a cell that spans rows is repeated in each of them."""
    above: dict[int, str] = {}
    for row in table:
        if local(row) != "tr":
            continue
        cells: list[str] = []
        for cell in row:
            if local(cell) != "tc":
                continue
            if cell.get("hMerge") in ("1", "true"):
                cells.append("")
            elif cell.get("vMerge") in ("1", "true"):
                cells.append(above.get(len(cells), ""))
            else:
                above[len(cells)] = text_of(cell)
                cells.append(above[len(cells)])
        meter.cells(len(cells))
        if line := row_line(cells):
            yield line


def chart_rows(root: Element, meter: Meter) -> Iterator[str]:
    """Yield the title of a chart and its data as a table: categories down, series across."""
    title = next((one for one in root.iter() if local(one) == "title"), None)
    if title is not None and (words := "".join(t.text or "" for t in title.iter() if local(t) == "t")):
        yield words
    categories: dict[int, str] = {}
    series: list[tuple[str, dict[int, str]]] = []
    for one in root.iter():
        if local(one) != "ser":
            continue
        name, axis, values = child(one, "tx"), child(one, "cat"), child(one, "val")
        categories = categories or _points(axis if axis is not None else child(one, "xVal"))
        found = _points(values if values is not None else child(one, "yVal"))
        meter.cells(len(found))
        series.append((" ".join(_points(name).values()), found))
    if series and (head := row_line(["", *(name for name, _ in series)])):
        yield head
    for index in sorted(set(categories).union(*(found for _, found in series))):
        if line := row_line([categories.get(index, ""), *(found.get(index, "") for _, found in series)]):
            yield line


def _points(element: Element | None) -> dict[int, str]:
    """Return index -> text of the values that the chart keeps of its sheet."""
    points: dict[int, str] = {}
    for point in [] if element is None else element.iter():
        index, value = attribute(point, "idx") if local(point) == "pt" else "", child(point, "v")
        if index.isdigit() and int(index) < MAX_POINTS and value is not None:
            points[int(index)] = _shown(value.text or "", is_number=local(point.getparent()) == "numCache")
    return points


def _shown(text: str, *, is_number: bool) -> str:
    try:
        return general(float(text)) if is_number else text
    except ValueError:
        return text


def diagram_items(root: Element, text_of: Callable[[Element], str]) -> Iterator[str]:
    """Yield the texts of SmartArt as list items, in the order in which they were entered."""
    for point in root.iter():
        if local(point) != "pt" or point.get("type", "node") not in ("node", "asst"):
            continue
        body = child(point, "t")
        words = " ".join(filter(None, map(text_of, body))) if body is not None else ""
        if words:
            yield f"- {words}"
