"""Texts to unit vectors. The one door: ``open_embedder``; a backend's library is imported when it is opened."""

from __future__ import annotations

from pathlib import Path

from genesis_rag.errors import SettingsError
from genesis_rag.protocols import Embedder

BACKENDS = ("static", "hashing")

__all__ = ["BACKENDS", "open_embedder"]


def open_embedder(backend: str, path: Path) -> Embedder:
    """Return the embedder of ``backend`` with the weights at ``path`` (which "hashing" does not use).

    Raises:
        SettingsError: no backend has this name.
        ModelError: the weights are missing, damaged or unusable.
    """
    if backend == "static":
        from genesis_rag.embedding.static import StaticEmbedder

        return StaticEmbedder(path)
    if backend == "hashing":
        from genesis_rag.embedding.hashing import HashingEmbedder

        return HashingEmbedder()
    raise SettingsError(
        f"There is no embedding backend '{backend}'.", f"Known: {', '.join(BACKENDS)}. Correct it in models.toml."
    )
