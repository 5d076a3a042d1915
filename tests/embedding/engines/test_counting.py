"""Counting tokens without the weights: the same numbers, and never where they could differ unseen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tiny_models
from genesis_rag.embedding import EmbedderOptions, open_embedder
from genesis_rag.embedding.counting import counts_alike, open_counter
from genesis_rag.embedding.hashing import HashingEmbedder
from genesis_rag.errors import ModelError


@pytest.mark.torch
def test_the_tokenizer_alone_counts_as_the_model_does(bert_folder: Path) -> None:
    options = EmbedderOptions(device="cpu", threads=1, file="model.onnx")
    embedder = open_embedder("onnx", bert_folder, options)
    count = open_counter("onnx", bert_folder, "model.onnx")
    assert count is not None and counts_alike(count, embedder)

    @given(st.text(max_size=40))
    def same(text: str) -> None:
        assert count(text) == embedder.count_tokens(text)

    same()


@pytest.mark.torch
def test_what_a_library_adds_to_the_file_is_found_out(bert_folder: Path) -> None:
    """transformers takes "[CLS]" in a text for the special token; this tokenizer.json does not say so."""
    embedder = open_embedder("sentence_transformers", bert_folder, EmbedderOptions(device="cpu", threads=1))
    count = open_counter("sentence_transformers", bert_folder)
    assert count is not None
    assert count("the budget 日本") == embedder.count_tokens("the budget 日本")
    assert count("[CLS]") != embedder.count_tokens("[CLS]") and not counts_alike(count, embedder)


def test_a_tokenizer_that_counts_otherwise_is_found_out(tmp_path: Path) -> None:
    tiny_models.write_tokenizer(tmp_path)
    count = open_counter("onnx", tmp_path)
    assert count is not None and count("the budget") == 2 and count("日本") == 2 and count("") == 0
    assert not counts_alike(count, HashingEmbedder())


def test_where_there_is_no_tokenizer_the_embedder_has_to_count(tmp_path: Path) -> None:
    missing: list[Any] = [("onnx", tmp_path), ("static", tmp_path), ("llama_cpp", tmp_path / "x.gguf")]
    assert [open_counter(*one) for one in [*missing, ("openai_server", tmp_path / "none")]] == [None] * 4
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match="tokenizer"):
        open_counter("onnx", tmp_path)
    assert open_counter("static", tmp_path) is None
