"""Embedding models as ONNX graphs: own pooling and scaling over ``onnx_graph``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genesis_rag.embedding.folder import completed
from genesis_rag.embedding.options import EmbedderOptions
from genesis_rag.embedding.rows import checked_dim, fingerprint, unit_rows
from genesis_rag.errors import ModelError
from genesis_rag.onnx_graph import REPAIR, Mask, OnnxGraph, Outputs
from genesis_rag.protocols import Vectors


class OnnxEmbedder:
    """The Embedder over a folder with an ONNX graph and its ``tokenizer.json``. Threads may share it.

    Raises:
        ModelError: a file is missing or damaged, or the graph is not that of an embedding model.
        SettingsError: the wanted device is not there.
    """

    def __init__(self, folder: Path, options: EmbedderOptions) -> None:
        self._options = o = completed(options, folder)
        self.max_tokens = o.max_tokens
        self._graph = OnnxGraph(folder, o.file, o.max_tokens, o.device, o.threads, o.batch)
        full = self._graph.rows(["a"], self._pooled).shape[1]
        self.dim = checked_dim(o.dim, full, str(folder))
        facts = (o.pooling, o.query_prefix, o.passage_prefix, o.max_tokens, self.dim)
        self.fingerprint = fingerprint("onnx", self._graph.files, *facts)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a question."""
        return self._embed(texts, self._options.query_prefix or "")

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a passage."""
        return self._embed(texts, self._options.passage_prefix or "")

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of ``text``, uncut."""
        return self._graph.count_tokens(text)

    def _embed(self, texts: Sequence[str], prefix: str) -> Vectors:
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        return unit_rows(self._graph.rows([prefix + text for text in texts], self._pooled), self.dim)

    def _pooled(self, outputs: Outputs, mask: Mask) -> NDArray[np.float32]:
        """Return float32[n, d]: token vectors [n, length, d] are pooled, an output [n, d] is taken as it is."""
        tokens = next((one for one in outputs if one.ndim == 3), None)
        if tokens is None:
            whole = next((one for one in outputs if one.ndim == 2 and one.shape[1] > 1), None)
            if whole is None:
                shapes = ", ".join(str(one.shape) for one in outputs)
                raise ModelError(f"The ONNX graph gives no vectors but {shapes}.", REPAIR)
            return np.asarray(whole, np.float32)
        if self._options.pooling == "cls":
            return np.asarray(tokens[:, 0], np.float32)
        if self._options.pooling == "last":
            return np.asarray(tokens[np.arange(len(mask)), mask.sum(axis=1) - 1], np.float32)
        weights = mask[:, :, None].astype(np.float32)
        mean: NDArray[np.float32] = (tokens * weights).sum(axis=1, dtype=np.float32) / weights.sum(axis=1)
        return mean
