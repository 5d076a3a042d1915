"""Vectors of the texts that were embedded last, in memory: the sentences of one passage answer many questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from genesis_rag.protocols import Embedder, Remote, Vectors

_TEXTS_KEPT = 8192
_LONGEST_TEXT = 4000
"""Characters; longer texts are embedded every time, so that a few of them do not fill the memory."""

Rows = dict[str, NDArray[np.float32]]


class RecentEmbedder:
    """An Embedder that asks ``inner`` only for texts that it has not embedded lately. Threads may share it.

    Args:
        inner: the embedder.
        texts: how many texts are remembered, of questions and of passages each: up to twice as many for a while.
    """

    def __init__(self, inner: Embedder, texts: int = _TEXTS_KEPT) -> None:
        self._inner = inner
        self.fingerprint, self.dim, self.max_tokens = inner.fingerprint, inner.dim, inner.max_tokens
        self._queries = _Recent(inner.embed_queries, inner.dim, texts)
        self._passages = _Recent(inner.embed_passages, inner.dim, texts)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a question."""
        return self._queries(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a passage."""
        return self._passages(texts)

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of ``text``."""
        return self._inner.count_tokens(text)

    def require_healthy(self) -> None:
        """Raise BackendError where ``inner`` needs a server that cannot be reached."""
        if isinstance(self._inner, Remote):
            self._inner.require_healthy()


class _Recent:
    """Rows by text in two halves: a full young half becomes the old one, and what nobody asked for there is dropped."""

    def __init__(self, embed: Callable[[Sequence[str]], Vectors], dim: int, texts: int) -> None:
        self._embed, self._dim, self._size = embed, dim, texts
        self._young: Rows = {}
        self._old: Rows = {}

    def __call__(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self._dim), np.float32)
        young, old = self._young, self._old
        found = {text: row for text in texts if (row := young.get(text, old.get(text))) is not None}
        if missing := list(dict.fromkeys(text for text in texts if text not in found)):
            found.update((text, row.copy()) for text, row in zip(missing, self._embed(missing), strict=True))
        young.update((text, row) for text, row in found.items() if len(text) <= _LONGEST_TEXT)
        if len(young) >= self._size:
            self._young, self._old = {}, young
        return np.stack([found[text] for text in texts])
