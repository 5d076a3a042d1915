"""Claims that turn round what their evidence says: exchanges, opposites, contrasts; and true ones that do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.answering.polarity import contrasts, denial_differs, opposites, without_denials
from genesis_rag.answering.reversals import ReversalFinder
from genesis_rag.answering.swaps import crossed, exchanged
from genesis_rag.answering.wording import WordMatcher
from genesis_rag.embedding.static import StaticEmbedder

LABORATORIES = "理研は文部科学省の研究所であり、アルゴンヌはDOEの研究所である。"


@pytest.fixture(scope="module")
def matcher(embedder: StaticEmbedder) -> WordMatcher:
    return WordMatcher(embedder)


@pytest.mark.parametrize(
    ("claim", "evidence", "expected"),
    [
        ("The survey led to the report.", "The report led to the survey.", True),
        ("Ann heads the port, and Tom is the mayor.", "Tom heads the port, and Ann is the mayor.", True),
        ("The old road is twice as long as the new road.", "The new road is twice as long as the old road.", True),
        ("港が市場を選んだ。", "市場が港を選んだ。", True),
        ("3番の船は14番の港に、4番の船は13番の港に着く。", "3番の船は13番の港に、4番の船は14番の港に着く。", True),
        ("The survey was led by the report.", "The report led the survey.", False),
        ("Maria heads the port of Oslo.", "The port of Oslo is headed by Maria.", False),
        ("Oslo and Bergen built the bridge in 2013.", "In 2013 Bergen and Oslo built the bridge.", False),
        ("The mayor is Tom.", "Tom is the mayor.", False),
        ("Bergen, Oslo and Hamar sell fish.", "Hamar, Oslo and Bergen sell fish.", False),
        ("市場を港が選んだ。", "港が市場を選んだ。", False),
        ("東京で2013年に船が造られた。", "船が2013年に東京で造られた。", False),
    ],
)  # fmt: skip
def test_two_things_in_each_others_place_are_seen(claim: str, evidence: str, expected: bool) -> None:
    assert exchanged(claim, evidence) is expected


@pytest.mark.parametrize(
    ("claim", "evidence", "expected"),
    [
        ("Oslo has 60 ships, while Bergen has trains.", "オスロには列車があり、ベルゲンには船が60隻ある。", True),
        ("RIKEN is a laboratory of DOE, whereas Argonne belongs to MEXT.", LABORATORIES, True),
        ("There are nine hospitals and two museums.", "病院が二つ、美術館が九つある。", True),
        ("There are two hospitals and nine museums.", "病院が二つ、美術館が九つある。", False),
        ("RIKEN belongs to MEXT, whereas Argonne is a laboratory of DOE.", LABORATORIES, False),
        ("Argonne is a laboratory of DOE, and RIKEN belongs to MEXT.", LABORATORIES, False),
        ("RIKEN and Argonne signed a memorandum.", "理研とアルゴンヌは覚書に署名した。", False),
    ],
)  # fmt: skip
def test_what_is_said_of_the_other_thing_is_seen_across_languages(
    matcher: WordMatcher, claim: str, evidence: str, expected: bool
) -> None:
    assert crossed(claim, evidence, matcher) is expected


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_texts_can_be_compared_and_a_text_does_not_turn_itself_round(claim: str, evidence: str) -> None:
    assert exchanged(claim, evidence) in (True, False)
    assert not exchanged(claim, claim)


@pytest.mark.parametrize(
    ("claim", "evidence", "found"),
    [
        ("消費電力は上がる。", "消費電力を下げる。", True),
        ("世界で最も小さい。", "世界で最も大きい。", True),
        ("対象は狭くなった。", "対象が広がった。", True),
        ("連携を打ち切る。", "連携を続ける。", True),
        ("The order discourages trade.", "The order encourages trade.", True),
        ("売上げが増えた。", "費用を下げた。", False),
        ("The order encourages trade.", "The order encourages trade and discourages waste.", False),
    ],
)
def test_opposites_are_seen(claim: str, evidence: str, found: bool) -> None:
    assert bool(opposites(claim, evidence)) is found


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("No machine was larger.", "It was the largest machine."),
        ("これより大きい船はありません。", "世界で最も大きい船である。"),
        ("It is the first ship with sails.", "No ship had sails before it."),
        ("The third goal is not ranked below the others.", "The third goal has the same rank as the others."),
        ("They did not merely plan trips.", "They plan trips."),
        ("They are not sailors alone.", "They are sailors and cooks."),
        ("船だけの数ではない。", "船と車を合わせた数である。"),
        ("船だけではありません。", "船と車がある。"),
        ("船は欠かせない。", "船が必要である。"),
        ("The list names none of the ships.", "船は一覧から外れている。"),
        ("None of the ships is on the list.", "The list leaves out the ships."),
    ],
)
def test_denials_that_say_the_same_are_no_difference(claim: str, evidence: str) -> None:
    assert not denial_differs(claim, evidence)


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("None of the ships is blue.", "All the ships are blue."),
        ("No Danish ship is blue.", "The Danish ships are blue."),
        ("The number of ships is not 12.", "The number of ships is 12."),
        ("船は先に着かなかった。", "船は先に着いた。"),
    ],
)
def test_denials_that_change_what_is_said_stay_a_difference(claim: str, evidence: str) -> None:
    assert denial_differs(claim, evidence) and denial_differs(evidence, claim)


def test_what_is_set_aside_is_told_from_what_is_affirmed() -> None:
    assert contrasts("Tom, not Maria, sails.") == ("Maria", "Tom , sails.")
    assert contrasts("船ではなく、車である。")[0] == "船"
    assert contrasts("It is not only a ship.")[0] == ""
    assert without_denials("It is old, but it does not leak. It sails.").split() == "It is old It sails.".split()


@pytest.mark.parametrize(
    ("claim", "evidence", "same", "expected"),
    [
        ("Maria, not Tom, sails to Bergen.", "Tom, not Maria, sails to Bergen.", True, True),
        ("ベルゲンに行くのは船であって、列車ではない。", "The train, not the ship, goes to Bergen.", False, True),
        (
            "期間は署名の日から数え、受け取りの日からではありません。",
            "期間は署名の日ではなく、受け取りの日から数える。",
            True,
            True,
        ),
        ("Tom sails to Bergen.", "Tom, not Maria, sails to Bergen.", True, False),
        ("Maria sails to Bergen.", "Tom, not Maria, sails to Bergen.", True, True),
        ("Tom sails to Bergen.", "Tom sails to Bergen, whereas Maria does not fly.", True, False),
        ("Every ship except the red one has sails.", "Only the red ship has sails.", True, True),
        ("船があるのは3番だけである。", "3番を除く港には船がある。", True, True),
        ("All but one of the ships have sails.", "ほかの船には帆があり、例外は一隻だけである。", False, False),
        ("None of the ships except the red one has sails.", "Only the red ship has sails.", True, False),
        ("Fewer than 25 ships sail.", "25隻の船が行く。", False, True),
        ("More than 20 ships sail.", "25隻の船が行く。", False, False),
        ("256量子ビットの超伝導の機械である。", "256量子ビットの超伝導の機械である。", True, False),
        ("The plan falls under three heads.", "計画は三つの柱から成る。", False, False),
        ("Over 20 ships sail.", "20隻を超える船が行く。", False, False),
        ("The city paid 30 million dollars over five years.", "5年間で3千万ドルを払った。", False, False),
        ("The power does not rise.", "The power is reduced.", True, True),
        ("The old ship is larger than the new one.", "The new ship is larger than the old one.", True, True),
        ("港は市場より大きい。", "市場は港より大きい。", True, True),
        ("港は市場より大きい。", "市場は港より小さい。", True, False),
        ("The old ship is larger than the new one.", "The new ship is smaller than the old one.", True, False),
    ],
)
def test_claims_that_turn_their_evidence_round(
    matcher: WordMatcher, claim: str, evidence: str, same: bool, expected: bool
) -> None:
    assert ReversalFinder(matcher).reversed(claim, evidence, evidence, same_language=same) is expected
