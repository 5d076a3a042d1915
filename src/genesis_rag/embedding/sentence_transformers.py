"""Embedding models in sentence-transformers (torch) on CPU, CUDA or MPS.

Prefixes are given on every call, as `encode_query` adds nothing for a model that stores none. Weights are read from
safetensors only, and no code that comes with a model is run.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from genesis_rag.embedding.folder import completed
from genesis_rag.embedding.options import EmbedderOptions
from genesis_rag.embedding.rows import CHARACTERS_A_TOKEN, checked_dim, clean, fingerprint, unit_rows
from genesis_rag.errors import BackendError, MissingExtraError, ModelError, SettingsError
from genesis_rag.protocols import Vectors

_REPAIR = "Fetch the model again (genesis-rag models pull), or correct its entry in models.toml."
_CPU_BATCH = 8
"""On a processor larger batches gain nothing and cost padding; see docs/decisions.md."""
_POOL_FROM = 1024
"""Texts from which on it pays to send them to the processes of several devices."""


class SentenceTransformersEmbedder:
    """The Embedder over a folder of sentence-transformers. Threads may share it: they take turns.

    With several devices ("cuda:0,cuda:1") large calls are spread over one process a device.

    Raises:
        MissingExtraError: sentence-transformers is not installed.
        ModelError: the folder is missing, damaged, of an unknown architecture, or too big for the memory.
        SettingsError: the wanted device is not there.
    """

    def __init__(self, folder: Path, options: EmbedderOptions) -> None:
        if find_spec("sentence_transformers") is None or find_spec("torch") is None:
            raise MissingExtraError("sentence-transformers", "torch")
        self._options = completed(options, folder)
        self._devices = _devices(options.device)
        self._batch = min(options.batch, _CPU_BATCH) if self._devices[0] == "cpu" else options.batch
        self._lock = threading.Lock()
        self._pool: dict[str, Any] | None = None
        self._model = _load(folder, self._devices[0], options.threads)
        said = self._model.get_max_seq_length()
        self.max_tokens = min(self._options.max_tokens, said) if isinstance(said, int) else self._options.max_tokens
        self._model.max_seq_length = self.max_tokens
        full = int(self._model.get_embedding_dimension() or 0)
        self.dim = checked_dim(options.dim, full, str(folder))
        weights = sorted(folder.rglob("*.safetensors"))
        facts = (self._options.query_prefix, self._options.passage_prefix, self.max_tokens, self.dim)
        files = (*weights, *sorted(folder.rglob("tokenizer.json")), *sorted(folder.rglob("*config.json")))
        self.fingerprint = fingerprint("torch", files, *facts)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a question."""
        return self._embed(self._model.encode_query, texts, self._options.query_prefix or "")

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a passage."""
        return self._embed(self._model.encode_document, texts, self._options.passage_prefix or "")

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of ``text``, uncut."""
        with self._lock:
            found = self._model.tokenizer(clean(text), add_special_tokens=False, truncation=False, verbose=False)
        return len(found["input_ids"])

    def close(self) -> None:
        """End the processes of several devices, if there are any."""
        with self._lock:
            if self._pool is not None:
                self._model.stop_multi_process_pool(self._pool)
                self._pool = None

    def _embed(self, encode: Any, texts: Sequence[str], prefix: str) -> Vectors:
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        cut = [clean(text[: self.max_tokens * CHARACTERS_A_TOKEN]) for text in texts]
        with self._lock:
            try:
                rows = encode(
                    cut,
                    prompt=prefix,
                    batch_size=self._batch,
                    show_progress_bar=False,
                    convert_to_numpy=True,
                    **self._spread(len(cut)),
                )
            except (RuntimeError, MemoryError, IndexError) as error:
                raise BackendError(
                    f"sentence-transformers failed: {error}", "With too little memory, lower 'batch' in models.toml."
                ) from error
        return unit_rows(np.asarray(rows, np.float32), self.dim)

    def _spread(self, count: int) -> dict[str, Any]:
        if len(self._devices) < 2 or count < _POOL_FROM:
            return {}
        if self._pool is None:
            self._pool = self._model.start_multi_process_pool(self._devices)
        return {"pool": self._pool}


def _devices(wanted: str) -> list[str]:
    """Return the torch devices to use.

    Raises:
        SettingsError: a wanted one is not there.
    """
    import torch

    if wanted == "auto":
        mps = torch.backends.mps.is_available()
        return ["cuda" if torch.cuda.is_available() else "mps" if mps else "cpu"]
    found = [name.strip() for name in wanted.split(",") if name.strip()]
    for name in found:
        there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        if not there.get(name.split(":")[0], False):
            raise SettingsError(f"torch has no device '{name}' here.", "Set device to 'auto' or 'cpu'.")
    return found or ["cpu"]


def _load(folder: Path, device: str, threads: int) -> Any:
    if not folder.is_dir():
        raise ModelError(f"There is no model in {folder}.", _REPAIR)
    if not any(folder.rglob("*.safetensors")):
        raise ModelError(f"There are no weights (*.safetensors) in {folder}.", _REPAIR)
    import torch
    from sentence_transformers import SentenceTransformer

    if threads:
        torch.set_num_threads(threads)
    kind = torch.bfloat16 if device.startswith("cuda") else torch.float32
    try:
        return SentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"dtype": kind, "use_safetensors": True},
        )
    except MemoryError as error:
        raise ModelError(f"{folder} is too big for the memory.", "Choose a smaller model.") from error
    except Exception as error:  # each layer of the library raises its own
        raise ModelError(f"sentence-transformers cannot load {folder}: {_short(error)}", _REPAIR) from error


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
