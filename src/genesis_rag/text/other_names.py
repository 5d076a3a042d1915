"""Names in the other language, as documents give them in brackets: 経済産業省（METI） or the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from genesis_rag.text import stop_words
from genesis_rag.text.normalize import fold
from genesis_rag.text.patterns import lazy

_BRACKETS = lazy(r"[(（]([^()（）\n]{2,80})[)）]")
_CUT = lazy("[()（）\n。]")
_LONGEST = 80
_INNER = lazy("[、,;；:：/／]")
_QUOTES = " 「」『』“”\"'*_|"
_JAPANESE = "ァ-ヺー・㐀-䶿一-鿿々"
_JAPANESE_END = lazy(f"(?:(?<![{_JAPANESE}])[{_JAPANESE}]{{3,30}}|(?<![{_JAPANESE}ぁ-ゖ])[{_JAPANESE}]{{2}})$")
"""Of two signs only where no word runs into it: 利用 of AIの利用 is none."""
_JAPANESE_NAME = lazy(f"[{_JAPANESE}]{{2,30}}")
_CAPITAL = "[A-Z][A-Za-z0-9.&'’-]*"
_LATIN_END = lazy(
    rf"(?<![A-Za-z0-9]){_CAPITAL}(?:\s(?:(?:of|for|and|the|on|in)\s){{0,2}}(?:{_CAPITAL}|[0-9]+(?![0-9])))*$"
)
_LATIN_NAME = lazy(r"(?!.*\b(?:19|20)[0-9]{2}$)[A-Za-z][A-Za-z0-9 .&'’-]+")
"""Not "Dec 2025"."""
_BEFORE_JAPANESE = lazy(f"[{_JAPANESE}]$")

_MOST_PARTNERS = 2
"""What stands in brackets after more different words than this describes them: Aurora（米国）."""
_LEAST_LATIN = 3


def other_names(question: str, texts: Iterable[str]) -> list[str]:
    """Return the names that ``texts`` give, in the other language, for names of the question; in order of finding.

    A pair is a name and, right after it in brackets, one in the other script. The question has the name if it has it
    whole, or the end of it as a word of its own (エネルギー省 of 米国エネルギー省).
    """
    key = fold(question)
    pairs = dict.fromkeys(pair for text in texts for pair in name_pairs(text))
    partners: dict[str, set[str]] = {}
    for outside, inside in pairs:
        partners.setdefault(inside, set()).add(outside[-2:])
    found: dict[str, None] = {}
    for outside, inside in pairs:
        if len(partners[inside]) > _MOST_PARTNERS:
            continue
        if _asked(outside, key):
            found[inside] = None
        elif _asked(inside, key):
            found[outside] = None
    return [name for name in found if fold(name) not in key]


@lru_cache(maxsize=8192)
def name_pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Return (name before brackets, name in them) of a text, one of them in Japanese and the other in Latin letters.

    What was read last is remembered: questions of a topic find the same chunks.
    """
    return tuple(_pairs(text))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for match in _BRACKETS.finditer(text):
        before = _CUT.split(text[max(0, match.start() - _LONGEST) : match.start()])[-1].rstrip(_QUOTES)
        japanese, latin = _JAPANESE_END.search(before), _LATIN_END.search(before)
        for part in _INNER.split(match[1]):
            name = part.strip(_QUOTES)
            if japanese and len(name) >= _LEAST_LATIN and _LATIN_NAME.fullmatch(name):
                yield japanese[0].strip("・"), name
            elif latin and _JAPANESE_NAME.fullmatch(name):
                yield latin[0], name


def _asked(name: str, key: str) -> bool:
    """Tell whether a folded question has the name, or an end of it that stands alone there."""
    folded = fold(name)
    if folded.isascii():
        words = folded.split()
        ends = [" ".join(words[at:]) for at in range(len(words))]
        return any(
            len(end) >= _LEAST_LATIN
            and end.split()[0] not in stop_words.ENGLISH
            and (len(end.split()) > 1 or len(words) == 1)
            and _stands(end, key, latin=True)
            for end in ends
        )
    if len(folded) > 1 and folded in key:
        return True
    return any(_stands(folded[at:], key, latin=False) for at in range(1, len(folded) - 2))


def _stands(end: str, key: str, *, latin: bool) -> bool:
    """Tell whether ``end`` is in the question with no sign of its own script before it, nor, if Latin, after it."""
    at = key.find(end)
    while at >= 0:
        before, after = key[:at][-1:], key[at + len(end) :][:1]
        if not latin:
            if not _BEFORE_JAPANESE.search(before):
                return True
        elif not (before.isascii() and before.isalnum()) and not (after.isascii() and after.isalnum()):
            return True
        at = key.find(end, at + 1)
    return False
