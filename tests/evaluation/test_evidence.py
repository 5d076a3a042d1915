from __future__ import annotations

from typing import Any

import pytest

from genesis_rag.evaluation.evidence import EvidenceFinder, covered, first_ranks, points_at
from genesis_rag.evaluation.items import Evidence
from genesis_rag.evaluation.runner import Place


@pytest.fixture
def finder(make: Any) -> EvidenceFinder:
    return EvidenceFinder(make.assistant())


def judge(finder: EvidenceFinder, make: Any, *evidence: Evidence) -> Any:
    return finder.judge(make.item(evidence=evidence))


JA, EN = "corpus/genesis.ja.md", "corpus/genesis.en.md"


def place(make: Any, source: str, start: int, end: int) -> Place:
    one = make.document(source)
    return Place(one.id, source, start, end, 1.0, one.text[start:end])


def test_finds_quotes_exactly_or_by_their_words(finder: EvidenceFinder, make: Any) -> None:
    text = make.document(JA).text
    exact, wide, broken = judge(
        finder,
        make,
        Evidence(JA, "5億ドルを投資する"),
        Evidence(JA, "５億 ドルを\n投資する"),
        Evidence(EN, "invest $500  MILLION over five years. It was"),
    )
    assert exact.found == "exact"
    assert exact.span().of(text) == "5億ドルを投資する"
    assert wide.found == "normalised"
    assert wide.places == exact.places
    assert broken.found == "normalised"
    assert broken.span().of(make.document(EN).text) == "invest $500 million over five years.\nIt was"


def test_names_what_the_index_does_not_hold(finder: EvidenceFinder, make: Any) -> None:
    unknown, absent = judge(finder, make, Evidence("nowhere.md", "x"), Evidence(JA, "6億ドルを投資する"))
    assert (unknown.found, unknown.is_found, unknown.language) == ("unknown_source", False, "")
    assert (absent.found, absent.is_found, absent.language) == ("quote_not_found", False, "ja")


def test_sources_may_be_given_by_their_end_if_that_is_clear(finder: EvidenceFinder, make: Any) -> None:
    short, passage, part = judge(
        finder,
        make,
        Evidence("genesis.ja.md", "富岳"),
        Evidence("p1", passage=True),
        Evidence("esis.ja.md", "富岳"),
    )
    assert short.is_found
    assert passage.found == "document"
    assert passage.document_ids == {make.document("passages.jsonl#p1").id}
    assert part.found == "unknown_source"


def test_a_quote_may_stand_in_several_places(finder: EvidenceFinder, make: Any) -> None:
    (one,) = judge(finder, make, Evidence(JA, "年"))
    text = make.document(JA).text
    assert [text[first] for (first,) in one.places] == ["年", "年"]
    second = one.places[1][0]
    assert covered(one, [place(make, JA, second, second + 1)])


def test_a_span_covers_a_quote_with_all_its_letters(finder: EvidenceFinder, make: Any) -> None:
    (one,) = judge(finder, make, Evidence(JA, "5億ドルを投資する。"))
    start, end = one.places[0][0], one.places[0][-1] + 1
    assert covered(one, [place(make, JA, start, end)]), "the closing sign is no letter"
    assert not covered(one, [place(make, JA, start, end - 1)])
    assert not covered(one, [place(make, JA, start + 1, end)])
    assert not covered(one, [place(make, EN, start, end)])
    assert covered(one, [place(make, JA, start, start + 3), place(make, JA, start + 3, end)]), "together they do"
    assert not covered(one, [place(make, JA, start, start + 3), place(make, JA, start + 4, end)])
    assert not covered(one, [])


def test_the_rank_of_a_quote_is_where_the_results_first_hold_all_of_it(finder: EvidenceFinder, make: Any) -> None:
    money, day, missing = judge(
        finder, make, Evidence(JA, "5億ドルを投資する"), Evidence(JA, "2026年6月4日"), Evidence(JA, "ない")
    )
    (start, *_, last), day_start = money.places[0], day.places[0][0]
    ranking = [
        place(make, EN, 0, 50),
        place(make, JA, start, start + 4),
        place(make, JA, day_start, day_start + 20),
        place(make, JA, start + 4, last + 1),
    ]
    assert first_ranks((money, day, missing), ranking) == (4, 3, None)
    assert first_ranks((money,), []) == (None,)


def test_a_whole_document_is_covered_by_any_part_of_it(finder: EvidenceFinder, make: Any) -> None:
    judged = judge(finder, make, Evidence("p2", passage=True))
    assert first_ranks(judged, [place(make, EN, 0, 9), place(make, "passages.jsonl#p2", 3, 5)]) == (2,)


def test_a_citation_points_at_a_quote_that_it_shares_half_with(finder: EvidenceFinder, make: Any) -> None:
    (one,) = judge(finder, make, Evidence(JA, "5億ドルを投資する"))  # nine letters
    start, text = one.places[0][0], make.document(JA).text

    def points(source: str, first: int, last: int) -> bool:
        return points_at(one, place(make, source, first, last), make.document(source).text[first:last])

    assert points(JA, 0, text.index("。") + 1), "the sentence around it"
    assert points(JA, start + 2, start + 5), "a part of it"
    assert points(JA, start + 4, len(text)), "five of nine"
    assert not points(JA, start + 5, len(text)), "four of nine"
    assert not points(JA, text.index("富岳"), len(text))
    assert not points(EN, start, start + 9)


def test_a_citation_of_the_right_document_points_at_a_document(finder: EvidenceFinder, make: Any) -> None:
    (one,) = judge(finder, make, Evidence("p1", passage=True))
    assert points_at(one, place(make, "passages.jsonl#p1", 0, 3), "The")
    assert not points_at(one, place(make, "passages.jsonl#p2", 0, 3), "Not")
