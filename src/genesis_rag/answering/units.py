"""Cuts passages into the pieces an answer is made of: sentences, list items, table cells and rows, headings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Literal

from genesis_rag.answering.lines import Line, cell_ordinal, cells, ends_like_sentence, read_lines, trim
from genesis_rag.answering.orders import gives_orders
from genesis_rag.text.patterns import lazy
from genesis_rag.text.sentences import sentence_spans
from genesis_rag.types import Language, Passage, Span
from genesis_rag.values import dataclass

UnitKind = Literal["sentence", "item", "row", "heading"]

_KANA = lazy("[ぁ-ゖァ-ヺ]")
_CJK = lazy("[ぁ-ゖァ-ヺ㐀-鿿]")
_LATIN = lazy("[A-Za-z]{2,}")
_ASKS = lazy(r"(?:[?？]|[ぁ-ん一-鿿]か。?)[」』)）*_]*$")
_LONG_ITEM = 200
_WORDLESS = lazy(r"[\W_]*")
_LEAD_CHARS = 160
_MAX_UNITS = 400
_PASSAGES_KEPT = 2048


@dataclass(frozen=True, slots=True)
class Unit:
    """A quotable piece of one passage: ``passages[passage].text[start:end] == text``.

    Attributes:
        passage: index of the passage (not its marker).
        kind: what the piece is.
        language: language of the piece itself (an English paragraph of a Japanese document is English).
        ordinal: number of a list item (⑧ is 8), or None.
        list_id: number of the list that the item belongs to, within the passage, or None.
        lead: index, among the units of the same passage, of the line that introduces the list or table, or None.
        lead_text: text of that line, or "".
        position: place among the units of the passage, from 0.
        block: number of the paragraph, list or table; neighbours of one block belong together.
    """

    passage: int
    start: int
    end: int
    text: str
    kind: UnitKind
    language: Language
    ordinal: int | None
    list_id: int | None
    lead: int | None
    lead_text: str
    position: int
    block: int


def split_passages(passages: Sequence[Passage]) -> list[Unit]:
    """Return the units of all passages in order; no more than a few hundred for any one passage."""
    units: list[Unit] = []
    for index, passage in enumerate(passages):
        units += split_passage(passage, index)
    return units


def split_passage(passage: Passage, index: int = 0) -> list[Unit]:
    """Return the units of one passage in the order of the text."""
    return list(_placed(passage.text, (*passage.heading_path, passage.title), passage.language, index))


@lru_cache(maxsize=_PASSAGES_KEPT)
def _placed(text: str, headings: tuple[str, ...], language: Language, index: int) -> tuple[Unit, ...]:
    units = _split(text, headings, language)
    return tuple(replace(unit, passage=index) for unit in units) if index else units


@lru_cache(maxsize=_PASSAGES_KEPT)
def _split(text: str, headings: tuple[str, ...], language: Language) -> tuple[Unit, ...]:
    """Return the units of a text as those of passage 0; the passages that were read last are split already."""
    lines = read_lines(text, frozenset(part.strip() for part in headings if part.strip()))
    pieces: list[Unit] = []
    builder = _Builder(text, language, pieces)
    for block in _blocks(lines):
        builder.add(block)
        if len(pieces) >= _MAX_UNITS:
            break
    return tuple(pieces[:_MAX_UNITS])


def language_of(text: str, document: Language) -> Language:
    """Return the language of a piece: that of its document, unless it is a whole sentence in another script."""
    if document == "ja" and len(_LATIN.findall(text)) >= 5 and ends_like_sentence(text) and not _CJK.search(text):
        return "en"
    if document == "en" and len(_KANA.findall(text)) >= 6:
        return "ja"
    return document


def width(text: str) -> int:
    """Return the width of a text as a terminal shows it: a CJK character counts two."""
    return len(text) + sum(c >= "\u2e80" for c in text)


def _blocks(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Group lines: a table, a list (blank lines between items allowed), a paragraph, a heading."""
    block: list[Line] = []
    blank = False
    for line in lines:
        if line.kind == "blank":
            blank = True
            continue
        if block and not _continues(block, line, blank):
            yield block
            block = []
        block.append(line)
        blank = False
    if block:
        yield block


def _continues(block: Sequence[Line], line: Line, blank: bool) -> bool:
    first, last = block[0].kind, block[-1]
    if first in ("row", "rule"):
        return line.kind in ("row", "rule") and not blank
    if first == "item":
        if line.kind == "item":
            return block[0].marker == line.marker or line.indent > block[0].indent or not blank
        return line.kind == "prose" and not blank and line.indent > last.indent
    return first == "prose" and line.kind == "prose" and not blank


