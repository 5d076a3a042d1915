"""Cuts text into pieces without a sense of grammar: lines, parts of a sentence that is too long, whole characters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from genesis_rag.text.alignment import joins
from genesis_rag.text.patterns import lazy
from genesis_rag.types import Span
from genesis_rag.values import dataclass

CountTokens = Callable[[str], int]

_SAFE_PLACE = lazy(r"(?<=[、。，．,;；:：!?！？・／/)）」』】\]\s])(?=\S)")
_FLAG_LETTERS = lazy("[\U0001f1e6-\U0001f1ff]*$")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text: ``text[start:end]``, and its number of tokens (an upper estimate where it was put together)."""

    start: int
    end: int
    tokens: int


def cut(sentence: str, tokens: int, count_tokens: CountTokens, limit: int) -> list[Piece]:
    """Return ``sentence``, which has ``tokens`` tokens, as pieces of at most ``limit`` without white space around them.

    Only a single character that has more tokens than ``limit`` makes a piece that is too long.
    """
    places = [match.start() for match in _SAFE_PLACE.finditer(sentence)]
    places = [0, *(place for place in places if place and not is_inside(sentence, place)), len(sentence)]
    pieces: list[Piece] = []
    for start, end in pairwise(places):
        count = tokens if end - start == len(sentence) else count_tokens(sentence[start:end])
        atoms = [Piece(start, end, count)]
        if count > limit:
            atoms = list(_sliced(sentence, atoms[0], count_tokens, limit))
        for atom in atoms:
            if pieces and pieces[-1].tokens + atom.tokens <= limit:
                pieces[-1] = Piece(pieces[-1].start, atom.end, pieces[-1].tokens + atom.tokens)
            else:
                pieces.append(atom)
    trimmed = (_trimmed(sentence, piece) for piece in pieces)
    return [piece for piece in trimmed if piece.start < piece.end]


def line_spans(text: str) -> list[Span]:
    """Return the lines of ``text`` that are not blank, without the white space around them."""
    spans, start = [], 0
    for line in text.split("\n"):
        if stripped := line.strip():
            begin = start + line.index(stripped[0])
            spans.append(Span(begin, begin + len(stripped)))
        start += len(line) + 1
    return spans


def whole_characters(text: str, spans: list[Span]) -> list[Span]:
    """Join sentences that meet inside a character of several code points (a full stop with an accent)."""
    whole: list[Span] = []
    for span in spans:
        if whole and whole[-1].end == span.start and is_inside(text, span.start):
            whole[-1] = Span(whole[-1].start, span.end)
        else:
            whole.append(span)
    return whole


def is_inside(text: str, place: int) -> bool:
    """Tell whether a character of several code points goes on at ``place``: marks, joined emoji, flags."""
    if not 0 < place < len(text):
        return False
    if joins(text[place]) or text[place - 1] in "\u200c\u200d":
        return True
    if "\U0001f1e6" <= text[place] <= "\U0001f1ff":
        before = _FLAG_LETTERS.search(text[max(0, place - 64) : place])
        return before is not None and len(before[0]) % 2 == 1
    return False


def _sliced(text: str, whole: Piece, count_tokens: CountTokens, limit: int) -> Iterator[Piece]:
    """Cut a stretch without safe places into pieces of about equal length."""
    start, end = whole.start, whole.end
    size = max(1, (end - start) * limit // whole.tokens)
    while start < end:
        stop = _between_characters(text, start, min(end, start + size), end)
        count = count_tokens(text[start:stop])
        if count > limit and size > 1:
            size = max(1, min(size - 1, size * 3 // 4))
            continue
        yield Piece(start, stop, count)
        start = stop


def _between_characters(text: str, start: int, place: int, end: int) -> int:
    """Return ``place``, or the next place before it (else after it) at which no character is cut in two."""
    back = place
    while start < back < end and is_inside(text, back):
        back -= 1
    if back > start:
        return back
    while place < end and is_inside(text, place):
        place += 1
    return place


def _trimmed(text: str, piece: Piece) -> Piece:
    words = text[piece.start : piece.end]
    start = piece.end - len(words.lstrip())
    return Piece(start, max(start, piece.start + len(words.rstrip())), piece.tokens)
