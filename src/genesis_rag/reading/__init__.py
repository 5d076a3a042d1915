"""Readers: question and text read together, for relevance and the words that answer. The one door: ``open_reader``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from genesis_rag.errors import SettingsError
from genesis_rag.protocols import Reader
from genesis_rag.reading.options import ReaderOptions
from genesis_rag.reading.relevance import ReadingReranker

BACKENDS = ("onnx",)

__all__ = ["BACKENDS", "ReaderOptions", "ReadingReranker", "open_reader"]


def open_reader(backend: str, path: Path, options: ReaderOptions | None = None) -> Reader:
    """Return the reader of ``backend`` with the weights at ``path``; the one opened last again if it is the same.

    One profile reads with it twice, to put hits into order and to answer.

    Raises:
        SettingsError: no backend has this name.
        MissingExtraError: the backend's library is not installed.
        ModelError: the weights are missing, damaged or unusable.
    """
    if backend == "onnx":
        changed = max((file.stat().st_mtime_ns for file in path.iterdir()), default=0) if path.is_dir() else 0
        return _onnx_reader(path, options or ReaderOptions(), changed)
    raise SettingsError(
        f"There is no reading backend '{backend}'.", f"Known: {', '.join(BACKENDS)}. Correct it in models.toml."
    )


@lru_cache(maxsize=1)
def _onnx_reader(path: Path, options: ReaderOptions, _changed: int) -> Reader:
    from genesis_rag.reading.onnx import OnnxReader

    return OnnxReader(path, options)
