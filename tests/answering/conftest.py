"""Small passages and a small embedder for the tests of the answering room."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from genesis_rag.answering.extractive import ExtractiveAnswerer
from genesis_rag.text.language import detect_language
from genesis_rag.text.normalize import fold
from genesis_rag.text.terms import get_analyser
from genesis_rag.types import Passage

MakePassage = Callable[..., Passage]


class GramEmbedder:
    """Unit vectors from hashed character 2- and 3-grams: like texts are near, nothing crosses languages."""

    fingerprint = "grams"
    dim = 512
    max_tokens = 512

    def _one(self, text: str) -> np.ndarray:
        vector = np.zeros(self.dim, dtype=np.float32)
        folded = fold(text)
        for size in (2, 3):
            for start in range(len(folded) - size + 1):
                digest = hashlib.blake2b(folded[start : start + size].encode(), digest_size=4).digest()
                vector[int.from_bytes(digest[:2], "big") % self.dim] += 1.0 if digest[2] & 1 else -1.0
        norm = float(np.linalg.norm(vector))
        if not norm:
            vector[0] = norm = 1.0
        return vector / norm

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([self._one(text) for text in texts], dtype=np.float32).reshape(len(texts), self.dim)

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        return self.embed_queries(texts)

    def count_tokens(self, text: str) -> int:
        return len(text)


@pytest.fixture
def make_passage() -> MakePassage:
    def make(text: str, marker: int = 1, title: str = "", **values: object) -> Passage:
        start = int(values.pop("start", 0))  # type: ignore[call-overload]
        defaults: dict[str, object] = {
            "marker": marker,
            "document_id": f"doc{marker}",
            "source": f"doc{marker}.md",
            "title": title,
            "heading_path": (),
            "page": None,
            "start": start,
            "end": start + len(text),
            "text": text,
            "language": detect_language(text),
            "content_sha256": "0" * 64,
            "chunk_ids": (),
            "score": 1.0 / marker,
            "scores": {"fused": 1.0 / marker, "dense": 0.5 / marker, "lexical": 5.0 / marker},
        }
        return Passage(**{**defaults, **values})  # type: ignore[arg-type]

    return make


@pytest.fixture
def answerer_for() -> Callable[[Sequence[Passage]], ExtractiveAnswerer]:
    """Return an answerer whose term weights come from the sentences of the given passages and a little background."""

    def make(passages: Sequence[Passage]) -> ExtractiveAnswerer:
        analyser = get_analyser()
        lines = [line for passage in passages for line in passage.text.split("\n") if line.strip()]
        frequency: dict[str, int] = {}
        for line in lines:
            for term in {term.text for term in analyser.content_terms(line)}:
                frequency[term] = frequency.get(term, 0) + 1
        background = 1000.0

        def weight(term: str) -> float:
            return math.log(1.0 + background / (0.5 + frequency.get(term, 0)))

        return ExtractiveAnswerer(GramEmbedder(), analyser, weight)

    return make
