"""What must hold of a GGUF file before llama.cpp is started over it, for writing and for embedding alike."""

from __future__ import annotations

import os
from pathlib import Path

from genesis_rag.errors import ModelError

_MAGIC = b"GGUF"


def require_gguf(path: Path, hint: str) -> None:
    """Refuse a file that is missing, of another kind, or larger than the memory.

    Args:
        path: the file.
        hint: what to do where it is missing or of another kind.

    Raises:
        ModelError: says which.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise ModelError(f"The model {path} cannot be read: {error.strerror or error}.", hint) from error
    if head != _MAGIC:
        raise ModelError(f"{path} is not a GGUF file.", hint)
    size, memory = path.stat().st_size, _memory()
    if memory and size > memory:
        raise ModelError(
            f"{path.name} has {size / 1e9:.1f} GB, and this machine has {memory / 1e9:.1f} GB of memory.",
            "Choose a smaller model or a stronger quantisation, such as Q4_K_M.",
        )


def _memory() -> int:
    """Return the bytes of memory of this machine; 0 where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0
