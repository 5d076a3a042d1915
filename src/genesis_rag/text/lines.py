"""Which lines of a text belong together: paragraphs wrapped by hand or by a PDF, list items, headings, table rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from genesis_rag.text.patterns import lazy
from genesis_rag.values import dataclass

LineKind = Literal["blank", "row", "rule", "heading", "item", "prose"]

_RULE = lazy(r"[^\w]*")
_HEADING = lazy(r"#{1,6}\s|\*\*[^*]+\*\*[:：]?$|【[^】]{1,40}】$|[＜<〈《][^＞>〉》]{1,40}[＞>〉》]$")
_ITEM = lazy(
    r"(?:[-*+–—>]\s+|[・•‣◦●○◎◆◇■□▪▫▲△▼▽►▶▷★☆※＊✓✔➢➤]+\s*|[①-⑳㉑-㊿❶-❿⑴-⒇⒈-⒛ⓐ-ⓩⒶ-Ⓩ]\s*"
    r"|[(（][0-9０-９]{1,3}[)）]\s*|[0-9０-９]{1,3}(?:[)）]\s*|[.．]\s+|[.．](?=[^\s\x00-\x7f])(?![０-９]))"
    r"|[(（]?[ア-ンa-zA-Z一二三四五六七八九十][)）]\s*|[ア-ン][.．、]\s*|[一二三四五六七八九十]{1,3}[、．.]\s*|[a-zA-Z][.．]\s+"
    r"|(?=[IVXivx])[IVX]{0,5}[ivx]{0,5}[.)]\s+|第[0-9０-９一二三四五六七八九十百]{1,5}[章節条項編部]\s*|(?:No\.?|#)\s?[0-9]{1,3}[.:]?\s+"
    r"|[QＱAＡ][0-9０-９]{0,3}[.:：．]\s*|【[^】]{1,40}】\s*|[＜〈《][^＞〉》]{1,40}[＞〉》]\s*|[(（]?注[0-9０-９]*[)）:：]\s*)+"
)
_FENCE = lazy(r"(```|~~~)")
_WIDE = lazy("[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]")

_ENDED = lazy(
    r"(?:[。．｡！？!?।۔؟:：]|(?<![A-Z])(?<!\b[DMS]r)(?<!\bMrs)(?<!\bMs)(?<!\bProf)(?<!\bvs)\.)[\"'”’」』)）\]】*_]*$"
)
_GOES_ON = lazy(
    r"[、，,;；・/／&＆＝=（(「『“‐-]$|(?:[をにへはがや]|(?<!も)の|(?<!こ)(?<!も)(?<!ひ)と|および|及び|並びに|ならびに|又は|または|かつ)$"
    r"|\b(?:and|or|of|the|to|for|in|an?|with|by|on|from|at|as|that|which|is|are|was|were|its|their)$"
)
_CONTINUES = lazy(r"[、。，．,.)）」』】ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮをん]")
_WRAPPED_COLUMNS = 48


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its newline; ``body`` is where the text after indentation and list marker begins."""

    kind: LineKind
    start: int
    end: int
    body: int
    columns: int


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one unit; no sentence crosses its ends. ``whole`` ones (rows, headings, rules) are not cut further."""

    start: int
    end: int
    body: int
    whole: bool


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of ``text`` in order; together they hold every line that is not blank.

    A blank line, a list marker, a heading and a table row always begin a new block. A single newline is inside a
    paragraph when the sentence visibly goes on: the line ends with a comma, a particle or a function word, the next
    begins in lower case or with a closing sign, a list item is followed by a deeper indented line, or the line is
    about as long as the longest of the paragraph (wrapped text). Lines of code between fences are blocks of their own.
    """
    paragraph: list[Line] = []
    for line in _lines(text):
        if line.kind == "blank":
            yield from _joined(text, paragraph)
            paragraph = []
        else:
            paragraph.append(line)
    yield from _joined(text, paragraph)


def _lines(text: str) -> Iterator[Line]:
    start = 0
    fence = ""
    for raw in text.split("\n"):
        end = start + len(raw)
        line = _line(text, start, end)
        if match := _FENCE.match(raw.lstrip()):
            # A fence that is never closed is no fence.
            if fence == match[1]:
                fence = ""
            elif not fence and text.find("\n" + match[1], end) >= 0:
                fence = match[1]
        elif fence and line.kind != "blank":
            line = Line("rule", start, end, line.body, 0)
        yield line
        start = end + 1


def _line(text: str, start: int, end: int) -> Line:
    raw = text[start:end]
    stripped = raw.strip()
    if not stripped:
        return Line("blank", start, end, end, 0)
    body = start + raw.index(stripped[0])
    columns = len(stripped) + (0 if raw.isascii() else len(_WIDE.findall(stripped)))
    if stripped[0] == "|" or stripped.count("|") >= 2 or stripped.count("\t") >= 2:
        return Line("row", start, end, body, columns)
    if _RULE.fullmatch(stripped):
        return Line("rule", start, end, body, columns)
    if _HEADING.match(stripped):
        return Line("heading", start, end, body, columns)
    if (match := _ITEM.match(text, body, end)) and match.end() > body:
        return Line("item", start, end, min(match.end(), end), columns)
    return Line("prose", start, end, body, columns)


def _joined(text: str, paragraph: list[Line]) -> Iterator[Block]:
    """Yield the blocks of consecutive lines none of which is blank."""
    if not paragraph:
        return
    widest = max((line.columns for line in paragraph if line.kind in ("prose", "item")), default=0)
    first = previous = paragraph[0]
    for line in paragraph[1:]:
        if not _same_block(text, first, previous, line, widest):
            yield Block(first.start, previous.end, first.body, first.kind not in ("prose", "item"))
            first = line
        previous = line
    yield Block(first.start, previous.end, first.body, first.kind not in ("prose", "item"))


def _same_block(text: str, first: Line, previous: Line, line: Line, widest: int) -> bool:
    if line.kind != "prose" or previous.kind not in ("prose", "item"):
        return False
    above = text[previous.start : previous.end].rstrip()
    if _ENDED.search(above):
        return False
    if _GOES_ON.search(above) or _CONTINUES.match(text, line.body):
        return True
    if first.kind == "item" and line.body - line.start > _indent(text, first):
        return True
    if text[line.body].islower() and above[-1].isascii() and " " in above.strip():
        return True
    return widest >= _WRAPPED_COLUMNS and previous.columns >= 0.8 * widest


def _indent(text: str, line: Line) -> int:
    raw = text[line.start : line.end]
    return len(raw) - len(raw.lstrip())
