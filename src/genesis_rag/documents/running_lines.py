"""Running heads, running feet and page numbers of paged documents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genesis_rag.documents.pdf_layout import Line, Page

_Step = tuple[int, bool]

EDGE = 0.13
"""Running lines stand within this part of the page's height from its upper or lower edge."""

OUTERMOST = 3
MIN_PAGES = 3
MAX_HEAD = 100
SHARE = 0.4
"""Of the pages around; heads of left and right pages take turns."""

_NUMBER = re.compile(r"[0-9０-９]+|\b[ivxlcIVXLC]{1,6}\b")
_LAST_NUMBER = re.compile(r"(?:^|\s)([0-9０-９]{1,5})\s*$")
_FIRST_NUMBER = re.compile(r"^\s*([0-9０-９]{1,5})\s+\S")
_PAGE_NUMBER = re.compile(
    r"(?:[-–—‐－~〜・|/p.\s(（\[〔]|page|頁|ページ|of|第)*#(?:[-–—‐－~〜・|/\s)）\]〕]|page|頁|ページ|of|#)*",
    re.IGNORECASE,
)


def without_running_lines(page: Page, around: Sequence[Page], body_size: float) -> tuple[Line, ...]:
    """Return the lines of a page without those that repeat, but for a number, on the pages around it.

    A line that ends with a number which grows by one from page to page is a running head as well, whatever its words:
    they change with the chapter. Lines larger than the body text stay: they are titles that go on from slide to slide.
    """
    own = _edges(page)
    if not own:
        return page.lines
    edges = [(other, _edges(other)) for other in around]
    counts = Counter(key for _, found in edges for key in {key for key, _ in found})
    steps = [{step for _, index in found for step in _steps(other, index)} for other, found in edges]
    enough = max(MIN_PAGES, SHARE * len(around))
    dropped = set()
    for key, index in own:
        line = page.lines[index]
        small = line.size <= 1.2 * body_size and len(line.text) <= MAX_HEAD
        repeated = counts[key] >= enough or _counts_on(_steps(page, index), steps, enough)
        if (small and repeated) or _is_page_number(line, page.number):
            dropped.add(index)
    return tuple(line for index, line in enumerate(page.lines) if index not in dropped)


def _edges(page: Page) -> list[tuple[tuple[bool, str], int]]:
    """Return (upper edge or not, text with numbers masked) and index of the outermost lines."""
    order = sorted(range(len(page.lines)), key=lambda index: -page.lines[index].bottom)
    upper = [index for index in order[:OUTERMOST] if page.lines[index].bottom > (1 - EDGE) * page.height]
    lower = [index for index in order[-OUTERMOST:] if page.lines[index].top < EDGE * page.height]
    found = [((True, _mask(page.lines[index].text)), index) for index in upper]
    return found + [((False, _mask(page.lines[index].text)), index) for index in lower]


def _counts_on(own: Iterable[_Step], around: Sequence[Set[_Step]], enough: float) -> bool:
    """Tell whether enough pages around are numbered in step with a line, one of them at least at a line's end."""
    for step, _ in own:
        in_step = [found for found in around if found & {(step, True), (step, False)}]
        if len(in_step) >= enough and any((step, True) in found for found in in_step):
            return True
    return False


def _steps(page: Page, index: int) -> Iterator[_Step]:
    """Yield how far numbers at the end (True) and the beginning (False) of a line are ahead of the page's number."""
    for pattern, is_end in ((_LAST_NUMBER, True), (_FIRST_NUMBER, False)):
        if match := pattern.search(page.lines[index].text):
            yield int(match[1]) - page.number, is_end


def _mask(text: str) -> str:
    return " ".join(_NUMBER.sub("#", text).split())


def _is_page_number(line: Line, number: int) -> bool:
    """Tell whether a line is nothing but this page's number."""
    digits = re.findall(r"[0-9０-９]+", line.text)
    return bool(digits) and int(digits[0]) == number and bool(_PAGE_NUMBER.fullmatch(_mask(line.text)))
