"""Scores of (question, text) pairs. The one door: ``open_reranker``; a backend's library is imported on opening."""

from __future__ import annotations

from pathlib import Path

from genesis_rag.errors import SettingsError
from genesis_rag.protocols import Reranker
from genesis_rag.reranking.options import RerankerOptions

BACKENDS = ("onnx", "cross_encoder", "server")

__all__ = ["BACKENDS", "RerankerOptions", "open_reranker"]


def open_reranker(backend: str, path: Path, options: RerankerOptions | None = None) -> Reranker:
    """Return the reranker of ``backend`` with the weights at ``path`` ("server" needs none).

    Raises:
        SettingsError: no backend has this name, or an option does not fit.
        MissingExtraError: the backend's library is not installed.
        ModelError: the weights are missing, damaged or unusable.
    """
    chosen = options or RerankerOptions()
    if backend == "onnx":
        from genesis_rag.reranking.onnx import OnnxReranker

        return OnnxReranker(path, chosen)
    if backend == "cross_encoder":
        from genesis_rag.reranking.cross_encoder import CrossEncoderReranker

        return CrossEncoderReranker(path, chosen)
    if backend == "server":
        from genesis_rag.reranking.server import ServerReranker

        return ServerReranker(chosen)
    raise SettingsError(
        f"There is no reranking backend '{backend}'.", f"Known: {', '.join(BACKENDS)}. Correct it in models.toml."
    )
