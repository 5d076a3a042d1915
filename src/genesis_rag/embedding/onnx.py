"""Embedding models as ONNX graphs in onnxruntime: own tokenising, pooling and scaling, no torch.

A graph whose activations are quantised while it runs takes one scale for a whole batch, so that a text's vector would
depend on its neighbours; such graphs are given one text at a time, and several threads work on different texts.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from genesis_rag.embedding.folder import completed
from genesis_rag.embedding.options import EmbedderOptions, Pooling
from genesis_rag.embedding.rows import CHARACTERS_A_TOKEN, batches, checked_dim, clean, fingerprint, unit_rows
from genesis_rag.errors import ModelError, SettingsError
from genesis_rag.protocols import Vectors

_USUAL_FILES = ("model.onnx", "onnx/model.onnx")
_INPUTS = {"input_ids", "attention_mask", "token_type_ids", "position_ids"}
_QUANTISED_WHILE_RUNNING = (b"DynamicQuantize", b"MatMulInteger", b"ConvInteger")
_WINDOW = 2048
_REPAIR = "Fetch the model again (genesis-rag models pull), or correct its entry in models.toml."


class OnnxEmbedder:
    """The Embedder over a folder with an ONNX graph and its ``tokenizer.json``. Threads may share it.

    Raises:
        ModelError: a file is missing or damaged, or the graph is not that of an embedding model.
        SettingsError: the wanted device is not there.
    """

    def __init__(self, folder: Path, options: EmbedderOptions) -> None:
        path = _graph_file(folder, options.file)
        self._options = completed(options, folder)
        tokenizer_file = next((f for f in (path.parent, folder) if (f / "tokenizer.json").is_file()), folder)
        self._tokenizer = _tokenizer(tokenizer_file / "tokenizer.json", self._options.max_tokens)
        self._plain = _tokenizer(tokenizer_file / "tokenizer.json", None)
        self._alone = _quantises_while_running(path)
        self._threads = options.threads or os.cpu_count() or 1
        self._session = _session(path, options.device, 1 if self._alone else self._threads)
        self._inputs = {one.name for one in self._session.get_inputs()}
        if not {"input_ids"} <= self._inputs <= _INPUTS:
            raise ModelError(f"{path} is not a text embedding model: its inputs are {sorted(self._inputs)}.", _REPAIR)
        self.max_tokens = self._options.max_tokens
        full = self._run([self._ids(["a"])[0]]).shape[1]
        self.dim = checked_dim(options.dim, full, str(path))
        o = self._options
        facts = (o.pooling, o.query_prefix, o.passage_prefix, o.max_tokens, self.dim)
        self.fingerprint = fingerprint("onnx", (path, tokenizer_file / "tokenizer.json"), *facts)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a question."""
        return self._embed(texts, self._options.query_prefix or "")

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a passage."""
        return self._embed(texts, self._options.passage_prefix or "")

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of ``text``, uncut."""
        return len(self._plain.encode(clean(text), add_special_tokens=False).ids)

    def _embed(self, texts: Sequence[str], prefix: str) -> Vectors:
        rows = np.empty((len(texts), self.dim), np.float32)
        for start in range(0, len(texts), _WINDOW):
            ids = self._ids([prefix + text for text in texts[start : start + _WINDOW]])
            for places, found in self._computed(ids):
                rows[[start + at for at in places]] = unit_rows(found, self.dim)
        return rows

    def _computed(self, ids: Sequence[list[int]]) -> list[tuple[list[int], NDArray[np.float32]]]:
        groups = list(batches([len(one) for one in ids], 1 if self._alone else self._options.batch))
        wanted = [[ids[at] for at in places] for places in groups]
        if self._alone and len(groups) > 1 and self._threads > 1:
            with ThreadPoolExecutor(self._threads) as pool:
                return list(zip(groups, pool.map(self._run, wanted), strict=True))
        return [(places, self._run(one)) for places, one in zip(groups, wanted, strict=True)]

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, cut and with special tokens; never an empty list."""
        cut = [clean(text[: self._options.max_tokens * CHARACTERS_A_TOKEN]) for text in texts]
        if len(cut) == 1:
            return [self._tokenizer.encode(cut[0]).ids or [0]]
        return [one.ids or [0] for one in self._tokenizer.encode_batch_fast(cut)]

    def _run(self, ids: Sequence[list[int]]) -> NDArray[np.float32]:
        """Return one vector, not yet scaled, for each list of token ids: float32[n, full dim]."""
        width = max(len(one) for one in ids)
        tokens, mask = np.zeros((2, len(ids), width), np.int64)
        for row, one in enumerate(ids):
            tokens[row, : len(one)] = one
            mask[row, : len(one)] = 1
        feed = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
        feed["position_ids"] = np.broadcast_to(np.arange(width), tokens.shape)
        try:
            outputs = self._session.run(None, {name: feed[name] for name in self._inputs})
        except Exception as error:  # the library has no base class of its own
            raise ModelError(f"onnxruntime failed on the model: {error}", _REPAIR) from error
        return _pooled(outputs, mask, self._options.pooling)


def _pooled(outputs: Sequence[NDArray[np.float32]], mask: NDArray[np.int64], pooling: Pooling) -> NDArray[np.float32]:
    """Return float32[n, d] of a graph's outputs: token vectors [n, length, d] are pooled, [n, d] taken as they are."""
    tokens = next((one for one in outputs if one.ndim == 3), None)
    if tokens is None:
        whole = next((one for one in outputs if one.ndim == 2 and len(one) == len(mask)), None)
        if whole is None:
            shapes = ", ".join(str(one.shape) for one in outputs)
            raise ModelError(f"The ONNX graph gives no vectors but {shapes}.", _REPAIR)
        return np.asarray(whole, np.float32)
    if pooling == "cls":
        return np.asarray(tokens[:, 0], np.float32)
    if pooling == "last":
        return np.asarray(tokens[np.arange(len(mask)), mask.sum(axis=1) - 1], np.float32)
    weights = mask[:, :, None].astype(np.float32)
    mean: NDArray[np.float32] = (tokens * weights).sum(axis=1, dtype=np.float32) / weights.sum(axis=1)
    return mean


