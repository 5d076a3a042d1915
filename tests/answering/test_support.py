"""Which sentences a passage supports: words and names of both languages, and how katakana sounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.answering.extractive import ExtractiveAnswerer
from genesis_rag.answering.names import NameChecker
from genesis_rag.answering.polarity import denial_differs
from genesis_rag.answering.sounds import same_sound
from genesis_rag.answering.support import SupportFinder, SupportLimits
from genesis_rag.answering.wording import WordMatcher, words
from genesis_rag.embedding.static import StaticEmbedder
from genesis_rag.types import Passage

ENGLISH = "RIKEN and Argonne signed a memorandum in Yokohama on April 5, 2024. It covers AI and quantum computing."
JAPANESE = "理研とアルゴンヌは2024年4月5日に横浜で覚書を結んだ。覚書はAIと量子計算を対象とする。"


@pytest.fixture(scope="module")
def checker(embedder: StaticEmbedder) -> NameChecker:
    return NameChecker(WordMatcher(embedder))


@pytest.mark.parametrize(
    ("katakana", "latin"),
    [
        ("アルゴンヌ", "Argonne"), ("コペンハーゲン", "Copenhagen"), ("フュージョン", "fusion"), ("ギル", "Gil"),
        ("クラツィオス", "Kratsios"), ("ジェネシス", "Genesis"), ("プロセッサ", "processor"), ("ベイカー", "Baker"),
    ],
)  # fmt: skip
def test_katakana_is_known_by_its_sound(katakana: str, latin: str) -> None:
    assert same_sound(katakana, latin)


@pytest.mark.parametrize(
    ("katakana", "latin"),
    [
        ("アルゴンヌ", "Brookhaven"),
        ("コペンハーゲン", "Brussels"),
        ("ギル", "Wright"),
        ("ベイカー", "Hinton"),
        ("ア", "a"),
    ],
)
def test_other_words_do_not_sound_alike(katakana: str, latin: str) -> None:
    assert not same_sound(katakana, latin)


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_can_be_compared(one: str, other: str) -> None:
    assert same_sound(one, other) in (True, False)
    assert all(word in one for word in words(one))


@pytest.mark.parametrize(
    ("claim", "evidence", "same", "missing"),
    [
        ("富岳はドウナーに代わる。", "富岳は代わる。", True, ("ドウナー",)),
        ("The ship left Osaka.", "The ship left Yokohama.", True, ("Osaka",)),
        ("The ship left Yokohama.", "The ship left YOKOHAMA at dawn.", True, ()),
        ("RIKEN signed it.", "理研が署名した。", False, ()),
        ("NII signed it.", "理研が署名した。", False, ("NII",)),
        ("経済産業省が署名した。", "MEXT signed it.", False, ("METI",)),
        ("文部科学省が署名した。", "MEXT signed it.", False, ()),
        ("FugakuNEXT follows Fugaku.", "「富岳NEXT」は「富岳」に続く。", False, ()),
        ("Argonne signed it.", "アルゴンヌが署名した。", False, ()),
        ("Brookhaven signed it.", "アルゴンヌが署名した。", False, ("Brookhaven",)),
        ("松岡聡氏が率いる。", "中村泰信氏が率いる。", True, ("松岡聡",)),
        ("It was Kurohashi.", "黒橋氏だった。", False, ()),
        ("DOE signed it.", "The Department of Energy signed it.", True, ()),
        ("LLMs plan it.", "Large language models plan it.", True, ()),
        ("LLMs plan it.", "Large models of language plan it.", True, ("LLMs",)),
        ("It is by the United States.", "It is a Japan-US plan.", True, ()),
        ("LLM-jp-3 172B's training", "LLM-jp-3 172Bの学習", False, ()),
        ("LLM-jp-3 177B's training", "LLM-jp-3 172Bの学習", False, ("177B",)),
        ("RAISE connects data.", "計算機とデータを結ぶ。", False, ("RAISE",)),
        ("Once signed, it holds.", "It holds after it is signed.", True, ()),
    ],
)
def test_names_must_stand_in_the_evidence(
    checker: NameChecker, claim: str, evidence: str, same: bool, missing: tuple[str, ...]
) -> None:
    assert checker.missing(claim, evidence, same_language=same) == missing


@pytest.mark.parametrize(
    ("claim", "enough"),
    [
        ("On April 5, 2024 a memorandum was signed by RIKEN and Argonne in Yokohama.", True),
        ("理研とアルゴンヌは2024年4月5日に横浜で覚書に署名した。", True),
        ("理研とアルゴンヌは2024年4月6日に横浜で覚書に署名した。", False),
        ("理研とアルゴンヌは2024年4月5日に大阪で覚書に署名した。", False),
        ("RIKEN and Argonne share a canteen with a chocolate factory.", False),
        ("アルゴンヌは理研に土地と建物を無料で貸している。", False),
    ],
)
@pytest.mark.parametrize("text", [ENGLISH, JAPANESE])
def test_claims_are_told_apart_in_both_languages(
    make_passage: Callable[..., Passage],
    answerer_for: Callable[[Sequence[Passage]], ExtractiveAnswerer],
    text: str,
    claim: str,
    enough: bool,
) -> None:
    passage = make_passage(text)
    support = SupportFinder(answerer_for([passage]).tools).best(claim, [passage])
    assert support is not None and support.enough is enough
    assert 0 <= support.start < support.end <= len(text)


@pytest.mark.parametrize(
    ("claim", "enough"),
    [
        ("The harbour is run by the city and the market by the guild.", True),
        ("The market is run by the city and the harbour by the guild.", False),
    ],
)
def test_a_claim_is_not_held_by_words_further_off_than_those_it_turns_round(
    make_passage: Callable[..., Passage],
    answerer_for: Callable[[Sequence[Passage]], ExtractiveAnswerer],
    claim: str,
    enough: bool,
) -> None:
    text = (
        "The harbour is run by the city and the market by the guild.\n\n"
        "The market, the harbour, the city and the guild are all run well."
    )
    passage = make_passage(text)
    support = SupportFinder(answerer_for([passage]).tools).best(claim, [passage])
    assert support is not None and support.enough is enough


def test_least_scores_are_by_language() -> None:
    limits = SupportLimits(same=(0.1, 0.2), across=(0.3, 0.4))
    english, japanese = "The ship is old.", "船は古い。"
    assert [limits.least(text, same_language=True) for text in (english, japanese)] == [0.1, 0.2]
    assert [limits.least(text, same_language=False) for text in (english, japanese)] == [0.3, 0.4]


class Narrow:
    """An embedder whose vectors all lie in a narrow cone, as those of many large models do."""

    fingerprint, dim, max_tokens = "narrow", 4, 100

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.array([[3.0, *(hash_of(text, place) for place in range(3))] for text in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    embed_passages = embed_queries

    def count_tokens(self, text: str) -> int:
        return len(text)


def hash_of(text: str, place: int) -> float:
    return float((sum(map(ord, text)) * (place + 3)) % 7) / 7 - 0.5


def test_what_an_embedder_gives_to_any_two_words_counts_for_nothing() -> None:
    matcher = WordMatcher(Narrow())
    assert float(matcher.above_chance(np.array([0.9], np.float32))[0]) < 0.3
    assert float(matcher.above_chance(np.array([1.0], np.float32))[0]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("claim", "evidence", "differs"),
    [
        ("The ship was not built in Kobe.", "The ship was built in Kobe.", True),
        ("The ship was built in Kobe.", "The ship was not built in Kobe.", True),
        ("The ship was not built in Kobe.", "神戸で船が造られた。", True),
        ("船は神戸で造られませんでした。", "The ship was built in Kobe.", True),
        ("船は神戸で造られなかった。", "船は神戸で造られた。", True),
        ("The agreement is not binding.", "The agreement is non-binding.", False),
        ("The agreement is not binding.", "合意は法的な拘束力を持たない。", False),
        ("値は比べられない。", "The values cannot be compared.", False),
        ("名前は一致しない。", "The names differ.", False),
        ("船には部屋が少ない。", "The ship has a small number of rooms.", False),
        ("Not only Kobe builds ships.", "神戸でも船を造る。", False),
        ("Area no. 3 is physics.", "領域3番は物理である。", False),
    ],
)
def test_a_denial_that_was_added_or_dropped_is_seen(claim: str, evidence: str, differs: bool) -> None:
    assert denial_differs(claim, evidence) is differs


@given(st.text(max_size=60), st.text(max_size=60))
def test_denials_of_any_texts_can_be_compared(claim: str, evidence: str) -> None:
    assert denial_differs(claim, evidence) is denial_differs(evidence, claim)
    assert not denial_differs(claim, claim)
