"""Word documents (docx), read from their XML: what a reader of the page sees, in the order of the text.

Tracked deletions, hidden text, comments, field codes, running heads and the table of contents are left out. Numbers of
headings and lists, which Word works out, are worked out here. Footnotes stand at
the end of the section that refers to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from genesis_rag.documents.assembly import Draft, assemble, origin_of
from genesis_rag.documents.base import DocumentLoader
from genesis_rag.documents.builder import MAX_HEADING, DocumentBuilder
from genesis_rag.documents.containers import (
    Container,
    Element,
    attribute,
    child,
    core_properties,
    is_on,
    local,
    main_part,
    relationships,
)
from genesis_rag.documents.docx_styles import Styles
from genesis_rag.documents.tables import row_line
from genesis_rag.documents.titles import stated_title
from genesis_rag.types import BlockKind, Document

LONG_CELL = 600
"""A cell of more characters holds paragraphs: such a table only lays out the page."""

_SKIPPED = frozenset(
    {"del", "moveFrom", "delText", "instrText", "delInstrText", "Fallback", "rt", "pPr", "rPr", "tblPr", "sdtPr"}
    | {"sectPr", "fldData", "annotationRef", "commentReference", "separator", "continuationSeparator"}
)
_CONTAINERS = frozenset({"sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag", "AlternateContent", "Choice"})
_SIGNS = {"br": "\n", "cr": "\n", "tab": "\t", "ptab": "\t", "noBreakHyphen": "-"}
_CJK = re.compile("[぀-ヿ㐀-鿿]")
_CONTENTS = re.compile(r"toc \d|table of figures|index \d")


class DocxLoader(DocumentLoader):
    """docx: headings, lists with their numbers, tables row by row, footnotes."""

    name = "docx"
    version = "1"
    suffixes = (".docx", ".docm")
    label = "a Word document"
    content = "docx"

    def load(self, path: Path, source: str) -> Iterator[Document]:
        """Yield one document."""
        with Container(path, self.limits) as container:
            main = main_part(container, "word/document.xml")
            parts = dict(relationships(container, main).values())
            builder = DocumentBuilder(self.limits)
            walk = _Walk(builder, Styles(container, parts), _notes(container, parts))
            for element in container.elements(main, 2):
                walk.block(element)
            walk.end()
            properties = core_properties(container)
        title = walk.title or stated_title(properties.pop("title", ""))
        properties.pop("title", None)
        draft = Draft(builder.finish(), title, properties.pop("language", ""), properties)
        yield assemble(draft, origin_of(path, source, self.identity()))


def _notes(container: Container, parts: dict[str, str]) -> dict[tuple[str, str], Element]:
    """Return (kind, id) -> footnote or endnote."""
    found = {}
    for part_kind, kind in (("footnotes", "footnote"), ("endnotes", "endnote")):
        if (part := parts.get(part_kind, "")) in container:
            for note in container.xml(part):
                if local(note) == kind and not attribute(note, "type").lower().endswith("separator"):
                    found[kind, attribute(note, "id")] = note
    return found


class _Walk:
    """Goes down the body and hands headings, paragraphs, items and rows to the builder."""

    def __init__(self, builder: DocumentBuilder, styles: Styles, notes: dict[tuple[str, str], Element]) -> None:
        self.title = ""
        self._builder, self._styles, self._notes = builder, styles, notes
        self._waiting: list[tuple[str, Element]] = []  # notes that were referred to
        self._numbered = 0
        self._boxes: list[Element] = []  # text boxes anchored in the paragraph at hand

    def block(self, element: Element) -> None:
        """Append an element of the body, a text box or a large cell."""
        name = local(element)
        if name == "p":
            self._paragraph(element)
        elif name == "tbl":
            self._table(element)
        elif name in _CONTAINERS and not _is_contents(element):
            for inner in element:
                self.block(inner)

    def end(self) -> None:
        """Append the notes that still wait."""
        waiting, self._waiting = self._waiting, []
        for label, note in waiting:
            words = " ".join(text for text in (self._text(p) for p in note.iter() if local(p) == "p") if text)
            self._builder.add(f"{label} {words.strip()}" if label.isascii() else label + words.strip())

    def _paragraph(self, element: Element) -> None:
        style = self._styles.of(element)
        text = "" if style.hidden or _CONTENTS.fullmatch(style.name) else self._text(element).strip()
        boxes, self._boxes = self._boxes, []
        if text and style.heading and len(text) <= MAX_HEADING:
            self.end()
            if style.heading == 1 and not self.title:
                self.title = text
            self._builder.heading(style.heading, f"{style.label} {text}" if style.label not in ("", "-") else text)
        elif text:
            self._add(text, style.list_level, style.label)
        for box in boxes:
            for inner in box:
                self.block(inner)

    def _add(self, text: str, level: int, label: str) -> None:
        kind: BlockKind = "list" if level >= 0 and label else "prose"
        if kind == "list":
            indent = "  " * level
            text = f"{indent}{label} " + text.replace("\n", "\n" + indent + "  ")
        self._builder.add(text, kind)

    # --- Tables ----------------------------------------------------------------------------------------------

    def _table(self, table: Element) -> None:
        rows = [_cells(row) for row in _inner(table, "tr") if not is_on(child(row, "trPr", "del"))]
        widest = max((len(row) for row in rows), default=0)
        lengths = [sum(len(t.text or "") for t in cell.iter() if local(t) == "t") for row in rows for cell in row]
        if widest < 2 or max(lengths) > LONG_CELL:
            for row in rows:
                for cell in row:
                    for inner in cell:
                        self.block(inner)
            return
        above: dict[int, str] = {}
        self._builder.part()
        for row in rows:
            cells = self._row(row, above)
            self._builder.meter.cells(len(cells))
            if line := row_line(cells):
                self._builder.add(line, "table")

    def _row(self, row: list[Element], above: dict[int, str]) -> list[str]:
        """Return the texts of a row; a cell that spans rows is repeated in each, so that a line can stand alone."""
        texts: list[str] = []
        for cell in row:
            merge, span = child(cell, "tcPr", "vMerge"), child(cell, "tcPr", "gridSpan")
            width = (
                min(100, int(attribute(span, "val"))) if span is not None and attribute(span, "val").isdigit() else 1
            )
            if merge is not None and attribute(merge, "val") != "restart":
                text = above.get(len(texts), "")
            else:
                text = self._cell_text(cell)
                above[len(texts)] = text
            texts += [text] + [""] * (max(1, width) - 1)
        return texts

    def _cell_text(self, cell: Element) -> str:
        words = []
        for paragraph in _paragraphs(cell):
            label = self._styles.of(paragraph).label
            text = self._text(paragraph).strip()
            words.append(f"{label} {text}" if text and label not in ("", "-") else text)
        boxes, self._boxes = self._boxes, []
        words += [self._text(p).strip() for box in boxes for p in _paragraphs(box)]
        return " ".join(word for word in words if word)

    # --- Text ------------------------------------------------------------------------------------------------

    def _text(self, paragraph: Element) -> str:
        parts: list[str] = []
        self._collect(paragraph, parts)
        return "".join(parts)

    def _collect(self, element: Element, parts: list[str]) -> None:
        for inner in element:
            name = local(inner)
            if name == "t":
                parts.append(inner.text or "")
            elif name == "r":
                if not self._is_hidden(inner):
                    self._collect(inner, parts)
            elif name in _SIGNS:
                if attribute(inner, "type") not in ("page", "column"):
                    parts.append(_SIGNS[name])
            elif name in ("footnoteReference", "endnoteReference"):
                self._refer(name.removesuffix("Reference"), attribute(inner, "id"), parts)
            elif name == "txbxContent":
                self._boxes.append(inner)
            elif name and name not in _SKIPPED:
                self._collect(inner, parts)

    def _is_hidden(self, run: Element) -> bool:
        properties = child(run, "rPr")
        if properties is None:
            return False
        if is_on(child(properties, "vanish")):
            return True
        style = child(properties, "rStyle")
        return style is not None and self._styles.hides(attribute(style, "val"))

    def _refer(self, kind: str, identifier: str, parts: list[str]) -> None:
        note = self._notes.pop((kind, identifier), None)
        if note is None:
            return
        self._numbered += 1
        japanese = bool(_CJK.search("".join(parts))) or bool(_CJK.search("".join(note.itertext())))
        label = f"（注{self._numbered}）" if japanese else f"(note {self._numbered})"
        parts.append(label if japanese else f" {label}")
        self._waiting.append((label, note))


def _inner(element: Element, wanted: str) -> Iterator[Element]:
    """Yield the children of a name, those in content controls and the like too."""
    for inner in element:
        if local(inner) == wanted:
            yield inner
        elif local(inner) in _CONTAINERS:
            yield from _inner(inner, wanted)


def _cells(row: Element) -> list[Element]:
    return list(_inner(row, "tc"))


def _paragraphs(element: Element) -> Iterator[Element]:
    """Yield the paragraphs of a cell, those of tables in it too, but not those of text boxes anchored in them."""
    for inner in element:
        name = local(inner)
        if name == "p":
            yield inner
        elif name in _CONTAINERS or name in ("tbl", "tr", "tc"):
            yield from _paragraphs(inner)


def _is_contents(element: Element) -> bool:
    gallery = child(element, "sdtPr", "docPartObj", "docPartGallery")
    return gallery is not None and "contents" in attribute(gallery, "val").lower()
