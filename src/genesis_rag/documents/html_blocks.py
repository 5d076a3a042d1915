"""Walks a parsed page and hands headings, paragraphs, list items and table rows to a DocumentBuilder."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any

from genesis_rag.documents.builder import DocumentBuilder
from genesis_rag.documents.html_cleaning import is_dropped, tag_of, words
from genesis_rag.documents.html_tables import is_data_table, table_rows
from genesis_rag.documents.wrapping import squeeze
from genesis_rag.types import BlockKind

Element = Any

_BREAK = "\x1e"
_BLOCKS = words(
    "nav menu address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main ol option p pre section summary table "
    "tbody td tfoot th thead tr ul"
)
MAX_INDENT = 8
_HEADING = re.compile(r"h[1-6]")


@dataclass(slots=True)
class _List:
    ordered: bool
    number: int


@dataclass(slots=True)
class _Walk:
    """State between two elements."""

    builder: DocumentBuilder
    page: int | None
    inline: list[str] = field(default_factory=list)
    lists: list[_List] = field(default_factory=list)
    marker: str = ""
    heading: int = 0
    verbatim: int = 0
    articles: int = 0
    definitions: int = 0

    def flush(self) -> None:
        """End a paragraph, an item or a heading."""
        raw = "".join(self.inline)
        self.inline.clear()
        text = raw.replace(_BREAK, "\n") if self.verbatim else squeeze(raw, _BREAK)
        if not text.strip():
            return
        if self.heading:
            self.builder.heading(self.heading, text, self.page)
            return
        kind: BlockKind = "prose"
        if self.lists or self.definitions:
            kind = "list"
            indent = "  " * max(0, min(len(self.lists), MAX_INDENT) - 1)
            prefix = indent + (self.marker or ("  " if self.lists else ""))
            text = prefix + text.strip().replace("\n", "\n" + indent + "  ")
            self.marker = ""
        self.builder.add(text, kind, self.page)


def add_blocks(
    root: Element, builder: DocumentBuilder, *, hidden: frozenset[str], dropped: Set[Element], page: int | None = None
) -> None:
    """Append what ``root`` holds, without ``dropped`` elements and hidden ones. Readings of ruby text are left out."""
    from lxml import etree

    walk = _Walk(builder, page)
    walker = etree.iterwalk(root, events=("start", "end"))
    skipped: Element = None
    for event, element in walker:
        if event == "start":
            gone = element in dropped or (
                element is not root and is_dropped(element, hidden, in_article=walk.articles > 0)
            )
            if gone and tag_of(element) in _BLOCKS:
                walk.flush()
            if gone or _start(walk, element, hidden):
                walker.skip_subtree()
                skipped = element
            elif element.text:
                walk.inline.append(element.text)
        else:
            if element is not skipped:
                _end(walk, element)
            if element is not root and element.tail:
                walk.inline.append(element.tail)
            skipped = None if element is skipped else skipped
    walk.flush()


def _start(walk: _Walk, element: Element, hidden: frozenset[str]) -> bool:
    """Begin an element; return True when it was dealt with as a whole."""
    tag = tag_of(element)
    if tag == "br":
        walk.inline.append(_BREAK)
    if tag not in _BLOCKS:
        return False
    walk.flush()
    if tag == "table" and is_data_table(element):
        walk.builder.part()
        for row in table_rows(element, hidden, walk.builder.meter):
            walk.builder.add(row, "prose" if row.startswith("\n") else "table", walk.page)
        return True
    if tag in ("ul", "ol"):
        walk.lists.append(_List(tag == "ol", _integer(element.get("start"), 1)))
    elif tag == "li" and walk.lists:
        current = walk.lists[-1]
        current.number = _integer(element.get("value"), current.number)
        walk.marker = f"{current.number}. " if current.ordered else "- "
        current.number += 1
    elif _HEADING.fullmatch(tag):
        walk.heading = int(tag[1])
    walk.verbatim += tag == "pre"
    walk.articles += tag in ("article", "main")
    walk.definitions += tag == "dl"
    return False


def _end(walk: _Walk, element: Element) -> None:
    tag = tag_of(element)
    if tag not in _BLOCKS:
        return
    walk.flush()
    if tag in ("ul", "ol") and walk.lists:
        walk.lists.pop()
    elif tag == "li":
        walk.marker = ""
    elif _HEADING.fullmatch(tag):
        walk.heading = 0
    walk.verbatim -= tag == "pre"
    walk.articles -= tag in ("article", "main")
    walk.definitions -= tag == "dl"


def _integer(value: str | None, otherwise: int) -> int:
    return int(value) if value and re.fullmatch(r"\s*-?\d{1,6}\s*", value) else otherwise
