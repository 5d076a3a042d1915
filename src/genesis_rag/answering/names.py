"""Which names of a claim its evidence does not have: the same name, its other language's form, or its sound."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from genesis_rag.answering.sounds import same_sound
from genesis_rag.answering.wording import WordMatcher, sounds_alike, words
from genesis_rag.text.known_names import known_words, missing_known_names
from genesis_rag.text.normalize import fold
from genesis_rag.text.numbers import quantities
from genesis_rag.text.patterns import lazy
from genesis_rag.text.stop_words import ENGLISH

_CAPITAL = r"[A-Z][A-Za-z0-9&-]*[A-Za-z0-9]|[a-z]+[A-Z][A-Za-z0-9]*"
_PHRASE = lazy(rf"(?:{_CAPITAL})(?: (?:(?:of|for|the|and|de|von) )*(?:{_CAPITAL}))*")
_WORD = lazy(_CAPITAL)
_HARD = lazy(
    "[A-Za-z0-9]*[A-Z0-9][A-Za-z0-9]*[A-Z0-9][A-Za-z0-9]*|[A-Z][A-Za-z-]*-?[0-9][A-Za-z0-9-]*|[A-Z]?[a-z]+[A-Z][A-Za-z0-9]*"
)
_ROMAJI = lazy(r"(?:(?:[kgsztdnhbpmrfjwy]|sh|ch|ts|ky|gy|ry|ny|hy|my|by|py|kk|tt|ss|pp)?[aiueo]{1,2}|n(?![aiueoy]))+")
_KANJI = lazy("[一-鿿]")
_KANA = lazy("[ぁ-ん]")
_KATAKANA = lazy("[ァ-ヺー]{3,}")
_ORGANISATION = lazy(
    "[一-鿿]{2,}(?:省|庁|大学|機構|研究所|新聞|銀行|県|市|学会|財団|裁判所)|(?<=「)[一-鿿]{1,6}(?=」|NEXT)"
)
_PERSON = lazy("[一-鿿]{2,6}(?=氏|さん|教授|博士|大臣|長官|会長|社長|首相)")
_SENTENCE_START = lazy(r"(?:^|[.!?]\s+|[\"“(]\s*)$")
_NUMBERED = lazy("(?<![A-Za-z0-9.,-])[0-9]+[A-Z][A-Za-z0-9]*(?![a-z])")
_PARTS = lazy("[A-Z]?[a-z]+|[A-Z]{2,}(?![a-z])|[0-9]+")
_FISCAL = lazy("(?:FY|CY)?[0-9-]+s?")
_NEAR, _NEAR_ACROSS = 0.5, 0.35
"""Likeness above which a word is held without being the same: across languages every word has some like by chance."""
# Capitalised, but no names: dates and money are checked as quantities, titles and kinds of text are words like others.
_NO_NAME = frozenset(
    """
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday first second third fourth fifth sixth seventh eighth ninth tenth
    director president minister secretary professor chairman chair prime vice deputy under assistant mr mrs ms dr
    executive order act article section chapter phase area challenge figure table annex part plan law
    ai gpu gpus cpu cpus hpc it pc pcs pdf url web faq mou loi usd jpy eur gbp r&d os
    prefecture city university institute laboratory ministry department office center centre province
    however moreover furthermore therefore meanwhile additionally finally together thus hence instead besides overall
    don won doesn didn isn aren wasn weren hasn haven couldn wouldn shouldn give given gave around
    once let although though because unlike like several many most some few none nobody everyone together yes
    スパコン パソコン タイプ コード コマンド セクション ドキュメント
    """.split()
)


class NameChecker:
    """Looks for the names of claims in their evidence.

    Args:
        matcher: tells how near words of two languages are.
    """

    def __init__(self, matcher: WordMatcher) -> None:
        self._matcher = matcher

    def missing(self, claim: str, evidence: str, *, same_language: bool) -> tuple[str, ...]:
        """Return the names of ``claim`` that ``evidence`` does not have.

        Japanese names in Roman letters against kanji (Kurohashi, 黒橋) cannot be told from others and are let pass.
        """
        known = known_words(claim)
        known |= {part for form in known for part in form.split()}
        lost = [name for name in _japanese_names(claim, same_language) if not any(name in one for one in known)]
        unheld = [name for name in lost if not self._held(name, evidence, same_language)]
        for phrase in _phrases(claim):
            if _KANA.search(claim):  # a Latin word in Japanese text is a name, and is written so in English as well
                unheld += [name for name in phrase if name not in known and not self._written(name, evidence)]
                continue
            unheld += self._of_phrase([name for name in phrase if name not in known], evidence, same_language)
        unheld += [name for name in _numbered(claim) if fold(name) not in fold(evidence)]
        return (*missing_known_names(claim, evidence), *dict.fromkeys(unheld))

    def _of_phrase(self, phrase: list[str], evidence: str, same_language: bool) -> list[str]:
        """Return what is missing of capitalised words in a row.

        Across languages (Statement of Intent, Oak Ridge) one word that is held, or the sound of all, holds the rest.
        """
        missing = [name for name in phrase if not self._held(name, evidence, same_language)]
        soft = [name for name in missing if not _HARD.fullmatch(name)]
        if same_language or not soft:
            return missing
        whole = "".join(phrase)
        sounds = any(same_sound(match[0], whole) for match in _KATAKANA.finditer(evidence))
        if sounds or len(missing) < len(phrase):
            return [name for name in missing if name not in soft]
        return missing

    def _held(self, name: str, evidence: str, same_language: bool) -> bool:
        if fold(name) in fold(evidence) or any(sounds_alike(name, other) for other in words(evidence)):
            return True
        if not same_language:
            plain = name.isascii() and len(name) > 3 and not _HARD.fullmatch(name)
            if plain and _ROMAJI.fullmatch(name.lower()) and _KANJI.search(evidence):
                return True
            if _KATAKANA.fullmatch(name) and any(same_sound(name, whole) for whole in _joined(evidence)):
                return True
        if _HARD.fullmatch(name):
            return self._hard_held(name, evidence, same_language)
        near = float(self._matcher.likeness([name], evidence)[0])
        return near >= (_NEAR if same_language else _NEAR_ACROSS)

    def _written(self, name: str, evidence: str) -> bool:
        return fold(name) in fold(evidence) or self._hard_held(name, evidence, same_language=True)

    def _hard_held(self, name: str, evidence: str, same_language: bool) -> bool:
        """Tell it of acronyms and mixed words: by their initials, without a plural s, or part by part (FugakuNEXT)."""
        singular = name.removesuffix("s")
        if (
            _initials(name, evidence)
            or _initials(singular, evidence)
            or (name != singular and fold(singular) in fold(evidence))
        ):
            return True
        if any(sounds_alike(name, other) for other in words(evidence)):
            return True
        parts = _PARTS.findall(name.replace("-", ""))
        if len(parts) < 2 or not any(part.isalpha() and len(part) > 3 for part in parts):
            return False
        return all(
            not missing_known_names(part, evidence)
            and (part in known_words(part) or self._held(part, evidence, same_language))
            for part in parts
        )


def _japanese_names(claim: str, same_language: bool) -> Iterator[str]:
    patterns = (_KATAKANA, _ORGANISATION, _PERSON) if same_language else (_KATAKANA, _ORGANISATION)
    for pattern in patterns:
        yield from (match[0] for match in pattern.finditer(claim) if match[0] not in _NO_NAME)


def _phrases(claim: str) -> Iterator[list[str]]:
    """Yield the capitalised words of ``claim``, those in a row together; the first of a sentence must look like one."""
    for match in _PHRASE.finditer(claim):
        names = [word for word in _WORD.findall(match[0]) if not _FISCAL.fullmatch(word)]
        names = [word for word in names if word.lower() not in _NO_NAME and words(word)]
        starts = not _KANA.search(claim) and _SENTENCE_START.search(claim, 0, match.start()) is not None
        if starts and names and match[0].startswith(names[0]) and names[0].endswith(("ly", "ing", "s", "ed")):
            names = names if _HARD.fullmatch(names[0]) else names[1:]
        if names:
            yield names


def _joined(evidence: str) -> Iterator[str]:
    """Yield neighbouring capitalised words as one: ロスアラモス is Los Alamos."""
    for match in _PHRASE.finditer(evidence):
        parts = _WORD.findall(match[0])
        yield from (one + other for one, other in pairwise(parts))


def _numbered(claim: str) -> list[str]:
    """Return the words that begin with figures and are no quantity: the 172B of LLM-jp-3 172B, which all texts keep."""
    figures = [quantity.span for quantity in quantities(claim)]
    found = [match for match in _NUMBERED.finditer(claim)]
    return [
        match[0] for match in found if not any(one.start < match.end() and match.start() < one.end for one in figures)
    ]


def _initials(name: str, evidence: str) -> bool:
    """Tell whether an acronym is that of capitalised words in the evidence (Department of Energy), or of any (LLM)."""
    parts = evidence.replace("-", " ").split()
    if not name.isupper() or len(name) < 2:
        return False
    any_case = "".join(word[0] if word.lower() not in ENGLISH else "." for word in parts)
    return name in "".join(word[0] for word in parts if word[0].isupper()) or (
        len(name) > 2 and name in any_case.upper()
    )
