"""What every engine must do, in numbers; see ``protocols.Embedder``. The engines are the real ones, on tiny models."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genesis_rag.embedding import BACKENDS, EmbedderOptions, open_embedder
from genesis_rag.errors import SettingsError
from genesis_rag.protocols import Embedder

TEXTS = [
    "The budget of the research plan.",
    "日本の研究開発予算は、今年度の計画で投資を増やす。",
    "a",
    "",
    "   \n\t",
    "☃ 龘 \U0001f9ea",
    "lone \ud800 surrogate",
    "東京大学 " * 200,
    "research " * 40,
]


@dataclass(frozen=True)
class Made:
    """An opened backend, and what it was opened with."""

    backend: str
    path: Path
    options: EmbedderOptions
    embedder: Embedder


def _param(name: str, *marks: Any) -> Any:
    return pytest.param(name, marks=marks, id=name)


KINDS = [
    _param("hashing"),
    _param("onnx", pytest.mark.torch),
    _param("onnx-int8", pytest.mark.torch),
    _param("sentence_transformers", pytest.mark.torch),
    _param("llama_cpp", pytest.mark.llama),
    _param("openai_server"),
]


@pytest.fixture(params=KINDS)
def made(request: pytest.FixtureRequest) -> Made:
    kind = request.param
    if kind in ("onnx", "onnx-int8", "sentence_transformers"):
        path = request.getfixturevalue("bert_folder")
    elif kind == "llama_cpp":
        pytest.importorskip("llama_cpp")
        path = request.getfixturevalue("embedding_gguf")
    else:
        path = Path()
    url = request.getfixturevalue("model_server").url if kind == "openai_server" else ""
    file = {"onnx": "model.onnx", "onnx-int8": "model_int8.onnx"}.get(kind, "")
    options = EmbedderOptions(file=file, url=url, model="m", device="cpu", threads=2, batch=4, pause=0.01)
    backend = kind.removesuffix("-int8")
    return Made(backend, path, options, open_embedder(backend, path, options))


def test_rows_are_unit_vectors_in_order(made: Made) -> None:
    for embed in (made.embedder.embed_queries, made.embedder.embed_passages):
        rows = embed(TEXTS)
        assert rows.shape == (len(TEXTS), made.embedder.dim) and rows.dtype == np.float32
        assert rows.flags.c_contiguous
        assert np.abs(np.linalg.norm(rows, axis=1) - 1).max() < 1e-3
        for text, row in zip(TEXTS, rows, strict=True):
            assert np.abs(embed([text])[0] - row).max() < 1e-4, text
        assert np.abs(embed(TEXTS[::-1])[::-1] - rows).max() < 1e-4


def test_different_texts_get_different_vectors(made: Made) -> None:
    rows = made.embedder.embed_passages(TEXTS[:3])
    assert np.abs(rows @ rows.T - np.eye(3)).max() < 0.9999
    assert float(rows[0] @ rows[1]) < 0.999


def test_nothing_gives_no_rows(made: Made) -> None:
    assert made.embedder.embed_queries([]).shape == (0, made.embedder.dim)
    assert made.embedder.embed_passages(()).shape == (0, made.embedder.dim)


def test_what_lies_beyond_the_limit_is_cut_without_an_error(made: Made) -> None:
    long = "research " * (2 * made.embedder.max_tokens)
    cut, longer = made.embedder.embed_passages([long, long + "東京大学 " * 50])
    assert np.abs(cut - longer).max() < 1e-4
    assert made.embedder.count_tokens(long) > made.embedder.max_tokens


def test_tokens_are_counted_uncut_and_without_special_ones(made: Made) -> None:
    count = made.embedder.count_tokens
    assert count("") == 0
    assert 0 < count("日本") < count("日本の予算") < count("日本の予算" * 100)
    assert count("日本の予算" * 100) > 5 * count("日本の予算")
    assert count("\ud800") >= 0


def test_opened_again_it_is_the_same_model(made: Made) -> None:
    again = open_embedder(made.backend, made.path, made.options)
    assert again.fingerprint == made.embedder.fingerprint
    assert np.abs(again.embed_queries(TEXTS[:2]) - made.embedder.embed_queries(TEXTS[:2])).max() < 1e-5


@pytest.mark.parametrize("made", KINDS[1:], indirect=True)  # hashing has no options
def test_what_changes_vectors_changes_the_fingerprint(made: Made) -> None:
    seen = {made.embedder.fingerprint}
    changes: list[Callable[[EmbedderOptions], EmbedderOptions]] = [
        lambda o: replace(o, query_prefix="q: "),
        lambda o: replace(o, passage_prefix="p: "),
        lambda o: replace(o, dim=8),
        lambda o: replace(o, max_tokens=16),
    ]
    for number, change in enumerate(changes, 2):
        seen.add(open_embedder(made.backend, made.path, change(made.options)).fingerprint)
        assert len(seen) == number


@pytest.mark.parametrize("made", KINDS[1:], indirect=True)  # hashing has no options
def test_shorter_vectors_are_the_beginning_scaled_again(made: Made) -> None:
    short = open_embedder(made.backend, made.path, replace(made.options, dim=8))
    whole = made.embedder.embed_passages(TEXTS[:2])[:, :8]
    assert short.dim == 8
    expected = whole / np.linalg.norm(whole, axis=1, keepdims=True)
    assert np.abs(short.embed_passages(TEXTS[:2]) - expected).max() < 1e-4


@pytest.mark.parametrize("made", KINDS[1:], indirect=True)  # hashing has no options
def test_prefixes_go_in_front(made: Made) -> None:
    plain = open_embedder(made.backend, made.path, replace(made.options, query_prefix="", passage_prefix=""))
    marked = open_embedder(made.backend, made.path, replace(made.options, query_prefix="query: ", passage_prefix=""))
    text = "the budget"
    expected = plain.embed_queries([f"query: {text}"])
    assert np.abs(marked.embed_queries([text]) - expected).max() < 1e-4
    assert np.abs(marked.embed_queries([text]) - marked.embed_passages([text])).max() > 1e-3


def test_threads_may_share_it(made: Made) -> None:
    expected, found = made.embedder.embed_queries(TEXTS[:3]), []
    work = lambda: found.append(made.embedder.embed_queries(TEXTS[:3]))  # noqa: E731
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 8
    assert max(np.abs(rows - expected).max() for rows in found) < 1e-4


def test_backends_are_chosen_by_name() -> None:
    with pytest.raises(SettingsError, match="no embedding backend 'word2vec'") as caught:
        open_embedder("word2vec", Path())
    assert all(name in caught.value.hint for name in BACKENDS)
