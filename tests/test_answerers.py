"""Weights of terms: the formula, asked once a generation."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from math import log
from pathlib import Path
from typing import Any, cast

import pytest

import genesis_rag
from genesis_rag import answerers, load_settings
from genesis_rag.answerers import TermWeights
from genesis_rag.wiring import open_parts


class Index:
    """An index of 100 chunks."""

    generation = 1
    chunk_count = 100

    def __init__(self) -> None:
        self.holding = {"核": 10}
        self.asked: list[str] = []

    def reading(self) -> AbstractContextManager[Index]:
        return nullcontext(self)

    def document_frequency(self, term: str) -> int:
        self.asked.append(term)
        return self.holding.get(term, 0)


def test_the_weight_is_that_of_bm25_and_is_asked_for_once() -> None:
    index = Index()
    weights = TermWeights(cast(Any, index))
    assert weights(["核"] * 3) == [pytest.approx(log(1 + 90.5 / 10.5))] * 3
    assert weights({"nowhere", "核"} - {"核"}) == [pytest.approx(log(1 + 100.5 / 0.5))]
    assert weights(["nowhere", "核"]) == [*weights(["nowhere"]), *weights(["核"])]
    assert index.asked == ["核", "nowhere"]


def test_a_new_generation_has_its_own_weights() -> None:
    index = Index()
    weights = TermWeights(cast(Any, index))
    (before,) = weights(["核"])
    index.generation, index.chunk_count, index.holding = 2, 50, {"核": 40}
    assert weights(["核"]) == [pytest.approx(log(1 + 10.5 / 40.5))] != [before]


def test_it_stays_within_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answerers, "WEIGHTS_KEPT", 3)
    index = Index()
    weights = TermWeights(cast(Any, index))
    for term in "abcdabcd":
        weights([term])
    assert len(weights._known[1]) <= 3


@pytest.mark.parametrize(("profile", "file"), [("embedded", "weights-reader"), ("embedded-static", "weights")])
def test_shipped_weights_were_fitted_with_the_shipped_models(profile: str, file: str) -> None:
    weights = json.loads((Path(genesis_rag.__file__).parent / "answering" / f"{file}.json").read_text("utf-8"))
    parts = open_parts(load_settings(environ={}, profile=profile))
    assert weights["embedder"] == parts.embedder.fingerprint
    assert weights["analyser"] == parts.analyser.id
