from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.answering.citations import AnswerText, shown
from genesis_rag.answering.verification import (
    invalid_markers,
    missing_addresses,
    missing_quantities,
    parse_markers,
    term_support,
    verify,
)


def words(text: str) -> list[str]:
    return text.lower().split()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("A [1].", [(1,)]),
        ("あ［１］い", [(1,)]),
        ("あ【２】", [(2,)]),
        ("A [1][2] b", [(1,), (2,)]),
        ("A [1, 2]", [(1, 2)]),
        ("A [1、３]", [(1, 3)]),
        ("A [2-4]", [(2, 3, 4)]),
        ("A [ 10 ] B", [(10,)]),
        ("array[i] and [note] and [1a] and (1)", []),
        ("[12, 12]", [(12,)]),
    ],
)
def test_markers(text: str, numbers: list[tuple[int, ...]]) -> None:
    uses = parse_markers(text)
    assert [use.numbers for use in uses] == numbers
    assert all(use.span.of(text)[0] in "[［【" for use in uses)


def test_markers_of_passages_not_shown_are_reported_once_as_written() -> None:
    assert invalid_markers("A [1] b [7] c ［７］ d [7] e [1, 9]", {1, 2}) == ("[7]", "［７］", "[1, 9]")
    assert invalid_markers("A [1][2]", {1, 2}) == ()


def test_a_verbatim_quote_verifies(make_passage: object) -> None:
    passage = make_passage("日本は5億ドルを投資する。\n次の文。", start=100)  # type: ignore[operator]
    check = verify("日本は5億ドルを投資する。", passage, 0, 13, words)
    assert (check.exact, check.numbers_agree, check.support) == (True, True, 1.0)


def test_a_changed_number_does_not_agree(make_passage: object) -> None:
    passage = make_passage("Japan invests 500 million dollars over five years.")  # type: ignore[operator]
    check = verify("Japan invests 700 million dollars", passage, 0, len(passage.text), words)
    assert check.exact
    assert not check.numbers_agree
    assert check.support == pytest.approx(4 / 5)


def test_offsets_that_do_not_fit_are_never_cited(make_passage: object) -> None:
    passage = make_passage("Some words here.")  # type: ignore[operator]
    text = AnswerText(words)
    assert not text.quote(replace(passage, end=passage.end + 1), 0, 4)
    assert not text.quote(passage, 5, 400)
    assert not text.quote(passage, 4, 4)
    assert (text.text, text.citations) == ("", [])


def test_spans_cover_the_quote_and_its_marker(make_passage: object) -> None:
    first = make_passage("前の文。答えの\n文である。", 3, start=50)  # type: ignore[operator]
    text = AnswerText(words)
    text.say("2件：\n")
    assert text.quote(first, 4, 13)
    citation = text.citations[0]
    assert text.text == "2件：\n答えの文である。 [1]"
    assert text.text[citation.answer_start : citation.answer_end] == "答えの文である。 [1]"
    assert citation.quote == "答えの\n文である。"
    assert (citation.start, citation.end, citation.marker) == (54, 63, 1)
    assert first.text[citation.start - 50 : citation.end - 50] == citation.quote


def test_markers_count_in_the_order_of_their_first_use(make_passage: object) -> None:
    passages = [make_passage(f"文{n}である。", n) for n in (1, 2, 3, 4)]  # type: ignore[operator]
    text = AnswerText(words)
    for n in (3, 1, 3):
        assert text.quote(passages[n - 1], 0, 6)
    assert not text.quote(passages[1], 0, 400)  # what does not check out takes no number
    assert text.text == "文3である。 [1]文1である。 [2]文3である。 [1]"
    assert [citation.marker for citation in text.citations] == [1, 2, 1]
    assert [passage.marker for passage in text.numbering.applied(passages)] == [2, 3, 1, 4]
    assert [passage.marker for passage in passages] == [1, 2, 3, 4]


def test_line_breaks_in_quotes() -> None:
    assert shown("日本と\n  米国") == "日本と米国"
    assert shown("one\n two") == "one two"
    assert shown("AI\n基盤") == "AI 基盤"
    assert shown("無変更 a b") == "無変更 a b"


def test_support_is_the_share_of_the_claims_terms() -> None:
    assert term_support("a b c d", "a b x", words) == 0.5
    assert term_support("", "a", words) == 1.0


@given(st.text(max_size=80))
def test_parsing_markers_never_fails(text: str) -> None:
    for use in parse_markers(text):
        assert use.numbers and 0 <= use.span.start < use.span.end <= len(text)


def test_addresses_must_stand_in_the_evidence() -> None:
    claim = "See https://evil.example/?q=1 now."
    assert missing_addresses(claim, "See https://good.example/ now.") == ("https://evil.example/?q=1",)
    assert missing_addresses("See www.evil.example/x", "富岳") == ("www.evil.example/x",)
    assert missing_addresses(claim, claim) == ()


@pytest.mark.parametrize(
    ("claim", "evidence", "lost"),
    [
        ("約806億円", "およそ800億円", 1),
        ("約800億円", "806億円", 0),
        ("It is a 2024 model.", "a model from 2024", 0),
        ("It is a 2024 model.", "a model from 2025", 1),
        ("2024年時点の所長", "所長は、2024年の時点で黒橋氏である", 0),
        ("2025年時点の所長", "所長は、2024年の時点で黒橋氏である", 1),
        ("2025年11月24日", "2025年10月24日", 1),
        ("Kobe is the first place.", "神戸が最初である。", 0),
        ("over ten years later", "More than ten years later", 0),
        ("over nine years later", "More than ten years later", 1),
        ("up to 15 weeks", "up to 15 days", 1),
        ("15日という期間", "The 15 days are long.", 0),
        ("16日という期間", "The 15 days are long.", 1),
        ("doubling the number", "数を倍に増やす", 0),
        ("twice the number", "数を3倍に増やす", 1),
        ("three times the share", "60兆円と180兆円", 0),
        ("four times the share", "60兆円と180兆円", 1),
        ("about a third of the sum", "170億円と499億円", 0),
        ("a third of the sum", "170億円と499億円", 1),
        ("ten times as many", "a tenth of the number", 0),
        ("eleven institutions", "Nine universities and two research institutions run it.", 0),
        ("12 institutions", "Nine universities and two research institutions run it.", 1),
        ("the first machine to have sails", "No machine had sails before it.", 0),
        ("帆を持つ最初の機械", "これまで帆を持つ機械はなかった。", 0),
    ],
)
def test_quantities_said_otherwise_are_held_and_changed_ones_are_not(claim: str, evidence: str, lost: int) -> None:
    assert len(missing_quantities(claim, evidence)) == lost
