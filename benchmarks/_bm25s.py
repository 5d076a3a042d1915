"""The reference for keyword search: bm25s over words of SudachiPy (Japanese) or stems of PyStemmer (English).

Several usual ways to make terms are run, and the best of them is the reference.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from genesis_rag.text.normalize import fold

_GRAMMAR = {"助詞", "助動詞", "補助記号", "空白"}
Cut = Callable[[Sequence[str]], list[list[str]]]
K1, B = 1.2, 0.75


def cutters(language: str) -> dict[str, Cut]:
    """Return by name the ways to make terms in a language."""
    return {"ja": _japanese, "en": _english}[language]()


def search(documents: list[list[str]], questions: list[list[str]], k: int) -> tuple[list[list[int]], float]:
    """Return for each question the numbers of the best ``k`` documents, and the seconds it took for one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import bm25s

        engine = bm25s.BM25(k1=K1, b=B, method="lucene")
        engine.index(documents, show_progress=False)
        begin = time.perf_counter()
        found, _ = engine.retrieve(questions, k=k, show_progress=False, n_threads=1)
    return [[int(number) for number in row] for row in found], (time.perf_counter() - begin) / len(questions)


def _japanese() -> dict[str, Cut]:
    from sudachipy import Dictionary, SplitMode

    made: dict[str, Cut] = {}
    for mode_name, mode in (("short units", SplitMode.A), ("long units", SplitMode.C)):
        tokenizer = Dictionary().tokenizer(mode=mode)

        def cut(
            texts: Sequence[str], tokenizer: Any = tokenizer, without: frozenset[str] = frozenset()
        ) -> list[list[str]]:
            return [
                [
                    word.normalized_form()
                    for word in tokenizer.tokenize(fold(text))
                    if not without & {word.part_of_speech()[0]}
                ]
                for text in texts
            ]

        def cut_content(texts: Sequence[str], cut: Any = cut) -> list[list[str]]:
            return list(cut(texts, without=frozenset(_GRAMMAR)))

        made[f"sudachi {mode_name}, all words"] = cut
        made[f"sudachi {mode_name}, no particles, auxiliaries, signs"] = cut_content
    return made


def _english() -> dict[str, Cut]:
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("english")

    def with_stop_words(texts: Sequence[str], stopwords: list[str] | str = "en") -> list[list[str]]:
        options: dict[str, Any] = {"stopwords": stopwords, "stemmer": stemmer, "return_ids": False}
        return list(bm25s.tokenize(list(texts), show_progress=False, **options))

    return {
        "PyStemmer, English stop words left out": with_stop_words,
        "PyStemmer, all words": lambda texts: with_stop_words(texts, []),
    }
