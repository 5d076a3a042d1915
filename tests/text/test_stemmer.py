"""Our Porter2 stemmer gives what PyStemmer's gives."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.text.stemmer import stem

Stemmer = pytest.importorskip("Stemmer")
SNOWBALL = Stemmer.Stemmer("english")

ROOTS = """
    abandon agree allow analyse argue arm baby bag bathe bit blow boot cat church class comput connect control
    cry day decis die divis dog employ energi exist feed fetch fly fund gas gener geolog globe good govern grow
    happi hop hope inform invest kick lazi lie light logic make mission nation nativ nucle offer organ panic
    person play plan prefer process quantum radic relat research rich sail scienc sens signific ski strategi
    success supercomput tan tie univers util valenc valu vietnam wash wed yes young zeal y ying sayyid
""".split()
ENDINGS = """
    s es ies ied ed edly ing ingly eed eedly er ers est ly li ness ment ments ement able ible ance ence ent ant
    ate ated ator ation ations ational ization izer ize izing ism ist ity iti ive iveness iviti ous ously
    ousness ful fully fulness less lessly al ally alism aliti alize ic ical icate iciti ogi ogist ogy bli biliti
    tional tion ion sion y ying yed us ss e ee 's bb dd tt ll
""".split()
ENDINGS.append("")
IRREGULAR = """
    skis skies dying lying tying idly gently ugly early only singly sky news howe atlas cosmos bias andes inning
    innings outing canning herring earring proceed exceed succeed evening generate generally communism arsenal
    arsenic past pasted university universal later emerge organic international interest inter added egged odds
    off of sees seeing hissing hoping hopping fizzed filing luxuriated conflated plotted troubled sized knack
    sayings enjoy buy boy by say ties
""".split()


@pytest.mark.parametrize("root", ROOTS)
def test_words_made_of_roots_and_endings(root: str) -> None:
    words = [root + ending for ending in ENDINGS if "'" not in ending]
    assert {word: stem(word) for word in words} == {word: SNOWBALL.stemWord(word) for word in words}


def test_words_with_rules_of_their_own() -> None:
    assert {word: stem(word) for word in IRREGULAR} == {word: SNOWBALL.stemWord(word) for word in IRREGULAR}


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=14))
def test_random_letters(word: str) -> None:
    assert stem(word) == SNOWBALL.stemWord(word)


@given(st.text(alphabet="aeioublstyngdr", min_size=3, max_size=9), st.sampled_from(ENDINGS))
def test_random_words_with_endings(root: str, ending: str) -> None:
    word = (root + ending).replace("'", "")
    assert stem(word) == SNOWBALL.stemWord(word)


def test_the_words_of_the_facts(fact_pairs: list[tuple[str, str]]) -> None:
    words = {word for _, english in fact_pairs for word in re.findall("[a-z]+", english.lower())}
    assert len(words) > 1400
    assert {word: stem(word) for word in words} == {word: SNOWBALL.stemWord(word) for word in words}


@pytest.mark.parametrize("word", ["", "a", "ab", "日本", "café", "gpt4", "it's", "c++"])
def test_other_words_come_back_unchanged(word: str) -> None:
    assert stem(word) == word
