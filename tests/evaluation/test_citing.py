"""Citation measures by hand, on answers whose sentences and quotations are known."""

from __future__ import annotations

from typing import Any

import pytest

from genesis_rag.evaluation.citing import (
    citation_scores,
    cited_sentences,
    plain_text,
    support_precision,
    support_recall,
    supports,
)
from genesis_rag.evaluation.evidence import EvidenceFinder
from genesis_rag.evaluation.items import Evidence

JA, EN = "corpus/genesis.ja.md", "corpus/genesis.en.md"
MONEY, SIGNED, MACHINE = (
    "両者は今後5年間で5億ドルを投資する。",
    "署名は2026年6月4日に行われた。",
    "富岳の後継機も使う。",
)


def test_what_supports_a_sentence() -> None:
    assert supports([MONEY], "両者は今後５年間で\n５億ドルを投資する。"), "word for word"
    assert supports([MONEY, SIGNED], "署名は2026年6月4日。"), "together"
    assert supports(["The two sides will invest $500 million over five years."], "They invest 500 million dollars.")
    assert not supports(["They will invest $50 million."], "They will invest $500 million."), "another number"
    assert not supports([MACHINE], MONEY)
    assert not supports([MONEY], "両者は今後5年間で5億ドルを半導体工場の新設に投資する。"), "too many new words"
    assert not supports([], MONEY)
    assert not supports([" "], MONEY)


def test_support_across_languages_needs_numbers_and_names() -> None:
    assert supports([MONEY], "Both invest $500 million over five years.")
    assert not supports([MONEY], "Both invest $600 million over five years.")
    assert supports(["文科省とDOEが協力する。"], "DOE cooperates.")
    assert not supports(["文科省が協力する。"], "DOE cooperates.")


def test_sentences_know_their_own_citations_only(make: Any) -> None:
    one = make.answer((MONEY, JA, MONEY), (SIGNED, JA, SIGNED), ("なお補足はない。", "", ""))
    found = cited_sentences(one)
    assert [s.text.strip() for s in found] == [MONEY, SIGNED, "なお補足はない。"]
    assert [[c.quote for c in s.citations] for s in found] == [[MONEY], [SIGNED], []]
    assert plain_text(one).split() == [MONEY, SIGNED, "なお補足はない。"]


def test_sentences_on_one_line_know_theirs_too(make: Any) -> None:
    one = make.answer((MONEY + SIGNED, JA, MONEY + SIGNED), (MACHINE, JA, MACHINE))
    one = type(one)(**{**{f: getattr(one, f) for f in one.__slots__}, "text": one.text.replace("\n", " ")})
    assert [len(s.citations) for s in cited_sentences(one)] == [1, 1, 1]


def test_a_sentence_is_cut_where_what_a_citation_stands_for_ends(make: Any) -> None:
    one = make.answer(("富岳", JA, "富岳"), ("5億ドルを投資する", JA, MONEY))
    one = type(one)(**{**{f: getattr(one, f) for f in one.__slots__}, "text": one.text.replace("\n", " ")})
    found = cited_sentences(one)
    assert [s.text for s in found] == ["富岳", "5億ドルを投資する"]
    assert [[c.quote for c in s.citations] for s in found] == [["富岳"], [MONEY]]
    assert support_precision(found) == 1.0


def test_recall_and_precision_by_hand(make: Any) -> None:
    good = make.answer((MONEY, JA, MONEY))
    assert (support_recall(cited_sentences(good)), support_precision(cited_sentences(good))) == (1.0, 1.0)
    # One sentence is right, one quotes something else, one cites nothing: recall 1/3, precision 1/2.
    mixed = make.answer((MONEY, JA, MONEY), (SIGNED, JA, MACHINE), ("補足はない。", "", ""))
    assert support_recall(cited_sentences(mixed)) == pytest.approx(1 / 3)
    assert support_precision(cited_sentences(mixed)) == pytest.approx(1 / 2)


def test_an_idle_citation_lowers_precision_not_recall(make: Any) -> None:
    one = make.answer((MONEY, JA, MONEY))
    idle = make.citation(JA, MACHINE, 0, len(one.text), 2)
    both = type(one)(**{**{f: getattr(one, f) for f in one.__slots__}, "citations": (*one.citations, idle)})
    assert support_recall(cited_sentences(both)) == 1.0
    assert support_precision(cited_sentences(both)) == 0.5


def test_two_citations_that_support_only_together_are_both_needed(make: Any) -> None:
    sentence = "投資は5億ドル、署名は2026年6月4日。"
    one = make.answer((sentence, JA, MONEY))
    other = make.citation(JA, SIGNED, 0, len(one.text), 2)
    both = type(one)(**{**{f: getattr(one, f) for f in one.__slots__}, "citations": (*one.citations, other)})
    assert support_recall(cited_sentences(one)) == 0.0
    assert support_recall(cited_sentences(both)) == 1.0
    assert support_precision(cited_sentences(both)) == 1.0


def test_scores_against_the_evidence(make: Any) -> None:
    finder = EvidenceFinder(make.assistant())
    judged = finder.judge(make.item(evidence=(Evidence(JA, "5億ドルを投資する"), Evidence(JA, "富岳の後継機"))))
    english = "Each side will invest $500 million over five years."
    one = make.answer((MONEY, JA, MONEY), (english, EN, english), (SIGNED, JA, SIGNED))
    scores = citation_scores(one, judged, ((0,), (1,)), ["5億ドル"])
    assert scores.pointing == pytest.approx(1 / 3)
    assert scores.holding == pytest.approx(2 / 3), "the English document says it as well"
    assert scores.evidence == pytest.approx(1 / 2)
    assert (scores.recall, scores.precision) == (1.0, 1.0)


def test_of_alternatives_one_is_enough(make: Any) -> None:
    judged = EvidenceFinder(make.assistant()).judge(
        make.item(evidence=(Evidence(JA, "5億ドルを投資する"), Evidence(JA, "富岳の後継機")))
    )
    scores = citation_scores(make.answer((MONEY, JA, MONEY)), judged, ((0, 1),), [])
    assert (scores.evidence, scores.pointing) == (1.0, 1.0)


def test_nothing_to_judge_is_none(make: Any) -> None:
    scores = citation_scores(make.answer((MONEY, "", "")), (), (), [])
    assert (scores.pointing, scores.holding, scores.evidence, scores.precision) == (None, None, None, None)
    assert scores.recall == 0.0
