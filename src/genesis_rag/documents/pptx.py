"""PowerPoint decks (pptx), read from their XML: a page a slide, its title the heading, its notes behind it.

Hidden slides and the footer of the slide master are left out; charts are tables of their data, SmartArt is a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from genesis_rag.documents import line_shapes
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
from genesis_rag.documents.list_numbers import power_point
from genesis_rag.documents.pptx_graphics import chart_rows, diagram_items, table_rows
from genesis_rag.documents.titles import stated_title
from genesis_rag.types import BlockKind, Document

_TITLES = frozenset({"title", "ctrTitle"})
_RUNNING = frozenset({"dt", "ftr", "sldNum", "hdr", "sldImg"})
_BODIES = frozenset({"", "body", "obj"})
_CJK = re.compile("[぀-ヿ㐀-鿿]")
MAX_LEVEL = 8


class PptxLoader(DocumentLoader):
    """pptx: titles, lists, tables, charts and notes, slide by slide."""

    name = "pptx"
    version = "1"
    suffixes = (".pptx", ".pptm", ".ppsx")
    label = "a PowerPoint deck"
    content = "pptx"

    def load(self, path: Path, source: str) -> Iterator[Document]:
        """Yield one document; its sections know their slides."""
        builder = DocumentBuilder(self.limits)
        hidden = number = 0
        with Container(path, self.limits) as container:
            for number, part in enumerate(_slides(container), 1):
                builder.meter.page()
                slide = container.xml(part)
                if slide.get("show") in ("0", "false"):
                    hidden += 1
                else:
                    _Slide(container, part, builder, number).add(slide)
            properties = core_properties(container)
        properties["pages"] = str(number)
        if hidden:
            properties["hidden_slides"] = str(hidden)
        title, language = stated_title(properties.pop("title", "")), properties.pop("language", "")
        yield assemble(Draft(builder.finish(), title, language, properties), origin_of(path, source, self.identity()))


def _slides(container: Container) -> Iterator[str]:
    main = main_part(container, "ppt/presentation.xml")
    targets = relationships(container, main)
    listed = child(container.xml(main), "sldIdLst")
    for entry in [] if listed is None else listed:
        # The id in the namespace of relationships; the other "id" is a number of the slide's own.
        identifier = next((str(value) for key, value in entry.attrib.items() if key.endswith("}id")), "")
        if identifier in targets:
            yield targets[identifier][1]


class _Slide:
    """Appends one slide."""

    def __init__(self, container: Container, part: str, builder: DocumentBuilder, number: int) -> None:
        self._container, self._builder, self._page = container, builder, number
        self._targets = relationships(container, part)
        self._counts: dict[int, int] = {}

    def add(self, slide: Element) -> None:
        """Append title, shapes in their order, and notes."""
        self._builder.leave(1)
        shapes = list(_shapes(child(slide, "cSld", "spTree")))
        title = next((shape for shape in shapes if _placeholder(shape) in _TITLES and _words(shape)), None)
        if title is None:
            title = next((shape for shape in shapes[:3] if _could_be_title(shape)), None)
        if title is not None:
            self._builder.heading(1, _words(title), self._page)
        for shape in shapes:
            if shape is not title:
                self._shape(shape)
        self._notes()

    def _shape(self, shape: Element) -> None:
        self._builder.part()
        if local(shape) == "graphicFrame":
            self._graphic(shape)
        elif _placeholder(shape) not in _RUNNING and (body := child(shape, "txBody")) is not None:
            self._body(body, bulleted=_placeholder(shape) in _BODIES)

    def _body(self, body: Element, *, bulleted: bool) -> None:
        """Append the paragraphs of a shape. In the text of a layout each has a bullet unless it says otherwise."""
        paragraphs = [(p, text) for p in body if local(p) == "p" and (text := _paragraph_text(p))]
        bulleted = bulleted and len(paragraphs) > 1
        self._counts = {}
        for paragraph, text in paragraphs:
            level, label = self._label(child(paragraph, "pPr"), bulleted)
            kind: BlockKind = "list" if label or (level and bulleted) else "prose"
            if kind == "list":
                indent = "  " * level
                text = indent + (f"{label} " if label else "  ") + text.replace("\n", "\n" + indent + "  ")
            self._builder.add(text, kind, self._page)

    def _label(self, properties: Element | None, bulleted: bool) -> tuple[int, str]:
        """Return level and bullet or number of a paragraph."""
        stated = attribute(properties, "lvl") if properties is not None else ""
        level = min(MAX_LEVEL, int(stated)) if stated.isdigit() else 0
        for deeper in [other for other in self._counts if other > level]:
            del self._counts[deeper]
        if (numbering := child(properties, "buAutoNum")) is not None:
            start = attribute(numbering, "startAt")
            first = int(start) if start.isdigit() and len(start) < 7 else 1
            self._counts[level] = self._counts.get(level, first - 1) + 1
            return level, power_point(self._counts[level], attribute(numbering, "type"))
        self._counts.pop(level, None)
        if child(properties, "buNone") is not None:
            return level, ""
        own = child(properties, "buChar") is not None or child(properties, "buBlip") is not None
        return level, "-" if own or bulleted else ""

    def _graphic(self, frame: Element) -> None:
        data = child(frame, "graphic", "graphicData")
        for graphic in [] if data is None else data:
            if local(graphic) == "tbl":
                rows: Iterator[str] = table_rows(graphic, _cell_text, self._builder.meter)
                self._add_all(rows, "table")
            elif local(graphic) == "chart" and (part := self._target(graphic, "id")):
                self._add_all(chart_rows(self._container.xml(part), self._builder.meter), "table")
            elif local(graphic) == "relIds" and (part := self._target(graphic, "dm")):
                self._add_all(diagram_items(self._container.xml(part), _paragraph_text), "list")

    def _add_all(self, blocks: Iterator[str], kind: BlockKind) -> None:
        for block in blocks:
            self._builder.add(block, kind, self._page)

    def _target(self, element: Element, name: str) -> str:
        part = self._targets.get(attribute(element, name), ("", ""))[1]
        return part if part in self._container else ""

    def _notes(self) -> None:
        part = next((target for kind, target in self._targets.values() if kind == "notesSlide"), "")
        if part not in self._container:
            return
        for shape in _shapes(child(self._container.xml(part), "cSld", "spTree")):
            words = _words(shape)
            if _placeholder(shape) != "body" or not words:
                continue
            self._builder.heading(2, "ノート" if _CJK.search(words) else "Notes", self._page)
            self._body(child(shape, "txBody"), bulleted=False)


def _shapes(tree: Element | None) -> Iterator[Element]:
    """Yield shapes and graphic frames, those in groups too."""
    for shape in [] if tree is None else tree:
        name = local(shape)
        if _is_hidden(shape, name):
            continue
        if name in ("grpSp", "AlternateContent", "Choice"):
            yield from _shapes(shape)
        elif name in ("sp", "graphicFrame"):
            yield shape


def _is_hidden(shape: Element, name: str) -> bool:
    properties = child(shape, f"nv{name[:1].upper()}{name[1:]}Pr", "cNvPr")
    return properties is not None and properties.get("hidden") in ("1", "true")


def _placeholder(shape: Element) -> str | None:
    """Return the kind of placeholder, "" for the text of a layout, None for a shape of its own."""
    found = child(shape, "nvSpPr", "nvPr", "ph")
    return found.get("type", "") if found is not None else None


def _could_be_title(shape: Element) -> bool:
    words = _words(shape)
    return _placeholder(shape) is None and "\n" not in words and line_shapes.could_be_heading(words)


def _words(shape: Element) -> str:
    body = child(shape, "txBody")
    return "" if body is None else "\n".join(filter(None, map(_paragraph_text, body)))


def _paragraph_text(paragraph: Element) -> str:
    parts = []
    for inner in paragraph:
        name = local(inner)
        if name == "br":
            parts.append("\n")
        elif name == "r" or (name == "fld" and inner.get("type", "") != "slidenum"):
            text = child(inner, "t")
            parts.append(text.text or "" if text is not None else "")
        elif name in ("AlternateContent", "m"):
            parts += [t.text or "" for t in inner.iter() if local(t) == "t"]
    return "".join(parts).replace("\x0b", "\n").strip()


def _cell_text(cell: Element) -> str:
    body = child(cell, "txBody")
    return "" if body is None else " ".join(filter(None, map(_paragraph_text, body)))
