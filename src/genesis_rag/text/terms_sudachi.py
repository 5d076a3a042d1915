"""Search terms by SudachiPy: the words of a dictionary in their normalised forms (the extra `ja`).

Texts are cut into the longest units of the dictionary (split mode C) and each of these into its shortest (mode A):
国立研究所 gives 国立, 研究, 所 and the whole. Normalised forms make one term of ways of writing (附属 = 付属,
シュミレーション = シミュレーション). Latin words and numbers are read as by the bigram analyser.
"""

from __future__ import annotations

import importlib.metadata
import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from genesis_rag.errors import MissingExtraError
from genesis_rag.text import stop_words
from genesis_rag.text.normalize import fold, search_key
from genesis_rag.text.terms import (
    LONGEST_GAP,
    PAIR_WEIGHT,
    PART_WEIGHT,
    SENTENCE_END,
    WORD,
    Term,
    counted_numbers,
    word_terms,
    word_weights,
)
from genesis_rag.values import dataclass

_LONGEST_PIECE = 4000
"""SudachiPy takes at most 49,149 bytes at a time; a line longer than this many characters is cut."""

_SILENT = frozenset({"補助記号", "空白", "記号"})
_FUNCTION = frozenset({"助詞", "助動詞", "代名詞", "接続詞", "感動詞", "連体詞", "接頭辞"})
_WEAK = frozenset({"副詞", "接尾辞"})
_WEAK_WEIGHT = 0.3
# Normalised forms of verbs and nouns that say nothing by themselves.
_EMPTY = frozenset(
    "為る 居る 有る 成る 出来る 無い 事 物 為 因る 於く 付く 取る 言う 教える 下さる 頂く 仰る 御座る 様 時 所 中 内 等"
    " 達 的".split()
)


@dataclass(frozen=True, slots=True)
class _Morpheme:
    """A word of the dictionary in a folded text; ``part`` is true for the units of a longer one."""

    term: str
    start: int
    end: int
    kind: str
    part: bool
    compound: bool

    @property
    def weight(self) -> float:
        """Return its weight in a question: 0 for function words."""
        if self.kind in _FUNCTION or self.term in _EMPTY:
            return 0.0
        return _WEAK_WEIGHT if self.kind in _WEAK else PART_WEIGHT if self.compound else 1.0


class SudachiAnalyser:
    """The analyser of the extra `ja`; see the head of this module. One object serves any number of threads."""

    id: str

    def __init__(self) -> None:
        try:
            from sudachipy import Dictionary, SplitMode

            versions = [importlib.metadata.version(name) for name in ("sudachipy", "sudachidict-core")]
        except (ImportError, importlib.metadata.PackageNotFoundError) as error:
            raise MissingExtraError("SudachiPy or its dictionary", "ja") from error
        self.id = f"sudachi-1-{versions[0]}-core-{versions[1]}"
        self._dictionary = Dictionary(dict="core")
        self._long, self._short = SplitMode.C, SplitMode.A
        self._local = threading.local()

    def index_terms(self, text: str) -> list[str]:
        """Return every term of ``text``; see ``Analyser``."""
        key = fold(text)
        morphemes = list(self._morphemes(key))
        terms = [morpheme.term for morpheme in morphemes]
        terms += (term for match in WORD.finditer(key) for term in word_terms(match[0]))
        terms += (term for term, _, _ in counted_numbers(key))
        return terms + _pairs(key, morphemes)

    def query_terms(self, question: str) -> list[tuple[str, float]]:
        """Return weighted terms; see ``Analyser``. A question of nothing but function words keeps them all."""
        key = fold(question)
        morphemes = list(self._morphemes(key))
        return _weighted(key, morphemes, strict=True) or _weighted(key, morphemes, strict=False)

    def search_terms(self, question: str) -> list[tuple[str, float]]:
        """Return weighted terms and pairs; see ``Analyser``."""
        key = fold(question)
        # A phrase that is cut out separates the words around it, as in the texts that have it.
        cut = stop_words.JAPANESE_PHRASES.sub(lambda match: "\n" * len(match[0]), key)
        pairs = dict.fromkeys(_pairs(cut, list(_asked(key, self._morphemes(key)))), PAIR_WEIGHT)
        return [*self.query_terms(question), *pairs.items()]

    def content_terms(self, text: str) -> list[Term]:
        """Return terms with their places; see ``Analyser``."""
        aligned = search_key(text)
        found = sorted(self._places(aligned.key), key=lambda place: (place[1], place[2], place[0]))
        return [Term(term, aligned.original(start, end)) for term, start, end in found]

    def content_set(self, text: str) -> set[str]:
        """Return the distinct terms; see ``Analyser``."""
        return {term for term, _, _ in self._places(fold(text))}

    def _places(self, key: str) -> set[tuple[str, int, int]]:
        places = {(m.term, m.start, m.end) for m in self._morphemes(key) if m.weight}
        for match in WORD.finditer(key):
            if match[0] not in stop_words.ENGLISH:
                places.update((term, match.start(), match.end()) for term in word_terms(match[0]))
        places.update(counted_numbers(key))
        return places

    def _tokenizer(self) -> Any:
        """Return the tokenizer of this thread: one must not be used by two at a time."""
        tokenizer = getattr(self._local, "tokenizer", None)
        if tokenizer is None:
            tokenizer = self._local.tokenizer = self._dictionary.tokenizer(mode=self._long)
        return tokenizer

    def _morphemes(self, key: str) -> Iterator[_Morpheme]:
        """Yield the Japanese words of a folded text, long units before their parts."""
        tokenizer = self._tokenizer()
        for start, piece in _pieces(key):
            for whole in tokenizer.tokenize(piece):
                if whole.part_of_speech()[0] in _SILENT or _latin(whole.surface()):
                    continue
                parts = whole.split(self._short)
                yield _morpheme(whole, start, part=False, compound=len(parts) > 1)
                if len(parts) > 1:
                    yield from (_morpheme(part, start, part=True, compound=False) for part in parts)


