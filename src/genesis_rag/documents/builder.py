"""Puts the text of a document together from blocks and keeps the exact place of every section."""

from __future__ import annotations

import re

from genesis_rag.documents.limits import DEFAULT_LIMITS, LoadLimits, Meter
from genesis_rag.text.normalize import nfc
from genesis_rag.types import BlockKind, Section
from genesis_rag.values import dataclass

MAX_HEADING = 200
"""A longer heading is a paragraph that somebody styled as one; it would swamp the heading path of every chunk below."""

_BLANK_LINES = re.compile(r"[^\S\n]*\n(?:[^\S\n]*\n)+")
_LINE_TAILS = re.compile(r"[^\S\n]+(?=\n)")


@dataclass(frozen=True, slots=True)
class Body:
    """The text of a document and its sections: sorted, disjoint, and between them nothing but white space."""

    text: str
    sections: tuple[Section, ...]
    first_heading: str = ""


@dataclass(slots=True)
class _Open:
    path: tuple[str, ...]
    start: int
    page: int | None
    kind: BlockKind | None  # None: nothing but headings so far


class DocumentBuilder:
    """Appends headings and blocks. Every piece is normalised on its own, and pieces are parted by line feeds.

    A line feed composes with nothing, so the whole is in normal form when the pieces are, and no offset ever moves.
    """

    def __init__(self, limits: LoadLimits = DEFAULT_LIMITS) -> None:
        self.meter = Meter(limits)
        self._pieces: list[str] = []
        self._length = 0
        self._stack: list[tuple[int, str]] = []
        self._open: _Open | None = None
        self._last: BlockKind | None = None
        self._sections: list[Section] = []
        self._first_heading = ""

    @property
    def heading_path(self) -> tuple[str, ...]:
        """The headings that the next block will stand under."""
        return tuple(text for _, text in self._stack)

    def heading(self, level: int, text: str, page: int | None = None) -> None:
        """Open a section under a heading of ``level`` (1 is the highest); its line is part of the section."""
        title = " ".join(nfc(text).split())
        if not title:
            return
        if len(title) > MAX_HEADING:
            self.add(title, page=page)
            return
        while self._stack and self._stack[-1][0] >= level:
            self._stack.pop()
        self._close()
        self._stack.append((level, title))
        self._first_heading = self._first_heading or title
        start = self._append(title, "\n\n")
        self._open = _Open(self.heading_path, start, page, None)
        self._last = None

    def leave(self, level: int) -> None:
        """End all headings of ``level`` and below: what follows does not stand under them."""
        while self._stack and self._stack[-1][0] >= level:
            self._stack.pop()

    def part(self) -> None:
        """End a list or table: what follows is another one, in a section of its own."""
        if self._open is not None and self._open.kind not in (None, "prose"):
            self._close()
            self._last = None

    def add(self, text: str, kind: BlockKind = "prose", page: int | None = None) -> None:
        """Append a block: a paragraph, one list item or one table row. White space around it is dropped.

        Items and rows of one run follow each other line by line; all else is parted by a blank line.
        """
        piece = _LINE_TAILS.sub("", _BLANK_LINES.sub("\n", nfc(text))).strip("\n")
        piece = (piece if kind == "list" else piece.lstrip()).rstrip()
        if not piece:
            return
        section = self._open
        same = section is not None and section.page == page and section.path == self.heading_path
        if not same or section is None or section.kind not in (None, kind):
            self._close()
            section = None
        start = self._append(piece, "\n" if kind != "prose" and self._last == kind and section else "\n\n")
        if section is None:
            self._open = _Open(self.heading_path, start, page, kind)
        else:
            section.kind = kind
        self._last = kind

    def finish(self) -> Body:
        """Return the document's text and sections; the text is empty when nothing was added."""
        self._close()
        return Body("".join(self._pieces), tuple(self._sections), self._first_heading)

    def _append(self, piece: str, separator: str) -> int:
        if self._pieces:
            self._pieces.append(separator)
            self._length += len(separator)
        start = self._length
        self._pieces.append(piece)
        self._length += len(piece)
        self.meter.characters(len(piece))
        return start

    def _close(self) -> None:
        if self._open is not None:
            kind = self._open.kind or "prose"
            self._sections.append(Section(self._open.path, self._open.start, self._length, self._open.page, kind))
            self._open = None
