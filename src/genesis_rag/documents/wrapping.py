"""White space and line ends that stand in a file only because of its layout."""

from __future__ import annotations

import re
from collections.abc import Iterable

WIDE = (
    "\u3000-\u303f\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60"
    "\uff61-\uff9f\U00020000-\U000323af"
)
"""Characters of Japanese writing, which puts no spaces between words."""

_JAPANESE = re.compile(f"[{WIDE}]")
_WRAPPED = re.compile(f"(?<=[{WIDE}])[ \\t\\r\\f]*\\n[ \\t\\r\\n\\f]*(?=[{WIDE}])")
_SPACES = re.compile("[ \\t\\r\\n\\f\xa0]+")
_HYPHENATED = re.compile(r"[^\W\d_]{2,}-$")


def squeeze(text: str, line_break: str = "\x1e") -> str:
    """Return text as a browser shows it: white space collapsed, ``line_break`` a line feed.

    A line end between two Japanese characters vanishes, where a browser would show a gap.
    """
    if "\n" in text:
        text = _WRAPPED.sub("", text)
    text = _SPACES.sub(" ", text)
    if line_break in text:
        return "\n".join(part.strip() for part in text.split(line_break)).strip()
    return text.strip()


def join_lines(lines: Iterable[str]) -> str:
    """Return the lines of one paragraph as one line.

    Japanese lines join without a space, others with one; a word hyphenated at a line's end is put together again,
    unless what follows does not begin with a small letter or the word has another hyphen (state-of-the-/art).
    """
    text = ""
    for line in lines:
        text = joined(text, line)
    return text


def joined(first: str, second: str) -> str:
    """Return two pieces of a paragraph as one."""
    first, second = first.rstrip(), second.strip()
    if not first or not second:
        return first or second
    if first[-1] in "\u00ad\ufffe\x02":  # how PDFium marks a hyphen that the layout put in
        return first[:-1] + second
    if _HYPHENATED.search(first) and second[0].islower():
        word = first.rsplit(None, 1)[-1]
        return first + second if "-" in word[:-1] else first[:-1] + second
    japanese = _JAPANESE.match(first[-1]), _JAPANESE.match(second[0])
    if all(japanese) or (any(japanese) and _JAPANESE.search(first) and _JAPANESE.search(second)):
        return first + second
    return f"{first} {second}"
