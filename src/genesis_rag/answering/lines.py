"""Reads the lines of a passage: list items with their markers, table rows, headings, prose."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from genesis_rag.text.patterns import lazy
from genesis_rag.types import Span
from genesis_rag.values import dataclass

LineKind = Literal["blank", "rule", "row", "item", "heading", "prose"]

_BULLET = lazy(r"\s*(?:[-*+–—]+\s+|[•・◆■●○▼◇□▪‣＊▶►✓]+\s*)+(?=\S)")
_NUMBERED = lazy(
    r"\s*(?:[-*+•・]\s+)?(?:\*\*)?(?P<mark>[①-⑳㉑-㉟㊱-㊿⑴-⒇⒈-⒛]|[(（]\d{1,3}[)）]|第?\d{1,3}\s?[.)．）:：](?![\d])|[一二三四五六七八九十]{1,3}[、.．]"
    r"|(?:No\.?|#)\s?\d{1,3}[.:]?(?=\s))\s*(?=\S)"
)
_RULE = lazy(r"\s*\|?[\s:|=_*-]*[-=_*]{2,}[\s:|=_*-]*\|?\s*")
_HEADING = lazy(r"\s*#{1,6}\s+(?=\S)")
_DECORATION = lazy(r"[\s#▲▼>]*(?:(?:[答問][　:：]|[QAＱＡ][0-9]{0,3}[:：])\s*)?")
_SENTENCE_END = lazy(r"[。.!?！？…][」』)）]?\s*$")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a passage.

    ``body`` is the line without indentation, list marker and markdown signs at either end; ``marked`` the same with a
    numbering marker kept (⑧ 先端製造), which is what an answer quotes. Offsets are those of the passage's text.
    """

    kind: LineKind
    start: int
    end: int
    marked: Span
    body: Span
    marker: str
    ordinal: int | None
    indent: int


def read_lines(text: str, headings: frozenset[str] = frozenset()) -> list[Line]:
    """Return the lines of ``text``; a line whose trimmed text is in ``headings`` is a heading."""
    lines = []
    start = 0
    for raw in text.split("\n"):
        lines.append(_line(text, start, start + len(raw), headings))
        start += len(raw) + 1
    return lines


def _line(text: str, start: int, end: int, headings: frozenset[str]) -> Line:
    raw = text[start:end]
    indent = len(raw) - len(raw.lstrip())
    whole = trim(text, start, end)

    def make(kind: LineKind, marked: Span, body: Span, marker: str = "", ordinal: int | None = None) -> Line:
        return Line(kind, start, end, marked, body, marker, ordinal, indent)

    if not raw.strip():
        return make("blank", Span(start, start), Span(start, start))
    if _RULE.fullmatch(raw):
        return make("rule", whole, whole)
    if raw.lstrip().startswith("|") or raw.count("|") >= 2 or raw.count("\t") >= 2:
        return make("row", whole, whole)
    if match := _HEADING.match(raw):
        inner = trim(text, start + match.end(), end)
        return make("heading", inner, inner)
    if raw.strip() in headings:
        return make("heading", whole, whole)
    if match := _NUMBERED.match(raw):
        body = trim(text, start + match.end(), end)
        return make("item", Span(start + match.start("mark"), body.end), body, "#", ordinal_of(match["mark"]))
    if match := _BULLET.match(raw):
        body = trim(text, start + match.end(), end)
        return make("item", body, body, match[0].strip()[:1])
    return make("prose", whole, whole)


def trim(text: str, start: int, end: int) -> Span:
    """Shrink a range by white space, signs such as ▲ and labels such as 答　 at its start, and emphasis around it."""
    match = _DECORATION.match(text, start, end)
    begin = match.end() if match else start
    while end > begin and text[end - 1].isspace():
        end -= 1
    for sign in ("**", "__", "*"):
        inner = len(sign)
        around = text.startswith(sign, begin) and text.endswith(sign, begin, end)
        if around and end - begin > 2 * inner and sign not in text[begin + inner : end - inner]:
            begin, end = begin + inner, end - inner
            break
    return Span(begin, end) if begin < end else Span(start, start)


def ordinal_of(marker: str) -> int | None:
    """Return the number that a list marker stands for: ⑧, (8), 8., 8), 八、, No. 8."""
    folded = unicodedata.normalize("NFKC", marker)
    if digits := re.search(r"\d{1,3}", folded):
        return int(digits[0])
    numeral = re.sub(r"[^一二三四五六七八九十]", "", folded)
    tens, ten, ones = numeral.partition("十")
    digit = {c: i + 1 for i, c in enumerate("一二三四五六七八九")}
    if ten:
        return 10 * digit.get(tens, 1) + digit.get(ones, 0)
    return digit.get(numeral)


def cells(text: str, line: Line) -> list[Span]:
    """Return the cells of a table row that hold words, decoration trimmed."""
    separator = "|" if "|" in text[line.start : line.end] else "\t"
    found = []
    start = line.start
    for raw in text[line.start : line.end].split(separator):
        span = trim(text, start, start + len(raw))
        if any(c.isalnum() for c in span.of(text)):
            found.append(span)
        start += len(raw) + 1
    return found


def cell_ordinal(text: str, cell: Span) -> int | None:
    """Return the item number that a table cell begins with, or None."""
    match = _NUMBERED.match(text[cell.start : cell.end])
    return ordinal_of(match["mark"]) if match else None


def ends_like_sentence(text: str) -> bool:
    """Return whether a line ends as a sentence does (a heading or a lead-in with a colon does not)."""
    return bool(_SENTENCE_END.search(text))
