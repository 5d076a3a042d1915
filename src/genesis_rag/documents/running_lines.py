"""Running heads, running feet and page numbers of paged documents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genesis_rag.documents.pdf_layout import Line, Page

EDGE = 0.13
"""Running lines stand within this part of the page's height from its upper or lower edge."""

OUTERMOST = 3
MIN_PAGES = 3
SHARE = 0.4
"""Of the pages around; heads of left and right pages take turns."""

_NUMBER = re.compile(r"[0-9０-９]+|\b[ivxlcIVXLC]{1,6}\b")
_PAGE_NUMBER = re.compile(
    r"(?:[-–—‐－~〜・|/p.\s(（\[〔]|page|頁|ページ|of|第)*#(?:[-–—‐－~〜・|/\s)）\]〕]|page|頁|ページ|of|#)*",
    re.IGNORECASE,
)


def without_running_lines(page: Page, around: Sequence[Page], body_size: float) -> tuple[Line, ...]:
    """Return the lines of a page without those that repeat, but for a number, on the pages around it.

    Lines larger than the body text stay: they are titles that go on from slide to slide.
    """
    own = _edges(page)
    if not own:
        return page.lines
    counts: dict[tuple[bool, str], int] = {}
    for other in around:
        for key in {key for key, _ in _edges(other)}:
            counts[key] = counts.get(key, 0) + 1
    enough = max(MIN_PAGES, SHARE * len(around))
    dropped = set()
    for key, index in own:
        repeated = counts[key] >= enough and page.lines[index].size <= 1.2 * body_size
        if repeated or _is_page_number(page.lines[index], page.number):
            dropped.add(index)
    return tuple(line for index, line in enumerate(page.lines) if index not in dropped)


def _edges(page: Page) -> list[tuple[tuple[bool, str], int]]:
    """Return (upper edge or not, text with numbers masked) and index of the outermost lines."""
    order = sorted(range(len(page.lines)), key=lambda index: -page.lines[index].bottom)
    upper = [index for index in order[:OUTERMOST] if page.lines[index].bottom > (1 - EDGE) * page.height]
    lower = [index for index in order[-OUTERMOST:] if page.lines[index].top < EDGE * page.height]
    found = [((True, _mask(page.lines[index].text)), index) for index in upper]
    return found + [((False, _mask(page.lines[index].text)), index) for index in lower]


def _mask(text: str) -> str:
    return " ".join(_NUMBER.sub("#", text).split())


def _is_page_number(line: Line, number: int) -> bool:
    """Tell whether a line is nothing but this page's number."""
    digits = re.findall(r"[0-9０-９]+", line.text)
    return bool(digits) and int(digits[0]) == number and bool(_PAGE_NUMBER.fullmatch(_mask(line.text)))
