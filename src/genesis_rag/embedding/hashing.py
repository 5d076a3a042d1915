"""An embedder without weights: hashed words and character n-grams, so that similar text is near.

It knows no meaning and no translation; tests, tools and fault campaigns use it where real weights would only be slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from genesis_rag.protocols import Vectors
from genesis_rag.text.normalize import fold

# A run of letters and digits of a spaced script, or one character of a script written without spaces.
_UNSPACED = "\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_ONE_UNSPACED = re.compile(f"[{_UNSPACED}]")
_MAX_WORD = 64
_BIGRAM_WEIGHT = 2.0


class HashingEmbedder:
    """Unit vectors of ``dim`` hashed features (signed feature hashing, Weinberger et al. 2009), the same everywhere.

    A token is a word of a spaced script or one Japanese or Chinese character.
    """

    def __init__(self, dim: int = 256, max_tokens: int = 512) -> None:
        if dim < 2 or max_tokens < 1:
            raise ValueError("dim must be at least 2 and max_tokens at least 1")
        self.dim = dim
        self.max_tokens = max_tokens
        self.fingerprint = f"hashing-1-{dim}-{max_tokens}"

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a question."""
        return self._embed(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a passage."""
        return self._embed(texts)

    def count_tokens(self, text: str) -> int:
        """Return the number of words and Japanese characters of ``text``."""
        return sum(1 for _ in _TOKEN.finditer(fold(text)))

    def _embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[:] = self._row(text)
        return rows

    def _row(self, text: str) -> NDArray[np.float64]:
        row = np.zeros(self.dim)
        for feature, weight in _features(self._tokens(text)):
            code = crc32(feature.encode("utf-8", "surrogatepass"))
            row[(code >> 1) % self.dim] += weight if code & 1 else -weight
        length = float(np.linalg.norm(row))
        if length == 0.0:  # no token at all, or features that cancel out
            row[0] = length = 1.0
        return row / length

    def _tokens(self, text: str) -> list[str]:
        tokens: list[str] = []
        for match in _TOKEN.finditer(fold(text)):
            if len(tokens) == self.max_tokens:
                break
            tokens.append(match[0])
        return tokens


def _features(tokens: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Yield (feature, weight): characters and their bigrams for Japanese; words and their trigrams for the rest."""
    before = ""
    for token in tokens:
        if _ONE_UNSPACED.match(token):
            yield token, 1.0
            if before:
                yield before + token, _BIGRAM_WEIGHT
            before = token
            continue
        before = ""
        yield f"<{token}>", 2.0
        framed = f"<{token[:_MAX_WORD]}>"
        share = 1.0 / max(len(framed) - 2, 1)
        for at in range(len(framed) - 2):
            yield framed[at : at + 3], share
