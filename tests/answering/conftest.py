"""Small passages, and an answerer over them with the shipped embedder and weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pytest

import genesis_rag
from genesis_rag.answering.extractive import ExtractiveAnswerer
from genesis_rag.embedding.static import StaticEmbedder
from genesis_rag.text.language import detect_language
from genesis_rag.text.terms import get_analyser
from genesis_rag.types import Passage

MakePassage = Callable[..., Passage]


@pytest.fixture(scope="session")
def embedder() -> StaticEmbedder:
    """The shipped embedder, for which the shipped weights were fitted."""
    return StaticEmbedder(Path(genesis_rag.__file__).parent / "embedded" / "static")


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
def answerer_for(embedder: StaticEmbedder) -> Callable[[Sequence[Passage]], ExtractiveAnswerer]:
    """Return an answerer whose term weights come from the sentences of the given passages and a little background."""

    def make(passages: Sequence[Passage]) -> ExtractiveAnswerer:
        analyser = get_analyser()
        lines = [line for passage in passages for line in passage.text.split("\n") if line.strip()]
        frequency: dict[str, int] = {}
        for line in lines:
            for term in {term.text for term in analyser.content_terms(line)}:
                frequency[term] = frequency.get(term, 0) + 1
        background = 1000.0

        def weights(terms: Collection[str]) -> list[float]:
            return [math.log(1.0 + background / (0.5 + frequency.get(term, 0))) for term in terms]

        return ExtractiveAnswerer(embedder, analyser, weights)

    return make
