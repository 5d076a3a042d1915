"""What the folder of an embedding model says of itself, in the files that sentence-transformers writes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from genesis_rag.embedding.options import EmbedderOptions, Pooling
from genesis_rag.errors import ModelError

_DEFAULT_MAX_TOKENS = 512
_POOLING_KEYS: dict[str, Pooling] = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_lasttoken": "last",
}


def completed(options: EmbedderOptions, folder: Path) -> EmbedderOptions:
    """Return ``options`` with what they leave open taken from the files of ``folder``.

    Raises:
        ModelError: a file is damaged, or asks for a pooling that we do not do.
    """
    prompts = _json(folder / "config_sentence_transformers.json").get("prompts") or {}
    if not isinstance(prompts, dict):
        prompts = {}
    passage = prompts.get("document", prompts.get("passage", ""))
    return replace(
        options,
        pooling=options.pooling or _pooling(folder),
        query_prefix=str(prompts.get("query", "")) if options.query_prefix is None else options.query_prefix,
        passage_prefix=str(passage) if options.passage_prefix is None else options.passage_prefix,
        max_tokens=options.max_tokens or _max_tokens(folder),
    )


def guessed_backend(path: Path) -> str:
    """Return the backend that reads the model at ``path``: a GGUF file, or a folder of ONNX, static or torch weights.

    Raises:
        ModelError: nothing there can be read as an embedding model.
    """
    if path.is_file() and path.suffix == ".gguf":
        return "llama_cpp"
    if (path / "model.onnx").is_file() or (path / "onnx").is_dir():
        return "onnx"
    if (path / "modules.json").is_file() or (path / "config.json").is_file():
        return "sentence_transformers"
    if (path / "model.safetensors").is_file() and (path / "tokenizer.json").is_file():
        return "static"
    raise ModelError(
        f"{path} holds no embedding model.",
        "Give a folder with model.onnx or with model.safetensors and their tokenizer.json, or a GGUF file.",
    )


def _pooling(folder: Path) -> Pooling:
    path = folder / "1_Pooling" / "config.json"
    said = _json(path)
    chosen: list[str] = [name for key, name in _POOLING_KEYS.items() if said.get(key) is True]
    if mode := said.get("pooling_mode"):  # the newer form: one name or several joined with "+"
        chosen = [{"lasttoken": "last"}.get(str(mode), str(mode))]
    others = [key for key, on in said.items() if key.startswith("pooling_mode_") and on is True]
    if len(chosen) > 1 or set(others) - set(_POOLING_KEYS) or not set(chosen) <= set(get_args(Pooling)):
        raise ModelError(f"{path} asks for a pooling that is not supported.", "Use the torch backend for this model.")
    return chosen[0] if chosen else "mean"  # type: ignore[return-value]


def _max_tokens(folder: Path) -> int:
    said = _json(folder / "sentence_bert_config.json").get("max_seq_length")
    if not isinstance(said, int):
        said = _json(folder / "config.json").get("max_position_embeddings")
    return min(said, _DEFAULT_MAX_TOKENS) if isinstance(said, int) and said > 0 else _DEFAULT_MAX_TOKENS


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}", "Fetch the model again.") from error
    return value if isinstance(value, dict) else {}
