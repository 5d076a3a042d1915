"""The storage form keeps what the author wrote, the search form finds it, and the map leads back."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.text.normalize import fold, nfc, search_key

# --- Storage form -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("か\u3099", "が"),
        ("は\u309a", "ぱ"),
        ("e\u0301", "é"),
        ("\u1100\u1161\u11a8", "각"),
        ("\u212b", "Å"),
        ("a\r\nb\rc\u2028d\u2029e\x85f\x0cg\x0bh", "a\nb\nc\nd\ne\nf\ng\nh"),
        ("a\x00b\x07c\x7fd", "abcd"),
        ("tab\tstays", "tab\tstays"),
        ("soft\u00adhyphen", "softhyphen"),
        ("\ufeff日\u200b本\u2060語", "日本語"),
        ("safe\u202egnp.exe\u202c", "safegnp.exe"),
        ("a\u2066b\u2069c\u200ed\u200f", "abcd"),
        ("日\u200d本", "日本"),
        ("a\u200cb", "ab"),
        ("\ud800x", "\ufffdx"),
        ("x\U000e0041\U000e0042y", "xy"),
    ],
)
def test_what_storing_changes(written: str, stored: str) -> None:
    assert nfc(written) == stored


@pytest.mark.parametrize(
    "text",
    [
        "\ufa19社の\ufa1b山",  # 神 and 福 as compatibility ideographs: NFC would replace them
        "\U0002f800\U0002f80a",
        "葛\U000e0100城、辻\U000e0101、芦\ufe00屋",
        "ｶﾞﾗｽ ﾊﾟｰﾄ",
        "㈱①㌔㎞Ⅷ",
        "ＡＩ１２３",
        "全角\u3000空白",
        "👨\u200d👩\u200d👧‍👦 👍🏽 ❤\ufe0f\u200d🔥 🇯🇵",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # flag of England
        "می\u200cخواهم",
        "क्\u200dष",
        "zero ' \" ʼ – — ―",
    ],
)
def test_what_storing_leaves_alone(text: str) -> None:
    assert nfc(text) == text


def test_only_the_runs_around_compatibility_ideographs_are_composed() -> None:
    assert nfc("か\u3099\ufa19e\u0301\U0002f800は\u309a") == "が\ufa19é\U0002f800ぱ"
    # A mark after a compatibility ideograph does not make it composable.
    assert nfc("\ufa19\u0301") == "\ufa19\u0301"


def test_a_long_run_of_joiners_is_cleaned_in_one_go() -> None:
    assert nfc("a" + "\u200d" * 5000 + "b") == "ab"
    assert nfc("👨" + "\u200d" * 50 + "b") == "👨b"


@given(data=st.data())
def test_storing_twice_changes_nothing(data: st.DataObject, mixed: Any) -> None:
    stored = nfc(data.draw(mixed))
    assert nfc(stored) == stored


@given(
    st.text(alphabet="かはう\u3099\u309a\ufa19\U0002f800e\u0301\u0323葛\U000e0100👨\u200d\u200c👩\ufe0fی", max_size=20)
)
def test_marks_and_joiners_in_any_order(text: str) -> None:
    stored = nfc(text)
    assert nfc(stored) == stored
    assert [sign for sign in stored if sign in "\ufa19\U0002f800"] == [s for s in text if s in "\ufa19\U0002f800"]
    assert stored.count("\U000e0100") == text.count("\U000e0100")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), max_size=20))
def test_without_compatibility_ideographs_it_is_nfc(text: str) -> None:
    # \ufdd0 and the like are assigned to nothing; the last two of each plane only in the first are dropped.
    text = "".join(s for s in text if not ("\uf900" <= s <= "\ufaff" or "\U0002f800" <= s <= "\U0002fa1f"))
    text = text.replace("\ufffe", "").replace("\uffff", "").replace("\u180e", "")
    text = "".join(s for s in text if unicodedata.category(s) != "Cn")
    assert nfc(text) == unicodedata.normalize("NFC", text)


# --- Search form --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＩ１２３", "ai123"),
        ("ｶﾞﾗｽ", "ガラス"),
        ("㈱", "(株)"),
        ("①", "1"),
        ("㍿", "株式会社"),
        ("㎞", "km"),
        ("Ⅷ", "viii"),
        ("GROẞE Straße", "grosse strasse"),
        ("İstanbul", "i̇stanbul"),
        ("コ－ヒ－", "コーヒー"),
        ("コ—ヒ−", "コーヒー"),
        ("10ー20", "10-20"),
        ("5〜10", "5~10"),
        ("5～10", "5~10"),
        ("“AI”", '"ai"'),
        ("it’s", "it's"),
        ("ダリオ･ギル", "ダリオ・ギル"),
        ("ダリオ·ギル", "ダリオ・ギル"),
        ("國學院", "国学院"),
        ("髙橋", "高橋"),
        ("\ufa19", "神"),
        ("葛\U000e0100城", "葛城"),
        ("1か月", "1ヶ月"),
        ("三箇所", "三ヶ所"),
        ("５カ国", "5ヵ国"),
        ("が", "か\u3099"),
        ("Ａ\u3000Ｂ", "a b"),
        ("co\u00adoperate", "cooperate"),
    ],
)
def test_same_words_same_key(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("は", "ば"),
        ("ハ", "は"),
        ("ッ", "ツ"),
        ("円", "ドル"),
        ("10", "1 0"),
        ("国", "図"),
        ("ー", "-"),
        ("a-b", "aーb"),
    ],
)
def test_different_words_different_key(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_tabs_and_newlines_stay_where_they_are() -> None:
    assert fold("Ａ\tＢ\nＣ\u3000Ｄ") == "a\tb\nc d"


@given(data=st.data())
def test_folding_twice_changes_nothing(data: st.DataObject, mixed: Any) -> None:
    key = fold(data.draw(mixed))
    assert fold(key) == key


@given(data=st.data())
def test_stored_and_written_form_have_one_key(data: st.DataObject, mixed: Any) -> None:
    text = data.draw(mixed)
    # Line ends and dropped controls differ on purpose.
    if nfc(text) == unicodedata.normalize("NFC", text):
        assert fold(nfc(text)) == fold(text)


# --- The map back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("次はＡＩ１２３です", "AI123", ["ＡＩ１２３"]),
        ("ｶﾞﾗｽとガラス", "ガラス", ["ｶﾞﾗｽ", "ガラス"]),
        ("㈱日本", "株", ["㈱"]),
        ("課題①と②", "①", ["①"]),
        ("㍿理研", "会社", ["㍿"]),
        ("か\u3099く", "が", ["か\u3099"]),
        ("葛\U000e0100城市", "葛城", ["葛\U000e0100城"]),
        ("Straße, STRASSE", "strasse", ["Straße", "STRASSE"]),
        ("ﬁnd ﬁsh", "fi", ["ﬁ", "ﬁ"]),
        ("co\u00adop", "coop", ["co\u00adop"]),
        ("國の国", "国", ["國", "国"]),
        ("👍🏽いいね", "いいね", ["いいね"]),
    ],
)
def test_a_match_is_shown_in_the_original(text: str, words: str, shown: list[str]) -> None:
    assert [span.of(text) for span in search_key(text).occurrences(fold(words))] == shown


def test_ranges_of_the_key() -> None:
    key = search_key("a㈱b")
    assert key.key == "a(株)b"
    assert (key.original(0, 1).start, key.original(0, 1).end) == (0, 1)
    assert (key.original(2, 3).start, key.original(2, 3).end) == (1, 2)
    assert (key.original(0, 5).start, key.original(0, 5).end) == (0, 3)
    assert (key.original(5, 5).start, key.original(5, 5).end) == (3, 3)
    assert len(key.original(2, 2)) == 0
    for wrong in ((-1, 1), (2, 1), (0, 6)):
        with pytest.raises(ValueError, match="not within"):
            key.original(*wrong)
    assert list(key.occurrences("")) == []


@given(data=st.data())
def test_the_map_agrees_with_folding(data: st.DataObject, mixed: Any) -> None:
    text = data.draw(mixed)
    key = search_key(text)
    assert key.key == fold(text)
    assert key.length == len(text)


@given(data=st.data())
def test_the_map_is_monotonous_and_inside(data: st.DataObject, mixed: Any) -> None:
    text = data.draw(mixed)
    key = search_key(text)
    spans = [key.original(at, at + 1) for at in range(len(key.key))]
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(a.start <= b.start and a.end <= b.end for a, b in pairwise(spans))
    if spans:
        whole = key.original(0, len(key.key))
        assert (whole.start, whole.end) == (spans[0].start, spans[-1].end)


@given(data=st.data())
def test_what_a_span_covers_folds_to_what_was_searched(data: st.DataObject, mixed: Any) -> None:
    text = data.draw(mixed)
    key = search_key(text)
    if not key.key:
        return
    start = data.draw(st.integers(0, len(key.key) - 1))
    end = data.draw(st.integers(start + 1, len(key.key)))
    span = key.original(start, end)
    # What a dash or か is depends on its neighbours, which a range may have cut off.
    unsure = str.maketrans("ーヶヵケカか箇", "-------")
    assert key.key[start:end].translate(unsure) in fold(span.of(text)).translate(unsure)


def test_a_surrogate_or_nothing_at_all() -> None:
    assert search_key("").key == "" and fold("") == "" and nfc("") == ""
    assert fold("\ud800") == "\ud800"
