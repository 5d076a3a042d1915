"""The tiny models and the server of tests/tiny_models.py."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def _load() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "tiny_models.py"
    if "tiny_models" not in sys.modules:
        spec = importlib.util.spec_from_file_location("tiny_models", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["tiny_models"] = module
        spec.loader.exec_module(module)
    return sys.modules["tiny_models"]


_TINY = _load()
reranker_folder, model_server = _TINY.reranker_folder, _TINY.model_server
bert_folder = _TINY.bert_folder
