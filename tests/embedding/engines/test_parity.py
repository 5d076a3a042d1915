"""The same weights through two engines give the same vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genesis_rag.embedding import EmbedderOptions, open_embedder
from genesis_rag.embedding.sentence_transformers import SentenceTransformersEmbedder

pytestmark = pytest.mark.torch

TEXTS = [
    "The budget of the research plan grew.",
    "日本の研究開発予算は、今年度の計画で投資を増やす。",
    "東京大学と情報",
    "x",
    "research " * 100,
]


def rows(backend: str, folder: Path, role: str = "embed_passages", **options: object) -> np.ndarray:
    found = open_embedder(backend, folder, EmbedderOptions(device="cpu", threads=2, **options))  # type: ignore[arg-type]
    return getattr(found, role)(TEXTS)


@pytest.mark.parametrize("role", ["embed_queries", "embed_passages"])
def test_onnx_equals_torch_prefixes_of_the_folder_included(bert_folder: Path, role: str) -> None:
    torch_rows = rows("sentence_transformers", bert_folder, role)
    cosines = (torch_rows * rows("onnx", bert_folder, role, file="model.onnx")).sum(axis=1)
    assert cosines.min() >= 0.999
    between = torch_rows @ torch_rows.T - np.eye(len(TEXTS))
    assert between.max() < 0.99, "texts too near to each other for this test to tell anything"


def test_int8_stays_near(bert_folder: Path) -> None:
    full = rows("onnx", bert_folder, file="model.onnx")
    assert (full * rows("onnx", bert_folder, file="model_int8.onnx")).sum(axis=1).min() >= 0.98


def test_pooling_is_ours_to_choose(bert_folder: Path) -> None:
    made = {kind: rows("onnx", bert_folder, file="model.onnx", pooling=kind) for kind in ("mean", "cls", "last")}
    assert (made["mean"] * made["cls"]).sum(axis=1).min() < 0.999
    assert (made["cls"] * made["last"]).sum(axis=1).min() < 0.999


@pytest.mark.slow
def test_several_devices_share_a_large_call(bert_folder: Path) -> None:
    texts = [f"research {i} of the plan {'東京' * (i % 7)}" for i in range(1100)]
    one = open_embedder("sentence_transformers", bert_folder, EmbedderOptions(device="cpu", threads=1))
    two = SentenceTransformersEmbedder(bert_folder, EmbedderOptions(device="cpu,cpu", threads=1))
    try:
        assert np.abs(two.embed_passages(texts) - one.embed_passages(texts)).max() < 1e-4
        assert two._pool is not None
    finally:
        two.close()
    assert two._pool is None
