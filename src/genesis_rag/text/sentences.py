"""Sentences of Japanese and English text as spans."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from genesis_rag.text.abbreviations import (
    BEFORE_NUMBER,
    MULTI_DOT,
    NAMES_WITH_MARK,
    NEVER_LAST,
    SELDOM_LAST,
    SPEECH,
    STARTERS,
)
from genesis_rag.text.lines import blocks
from genesis_rag.text.patterns import lazy
from genesis_rag.types import Span

_MAX_BRACKET = 300
"""A pair of brackets or quotation marks wider than this does not keep its sentences together."""
_MAX_DEPTH = 8

_STOP = lazy(r"[。｡！？!?．.…‥।۔؟]+")
_AFTER_STOP = lazy(r"(?:[」』）)］\]】〕〉》”\"»]|['’](?=[\s\"”)]|$)|(?:\[[0-9]{1,3}(?:[,–-] ?[0-9]{1,3})*\])|\*\*)*")
_URL = lazy(r"(?:https?://|www\.)[!-~]*[A-Za-z0-9/=&#%_-]")
_BRACKET = lazy('[「『（(［\\[【〔〈《“」』）)］\\]】〕〉》”"]')
_CLOSING = dict(zip("」』）)］]】〕〉》”", "「『（(［[【〔〈《“", strict=True))

_JAPANESE = "\u3041-\u3096\u30a0-\u30ff\u3400-\u4dbf\u4e00-\u9fff々"
_IS_JAPANESE = lazy(f"[{_JAPANESE}]")
_KANA_OR_CLOSER = lazy("[ぁ-ゖァ-ヺー」』）)］\\]】]")
_WORD_BEFORE = lazy(r"[A-Za-zＡ-Ｚａ-ｚ0-9][\w.'’&-]*$")
_NEXT_WORD = lazy(r"\s*[\"'“‘(\[「『*_]*(?P<word>\w+)?(?P<stop>\.?)")
# What goes on after a closed quotation: 「…。」と述べた; after a name with a mark: アイカツ！は第, 娘。の新曲.
_QUOTE_GOES_ON = lazy("[とのをはがにでもへや、，,。．・だな」』)）]|って|という|など|から|まで|より|[ \u3000]と")
_NAME_GOES_ON = lazy(
    "[を、，・＆&]|の(?![ちんぞこみどべうけせ])|って|と(?=[いっ言述思問聞叫訊答])|[はにが](?=[\u4e00-\u9fffァ-ヺ0-9０-９A-Za-z、])"
)
_STOP_GOES_ON = lazy("を|の(?=[\u4e00-\u9fffァ-ヺ])")


def sentence_spans(text: str) -> list[Span]:
    """Return the sentences of ``text`` in order: trimmed, not overlapping, covering every character but white space.

    Quotations and brackets up to 300 characters stay whole (「…。」と述べた is one sentence); list items, headings,
    table rows and lines without a full stop are units of their own (see ``lines.blocks`` on newlines).
    """
    spans = []
    for block in blocks(text):
        start = block.start
        ends = () if block.whole else _ends(text[block.body : block.end])
        for end in (*(block.body + end for end in ends), block.end):
            if (span := _trimmed(text, start, end)) is not None:
                spans.append(span)
            start = end
    return spans


def _trimmed(text: str, start: int, end: int) -> Span | None:
    piece = text[start:end]
    stripped = piece.lstrip()
    start = end - len(stripped)
    stripped = stripped.rstrip()
    return Span(start, start + len(stripped)) if stripped else None


def _ends(text: str) -> Iterator[int]:
    """Yield the ends of the sentences of one block but the last."""
    if not _STOP.search(text):
        return
    kept = _kept_together(text)
    starts = [start for start, _ in kept]
    cased = text != text.lower()
    for match in _STOP.finditer(text):
        end = _AFTER_STOP.match(text, match.end()).end()  # type: ignore[union-attr]
        if end >= len(text):
            return
        if (around := bisect_right(starts, match.start()) - 1) >= 0 and kept[around][1] > end:
            continue
        if _is_end(text, match.start(), match.end(), end, cased):
            yield end


def _kept_together(text: str) -> list[tuple[int, int]]:
    """Return the outermost ranges that are not cut: closed brackets and quotations, addresses; sorted."""
    ranges = [match.span() for match in _URL.finditer(text)]
    open_signs: list[tuple[str, int]] = []
    for match in _BRACKET.finditer(text):
        sign, at = match[0], match.start()
        opening = _CLOSING.get(sign)
        if sign == '"':
            opens = at == 0 or text[at - 1].isspace() or text[at - 1] in "(（「["
            opening = None if opens and at + 1 < len(text) and not text[at + 1].isspace() else '"'
        if opening is None:
            open_signs.append((sign, at))
            continue
        for back in range(len(open_signs) - 1, max(-1, len(open_signs) - 1 - _MAX_DEPTH), -1):
            if open_signs[back][0] == opening:
                if at - open_signs[back][1] <= _MAX_BRACKET:
                    ranges.append((open_signs[back][1], at + 1))
                del open_signs[back:]
                break
    outermost: list[tuple[int, int]] = []
    for start, end in sorted(ranges, key=lambda pair: (pair[0], -pair[1])):
        if not outermost or start >= outermost[-1][1]:
            outermost.append((start, end))
        elif end > outermost[-1][1]:
            outermost[-1] = (outermost[-1][0], end)
    return outermost


def _is_end(text: str, start: int, stop: int, end: int, cased: bool) -> bool:
    """Return whether the stop signs ``text[start:stop]``, with closing signs up to ``end``, end a sentence."""
    quoted = any(sign in _CLOSING or sign == '"' for sign in text[stop:end])
    signs = text[start:stop]
    last = signs.rstrip("…‥") or signs
    if quoted and last[-1] != "." and _QUOTE_GOES_ON.match(text, end):
        return False
    if last[-1] in "。｡।۔":
        return quoted or not _STOP_GOES_ON.match(text, end)
    if last[-1] in "！？!?؟":
        return _mark_ends(text, start, end, signs, quoted, cased)
    if last[-1] in "…‥" or signs.endswith(".."):
        return text[end].isspace() and (word := _next_word(text, end)) is not None and not word[:1].islower()
    return _full_stop_ends(text, start, end, cased)


def _mark_ends(text: str, start: int, end: int, signs: str, quoted: bool, cased: bool) -> bool:
    """Decide for an exclamation or question mark."""
    following = text[end]
    if following.isspace():
        word = _next_word(text, end)
        if word and word[:1].islower() and cased:
            return False
        before = _WORD_BEFORE.search(text, max(0, start - 24), start)
        if signs in ("!", "?") and not quoted and before and before[0].lower() in NAMES_WITH_MARK:
            return False
        return not (quoted and _speech_follows(text, end))
    if quoted:
        return not following.isascii() or following in "([\"'"
    if signs.isascii() and (following.isalnum() or following in "&/=%#") and start and text[start - 1].isascii():
        return False
    return not _NAME_GOES_ON.match(text, end)


def _full_stop_ends(text: str, start: int, end: int, cased: bool) -> bool:
    """Decide for a single full stop, narrow or wide."""
    following = text[end]
    before = text[start - 1] if start else " "
    if not following.isspace():
        if _IS_JAPANESE.match(following):
            return bool(_IS_JAPANESE.match(before)) or _long_word_before(text, start)
        if following in "（「『(" or following.isalnum():
            return bool(re.match("[ぁ-ゖ]", before)) and not following.isdecimal()
        return bool(_KANA_OR_CLOSER.match(before)) and not following.isascii()
    word = _next_word(text, end)
    if not word:
        return True
    if word[0].islower() and cased:
        return False
    token = _WORD_BEFORE.search(text, max(0, start - 24), start)
    return token is None or not _abbreviates(token[0].lower(), token[0], word, text, end)


def _abbreviates(token: str, written: str, word: str, text: str, end: int) -> bool:
    """Return whether a word before a full stop is an abbreviation that goes on with ``word``."""
    if token in NEVER_LAST:
        return True
    if token in BEFORE_NUMBER:
        return word[0].isdecimal() or text[end:].lstrip()[:1] in "(（["
    initial = len(written) == 1 and written.isupper()
    if not (initial or token in SELDOM_LAST or MULTI_DOT.fullmatch(token)):
        return False
    following = _NEXT_WORD.match(text, end)
    # "A." may be the next initial.
    is_initial = following is not None and bool(following["stop"]) and len(word) == 1
    return word.lower() not in STARTERS or is_initial


def _next_word(text: str, at: int) -> str | None:
    match = _NEXT_WORD.match(text, at)
    return match["word"] if match else None


def _long_word_before(text: str, start: int) -> bool:
    token = _WORD_BEFORE.search(text, max(0, start - 24), start)
    return token is not None and len(token[0]) >= 4 and token[0].isalpha() and token[0][1:].islower()


def _speech_follows(text: str, end: int) -> bool:
    return any(word in SPEECH for word in re.findall(r"[a-z]+", text[end : end + 40]))
