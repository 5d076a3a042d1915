"""From the lines of pages to paragraphs, lists and headings: what a PDF no longer knows of its text."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from genesis_rag.documents import line_shapes as shapes
from genesis_rag.documents.builder import Body, DocumentBuilder
from genesis_rag.documents.limits import LoadLimits
from genesis_rag.documents.running_lines import without_running_lines
from genesis_rag.documents.wrapping import WIDE, joined
from genesis_rag.types import BlockKind

WINDOW = 6
"""Pages looked at before and after a page to find running heads."""

_SENTENCE_END = re.compile(r"[。．.!?！？：:][」』)）”\"]?\s*$")
_FIRST_END = re.compile(r"[。！？][」』）]*|[.!?][”\"')]*(?=\s)")
_SPACED = re.compile(f"(?<=[{WIDE}]) (?=[{WIDE}])")
_SIGNS = re.compile(r"[\W_]+")
_KANA = re.compile("[ぁ-ゟー・ 　]+")
MAX_CARRY = 500
"""Characters of a sentence that may be taken over from the next page to the one it begins on."""


class Line(NamedTuple):
    """A line of a page; lengths in points, heights from the page's lower edge, ``bottom`` that of the base line."""

    text: str
    size: float
    left: float
    right: float
    bottom: float
    top: float
    bold: bool


class Page(NamedTuple):
    """The lines of a page (numbered from 1) in reading order."""

    number: int
    height: float
    lines: tuple[Line, ...]


class Bookmark(NamedTuple):
    """An entry of the outline: page from 1, level from 1."""

    page: int
    level: int
    title: str


@dataclass(slots=True)
class _Block:
    text: str
    kind: BlockKind
    page: int
    last: Line
    level: int = 0  # of a heading


class PdfLayout:
    """Takes the pages one by one and keeps no more than a few of them."""

    def __init__(self, limits: LoadLimits, bookmarks: Sequence[Bookmark]) -> None:
        self._builder = DocumentBuilder(limits)
        self._bookmarks: dict[int, list[Bookmark]] = {}
        for bookmark in bookmarks:
            self._bookmarks.setdefault(bookmark.page, []).append(bookmark)
        self._pages: deque[Page] = deque()
        self._next = 0  # index in the window of the page to be written next
        self._sizes: Counter[float] = Counter()
        self._bold = self._all = self._unmapped = 0
        self._pending: _Block | None = None
        self.empty_pages = 0
        self.body = Body("", ())

    @property
    def unmapped_share(self) -> float:
        """Share of characters that no font maps to Unicode."""
        return self._unmapped / max(1, self._all)

    def add(self, page: Page) -> None:
        """Take the next page."""
        self._builder.meter.page()
        self.empty_pages += not page.lines
        for line in page.lines:
            self._sizes[line.size] += len(line.text)
            self._all += len(line.text)
            self._bold += len(line.text) * line.bold
            self._unmapped += sum(c == "\ufffd" or "\ue000" <= c <= "\uf8ff" or c < " " for c in line.text)
        self._pages.append(page)
        if len(self._pages) - self._next > WINDOW:
            self._write_next()

    def end(self) -> None:
        """Write what waits; ``body`` is whole then."""
        while self._next < len(self._pages):
            self._write_next()
        self._flush()
        self.body = self._builder.finish()

    def _write_next(self) -> None:
        page = self._pages[self._next]
        body_size = self._sizes.most_common(1)[0][0] if self._sizes else 0.0
        lines = without_running_lines(page, self._pages, body_size)
        mostly_bold = self._bold > 0.5 * self._all
        reader = _PageReader(page.number, lines, body_size, mostly_bold, self._bookmarks.get(page.number, []))
        for position, block in enumerate(reader.blocks()):
            self._take(block, first=position == 0)
        self._next += 1
        if self._next > WINDOW:
            self._pages.popleft()
            self._next -= 1

    def _take(self, block: _Block, *, first: bool) -> None:
        """Queue a block; one that goes on with a sentence of the page before gives that page the sentence's end."""
        before = self._pending
        if before is not None and first and _goes_on(before, block):
            match = _FIRST_END.search(block.text)
            cut = match.end() if match else len(block.text)
            if cut <= MAX_CARRY:
                before.text = joined(before.text, block.text[:cut])
                block.text = block.text[cut:].lstrip()
        if block.text:
            self._flush()
            self._pending = block

    def _flush(self) -> None:
        block = self._pending
        if block is not None and block.level:
            self._builder.heading(block.level, block.text, block.page)
        elif block is not None:
            self._builder.add(block.text, block.kind, block.page)
        self._pending = None


def _goes_on(before: _Block, block: _Block) -> bool:
    if before.level or block.level or block.page == before.page or block.kind != "prose":
        return False
    if _SENTENCE_END.search(before.text) or before.last.right - before.last.left < 20 * before.last.size:
        return False
    return abs(block.last.size - before.last.size) < 0.1 * before.last.size


