"""The structure of plain text: headings, lists and tables, found without changing a character.

The rules are those that a reader uses. A heading stands alone, is short and worded like no sentence, and something
longer or a list follows it; signs such as 第1章, 1.2, ■, 【…】, # or an underline make one surer. Where in doubt a line
is prose, because a wrong heading would name every chunk below it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from genesis_rag.documents import line_shapes as shapes
from genesis_rag.documents.line_shapes import Style
from genesis_rag.types import BlockKind, Section
from genesis_rag.values import dataclass

PLAIN = "plain"
TITLE = Style("title", 1)
TIGHT_WIDTH = 40
"""A heading without a blank line below it is shorter than this many half-width columns."""

_HEADING_MARKS = ("mark ■", "mark □", "mark ◆", "mark ◇")


@dataclass(frozen=True, slots=True)
class Outline:
    """The sections of a text, and its title when it begins with one."""

    sections: tuple[Section, ...]
    title: str = ""


def outline(text: str) -> Outline:
    """Return the sections of plain text; ``text`` must be in storage form."""
    if "\n" not in text.strip():
        start, end = len(text) - len(text.lstrip()), len(text.rstrip())
        return Outline((Section((), start, end),) if start < end else ())
    lines = _lines(text)
    return _Sections(_Headings(lines)).read(lines)


class _Line(NamedTuple):
    start: int  # of the first character that is not white space
    end: int  # behind the last one
    text: str
    shape: Literal["blank", "row", "item", "rule", "words"]


def _lines(text: str) -> list[_Line]:
    lines = []
    start = 0
    for raw in text.split("\n"):
        head, tail = len(raw) - len(raw.lstrip()), len(raw.rstrip())
        lines.append(_Line(start + min(head, tail), start + tail, raw, _shape(raw)))
        start += len(raw) + 1
    return lines


def _shape(line: str) -> Literal["blank", "row", "item", "rule", "words"]:
    if not line.strip():
        return "blank"
    if shapes.is_row(line):
        return "row"
    if shapes.is_rule(line):
        return "rule"
    return "item" if shapes.is_item(line) else "words"


@dataclass(slots=True)
class _Part:
    path: tuple[str, ...]
    start: int
    end: int
    kind: BlockKind | None


class _Sections:
    """Goes down the lines and opens a part wherever the heading or the kind changes."""

    def __init__(self, headings: _Headings) -> None:
        self._headings = headings
        self._stack: list[tuple[Style, str]] = []
        self._parts: list[_Part] = []
        self._title = ""

    def read(self, lines: list[_Line]) -> Outline:
        """Return the outline."""
        in_list = False
        for at, line in enumerate(lines):
            if line.shape == "blank":
                continue
            style = self._headings.styles[at]
            if style is not None and (style != TITLE or not self._parts):
                self._heading(style, line)
                in_list = False
                continue
            kind = self._kind(line, in_list and (lines[at - 1].shape != "blank" or line.text[:1] in " \t　"))
            in_list = kind == "list"
            self._body(kind, line)
        sections = (Section(part.path, part.start, part.end, None, part.kind or "prose") for part in self._parts)
        return Outline(tuple(sections), self._title)

    def _kind(self, line: _Line, continues_item: bool) -> BlockKind:
        if line.shape == "row":
            return "table"
        if line.shape == "rule" and self._parts and self._parts[-1].kind is not None:
            return self._parts[-1].kind
        return "list" if line.shape == "item" or continues_item else "prose"

    def _body(self, kind: BlockKind, line: _Line) -> None:
        path = tuple(words for _, words in self._stack)
        last = self._parts[-1] if self._parts else None
        if last is not None and last.path == path and last.kind in (None, kind):
            last.end, last.kind = line.end, kind
        else:
            self._parts.append(_Part(path, line.start, line.end, kind))

    def _heading(self, style: Style, line: _Line) -> None:
        words = shapes.heading_words(line.text)
        if not self._parts and style.family not in ("chapter", "number"):
            self._title = words
        if style.family == PLAIN and shapes.begins_with_month(words) and self._under_year():
            style = Style(PLAIN, 2)
        for depth, (other, _) in enumerate(self._stack):
            if _ends(other, style):
                del self._stack[depth:]
                break
        self._stack.append((style, words))
        self._parts.append(_Part(tuple(text for _, text in self._stack), line.start, line.end, None))

    def _under_year(self) -> bool:
        return any(style.family == PLAIN and shapes.is_year(words) for style, words in self._stack)


def _ends(open_style: Style, new: Style) -> bool:
    """Tell whether a new heading ends what stands under an open one; families that have no rank nest as they come."""
    ranks = {"hash": 0, "chapter": 1}
    rank, other = ranks.get(new.family, 2), ranks.get(open_style.family, 2)
    if new.family == open_style.family:
        return open_style.level >= new.level
    return open_style == TITLE or other > rank


class _Headings:
    """Decides for every line whether it is a heading, from the last line to the first: it depends on what follows.

    Attributes:
        styles: for every line its style, None for a line that is no heading, TITLE for a line that is the document's
            title if it comes first.
    """

    def __init__(self, lines: list[_Line]) -> None:
        self._lines = lines
        self.styles: list[Style | None] = [None] * len(lines)
        self._next = len(lines)  # the next written line below the one at hand
        self._list_end = True  # whether only items and rows follow until the next blank line
        for at in range(len(lines) - 1, -1, -1):
            line = lines[at]
            if line.shape in ("item", "words"):
                self.styles[at] = self._style(at, line)
            if line.shape == "blank":
                self._list_end = True
            elif line.shape == "words" and line.text[:1] not in " \t　":
                self._list_end = False
            if line.shape not in ("blank", "rule"):
                self._next = at

    def _style(self, at: int, line: _Line) -> Style | None:
        if len(line.text) > 4 * shapes.MAX_HEADING_WIDTH:
            return None
        alone = self._alone(at, -1)
        if alone and line.shape == "words" and at + 1 < len(self._lines) and shapes.could_be_heading(line.text):
            level = shapes.underline_level(self._lines[at + 1].text)
            if level:
                return Style("hash", level)
        style = shapes.strong_style(line.text)
        if style is not None and self._strong_here(at, line, style, alone):
            return style
        if not alone or self._next == len(self._lines) or not shapes.could_be_heading(line.text):
            return None
        return self._weak_style(at, line)

    def _strong_here(self, at: int, line: _Line, style: Style, alone: bool) -> bool:
        """Tell whether a sign means a heading here: ■ and 【】 also mark list items, which come in runs."""
        if style.family == "hash":
            return alone
        if style.family == "chapter":
            return alone or self._alone(at, 1)
        if self._next == len(self._lines):
            return False
        if style.family == "number":
            return alone and self._alone(at, 1)
        below = self._lines[self._next]
        twin = shapes.strong_style(below.text)
        if twin is not None and twin.family == style.family:
            return False
        tight = self._next == at + 1 and below.shape == "words" and shapes.width(line.text) <= TIGHT_WIDTH
        return alone or style.family == "bracket" or (tight and style.family in _HEADING_MARKS)

    def _weak_style(self, at: int, line: _Line) -> Style | None:
        """Return the style of a line that only stands like a heading."""
        below = self._lines[self._next]
        alone_below = self._alone(at, 1)
        if line.shape == "item":
            heads = alone_below and shapes.may_stand_under_number(below.text) and self._longer_below(line)
            return shapes.numbered_style(line.text) if heads else None
        if not alone_below:
            short = shapes.width(line.text) <= TIGHT_WIDTH and below.shape in ("item", "row") and self._list_end
            return Style(PLAIN, 1) if short else None
        if self._longer_below(line):
            return shapes.numbered_style(line.text) or Style(PLAIN, 1)
        if shapes.is_year(line.text) and shapes.begins_with_month(below.text) and self.styles[self._next]:
            return Style(PLAIN, 1)
        return TITLE

    def _longer_below(self, line: _Line) -> bool:
        """Tell whether a list, a table or longer text follows, not one more line like this one."""
        below = self._lines[self._next]
        if below.shape != "words":
            return self.styles[self._next] in (None, TITLE)
        if shapes.has_sentence_stop(below.text) and shapes.width(below.text) > shapes.width(line.text):
            return True
        if self.styles[self._next] not in (None, TITLE) or shapes.could_be_heading(below.text):
            return False
        paragraph = 0
        for part in self._lines[self._next : self._next + 5]:
            if part.shape != "words":
                break
            paragraph += shapes.width(part.text)
        return paragraph > max(60, 1.5 * shapes.width(line.text))

    def _alone(self, at: int, step: int) -> bool:
        """Tell whether the line above (-1) or below (1) is blank, drawn or not there."""
        other = at + step
        return not 0 <= other < len(self._lines) or self._lines[other].shape in ("blank", "rule")
