"""Texts to unit vectors. The one door: ``open_embedder``; a backend's library is imported when it is opened."""

from __future__ import annotations

from pathlib import Path

from genesis_rag.embedding.options import EmbedderOptions
from genesis_rag.errors import SettingsError
from genesis_rag.protocols import Embedder

BACKENDS = ("static", "onnx", "sentence_transformers", "llama_cpp", "openai_server", "hashing")

__all__ = ["BACKENDS", "EmbedderOptions", "open_embedder"]


def open_embedder(backend: str, path: Path, options: EmbedderOptions | None = None) -> Embedder:
    """Return the embedder of ``backend`` with the weights at ``path`` ("hashing" and "openai_server" need none).

    Raises:
        SettingsError: no backend has this name, or an option does not fit.
        MissingExtraError: the backend's library is not installed.
        ModelError: the weights are missing, damaged or unusable.
        BackendError: a server does not answer as it should.
    """
    chosen = options or EmbedderOptions()
    if backend == "static":
        from genesis_rag.embedding.static import StaticEmbedder

        return StaticEmbedder(path)
    if backend == "hashing":
        from genesis_rag.embedding.hashing import HashingEmbedder

        return HashingEmbedder()
    if backend == "onnx":
        from genesis_rag.embedding.onnx import OnnxEmbedder

        return OnnxEmbedder(path, chosen)
    if backend == "sentence_transformers":
        from genesis_rag.embedding.sentence_transformers import SentenceTransformersEmbedder

        return SentenceTransformersEmbedder(path, chosen)
    if backend == "llama_cpp":
        from genesis_rag.embedding.llama_cpp import LlamaCppEmbedder

        return LlamaCppEmbedder(path, chosen)
    if backend == "openai_server":
        from genesis_rag.embedding.openai_server import OpenAIServerEmbedder

        return OpenAIServerEmbedder(chosen)
    raise SettingsError(
        f"There is no embedding backend '{backend}'.", f"Known: {', '.join(BACKENDS)}. Correct it in models.toml."
    )