class _PageReader:
    """Puts the lines of one page together."""

    def __init__(
        self, number: int, lines: Sequence[Line], body_size: float, mostly_bold: bool, bookmarks: Sequence[Bookmark]
    ) -> None:
        self._number, self._body_size = number, body_size
        self._mostly_bold = mostly_bold
        self._lines = [line._replace(text=_despaced(line.text)) for line in lines if not self._is_ruby(line)]
        self._titles = {_key(bookmark.title): bookmark.level for bookmark in bookmarks}
        self._keys = [_key(line.text) for line in self._lines] if bookmarks else []
        gaps = [a.bottom - b.bottom for a, b in zip(self._lines, self._lines[1:], strict=False)]
        usual = [gap for gap in gaps if 0.5 * body_size < gap < 3 * body_size]
        self._pitch = median(usual) if usual else 1.5 * body_size

    def blocks(self) -> Iterator[_Block]:
        """Yield headings, paragraphs and list items in reading order."""
        block: _Block | None = None
        for at, line in enumerate(self._lines):
            level = self._heading_level(at)
            if block is not None and self._continues(block, line, level):
                block.text = self._continued(block, line)
                block.last = line
                continue
            if block is not None:
                yield block
            kind: BlockKind = "list" if not level and shapes.is_item(line.text) else "prose"
            block = _Block(line.text, kind, self._number, line, level)
        if block is not None:
            yield block

    def _continues(self, block: _Block, line: Line, level: int) -> bool:
        """Tell whether a line belongs to the block above it."""
        last = block.last
        if abs(line.size - last.size) > 0.1 * last.size or level != block.level:
            return False
        near = -0.3 * line.size <= last.bottom - line.bottom <= 1.3 * self._pitch + 0.2 * line.size
        if block.level:
            return near and line.bold == last.bold and len(block.text) + len(line.text) < 150
        if shapes.is_item(line.text) or shapes.is_row(line.text):
            return False
        if block.kind == "list":
            return near and line.left >= last.left - 0.5 * line.size and not line.text.startswith("\u3000")
        jumps = line.bottom > last.bottom + 3 * line.size  # the next column
        if jumps:
            return not _SENTENCE_END.search(last.text) and self._is_full(last)
        indented = line.left > last.left + 0.8 * line.size or line.text.startswith("\u3000")
        ended = bool(_SENTENCE_END.search(last.text))
        return near and not (ended and (indented or not self._is_full(last)))

    def _continued(self, block: _Block, line: Line) -> str:
        """Join a wrapped line, or keep the line end where the one above had room left."""
        if block.level or block.kind == "list" or self._is_full(block.last) or _ends_open(block.last.text):
            return joined(block.text, line.text)
        return f"{block.text}\n{line.text}"

    def _is_full(self, line: Line) -> bool:
        """Tell whether a line reaches the right edge of its column, so that the layout ended it."""
        edge = max(
            (other.right for other in self._lines if abs(other.left - line.left) < 4 * line.size), default=line.right
        )
        return line.right > edge - max(3 * line.size, 0.12 * (edge - line.left))

    # --- Headings ----------------------------------------------------------------------------------------------

    def _heading_level(self, at: int) -> int:
        """Return the level of a heading (smaller is higher), 0 for any other line."""
        line = self._lines[at]
        if len(line.text) > 200:
            return 0
        if self._titles and (level := self._bookmark_level(at)):
            return level
        if not shapes.could_be_heading(line.text):
            return 0
        if line.size >= 1.15 * self._body_size:
            return max(20, 1000 - round(10 * line.size))
        if not self._stands_alone(at):
            return 0
        style = shapes.strong_style(line.text)
        if style is not None and style.family in ("chapter", "number", "bracket", "mark ■"):
            return 1000 + style.level
        if line.bold and not self._mostly_bold and not shapes.is_item(line.text):
            return 1100 if at + 1 < len(self._lines) and not self._lines[at + 1].bold else 0
        return 0

    def _bookmark_level(self, at: int) -> int:
        """Return the level of the outline's entry that begins with this line."""
        key = self._keys[at]
        if key in self._titles:
            return self._titles[key]
        for further in self._keys[at + 1 : at + 3]:
            key += further
            if key in self._titles:
                return self._titles[key]
        return self._titles.get(self._keys[at - 1] + self._keys[at], 0) if at else 0

    def _stands_alone(self, at: int) -> bool:
        """Tell whether there is room above a line, and the line below begins something else."""
        line = self._lines[at]
        if at and 0 <= self._lines[at - 1].bottom - line.bottom < 1.15 * self._pitch:
            return False
        return at + 1 < len(self._lines) and not self._is_full(line)

    def _is_ruby(self, line: Line) -> bool:
        return line.size <= 0.62 * self._body_size and bool(_KANA.fullmatch(line.text))


def _despaced(text: str) -> str:
    """Return a line without the gaps that justified Japanese text is read with."""
    gaps = len(_SPACED.findall(text))
    return _SPACED.sub("", text) if gaps > 2 and gaps > 0.25 * len(text) else text


def _ends_open(text: str) -> bool:
    """Tell whether a line ends within a word or a clause whatever room there was left."""
    return text[-1] in ",、\u00ad\ufffe\x02" or (text[-1] == "-" and text[-2:-1].isalpha())


def _key(text: str) -> str:
    return _SIGNS.sub("", text.casefold())
