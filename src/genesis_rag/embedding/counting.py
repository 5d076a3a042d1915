"""Counting tokens as an embedder does, without its weights: for processes that only cut documents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from genesis_rag.protocols import Embedder

CountTokens = Callable[[str], int]

_SAMPLES = (
    "",
    "a",
    "The Budget of RESEARCH is 1,234.5 million (2026).",
    "日本の研究予算は、５億円から七億円に増えた。",
    "ﾊﾝｶｸ and ｆｕｌｌ width, ㈱, Ｅ＝ｍｃ², naïve café, coöperate",
    "  spaces\tand\n\nlines  ",
    "https://example.org/a?b=c&d=%E3%81%82 user@example.org C++ 3.14e-10 don't well-known",
    "𠮷野家の𠮟る👩‍🔬 emoji, ½ ﬁ ligature, \u200b zero width, \ufffd",
    "東京2026年AI-for-Science計画。第１２条第３項、その他。",
    "<s> [CLS] </s> <unk> special words in a text",
    "長い" * 400 + "long " * 400,
)


def open_counter(backend: str, folder: Path, file: str = "") -> CountTokens | None:
    """Return what counts tokens by the ``tokenizer.json`` of a model; None where it has none or is of another kind.

    Args:
        backend: of the embedder.
        folder: of the model.
        file: the weights inside it, where it holds several.
    """
    if backend not in ("onnx", "sentence_transformers") or not folder.is_dir():
        return None
    from genesis_rag.onnx_graph import plain_counter

    return plain_counter(folder, file)


def counts_alike(count: CountTokens, embedder: Embedder) -> bool:
    """Tell whether ``count`` counts as the embedder itself does, on texts that tokenizers are known to differ in."""
    return all(count(text) == embedder.count_tokens(text) for text in _SAMPLES)
