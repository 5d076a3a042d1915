"""Terms that a question does not hold but means: other spellings of its words, other languages' names of its names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from genesis_rag.retrieval.searchable import Searchable
from genesis_rag.text import stop_words
from genesis_rag.text.known_names import other_forms
from genesis_rag.text.normalize import fold
from genesis_rag.text.other_names import other_names
from genesis_rag.text.spelling import katakana_runs, katakana_variants, slips
from genesis_rag.text.terms import WORD, Analyser

Weighted = Sequence[tuple[str, float]]

SLIP_WEIGHT = 0.6
VARIANT_WEIGHT = 0.5
NAME_WEIGHT = 0.5
"""Weights beside those of the question's own terms, set by hand and not fitted."""

_MOST_UNKNOWN = 4
"""Words of a question that are looked up in other spellings; more of them are no slips but another language."""
_MOST_SPELLINGS = 3
_MOST_NAMES = 8


def spelling_terms(index: Searchable, analyser: Analyser, question: str, own: Weighted) -> list[tuple[str, float]]:
    """Return terms that the index has for words of the question that it has not; see ``text.spelling``.

    A word that the index knows costs one look-up, an unknown one about 54 a letter.
    """
    key = fold(question)
    unknown = [word for word in dict.fromkeys(WORD.findall(key)) if _unknown(index, analyser, word)]
    added: dict[str, float] = {}
    for word in unknown[:_MOST_UNKNOWN]:
        terms = dict.fromkeys(term for slip in slips(word) for term, _ in analyser.query_terms(slip)[:1])
        known = [(count, term) for term in terms if (count := index.document_frequency(term))]
        for _, term in sorted(known, key=lambda one: (-one[0], one[1]))[:_MOST_SPELLINGS]:
            added[term] = SLIP_WEIGHT
    for run in katakana_runs(key):
        if all(index.document_frequency(term) for term, _ in analyser.query_terms(run)):
            continue
        for term in (term for variant in katakana_variants(run) for term, _ in analyser.query_terms(variant)):
            if index.document_frequency(term):
                added.setdefault(term, VARIANT_WEIGHT)
    return _beside(own, added)


def name_terms(analyser: Analyser, question: str, texts: Iterable[str], own: Weighted) -> list[tuple[str, float]]:
    """Return the terms of the other language's names for what the question names, from ``texts`` and from our table."""
    added: dict[str, float] = {}
    for name in [*other_names(question, texts), *other_forms(question)][:_MOST_NAMES]:
        for term, weight in analyser.search_terms(name):
            added[term] = max(NAME_WEIGHT * weight, added.get(term, 0.0))
    return _beside(own, added)


def _beside(own: Weighted, added: dict[str, float]) -> list[tuple[str, float]]:
    known = {term for term, _ in own}
    return [(term, weight) for term, weight in added.items() if term not in known]


def _unknown(index: Searchable, analyser: Analyser, word: str) -> bool:
    if word in stop_words.ENGLISH or not word.isalpha() or not word.isascii():
        return False
    return not any(index.document_frequency(term) for term, _ in analyser.query_terms(word)[:1])
