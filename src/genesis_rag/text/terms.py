"""Search terms: what the keyword index stores, what a question asks for, and what a sentence is about.

The default analyser needs no dictionary. It folds the text and makes
- of runs of Japanese characters all pairs (投資計 -> 投資, 資計), of kanji also the single ones (核 is a word);
- of Latin words stems, of numbers plain digits (5,000 -> 5000), of both glued to kanji also the unit (5億, 2026年);
- of names with hyphens, dots and digits their parts and the whole (GPT-4 -> gpt, 4, gpt4);
- of years by era also the western year (令和8年 -> 2026年);
- of neighbouring words a pair, which only ``index_terms`` and ``search_terms`` hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Protocol

from genesis_rag.errors import SettingsError
from genesis_rag.text import stop_words
from genesis_rag.text.eras import FIRST_YEAR
from genesis_rag.text.normalize import fold, search_key
from genesis_rag.text.patterns import lazy
from genesis_rag.text.stemmer import stem
from genesis_rag.types import Span
from genesis_rag.values import dataclass

_HAN = "㐀-䶿一-鿿々〆〇\U00020000-\U000323af"
_HIRAGANA = "ぁ-ゖゝゞ"
_KATAKANA = "ァ-ヺーヽヾヿㇰ-ㇿ"
_LETTER = f"[^\\W_{_HAN}{_HIRAGANA}{_KATAKANA}]"

RUN = lazy(f"[{_HAN}{_HIRAGANA}{_KATAKANA}]+")
WORD = lazy(
    rf"[0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]+)?(?![0-9a-z])|{_LETTER}+(?:(?:[-'._&@]|::){_LETTER}+)*(?:\+\+|\#)?"
)
_RUN_OR_WORD = lazy(f"{RUN.pattern}|{WORD.pattern}")
_SINGLE = lazy(f"[{_HAN}]")
_UNIT = lazy(f"[{_KATAKANA}]+|[{_HAN}]+|{WORD.pattern}")
_COUNTED = lazy(f"(?<![0-9])(?<![0-9],)([0-9][0-9,]*(?:\\.[0-9]+)?)(第|約)?([{_HAN}{_KATAKANA}])")
_ERA_YEAR = lazy("([一-鿿]{2,4})(元|[0-9]{1,2})年")
SENTENCE_END = lazy("[。!?\n]|\\.\\s")
_PARTS = lazy(r"[-'._&@:+#]+")
_LETTERS_OR_DIGITS = lazy(r"[0-9]{2,}|[^\W\d_]{2,}")
_ABBREVIATION = lazy(r"(?:[a-z]\.)+[a-z]")

LONGEST_GAP = 40
"""Words farther apart than this many characters make no pair."""

_MIXED_WEIGHT = 0.3
"""Weight of a pair of one hiragana and another character: a word with its ending or its particle."""
_HIRAGANA_WEIGHT = 0.25
_SINGLE_WEIGHT = 0.5
"""Weight of a kanji that stands in a longer run, where the pairs say more."""
PART_WEIGHT = 0.5
_WEAK_WEIGHT = 0.3
PAIR_WEIGHT = 0.2


@dataclass(frozen=True, slots=True)
class Term:
    """A term and where it stands in the text as given."""

    text: str
    span: Span


class Analyser(Protocol):
    """Makes terms. The same text gives the same terms under the same ``id``."""

    id: str

    def index_terms(self, text: str) -> list[str]:
        """Return every term of ``text`` that can be asked for, with repetitions."""
        ...

    def query_terms(self, question: str) -> list[tuple[str, float]]:
        """Return the distinct terms of a question with weights from 0 (left out) to 1, in the order of the question.

        All of them occur in ``index_terms`` of a text with the same words, and, unless the question is nothing but
        function words, in its ``content_terms``.
        """
        ...

    def search_terms(self, question: str) -> list[tuple[str, float]]:
        """Return what to search the keyword index for: ``query_terms`` and pairs of neighbouring words."""
        ...

    def content_terms(self, text: str) -> list[Term]:
        """Return the terms of ``text`` that say what it is about, with repetitions, by rising start."""
        ...

    def content_set(self, text: str) -> set[str]:
        """Return the distinct terms of ``content_terms``; several times as fast, as nothing is located."""
        ...


def get_analyser(name: str = "bigram") -> Analyser:
    """Return the analyser ``name``: "bigram", or "sudachi" (needs the extra `ja`).

    Raises:
        SettingsError: there is no such analyser.
        MissingExtraError: its library is not installed.
    """
    if name == "bigram":
        return BigramAnalyser()
    if name == "sudachi":
        from genesis_rag.text.terms_sudachi import SudachiAnalyser

        return SudachiAnalyser()
    raise SettingsError(f"There is no term analyser '{name}'.", "Known: bigram, sudachi.")


class BigramAnalyser:
    """The analyser that needs no dictionary; see the head of this module."""

    id = "bigram-1"

    def index_terms(self, text: str) -> list[str]:
        """Return every term of ``text``; see ``Analyser``."""
        key = fold(text)
        terms: list[str] = []
        for run in RUN.findall(key):
            terms += map(str.__add__, run, run[1:])
        terms += _SINGLE.findall(key)
        terms += (term for term, _, _ in counted_numbers(key))
        for words, pair in _units(key):
            terms += words
            if pair:
                terms.append(pair)
        return terms

    def query_terms(self, question: str) -> list[tuple[str, float]]:
        """Return weighted terms; see ``Analyser``. A question of nothing but function words keeps them all."""
        key = fold(question)
        return _weighted(_without_phrases(key), strict=True) or _weighted(key, strict=False)

    def search_terms(self, question: str) -> list[tuple[str, float]]:
        """Return weighted terms and pairs; see ``Analyser``."""
        pairs = dict.fromkeys(_pairs(_without_phrases(fold(question))), PAIR_WEIGHT)
        return [*self.query_terms(question), *pairs.items()]

    def content_terms(self, text: str) -> list[Term]:
        """Return terms with their places; see ``Analyser``."""
        aligned = search_key(text)
        found = sorted(set(_places(aligned.key)), key=lambda place: (place[1], place[2], place[0]))
        return [Term(term, aligned.original(start, end)) for term, start, end in found]

    def content_set(self, text: str) -> set[str]:
        """Return the distinct terms; see ``Analyser``."""
        key = fold(text)
        pairs = {pair for run in RUN.findall(key) for pair in map(str.__add__, run, run[1:])}
        words = set(WORD.findall(key)) - stop_words.ENGLISH
        counted = (term for term, _, _ in counted_numbers(key))
        return (pairs - stop_words.HIRAGANA_FUNCTION).union(_SINGLE.findall(key), counted, *map(word_terms, words))


@lru_cache(maxsize=1 << 16)
def word_terms(word: str) -> tuple[str, ...]:
    """Return the terms of one folded Latin word or number: the whole first, then its parts."""
    if word.isalpha():
        return (stem(word),)
    if word[0].isdecimal() and word.replace(",", "").replace(".", "", 1).isdecimal():
        return (word.replace(",", ""),)
    if _ABBREVIATION.fullmatch(word):
        return (word.replace(".", ""),)
    if word.endswith("'s"):
        return word_terms(word[:-2])
    parts = [part for part in _PARTS.split(word) if part]
    whole = word if word.endswith(("+", "#")) else stem("".join(parts))
    pieces = [piece for part in parts for piece in (part, *_mixed_pieces(part))]
    return tuple(dict.fromkeys((whole, *map(stem, pieces))))


def _mixed_pieces(part: str) -> list[str]:
    """Return the letters and the digits of fy2026 or gpt4, where there are at least two of them."""
    return [] if part.isalpha() or part.isdecimal() else _LETTERS_OR_DIGITS.findall(part)


def counted_numbers(key: str) -> Iterator[tuple[str, int, int]]:
    """Yield (term, start, end) for numbers with a sign of their unit (5億, 2026年), and western years of eras."""
    for match in _COUNTED.finditer(key):
        yield match[1].replace(",", "") + match[3], match.start(), match.end()
    if "年" in key:
        for match in _ERA_YEAR.finditer(key):
            year = _western(match[1], match[2])
            if year:
                yield str(year), match.start(2), match.end(2)
                yield f"{year}年", match.start(2), match.end()


def _western(name: str, number: str) -> int:
    for size in (2, 4):
        if first := FIRST_YEAR.get(name[-size:]):
            return first + (0 if number == "元" else int(number) - 1)
    return 0


def _units(key: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield for every word the terms of a Latin one or a number, and its pair with the word before in the sentence.

    Words are here runs of kanji or of katakana, numbers and Latin words; function words make no pair.
    """
    before, end, counted = "", 0, False
    for match in _UNIT.finditer(key):
        unit, start = match[0], match.start()
        words: tuple[str, ...] = ()
        if unit[0] < "\u3000" or not RUN.match(unit):
            words = word_terms(unit)
            if unit in stop_words.ENGLISH:
                yield words, ""
                continue
            unit = words[0]
        near = before and start - end <= LONGEST_GAP and not (counted and start == end)
        yield words, f"{before} {unit}" if near and not SENTENCE_END.search(key, end, start) else ""
        before, end, counted = unit, match.end(), unit[0].isdecimal()


