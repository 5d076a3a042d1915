"""Language by scripts and function words: Japanese, English, anything else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.text.language import detect_language

JAPANESE = [
    "日本はジェネシス・ミッションにいくら投資しますか？",
    "ｼﾞｪﾈｼｽ･ﾐｯｼｮﾝ",
    "こんにちは",
    "あ",
    "首都",
    "量子計算",
    "文部科学省研究振興局",
    "東京都",
    "国々",
    "〆切",
    "Genesis Missionとは",
    "AI for Scienceとは何ですか",
    "GPT-4について教えて",
    "DOE長官",
    "図書館の込み具合",
    "スーパーコンピュータ",
    "2026年6月4日、ワシントンDCにおいて署名式を行った。",
    "The Genesis Missionの日本語訳は？",
    "SOIに署名したのは誰？",
    "国内外事情図込峠働込畑辻榊匂凪枠栃塀",  # characters made in Japan, over 20 han characters with the next
    "国内外事情図込峠働込畑辻榊匂凪枠栃塀国内外事情",
]
ENGLISH = [
    "How much will Japan and the US invest?",
    "What is the Genesis Mission?",
    "hello",
    "AI",
    "GPU",
    "Fugaku",
    "Dario Gil",
    "naïve café",
    "The word 意向表明書 means statement of intent.",
    "What does 大統領令 mean in the deck?",
    "In 2026 the Department of Energy (DOE) and MEXT signed it at the Élysée in Paris.",
    "Ｗｈａｔ ｉｓ ＡＩ？",
    "What is the difference between は and が?",
]
OTHER = [
    "",
    "   \n",
    "12345",
    "2026-06-04",
    "?!",
    "👍🏽",
    "这是什么意思",
    "你好",
    "日本和美国将投资多少资金",
    "人工智能将改变科学研究的方式并且推动能源领域的发展和国家安全",
    "人工智慧將改變科學研究的方式並且推動能源領域的發展和國家安全計畫",
    "대한민국의 수도는 어디입니까",
    "Привет, как дела?",
    "مرحبا بالعالم",
    "สวัสดีครับ",
    "Guten Tag, wie geht es Ihnen?",
    "¿Cuánto invertirá Japón?",
    "Combien le Japon va-t-il investir dans la mission ?",
    "Quanto investirà il Giappone nella missione?",
    "Wieviel Geld wird die Regierung für die Forschung ausgeben?",
]


@pytest.mark.parametrize("text", JAPANESE)
def test_japanese(text: str) -> None:
    assert detect_language(text) == "ja"


@pytest.mark.parametrize("text", ENGLISH)
def test_english(text: str) -> None:
    assert detect_language(text) == "en"


@pytest.mark.parametrize("text", OTHER)
def test_other(text: str) -> None:
    assert detect_language(text) == "other"


def test_long_han_without_kana_is_not_japanese_but_the_same_with_kana_is() -> None:
    han = "人工智能改变科学研究方式推动能源领域发展国家安全科学技术人才培养国际合作"
    assert detect_language(han) == "other"
    assert detect_language("人工知能は科学研究の方式を変え、エネルギー分野の発展と国家安全保障を推進する。") == "ja"


def test_a_long_text_is_judged_by_samples_of_all_its_parts() -> None:
    english, japanese = "The order was signed in the morning. " * 2000, "大統領令は朝に署名された。" * 4000
    assert detect_language(english) == "en"
    assert detect_language(japanese) == "ja"
    # A Japanese report behind an English title page stays Japanese.
    assert detect_language("AI for Science. " * 40 + japanese) == "ja"


@pytest.mark.parametrize(("index", "language"), [(0, "ja"), (1, "en")])
def test_every_fact_is_recognised(fact_pairs: list[tuple[str, str]], index: int, language: str) -> None:
    wrong = [pair[index] for pair in fact_pairs if detect_language(pair[index]) != language]
    assert wrong == []


@given(data=st.data())
def test_any_text_has_an_answer(data: st.DataObject, mixed: Any) -> None:
    assert detect_language(data.draw(mixed)) in ("ja", "en", "other")


@given(st.text(alphabet="0123456789 .,-+/:%$¥()[]{}!?", max_size=30))
def test_figures_and_signs_alone_are_no_language(text: str) -> None:
    assert detect_language(text) == "other"
