"""Cross-encoders in sentence-transformers (torch); safetensors only, and no code that comes with a model is run."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis_rag.errors import BackendError, MissingExtraError, ModelError, SettingsError
from genesis_rag.reranking.options import RerankerOptions

_REPAIR = "Fetch the model again (genesis-rag models pull), or correct its entry in models.toml."


class CrossEncoderReranker:
    """The Reranker over a folder of sentence-transformers. Threads may share it: they take turns.

    Raises:
        MissingExtraError: sentence-transformers is not installed.
        ModelError: the folder is missing, damaged, or not of a model with one number a pair.
        SettingsError: the wanted device is not there.
    """

    def __init__(self, folder: Path, options: RerankerOptions) -> None:
        if find_spec("sentence_transformers") is None or find_spec("torch") is None:
            raise MissingExtraError("sentence-transformers", "torch")
        self._options = options
        self._lock = threading.Lock()
        self._model = _load(folder, options)
        if self._model.num_labels != 1:
            raise ModelError(f"{folder} gives {self._model.num_labels} numbers a pair, so it is no reranker.", _REPAIR)
        weights = sum(path.stat().st_size for path in folder.rglob("*.safetensors"))
        named = f"{folder.name}/{weights}/{options.tokens}"
        self.fingerprint = "torch-" + hashlib.sha256(named.encode()).hexdigest()[:16]

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32[n], one score (a logit) a text."""
        import torch

        if not texts:
            return np.zeros(0, np.float32)
        pairs = [(_clean(question), _clean(text)) for text in texts]
        with self._lock:
            try:
                found = self._model.predict(
                    pairs,
                    batch_size=self._options.batch,
                    show_progress_bar=False,
                    activation_fn=torch.nn.Identity(),
                    convert_to_numpy=True,
                )
            except (RuntimeError, MemoryError, IndexError) as error:
                raise BackendError(f"The reranker failed: {error}", "With too little memory, lower 'batch'.") from error
        return np.asarray(found, np.float32).reshape(len(texts))


def _load(folder: Path, options: RerankerOptions) -> Any:
    if not any(folder.rglob("*.safetensors")):
        raise ModelError(f"There are no weights (*.safetensors) in {folder}.", _REPAIR)
    import torch
    from sentence_transformers import CrossEncoder

    device = options.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(device.split(":")[0], False):
        raise SettingsError(f"torch has no device '{device}' here.", "Set device to 'auto' or 'cpu'.")
    kind = torch.bfloat16 if device.startswith("cuda") else torch.float32
    try:
        return CrossEncoder(
            str(folder),
            device=device,
            max_length=options.tokens,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"dtype": kind, "use_safetensors": True},
        )
    except Exception as error:  # each layer of the library raises its own
        told = " ".join(str(error).split())[:300]
        raise ModelError(f"sentence-transformers cannot load {folder}: {told}", _REPAIR) from error


def _clean(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
