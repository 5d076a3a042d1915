"""Search terms: what is indexed, asked for and shown, by the analyser without a dictionary."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.errors import SettingsError
from genesis_rag.text.normalize import nfc
from genesis_rag.text.terms import BigramAnalyser, get_analyser, word_terms

ANALYSER = BigramAnalyser()


def weights(question: str) -> dict[str, float]:
    return dict(ANALYSER.query_terms(question))


def test_analysers_by_name() -> None:
    assert get_analyser().id == get_analyser("bigram").id == "bigram-1"
    with pytest.raises(SettingsError) as error:
        get_analyser("mecab")
    assert "mecab" in error.value.message and "sudachi" in error.value.hint


def test_pairs_and_single_kanji() -> None:
    assert set(ANALYSER.index_terms("投資計画")) == {"投資", "資計", "計画", "投", "資", "計", "画"}
    assert {"核", "核の", "の冬", "冬"} <= set(ANALYSER.index_terms("核の冬"))
    assert {"コア", "スー", "ーパ", "パー"} <= set(ANALYSER.index_terms("コアとスーパー"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＩ１２３", "ai123"),
        ("ｶﾞﾗｽ", "ガラス"),
        ("コンピュータ", "ｺﾝﾋﾟｭｰﾀ"),
        ("㈱理研", "(株)理研"),
        ("國學院大學", "国学院大学"),
        ("５,０００人", "5000人"),
        ("computing", "computed"),
        ("missions", "mission"),
        ("U.S.", "US"),
        ("Japan's", "Japan"),
        ("ＧＰＴ－４", "GPT-4"),
        ("か\u3099く", "がく"),
    ],
)
def test_ways_of_writing_share_their_terms(one: str, other: str) -> None:
    assert set(ANALYSER.index_terms(one)) == set(ANALYSER.index_terms(other))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GPT-4", {"gpt", "4", "gpt4"}),
        ("GPT4", {"gpt", "gpt4"}),
        ("C++", {"c++"}),
        ("C#", {"c#"}),
        ("std::vector", {"std", "vector"}),
        ("FY2026", {"fy2026", "fy", "2026"}),
        ("5,000.5", {"5000.5"}),
        ("fugaku-next", {"fugaku", "next", "fugakunext"}),
        ("5億ドル", {"5億", "5", "億", "億ド", "ドル"}),
        ("2026年6月4日", {"2026年", "6月", "4日"}),
        ("令和8年", {"8年", "2026", "2026年"}),
        ("平成元年", {"1989", "1989年"}),
        ("R&D", {"rd"}),
    ],
)
def test_words_numbers_and_names(text: str, expected: set[str]) -> None:
    assert expected <= set(ANALYSER.index_terms(text))


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("令和8年", "2026年の計画"),
        ("スーパーコンピューター", "ｽｰﾊﾟｰｺﾝﾋﾟｭｰﾀｰ"),
        ("GPT4", "GPT-4"),
        ("5,000", "5000"),
        ("challenge", "26 Challenges"),
        ("核", "核融合"),
        ("５億ドル", "5億ドル"),
    ],
)
def test_a_question_finds_other_ways_of_writing(question: str, text: str) -> None:
    asked = {term for term, weight in ANALYSER.query_terms(question) if weight >= 0.5}
    assert asked & set(ANALYSER.index_terms(text))


def test_question_words_weigh_nothing_and_endings_little() -> None:
    found = weights("日本はジェネシス・ミッションにいくら投資しますか？")
    assert {"日本", "投資", "ジェ", "ショ"} <= {term for term, weight in found.items() if weight == 1.0}
    assert not {"いく", "くら", "ます", "すか"} & set(found)
    assert found["資し"] < 0.5 and found["投"] < 1.0
    english = weights("How much will Japan and the US invest?")
    assert set(english) == {"japan", "us", "invest"} and english["japan"] == 1.0
    assert "教え" not in weights("連携領域について教えてください")


def test_parts_weigh_less_than_wholes() -> None:
    found = weights("GPT-4")
    assert found["gpt4"] == 1.0 and found["gpt"] == found["4"] == 0.5


def test_a_question_of_function_words_keeps_them_all() -> None:
    assert weights("what is this") and weights("それはどれですか")
    assert weights("") == {} and weights("?！") == {}


def test_neighbouring_words_make_a_pair_within_a_sentence() -> None:
    terms = ANALYSER.index_terms("quantum computing. Fusion energy")
    assert "quantum comput" in terms and "fusion energi" in terms and "comput fusion" not in terms
    assert "jt 60" not in terms
    searched = dict(ANALYSER.search_terms("quantum computing"))
    assert 0 < searched["quantum comput"] < searched["quantum"]
    assert "quantum comput" not in weights("quantum computing")


def test_places_of_content_terms() -> None:
    text = "次は㈱ＡＩ研究のｶﾞﾗｽ、5,000人。"
    found = {(term.text, term.span.of(text)) for term in ANALYSER.content_terms(text)}
    assert {
        ("ai", "ＡＩ"),
        ("研究", "研究"),
        ("ガラ", "ｶﾞﾗ"),
        ("ラス", "ﾗｽ"),
        ("5000", "5,000"),
        ("5000人", "5,000人"),
    } <= found
    assert ("株", "㈱") in found
    starts = [term.span.start for term in ANALYSER.content_terms(text)]
    assert starts == sorted(starts)


def test_content_leaves_function_words_out() -> None:
    assert {term.text for term in ANALYSER.content_terms("This is the plan of the US.")} == {"plan", "us"}
    assert not {"した", "いる"} & {term.text for term in ANALYSER.content_terms("署名している。参加した。")}


def test_terms_of_a_word() -> None:
    assert word_terms("missions") == ("mission",)
    assert word_terms("u.s") == ("us",)
    assert word_terms("1,234.5") == ("1234.5",)
    assert word_terms("gpt-4") == ("gpt4", "gpt", "4")


@given(data=st.data())
def test_query_terms_are_found_in_a_text_with_the_same_words(data: st.DataObject, mixed: Any) -> None:
    text = data.draw(mixed)
    asked = ANALYSER.search_terms(text)
    assert all(0 < weight <= 1 for _, weight in asked)
    assert len({term for term, _ in asked}) == len(asked)
    indexed = ANALYSER.index_terms(text)
    assert {term for term, _ in asked} <= set(indexed)
    assert ANALYSER.index_terms(text) == indexed


@given(data=st.data())
def test_query_terms_are_content_terms(data: st.DataObject, mixed: Any) -> None:
    text = data.draw(mixed)
    content = {term.text for term in ANALYSER.content_terms(text)}
    asked = {term for term, _ in ANALYSER.query_terms(text)}
    assert asked <= content or not content & asked


@given(data=st.data())
def test_content_terms_lie_in_the_text(data: st.DataObject, mixed: Any) -> None:
    text = data.draw(mixed)
    indexed = set(ANALYSER.index_terms(text))
    assert ANALYSER.content_set(text) == {term.text for term in ANALYSER.content_terms(text)}
    for term in ANALYSER.content_terms(text):
        assert 0 <= term.span.start < term.span.end <= len(text)
        assert term.text in indexed


@given(data=st.data())
def test_the_stored_form_has_the_same_terms(data: st.DataObject, mixed: Any) -> None:
    text = nfc(data.draw(mixed))
    assert ANALYSER.index_terms(text) == ANALYSER.index_terms(nfc(text))


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["漢", "a-", "1,", "a b ", "令和8年", "ー", "a.b.", "5億", "a'", "１"])
def test_time_grows_with_length_only(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * size)[:size]
        start = time.process_time()
        ANALYSER.index_terms(text)
        ANALYSER.content_terms(text)
        ANALYSER.query_terms(text)
        return time.process_time() - start

    seconds(1000)
    # Six times the length: about six times the time; a square would be 36.
    short = min(seconds(2000) for _ in range(2))
    assert seconds(12_000) < 18 * short + 0.05 or seconds(12_000) < 18 * short + 0.05
