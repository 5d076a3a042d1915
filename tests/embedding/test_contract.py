"""The numeric contract of protocols.Embedder, over every backend."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis_rag.protocols import Embedder

SENTENCES = [
    "日本の首都は東京です。",
    "東京は日本の首都。",
    "Tokyo is the capital of Japan.",
    "ＴＯＫＹＯ　ｉｓ　the capital",
    "1 2 1 2",
    "",
    "🙂",
    "日本" * 300,
]
# Any code point, lone surrogates too, and texts whose words the made vocabulary knows.
ANY = st.text(st.characters(exclude_categories=()), max_size=60)
KNOWN = st.lists(st.sampled_from([*SENTENCES, "日本", "tokyo", " ", "の", "é", "ｶﾞ", "\ud800"]), max_size=6).map("".join)
TEXTS = st.lists(ANY | KNOWN, max_size=7)
QUICK = settings(
    max_examples=settings.default.max_examples // 2, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def unit(vectors: np.ndarray) -> bool:
    return bool(np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3))


def test_is_an_embedder_with_sound_figures(embedder: Embedder) -> None:
    assert isinstance(embedder, Embedder)
    assert embedder.dim > 1
    assert embedder.max_tokens >= 256
    assert embedder.fingerprint.strip() == embedder.fingerprint != ""


def test_rows_are_contiguous_float32_of_unit_length(embedder: Embedder) -> None:
    for embed in (embedder.embed_queries, embedder.embed_passages):
        vectors = embed(SENTENCES)
        assert vectors.dtype == np.float32
        assert vectors.shape == (len(SENTENCES), embedder.dim)
        assert vectors.flags.c_contiguous
        assert unit(vectors)


def test_no_text_gives_no_row(embedder: Embedder) -> None:
    for embed in (embedder.embed_queries, embedder.embed_passages):
        vectors = embed([])
        assert vectors.shape == (0, embedder.dim)
        assert vectors.dtype == np.float32


@QUICK
@given(texts=TEXTS)
def test_each_row_depends_on_its_own_text_only(embedder: Embedder, texts: list[str]) -> None:
    together = embedder.embed_passages(texts)
    assert together.shape == (len(texts), embedder.dim)
    assert np.isfinite(together).all()
    assert not texts or unit(together)
    for row, text in zip(together, texts, strict=True):
        assert np.abs(row - embedder.embed_passages([text])[0]).max() < 1e-4
    assert np.abs(embedder.embed_passages(texts[::-1])[::-1] - together).max(initial=0.0) < 1e-4


@QUICK
@given(text=ANY | KNOWN)
def test_the_same_text_gives_the_same_row_and_count(embedder: Embedder, text: str) -> None:
    assert np.array_equal(embedder.embed_queries([text]), embedder.embed_queries([text]))
    assert embedder.count_tokens(text) == embedder.count_tokens(text) >= 0


def test_text_without_words_gets_a_direction_too(embedder: Embedder) -> None:
    vectors = embedder.embed_passages(["", " \n\t", "🙂", "\u200b", "、。！？"])
    assert unit(vectors)
    assert np.abs(vectors[:2] - vectors[0]).max() < 1e-6
    assert embedder.count_tokens("") == 0


def test_similar_texts_are_near_and_order_is_kept(embedder: Embedder) -> None:
    vectors = embedder.embed_passages(["日本の首都は東京です。", "Tokyo is the capital", "日本の首都は東京"])
    assert vectors[0] @ vectors[2] > 0.6
    assert vectors[0] @ vectors[2] > vectors[0] @ vectors[1]


def test_width_and_case_do_not_matter(embedder: Embedder) -> None:
    vectors = embedder.embed_queries(["TOKYO 東京", "ｔｏｋｙｏ　東京"])
    assert vectors[0] @ vectors[1] > 1 - 1e-5


def test_what_lies_behind_max_tokens_is_not_read(embedder: Embedder) -> None:
    long = "日本 の 首都 は 東京 です " * embedder.max_tokens
    assert embedder.count_tokens(long) > embedder.max_tokens
    cut = embedder.embed_passages([long, long + "capital of japan " * 5000])
    assert np.abs(cut[0] - cut[1]).max() < 1e-6
    assert unit(cut)


def test_a_very_long_text_without_spaces_is_no_trouble(embedder: Embedder) -> None:
    vectors = embedder.embed_passages(["東" * 1_000_000, "a" * 1_000_000, "🙂" * 100_000])
    assert unit(vectors)


def test_tokens_add_up_over_sentences(embedder: Embedder) -> None:
    parts = ["日本の首都は東京です。", "Tokyo is the capital of Japan."]
    assert embedder.count_tokens("\n".join(parts)) == sum(map(embedder.count_tokens, parts))
    assert embedder.count_tokens(parts[0]) > 2


def test_many_threads_agree_with_one(embedder: Embedder) -> None:
    texts = [f"{a} {b}" for a in SENTENCES[:5] for b in SENTENCES[:5]] * 4
    expected = embedder.embed_passages(texts)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(embedder.embed_passages, [texts] * 8)) + list(
            pool.map(lambda text: embedder.embed_queries([text]), texts)
        )
    assert all(np.abs(vectors - expected).max() < 1e-5 for vectors in found[:8])
    assert np.abs(np.concatenate(found[8:]) - expected).max() < 1e-5
