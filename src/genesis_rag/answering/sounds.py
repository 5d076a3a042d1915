"""Whether a katakana word and a Latin one are the same word: アルゴンヌ and Argonne, フュージョン and fusion.

Both are reduced to their consonants in a few classes; vowels, length, doubling, and the difference of voiced and
unvoiced hissing sounds are left out, as katakana writes what is heard and English what was once heard.
"""

from __future__ import annotations

import re
from functools import lru_cache

from genesis_rag.text.patterns import lazy

LIKENESS = 0.8
"""Least likeness (difflib ratio) of two rows of consonants that count as one word."""

_ROWS = {
    "k": "カキクケコ", "g": "ガギグゲゴ", "s": "サシスセソザジズゼゾ", "t": "タチテトダヂデドティ", "ts": "ツヅ",
    "n": "ナニヌネノン", "h": "ハヒフヘホ", "b": "バビブベボヴ", "p": "パピプペポ", "m": "マミムメモ",
    "r": "ラリルレロ",
}  # fmt: skip
_KATAKANA = {character: row for row, characters in _ROWS.items() for character in characters}
_SPELLINGS = (
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("tion|sion", "sn"), ("sch|sh|ch(?=[ei])", "s"), ("ph|f", "h"), ("th", "s"), ("ck|c(?![eiy])|q", "k"),
        ("c(?=[eiy])", "s"), ("g(?=[eiy])", "G"), ("x", "ks"), ("m(?=[pb])", "n"), ("[jz]", "s"), ("v", "b"),
        ("l", "r"), ("d", "t"), ("(?<=[aeiou])r(?![aeiouy])", "r?"), ("wh?|[aeiouy]|h(?=[^aeiou]|$)", ""),
        ("[^a-zG?]", ""),
    )
)  # fmt: skip
_RULES = tuple(_SPELLINGS)
_DOUBLED = lazy(r"(.)\1+")


def same_sound(katakana: str, latin: str) -> bool:
    """Tell whether the two are likely one word. One of two consonants or fewer must fit exactly."""
    heard = _heard(katakana)
    written = [one for one in _written(latin) if one[:1] == heard[:1]]
    if not heard or not written:
        return False
    if len(heard) <= 2:
        return len(katakana) <= 4 and len(latin) <= 6 and heard in written
    from difflib import SequenceMatcher

    return any(SequenceMatcher(None, heard, one).ratio() >= LIKENESS for one in written)


@lru_cache(maxsize=4096)
def _heard(katakana: str) -> str:
    return _DOUBLED.sub(r"\1", "".join(_KATAKANA.get(character, "") for character in katakana))


@lru_cache(maxsize=4096)
def _written(latin: str) -> tuple[str, ...]:
    """Return the consonants: a soft g as either sound, with and without an r that closes a syllable."""
    word = latin.lower()
    for pattern, sound in _RULES:
        word = pattern.sub(sound, word)
    variants = {word.replace("G", soft).replace(r, closing) for soft in "sg" for r, closing in (("?", ""), ("r?", ""))}
    return tuple(sorted(_DOUBLED.sub(r"\1", one) for one in variants))
