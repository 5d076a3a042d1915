from __future__ import annotations

from typing import Any

from genesis_rag.evaluation.items import Evidence
from genesis_rag.evaluation.measures import retrieval_values, says_accepted
from genesis_rag.evaluation.needs import need_ranks, needs_of

QUOTES = ("It costs EUR 107 million.", "107 million euro, says the table.", "GBP 137 million are allocated.")


def evidence(*parts: str) -> tuple[Evidence, ...]:
    return tuple(Evidence("a.md", quote, part=part) for quote, part in zip(QUOTES, parts or ("", "", ""), strict=True))


def test_pieces_are_alternatives(make: Any) -> None:
    assert needs_of(make.item(evidence=evidence(), type="factoid")) == ((0, 1, 2),)
    assert needs_of(make.item(evidence=evidence(), type="list")) == ((0, 1, 2),)
    assert needs_of(make.item(evidence=())) == ()


def test_parts_are_all_needed(make: Any) -> None:
    assert needs_of(make.item(evidence=evidence("b", "a", "b"))) == ((0, 2), (1,))


def test_a_comparison_needs_a_piece_for_each_side(make: Any) -> None:
    sides = (("EUR 107 million", "1億700万ユーロ"), ("GBP 137 million",))
    assert needs_of(make.item(evidence=evidence(), type="comparison", answers=sides)) == ((0, 1), (2,))
    one_side = (("the first",),)
    assert needs_of(make.item(evidence=evidence(), type="comparison", answers=one_side)) == ((0, 1, 2),)
    unsaid = (("EUR 107 million",), ("nothing of the kind",))
    assert needs_of(make.item(evidence=evidence(), type="comparison", answers=unsaid)) == ((0, 1, 2),)


def test_a_need_is_met_by_its_first_piece() -> None:
    assert need_ranks(((0, 1), (2,)), [7, 3, None]) == (3, None)
    assert need_ranks((), []) == ()


def test_recall_of_alternatives_is_all_or_nothing_and_of_sides_a_share(make: Any) -> None:
    item = make.item(evidence=evidence(), type="factoid")
    values = retrieval_values(item, needs_of(item), [None, 2, None], 10)
    assert (values["recall@1"], values["recall@3"], values["success@3"], values["mrr@10"]) == (0.0, 1.0, 1.0, 0.5)
    sides = make.item(evidence=evidence("a", "a", "b"))
    values = retrieval_values(sides, needs_of(sides), [None, 2, None], 10)
    assert (values["recall@3"], values["success@10"]) == (0.5, 0.0)


def test_both_sides_of_a_comparison_must_be_said(make: Any) -> None:
    item = make.item(type="comparison", answers=(("28点", "28"), ("35点", "35")))
    assert says_accepted(item, "2024年は28点、2025年は35点。")
    assert not says_accepted(item, "2024年は28点。")
