"""A tiny static embedding made by the test, the shipped one, and the hashing one under one name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

import genesis_rag
from genesis_rag.embedding import EmbedderOptions, open_embedder
from genesis_rag.protocols import Embedder

EMBEDDED = Path(genesis_rag.__file__).parent / "embedded"
SHIPPED = EMBEDDED / "static"
SMALL = EmbedderOptions(file="embedder.onnx", pooling="mean", max_tokens=512)
WORDS = [
    "日本",
    "首都",
    "東京",
    "は",
    "の",
    "です",
    "japan",
    "capital",
    "tokyo",
    "the",
    "of",
    "is",
    "1",
    "2",
    "日",
    "本",
]


@pytest.fixture(scope="session")
def make_static(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write a StaticEmbedding folder with known numbers."""

    def make(dim: int = 8, seed: int = 1) -> Path:
        folder = tmp_path_factory.mktemp("static")
        vocabulary = [("<unk>", 0.0), *((word, -2.0 - len(WORDS) / 10) for word in WORDS)]
        tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0))
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\p{L}\p{N}]+"), behavior="removed", invert=True)
        tokenizer.save(str(folder / "tokenizer.json"))
        random = np.random.default_rng(seed)
        table = random.integers(-127, 128, (len(vocabulary), dim), np.int8)
        weights = random.uniform(0.001, 0.02, len(vocabulary)).astype(np.float32)
        weights[0] = 0.0
        save_file({"embeddings": table, "weights": weights}, folder / "model.safetensors")
        return folder

    return make


@pytest.fixture(scope="session", params=["hashing", "static made", "static shipped", "onnx shipped"])
def embedder(request: pytest.FixtureRequest, make_static: Callable[..., Path]) -> Embedder:
    """Every backend of the contract suite."""
    backend, _, kind = request.param.partition(" ")
    if backend == "onnx":
        return open_embedder(backend, EMBEDDED / "small", SMALL)
    return open_embedder(backend, make_static() if kind == "made" else SHIPPED)


@pytest.fixture(scope="session")
def shipped() -> Path:
    return SHIPPED