def _pairs(key: str) -> list[str]:
    return [pair for _, pair in _units(key) if pair]


def _without_phrases(key: str) -> str:
    return stop_words.JAPANESE_PHRASES.sub("\n", key)


def _places(key: str) -> Iterator[tuple[str, int, int]]:
    """Yield (term, start, end) of what a folded text is about."""
    for match in RUN.finditer(key):
        run, at = match[0], match.start()
        for place in range(len(run) - 1):
            pair = run[place : place + 2]
            if pair not in stop_words.HIRAGANA_FUNCTION:
                yield pair, at + place, at + place + 2
    for match in _SINGLE.finditer(key):
        yield match[0], match.start(), match.end()
    for match in WORD.finditer(key):
        if match[0] not in stop_words.ENGLISH:
            for term in word_terms(match[0]):
                yield term, match.start(), match.end()
    yield from counted_numbers(key)


def _weighted(key: str, *, strict: bool) -> list[tuple[str, float]]:
    """Return distinct terms with weights; ``strict`` leaves function words out."""
    weights: dict[str, float] = {}
    for match in _RUN_OR_WORD.finditer(key):
        piece = match[0]
        if RUN.match(piece):
            found = _run_weights(piece, key[match.start() - 1 : match.start()].isdecimal(), strict)
        else:
            found = word_weights(piece, strict)
        for term, weight in found:
            weights[term] = max(weight, weights.get(term, 0.0))
    for term, _, _ in counted_numbers(key):
        weights[term] = 1.0
    return [(term, weight) for term, weight in weights.items() if weight > 0]


def _run_weights(run: str, counted: bool, strict: bool) -> Iterator[tuple[str, float]]:
    for place, sign in enumerate(run):
        if _SINGLE.match(sign):
            around = run[max(0, place - 1) : place] + run[place + 1 : place + 2]
            yield sign, _SINGLE_WEIGHT if (counted and not place) or _SINGLE.search(around) else 1.0
        if pair := run[place : place + 2] if place + 1 < len(run) else "":
            hiragana = sum("ぁ" <= one <= "ゞ" for one in pair)
            if hiragana == 2 and strict and pair in stop_words.HIRAGANA_FUNCTION:
                continue
            yield pair, (1.0, _MIXED_WEIGHT, _HIRAGANA_WEIGHT)[hiragana]


def word_weights(word: str, strict: bool) -> Iterator[tuple[str, float]]:
    """Yield the terms of one folded Latin word or number with their weights in a question."""
    weight = 1.0
    if strict:
        weight = 0.0 if word in stop_words.ENGLISH else _WEAK_WEIGHT if word in stop_words.ENGLISH_WEAK else 1.0
    whole, *parts = word_terms(word)
    yield whole, weight
    for part in parts:
        yield part, weight * PART_WEIGHT
