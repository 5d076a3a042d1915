"""Embedding models as GGUF files in llama.cpp.

llama-cpp-python cuts a text silently at ``n_batch`` (512 by itself), so batch and context have one size here; and one
``Llama`` used from two threads crashes the process, so calls take turns.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from genesis_rag.embedding.gguf_header import read_header
from genesis_rag.embedding.options import EmbedderOptions
from genesis_rag.embedding.rows import CHARACTERS_A_TOKEN, batches, checked_dim, clean, fingerprint, unit_rows
from genesis_rag.errors import BackendError, MissingExtraError, ModelError
from genesis_rag.gguf_file import require_gguf
from genesis_rag.protocols import Vectors

_DEFAULT_MAX_TOKENS = 2048
_POOLING = {"": -1, "mean": 1, "cls": 2, "last": 3}
_HINT = "Give the path of a GGUF file of an embedding model."


class LlamaCppEmbedder:
    """The Embedder over one GGUF file.

    Raises:
        MissingExtraError: llama-cpp-python is not installed.
        ModelError: the file is missing, not a GGUF file, damaged, or too big for the memory.
    """

    def __init__(self, path: Path, options: EmbedderOptions) -> None:
        if find_spec("llama_cpp") is None:
            raise MissingExtraError("llama-cpp-python", "llama")
        require_gguf(path, _HINT)
        self._options = options
        self._lock = threading.Lock()
        trained, pools = _said(path)
        self.max_tokens = min(options.max_tokens or _DEFAULT_MAX_TOKENS, trained)
        # A model made for writing says nothing of pooling; by itself it has a vector a token, not one for a text.
        chosen = options if options.pooling or pools else replace(options, pooling="mean")
        self._llama = _load(path, chosen, self.max_tokens)
        self.dim = checked_dim(options.dim, int(self._llama.n_embd()), str(path))
        facts = (options.pooling, options.query_prefix, options.passage_prefix, self.max_tokens, self.dim)
        self.fingerprint = fingerprint("gguf", (path,), *facts)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a question."""
        return self._embed(texts, self._options.query_prefix or "")

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a passage."""
        return self._embed(texts, self._options.passage_prefix or "")

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of ``text``, uncut."""
        with self._lock:
            return len(self._llama.tokenize(clean(text).encode(), add_bos=False, special=False))

    def close(self) -> None:
        """Free the model's memory."""
        with self._lock:
            self._llama.close()

    def _embed(self, texts: Sequence[str], prefix: str) -> Vectors:
        rows = np.zeros((len(texts), self.dim), np.float32)
        cut = [clean(prefix + text[: self.max_tokens * CHARACTERS_A_TOKEN]) for text in texts]
        for places in batches([len(one) for one in cut], self._options.batch):
            with self._lock:
                for at in places:  # one by one: a batch shares the context, and quantised ones change with neighbours
                    rows[at] = self._row(cut[at])
        return rows

    def _row(self, text: str) -> Any:
        if not self._llama.tokenize(text.encode()):
            return unit_rows(np.zeros((1, self.dim), np.float32), self.dim)[0]
        try:
            found = self._llama.embed(text)
        except (RuntimeError, ValueError) as error:
            raise BackendError(f"llama.cpp failed: {error}", "Try again; if it stays, try another model.") from error
        return unit_rows(np.asarray([found], np.float32), self.dim)[0]


def _said(path: Path) -> tuple[int, bool]:
    """Return for how many tokens the model was made, and whether the file says how to pool."""
    header = read_header(path)
    kind = header.get("general.architecture", "")
    length = header.get(f"{kind}.context_length")
    return length if isinstance(length, int) and length > 0 else _DEFAULT_MAX_TOKENS, f"{kind}.pooling_type" in header


def _load(path: Path, options: EmbedderOptions, tokens: int) -> Any:
    return _opened(
        path,
        embedding=True,
        n_ctx=tokens,
        n_batch=tokens,
        n_ubatch=tokens,
        pooling_type=_POOLING[options.pooling],
        n_gpu_layers=0 if options.device == "cpu" else -1,
        n_threads=options.threads or None,
    )


def _opened(path: Path, **arguments: Any) -> Any:
    from llama_cpp import Llama

    try:
        return Llama(model_path=str(path), verbose=False, **arguments)
    except (ValueError, RuntimeError, MemoryError) as error:
        raise ModelError(
            f"llama.cpp cannot load {path.name}: {error}".rstrip(". ") + ".",
            "The file may be cut off (compare its size with the source), of a newer kind, or too big for the memory.",
        ) from error