def _pieces(key: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a folded text with their starts, in a form that has a UTF-8 form."""
    start = 0
    for line in key.splitlines(keepends=True):
        for at in range(0, len(line), _LONGEST_PIECE):
            piece = line[at : at + _LONGEST_PIECE]
            yield start + at, piece.encode("utf-8", "replace").decode() if not piece.isascii() else piece
        start += len(line)


def _latin(surface: str) -> bool:
    """Return whether a word has no Japanese character: such words and numbers are read by their own rules."""
    return all(character < "\u3000" or not character.isalpha() for character in surface)


def _morpheme(found: Any, start: int, *, part: bool, compound: bool) -> _Morpheme:
    kind = found.part_of_speech()[0]
    term = fold(found.normalized_form())
    return _Morpheme(term, start + found.begin(), start + found.end(), kind, part, compound)


def _asked(key: str, morphemes: Iterator[_Morpheme] | list[_Morpheme]) -> Iterator[_Morpheme]:
    """Yield the words of a question outside of phrases such as について教えてください."""
    phrases = [match.span() for match in stop_words.JAPANESE_PHRASES.finditer(key)]
    for morpheme in morphemes:
        if not any(start <= morpheme.start and morpheme.end <= end for start, end in phrases):
            yield morpheme


def _weighted(key: str, morphemes: list[_Morpheme], *, strict: bool) -> list[tuple[str, float]]:
    """Return distinct terms with weights; ``strict`` leaves function words out."""
    weights: dict[str, float] = {}
    for morpheme in _asked(key, morphemes) if strict else morphemes:
        weight = morpheme.weight if strict else 1.0
        weights[morpheme.term] = max(weight, weights.get(morpheme.term, 0.0))
    for match in WORD.finditer(key):
        for term, weight in word_weights(match[0], strict):
            weights[term] = max(weight, weights.get(term, 0.0))
    for term, _, _ in counted_numbers(key):
        weights[term] = 1.0
    return [(term, weight) for term, weight in weights.items() if weight > 0]


def _pairs(key: str, morphemes: list[_Morpheme]) -> list[str]:
    """Return pairs of neighbouring words that say something, within a sentence."""
    words = [(m.start, m.end, m.term) for m in morphemes if not m.compound and m.weight == 1.0]
    for match in WORD.finditer(key):
        if match[0] not in stop_words.ENGLISH:
            words.append((match.start(), match.end(), word_terms(match[0])[0]))
    words.sort()
    pairs = []
    for (_, end, before), (start, _, word) in pairwise(words):
        if 0 <= start - end <= LONGEST_GAP and not SENTENCE_END.search(key, end, start):
            pairs.append(f"{before} {word}")
    return pairs
