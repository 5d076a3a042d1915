"""A reader as a reranker."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genesis_rag.protocols import Reader


class ReadingReranker:
    """The Reranker that scores a text by its most relevant window."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @property
    def fingerprint(self) -> str:
        """The reader's."""
        return self._reader.fingerprint

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32[n], one score (a logit) a text. The first line of a text of several is taken for its title."""
        found = self._reader.read(question, [_parted(text) for text in texts])
        return np.array([max(window.relevance for window in windows) for windows in found], np.float32)


def _parted(text: str) -> tuple[str, str]:
    title, line_end, rest = text.partition("\n")
    return (title, rest) if line_end and rest.strip() else ("", text)
