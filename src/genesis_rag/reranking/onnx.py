"""Cross-encoders as ONNX graphs: question and text are read together, and one number comes out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genesis_rag.errors import ModelError
from genesis_rag.onnx_graph import REPAIR, Mask, OnnxGraph, Outputs
from genesis_rag.reranking.options import RerankerOptions


class OnnxReranker:
    """The Reranker over a folder with an ONNX graph and its ``tokenizer.json``. Threads may share it.

    Raises:
        ModelError: a file is missing or damaged, or the graph gives something else than one number a pair.
        SettingsError: the wanted device is not there.
    """

    def __init__(self, folder: Path, options: RerankerOptions) -> None:
        o = options
        self._graph = OnnxGraph(folder, o.file, o.tokens, o.device, o.threads, o.batch)
        self._graph.rows([("a", "a")], _logits)
        sizes = "/".join(str(path.stat().st_size) for path in self._graph.files)
        named = f"{folder.name}/{o.file}/{sizes}/{o.tokens}"
        self.fingerprint = "onnx-" + hashlib.sha256(named.encode()).hexdigest()[:16]

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32[n], one score (a logit) a text."""
        if not texts:
            return np.zeros(0, np.float32)
        return self._graph.rows([(question, text) for text in texts], _logits)[:, 0]


def _logits(outputs: Outputs, mask: Mask) -> NDArray[np.float32]:
    first = np.asarray(outputs[0], np.float32).reshape(len(mask), -1)
    if first.shape[1] != 1:
        raise ModelError(f"The ONNX graph gives {first.shape[1]} numbers a pair, so it is not a reranker.", REPAIR)
    return first
