"""A first sign of life of an installed model: does it find the right one of three easy texts?

Tokenizers have changed silently between versions of their libraries; files whose hashes are right then still give
vectors that mean nothing. Relations are checked, not numbers, so that any sound model passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genesis_rag.errors import ModelError
from genesis_rag.protocols import Embedder, Reranker

TRIED = ".tried"
_LIBRARIES = ("tokenizers", "transformers", "sentence-transformers", "onnxruntime", "torch", "llama_cpp_python")
Scores = Callable[[str, Sequence[str]], NDArray[np.float32]]

# Question, the text that answers it, and two that do not.
ITEMS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "ja": (
        (
            "日本の首都はどこですか",
            "日本の首都は東京である。",
            "猫は魚を好んで食べる。",
            "会議は三時に始まる。",
        ),
        (
            "量子計算機の誤り訂正",
            "量子計算機では誤り訂正が欠かせない。",
            "雨の日は傘を持って出かける。",
            "駅前に新しい店ができた。",
        ),
        (
            "研究予算はいくらか",
            "研究予算は五億ドルである。",
            "庭の桜が満開になった。",
            "彼は毎朝公園を走る。",
        ),
    ),
    "en": (
        (
            "What is the capital of Japan?",
            "The capital of Japan is Tokyo.",
            "Cats like to eat fish.",
            "The meeting starts at three.",
        ),
        (
            "error correction in quantum computers",
            "Quantum computers need error correction.",
            "Take an umbrella when it rains.",
            "A new shop opened near the station.",
        ),
        (
            "How large is the research budget?",
            "The research budget is 500 million dollars.",
            "The cherry tree is in bloom.",
            "He runs in the park every morning.",
        ),
    ),
}


def once(folder: Path, check: Callable[[], object]) -> bool:
    """Run ``check`` unless it passed before with the same versions of all libraries; tell whether it ran.

    Args:
        folder: the model's folder, where that is remembered.
        check: raises ModelError if the model does not work.
    """
    key = ", ".join(f"{name} {found}" for name in _LIBRARIES if (found := _version(name)))
    with suppress(OSError):
        if (folder / TRIED).read_text(encoding="utf-8") == key:
            return False
    check()
    with suppress(OSError):  # a store that cannot be written to is tried each time
        (folder / TRIED).write_text(key, encoding="utf-8")
    return True


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def check_embedder(name: str, embedder: Embedder, languages: Sequence[str]) -> None:
    """Refuse an embedder that takes a distractor for nearer than the answer.

    Raises:
        ModelError: names the language and the question.
    """

    def scores(question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = embedder.embed_passages(texts) @ embedder.embed_queries([question])[0]
        return found

    _check(name, scores, languages)


def check_reranker(name: str, reranker: Reranker, languages: Sequence[str]) -> None:
    """Refuse a reranker that scores a distractor above the answer.

    Raises:
        ModelError: names the language and the question.
    """
    _check(name, reranker.score, languages)


def _check(name: str, scores: Scores, languages: Sequence[str]) -> None:
    for language in languages or ITEMS:
        for question, *texts in ITEMS.get(language, ()):
            found = scores(question, texts)
            if not (np.isfinite(found).all() and float(found[0]) > float(found[1:].max())):
                raise ModelError(
                    f"Model '{name}' is installed but does not work: for “{question}” it does not prefer “{texts[0]}”.",
                    "Its tokenizer or prefixes do not fit this version of the libraries, or its entry in models.toml "
                    "is wrong. Do not index with it.",
                )
