"""What abbreviations stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.text.expansions import abbreviations, writes_out

WORDS = st.lists(st.from_regex(r"[A-Z][a-z]{2,8}", fullmatch=True), min_size=3, max_size=6)


@pytest.mark.parametrize(
    ("short", "text"),
    [
        ("SOI", "They signed the statement of intent (SOI)."),
        ("SOI", "A Statement of Intent was signed."),
        ("RAISE", "RAISE, the Resource for AI Science in Europe, is a pilot."),
        ("AmSC", "The American Science Cloud ties machines together."),
        ("ModCon", "Transformational Model Consortium (ModCon)"),
        ("GENIAC", "The name GENIAC is short for Generative AI Accelerator Challenge."),
        ("MEXT", "the Ministry of Education, Culture, Sports, Science and Technology (MEXT)"),
        ("NEDO", "資金は新エネルギー・産業技術総合開発機構（NEDO）が出す。"),
        ("NII", "国立情報学研究所（以下「NII」）は"),
        ("ARIM", "ARIM（マテリアル先端リサーチインフラ）"),
    ],
)
def test_long_forms_are_found(short: str, text: str) -> None:
    assert writes_out(short, text)


@pytest.mark.parametrize(
    ("short", "text"),
    [
        ("SOI", "The SOI was signed in June."),
        ("AI", "an institute of AI"),
        ("DOE", "the department of everything"),
        ("GENIAC", "The name GENIAC also combines the word genius with ENIAC."),
        ("RAISE", "RAISE began as a pilot in Copenhagen. It is small."),
        ("SOI", "A Statement of. Intent was signed."),
        ("NEDO", "NEDOは事業（第2期）を進める。"),
    ],
)
def test_other_words_are_none(short: str, text: str) -> None:
    assert not writes_out(short, text)


def test_abbreviations_have_two_capitals() -> None:
    text = "What is AmSC short for? The DOE’s iPhone, GENIACの正式名称, GENIAC, Ph.D."
    assert abbreviations(text) == ["AmSC", "DOE", "GENIAC"]


@given(WORDS)
def test_initials_of_words_in_a_row_spell_their_abbreviation(words: list[str]) -> None:
    short = "".join(word[0] for word in words)
    assert writes_out(short, f"it was the {' '.join(words)} that began")
    assert writes_out(short, f"{short} ({' of the '.join(words)})")


@given(st.text(alphabet="abcd （)）、。東ー", max_size=40))
def test_small_letters_without_the_abbreviation_spell_nothing(text: str) -> None:
    assert not writes_out("ABC", text)
