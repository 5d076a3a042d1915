"""sentence-transformers loads the shipped folder and agrees with us."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from genesis_rag.embedding.static import StaticEmbedder

pytestmark = pytest.mark.torch

TEXTS = [
    "日本はジェネシス・ミッションにいくら投資しますか？",
    "How much will Japan and the United States invest in AI for science?",
    "生成ＡＩは2026年6月4日に、文部科学省が発表した。",
    "ｶﾞﾗｽ ㈱ ① Straße naïve",
    "The quick brown fox jumps over the lazy dog. " * 30,
    "量子コンピュータの誤り訂正について、研究者は次のように述べた。" * 20,
    "1",
]


def test_sentence_transformers_loads_the_folder_and_agrees(shipped: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the library warns of at import is not ours
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(shipped), device="cpu", local_files_only=True)
        theirs = model.encode(TEXTS, show_progress_bar=False)
    ours = StaticEmbedder(shipped).embed_passages(TEXTS)
    assert theirs.shape == ours.shape
    assert np.allclose(np.linalg.norm(theirs, axis=1), 1.0, atol=1e-3)
    assert ((theirs * ours).sum(axis=1) >= 0.999).all()