def _graph_file(folder: Path, name: str) -> Path:
    for candidate in (name,) if name else _USUAL_FILES:
        if (folder / candidate).is_file():
            return folder / candidate
    raise ModelError(f"There is no {name or _USUAL_FILES[0]} in {folder}.", _REPAIR)


def _quantises_while_running(path: Path) -> bool:
    content = path.read_bytes()  # the names of the operators stand in the file as they are
    return any(name in content for name in _QUANTISED_WHILE_RUNNING)


def _tokenizer(path: Path, max_tokens: int | None) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception as error:  # the library raises plain Exception
        raise ModelError(f"{path} cannot be read as a tokenizer: {error}", _REPAIR) from error
    tokenizer.no_padding()
    if max_tokens is None:
        tokenizer.no_truncation()
    else:
        tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _session(path: Path, device: str, threads: int) -> onnxruntime.InferenceSession:
    """Open the graph on ``device``; "auto" is CUDA where this onnxruntime has it."""
    cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    if device.startswith("cuda") and not cuda:
        raise SettingsError(
            "This onnxruntime has no CUDA.", "Install onnxruntime-gpu in its place, or set device to 'cpu'."
        )
    if device != "auto" and device != "cpu" and not device.startswith("cuda"):
        raise SettingsError(f"onnxruntime has no device '{device}'.", "Known: auto, cpu, cuda.")
    providers = ["CUDAExecutionProvider"] if cuda and device != "cpu" else []
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=[*providers, "CPUExecutionProvider"])
    except Exception as error:  # the library has no base class of its own
        raise ModelError(f"onnxruntime cannot open {path}: {error}", _REPAIR) from error
