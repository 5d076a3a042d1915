"""An embedder that is opened when it is first asked: what few questions need must not slow the others down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from genesis_rag.protocols import Embedder, Vectors


class LaterEmbedder:
    """The Embedder that ``opening`` returns; two threads that are the first may both open it, and one stays.

    Args:
        opening: opens it, and raises what cannot be opened to whoever asks.
    """

    def __init__(self, opening: Callable[[], Embedder]) -> None:
        self._opening = opening

    @cached_property
    def _inner(self) -> Embedder:
        return self._opening()

    @property
    def fingerprint(self) -> str:
        """The one of the embedder."""
        return self._inner.fingerprint

    @property
    def dim(self) -> int:
        """Numbers of a vector."""
        return self._inner.dim

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that are read."""
        return self._inner.max_tokens

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a question."""
        return self._inner.embed_queries(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a passage."""
        return self._inner.embed_passages(texts)

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of ``text``."""
        return self._inner.count_tokens(text)
