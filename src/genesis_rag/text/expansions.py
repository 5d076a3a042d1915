"""What abbreviations stand for: whether a text writes one out, as in "the Statement of Intent (SOI)".

After Schwartz and Hearst (2003), A Simple Algorithm for Identifying Abbreviation Definitions in Biomedical Text: the
letters of the short form occur in order in the long one. Stricter, as the long form may stand anywhere in the text:
every word but small ones gives at least one letter, from its beginning or from a capital.
"""

from __future__ import annotations

import re
from functools import lru_cache

from genesis_rag.text.patterns import lazy

_ABBREVIATION = lazy(r"(?<![A-Za-z])(?=[A-Za-z]*[A-Z][A-Za-z]*[A-Z])[A-Z][A-Za-z]{1,9}(?![a-z])")
_WORD = lazy(r"[A-Za-z][A-Za-z'’]*")
_SENTENCE = lazy(r"[。\n]|(?<=[.!?])\s")
_SMALL = frozenset("a an and as at by for from in of on or the to with".split())
_SHORT = 3
"""Letters of a word that may give one from within, as AI in Generative AI Accelerator Challenge (GENIAC)."""
_LONG_JA = "[ァ-ヺー・一-鿿々]{3,}"
_LONG_EN = r"(?:[A-Z][\w'’-]*,?\s+(?:(?:of|the|for|and|in|on|to)\s+)*)+[A-Z][\w'’-]*"


def abbreviations(text: str) -> list[str]:
    """Return the Latin words of ``text`` with at least two capitals, such as SOI and AmSC, each once."""
    return list(dict.fromkeys(_ABBREVIATION.findall(text)))


@lru_cache(maxsize=4096)
def writes_out(short: str, text: str) -> bool:
    """Return whether ``text`` says what ``short`` stands for, in one of its sentences."""
    named = short in text
    if named and _bracketed(short).search(text):
        return True
    return any(_initials(short, sentence, named=named) for sentence in _SENTENCE.split(text))


@lru_cache(maxsize=256)
def _bracketed(short: str) -> re.Pattern[str]:
    """Return the pattern of a long form right before or behind the short one, one of both in brackets."""
    this = rf"(?<![A-Za-z]){short}(?![A-Za-z])"
    behind = rf"{this}\s?[（(](?:the\s)?(?:{_LONG_JA}|{_LONG_EN})"
    return re.compile(rf"(?:{_LONG_JA}[」』]?|{_LONG_EN})\s?[（(](?:以下、?)?[「“\"]?{this}|{behind}")


def _initials(short: str, sentence: str, *, named: bool) -> bool:
    """Return whether words in a row spell ``short``; unless it stands beside them, they must be capitalised."""
    words = [word for word in _WORD.findall(sentence) if word != short]
    letters = short.casefold()
    for start, word in enumerate(words):
        if (
            word[0].casefold() == letters[0]
            and (length := _spelled(letters, words[start : start + 2 * len(short)])) > 0
        ):
            used = [one for one in words[start : start + length] if one not in _SMALL]
            if len(used) > 1 and (named or all(one[0].isupper() for one in used)):
                return True
    return False


def _spelled(letters: str, words: list[str]) -> int:
    """Return how many words, from the first, spell all of ``letters``; -1 if they don't."""
    if not letters:
        return 0
    if not words:
        return -1
    for taken in _parts(letters, words[0]):
        rest = _spelled(letters[taken:], words[1:])
        if rest >= 0:
            return 1 + rest
    if words[0] in _SMALL and len(words) > 1:
        rest = _spelled(letters, words[1:])
        return -1 if rest < 0 else 1 + rest
    return -1


def _parts(letters: str, word: str) -> list[int]:
    """Return how many of the first ``letters`` the word may give, fewest first."""
    folded = word.casefold()
    found: set[int] = set()
    if word.isupper() and len(word) > _SHORT:  # itself an abbreviation, of other words
        letters = letters[:1]
    for at, letter in enumerate(word):
        if at == 0 or (letter.isupper() and len(word) <= _SHORT):
            most = 0
            while most < len(letters) and at + most < len(folded) and folded[at + most] == letters[most]:
                most += 1
            found.update(range(1, most + 1))
    return sorted(found)
