"""Rewriting a text piece by piece with a map back to the original."""

from __future__ import annotations

import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import field
from functools import lru_cache

from genesis_rag.text.patterns import lazy
from genesis_rag.types import Span
from genesis_rag.values import dataclass


def _no_pieces() -> array[int]:
    return array("I")


@dataclass(frozen=True, slots=True)
class Aligned:
    """A rewritten text with the way back to the original.

    The text is cut into pieces that were rewritten on their own. A piece is either plain (one code point for one) or a
    block such as ｶﾞ -> ガ or ㈱ -> (株), of which any part stands for the whole. Without pieces all is plain.

    Attributes:
        key: the rewritten text.
        length: length of the original.
    """

    key: str
    length: int
    _keys: array[int] = field(default_factory=_no_pieces, repr=False)
    _starts: array[int] = field(default_factory=_no_pieces, repr=False)
    _ends: array[int] = field(default_factory=_no_pieces, repr=False)

    def original(self, start: int, end: int) -> Span:
        """Return the smallest span of the original that covers ``key[start:end]`` (an empty one for an empty range).

        Raises ValueError when the range is not within the key.
        """
        if not 0 <= start <= end <= len(self.key):
            raise ValueError(f"range {start}:{end} is not within a key of length {len(self.key)}")
        if not self._keys:
            return Span(start, end)
        if start == end:
            at = self._bounds(start)[0] if start < len(self.key) else self.length
            return Span(at, at)
        return Span(self._bounds(start)[0], self._bounds(end - 1)[1])

    def _bounds(self, index: int) -> tuple[int, int]:
        """Return the original range of the key's code point at ``index``."""
        piece = bisect_right(self._keys, index) - 1
        start, end = self._starts[piece], self._ends[piece]
        if end:
            return start, end
        start += index - self._keys[piece]
        return start, start + 1

    def occurrences(self, key: str) -> Iterator[Span]:
        """Yield the original spans of all occurrences of ``key``, which must be folded, from left to right."""
        if not key:
            return
        at = self.key.find(key)
        while at >= 0:
            yield self.original(at, at + len(key))
            at = self.key.find(key, at + len(key))


IGNORABLE = lazy(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
"""Default_Ignorable_Code_Point (DerivedCoreProperties.txt): characters that no search key holds."""

# Code points that NFKC and case folding map one to one, and that never change with what stands before them.
_PLAIN = (
    "\x00-\x7f\u00a1-\u00a7\u00a9-\u00ac\u00b0-\u00b3\u00b6\u00b7\u00b9-\u00bb\u00bf-\u00de\u00e0-\u00ff\u2010-\u2016"
    "\u2018-\u2023\u3000-\u3020\u3030\u3041-\u3096\u309d\u309e\u30a0-\u30fe\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff9d"
)
_NOT_PLAIN = lazy(f"[^{_PLAIN}]+")
_ATTACHED = lazy("[゛゜\u180b-\u180d\u180f\u200d\u20e3\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e01ef]")
# Starters that compose with the character before them (NFC_Quick_Check=Maybe, combining class 0).
_COMPOSING = lazy(
    "[\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dcf\u0ddf\u102e\u1161-\u1175\u11a8-\u11c2"
    "\u1b35\U00011127\U0001133e\U00011357\U000114b0\U000114ba\U000114bd\U000115af\U00011930]"
)


@lru_cache(maxsize=4096)
def joins(character: str) -> bool:
    """Return whether a character belongs to the one before it: marks, half-width ﾞ, jamo, variation selectors.

    Before every other character a text can be cut and its parts be normalised alone with the same result.
    """
    if _ATTACHED.match(character):
        return True
    first = unicodedata.normalize("NFKD", character)[0]
    return unicodedata.combining(first) != 0 or bool(_COMPOSING.match(first))


def align(text: str, rewrite: Callable[[str], str]) -> Aligned:
    """Rewrite ``text`` piece by piece and keep the map.

    ``rewrite`` must be local (what it makes of a piece that starts at a character that does not join, and ends before
    one, does not depend on the rest), and map every code point of ``_PLAIN`` to one.
    """
    parts: list[str] = []
    keys, starts, ends = array("I"), array("I"), array("I")
    size = done = 0
    plain_from: int | None = None  # original minus key offset of the open plain piece

    def plain(start: int, part: str) -> None:
        nonlocal size, plain_from
        if plain_from != start - size:
            keys.append(size)
            starts.append(start)
            ends.append(0)
            plain_from = start - size
        parts.append(part)
        size += len(part)

    for match in _NOT_PLAIN.finditer(text):
        start = max(done, match.start() - 1)
        if start > done:
            plain(done, rewrite(text[done:start]))
        for first, last in _segments(text, start, match.end()):
            part = rewrite(text[first:last])
            if len(part) == last - first == 1:
                plain(first, part)
            elif part:
                keys.append(size)
                starts.append(first)
                ends.append(last)
                plain_from = None
                parts.append(part)
                size += len(part)
        done = match.end()
    if done < len(text):
        plain(done, rewrite(text[done:]))
    return Aligned("".join(parts), len(text), keys, starts, ends)


def _segments(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut a range before every character that does not join the one before it; ignorable characters stand alone."""
    segments: list[tuple[int, int]] = []
    for index in range(start, end):
        if segments and joins(text[index]):
            while len(segments) > 1 and IGNORABLE.fullmatch(text, *segments[-1]):
                segments.pop()
            segments[-1] = (segments[-1][0], index + 1)
        else:
            segments.append((index, index + 1))
    return segments