class _Builder:
    """Collects the units of one passage."""

    def __init__(self, text: str, language: Language, units: list[Unit]) -> None:
        self.text = text
        self.language = language
        self.units = units
        self.block = -1
        self.lists = 0
        self.series: dict[int, int] = {}

    def add(self, block: list[Line]) -> None:
        """Add the units of one block."""
        self.block += 1
        kind = block[0].kind
        if kind in ("row", "rule"):
            self._table([line for line in block if line.kind == "row"], any(line.kind == "rule" for line in block[:2]))
        elif kind == "item":
            self._list(block)
        elif kind == "heading":
            self._unit(block[0].marked, "heading")
        else:
            self._prose(block)

    def _unit(self, span: Span, kind: UnitKind, ordinal: int | None = None, list_id: int | None = None) -> None:
        text = self.text[span.start : span.end]
        if _WORDLESS.fullmatch(text):
            return
        if kind != "heading" and gives_orders(text):
            kind = "heading"  # What a document tells a model to do or say answers no question of a reader.
        self.units.append(
            Unit(0, span.start, span.end, text, kind, language_of(text, self.language), ordinal, list_id, None, "",
                 len(self.units), self.block)
        )  # fmt: skip

    def _prose(self, block: Sequence[Line]) -> None:
        start, end = block[0].start, block[-1].end
        for span in sentence_spans(self.text[start:end]):
            place = trim(self.text, start + span.start, start + span.end)
            # A question in a document (a FAQ has many) is like what is asked, but it answers nothing.
            asks = _ASKS.search(self.text[place.start : place.end])
            self._unit(place, "heading" if asks else "sentence")

    def _lead(self) -> int | None:
        """Return the unit before the coming list or table when it reads like its heading or lead-in."""
        if not self.units:
            return None
        last = self.units[-1]
        if last.kind == "heading" or (last.kind == "sentence" and len(last.text) <= _LEAD_CHARS):
            return last.position
        return None

    def _with_lead(self, first: int, lead: int | None) -> None:
        """Give the units from ``first`` on their lead; a lead that is no sentence is a heading.

        The header of a table is the lead of its rows, and what stands before the table is that of the header.
        """
        if lead is None:
            return
        heading = self.units[lead]
        if heading.kind == "sentence" and not ends_like_sentence(heading.text):
            self.units[lead] = heading = replace(heading, kind="heading")
        text = f"{heading.lead_text} {heading.text}" if heading.lead_text else heading.text
        for position in range(first, len(self.units)):
            self.units[position] = replace(self.units[position], lead=lead, lead_text=text)

    def _list(self, block: Sequence[Line]) -> None:
        lead, first = self._lead(), len(self.units)
        list_id = self._new_list()
        for number, line in enumerate(block):
            if line.kind != "item":
                continue
            end = line.marked.end
            for after in block[number + 1 :]:
                if after.kind == "item":
                    break
                end = after.marked.end
            self._item(Span(line.marked.start, end), line.ordinal, list_id)
        self._with_lead(first, lead)

    def _item(self, span: Span, ordinal: int | None, list_id: int) -> None:
        """Add a list item; a long one sentence by sentence, of which the first carries the number."""
        if width(self.text[span.start : span.end]) <= _LONG_ITEM:
            self._unit(span, "item", ordinal, list_id)
            return
        sentences = sentence_spans(self.text[span.start : span.end])
        for number, inner in enumerate(sentences):
            piece = Span(span.start + inner.start, span.start + inner.end)
            if number == 0:
                self._unit(piece, "item", ordinal, list_id)
            else:
                self._unit(piece, "sentence")

    def _table(self, lines: Sequence[Line], has_header: bool) -> None:
        text = self.text
        rows = [found for line in lines if (found := cells(text, line))]
        lead, list_id = self._lead(), self._new_list()
        if has_header and len(rows) > 1 and not _numbered(text, rows[0]):
            heads = len(self.units)
            self._unit(Span(rows[0][0].start, rows[0][-1].end), "heading")
            self._with_lead(heads, lead)
            if len(self.units) > heads:
                lead = heads
            rows = rows[1:]
        first = len(self.units)
        for row in rows:
            if _numbered(text, row):
                for cell in row:
                    self._unit(cell, "item", cell_ordinal(text, cell), list_id)
            else:
                ordinal = int(row[0].of(text)) if len(row) > 1 and row[0].of(text).isdecimal() else None
                self._unit(Span(row[0].start, row[-1].end), "row", ordinal, list_id)
        self._with_lead(first, lead)

    def _new_list(self) -> int:
        self.lists += 1
        return self.lists


def _numbered(text: str, row: Sequence[Span]) -> bool:
    """Return whether every cell of a row is an item with its own number, as in a list flattened to columns."""
    return all(cell_ordinal(text, cell) is not None for cell in row)
