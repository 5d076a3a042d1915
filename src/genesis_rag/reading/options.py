"""What can be said about how a reader runs."""

from __future__ import annotations

from genesis_rag.values import dataclass


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """How a reader runs.

    Attributes:
        file: the graph inside the folder; empty for the usual names.
        device: "auto", "cpu" or "cuda".
        threads: threads to compute with; 0 for as many as there are processors.
        question, title, window: most tokens of each part of an input; a longer text is read window by window.
    """

    file: str = ""
    device: str = "auto"
    threads: int = 0
    question: int = 48
    title: int = 24
    window: int = 160
