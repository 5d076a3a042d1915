"""What a line of plain text looks like: list item, table row, caption, heading."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_HEADING_WIDTH = 124
"""In half-width columns, so 62 full-width characters: slide titles are long, sentences without a full stop longer."""

_DIGITS = "0-9０-９"
_BULLET = re.compile(r"\s*(?:[-*+–—](?=\s)|[•‣◦▪▸►➢✓✔・･●○◯■□◆◇★☆](?!\s*$))")
_NUMBERED = re.compile(
    rf"\s*(?:[(（][{_DIGITS}]{{1,3}}[)）]|[{_DIGITS}]{{1,3}}(?:[.．](?![{_DIGITS}])|[)）、])(?=\D|$)"
    rf"|[①-⑳㉑-㉟㊱-㊿⑴-⒇⒈-⒛❶-❿]|[(（][a-zA-Zア-ンｱ-ﾝ一二三四五六七八九十ivx]{{1,4}}[)）]"
    rf"|[a-zA-Zア-ン][.．)）](?=\s)|[ivx]{{1,4}}[.)](?=\s))"
)
_DECIMAL = re.compile(rf"\s*((?:[{_DIGITS}]{{1,2}}[.．\-－])+[{_DIGITS}]{{1,2}})[.．]?[\s　]\s*\S")
_TOP_NUMBER = re.compile(
    rf"\s*[{_DIGITS}]{{1,2}}[.．]?[\s　]\s*\S|\s*[{_DIGITS}]{{1,2}}[.．]\S|\s*[IVX]{{1,5}}[.．]\s\S"
)
_ORDINAL = re.compile(rf"\s*([{_DIGITS}]{{1,3}}|[IVX]{{1,5}})(?:[.．)）]|\s)")
_ROW = re.compile(r"\s*(?:[-*]\s+)?\|.*\|\s*$")
_CAPTION = re.compile(
    rf"\s*(?:[▲△▼▽↑↓←→➡⇒※＊*†‡]|(?:図表?|表|写真|出典|資料|注|備考)\s*[{_DIGITS}:：.．)）\-－]"
    r"|(?:Figure|Fig\.|Table|Source|Note|Photo)s?\s*[\d:.])"
)
_CHAPTER = re.compile(
    rf"\s*第\s*[{_DIGITS}〇一二三四五六七八九十百]+\s*(?P<ja>[編部章節款])(?=[\s　:：]|$|[のに]|.{{0,40}}$)"
    r"|\s*(?P<en>PART|CHAPTER|SECTION|APPENDIX|Part|Chapter|Section|Appendix)\s+(?:\d+|[IVXLC]+|[A-Z])\b"
)
_CHAPTER_LEVEL = {"編": 1, "部": 1, "章": 2, "節": 3, "款": 4, "PART": 1, "CHAPTER": 2, "APPENDIX": 2, "SECTION": 3}
_MARKED = re.compile(r"\s*(?P<mark>[■□◆◇●○◎★☆▼▽])\s*\S")
_BRACKETED = re.compile(r"\s*(?:【[^】]+】|《[^》]+》|［[^］]+］|＜[^＞]+＞|〔[^〕]+〕|\*\*[^*]+\*\*)\s*$")
_HASH = re.compile(r" {0,3}(#{1,6})[ \t　]+\S")
_UNDERLINE = re.compile(r" {0,3}(=+|-{3,}|‐{3,}|─{3,}|━{3,}|～{3,})\s*$")
_SENTENCE_END = re.compile(r"[。．.!?！？…、，,;；:：][」』)）”\"]?\s*$")
_SENTENCE_STOP = re.compile(r"[。！？]|[.!?](?:\s|$)")
_UNFINISHED = re.compile(
    r"(?:です|ます|ました|ません|でした|である|であった|だった|している|していた|された|として|により|では|には|とは|[はがをも])\s*$"
    r"|\b(?:a|an|the|as|of|is|are|was|were|and|or|but|with|by|that|which|said)\s*$|^\s*[{\\<>]"
)
_RULE = re.compile(r"[\s\-=_*・.…~～―─━‐+#|:]*")
_CJK = re.compile("[぀-ヿ㐀-鿿ｦ-ﾟ]")
_YEAR = re.compile(
    rf"\s*(?:西暦)?(?:(?:19|20|１９|２０)[{_DIGITS}]{{2}}|(?:令和|平成|昭和|大正|明治)\s*(?:[{_DIGITS}]{{1,2}}|元))\s*年?度?\s*$"
)
_MONTH = re.compile(
    rf"\s*[{_DIGITS}]{{1,2}}\s*月|\s*[{_DIGITS}]{{1,2}}/[{_DIGITS}]{{1,2}}\b"
    r"|\s*(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+\d"
)


class Style(NamedTuple):
    """How a heading is marked: headings of one family are ranked by level, families nest in the order they appear."""

    family: str
    level: int


def is_item(line: str) -> bool:
    """Tell whether a line begins with a bullet or a number."""
    return bool(_BULLET.match(line) or _NUMBERED.match(line)) and not is_row(line) and not is_rule(line)


def is_row(line: str) -> bool:
    """Tell whether a line is a row of a table drawn with bars."""
    return line.count("|") >= 2 and bool(_ROW.match(line))


def is_rule(line: str) -> bool:
    """Tell whether a line is drawn, not written."""
    return bool(_RULE.fullmatch(line))


def is_year(line: str) -> bool:
    """Tell whether a line is nothing but a year, as above the entries of a timeline."""
    return bool(_YEAR.match(line))


def begins_with_month(line: str) -> bool:
    """Tell whether a line begins with a month or a day of a year that stands elsewhere."""
    return bool(_MONTH.match(line))


def underline_level(line: str) -> int:
    """Return 1 or 2 for a line that underlines the one above as a heading, else 0."""
    match = _UNDERLINE.match(line)
    return 0 if not match else 1 if match[1][0] in "=━" else 2


def has_sentence_stop(line: str) -> bool:
    """Tell whether a sentence ends somewhere in a line."""
    return bool(_SENTENCE_STOP.search(line))


def width(line: str) -> int:
    """Return the width of a line in half-width columns."""
    return len(line.strip().encode("cp932", "replace"))  # two bytes for each full-width character, one for any other


def could_be_heading(line: str) -> bool:
    """Tell whether a line is short and worded like a heading: no sentence, no lead-in, no caption, no item or row."""
    if len(line) > MAX_HEADING_WIDTH or not any(map(str.isalnum, line)):
        return False
    if width(line) > MAX_HEADING_WIDTH or _SENTENCE_END.search(line) or _CAPTION.match(line) or is_row(line):
        return False
    if has_sentence_stop(line[:-1]) and not _NUMBERED.match(line):
        return False
    if _UNFINISHED.search(line):
        return False
    if _CJK.search(line):
        return line.count("、") <= 1
    words = line.split()
    return (
        len(words) <= 14 and not words[0][0].islower() and not words[0].startswith(("http:", "https:", "-", "*", "+"))
    )


def strong_style(line: str) -> Style | None:
    """Return the style of a line that is marked as a heading by a sign of its own: #, 第1章, 1.2, ■, 【…】."""
    if match := _HASH.match(line):
        return Style("hash", len(match[1])) if width(line) <= 2 * MAX_HEADING_WIDTH else None
    if not could_be_heading(line):
        return None
    if match := _CHAPTER.match(line):
        return Style("chapter", _CHAPTER_LEVEL[match["ja"] or match["en"].upper()])
    if match := _DECIMAL.match(line):
        return Style("number", len(re.split(r"[.．\-－]", match[1])))
    if _BRACKETED.match(line):
        return Style("bracket", 1)
    if match := _MARKED.match(line):
        return Style("mark " + match["mark"], 1)
    return None


def numbered_style(line: str) -> Style | None:
    """Return the style of "1. Scope" or "1 Scope", which is a heading only if more than a list follows."""
    return Style("number", 1) if _TOP_NUMBER.match(line) and could_be_heading(line) else None


def may_stand_under_number(line: str) -> bool:
    """Tell whether a line can follow "2. Methods" as its text: anything but the next number of the same list."""
    match = _ORDINAL.match(line)
    return match is None or match[1] in "1１"


def heading_words(line: str) -> str:
    """Return a heading line without the signs that mark it."""
    words = _HASH.sub(lambda match: match[0][-1], line).strip()
    if _MARKED.match(words):
        words = words[1:].strip()
    return words.strip("*").rstrip("#").strip() or words
