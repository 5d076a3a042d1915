"""A reader's marks as features of units: the unit with the answer's words has them, in the window that is surest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from genesis_rag.answering.readings import READER_FEATURES, read_units
from genesis_rag.answering.units import split_passages
from genesis_rag.protocols import Reading
from genesis_rag.types import Passage


def reading(start: int, end: int, relevance: float, answer: tuple[int, int]) -> Reading:
    """One character a token; the answer is the characters ``answer``."""
    places = np.arange(start, end, dtype=np.int64)
    first, last = (np.full(len(places), 0.1 / (len(places) - 1), np.float32) for _ in range(2))
    first[answer[0] - start], last[answer[1] - 1 - start] = 0.9, 0.9
    return Reading(start, end, relevance, places, places + 1, first, last)


class Scripted:
    """A reader that says what it was told to say."""

    fingerprint = "scripted"

    def __init__(self, windows: list[tuple[Reading, ...]]) -> None:
        self.windows = windows
        self.asked: list[tuple[str, Sequence[tuple[str, str]]]] = []

    def read(self, question: str, texts: Sequence[tuple[str, str]]) -> list[tuple[Reading, ...]]:
        self.asked.append((question, texts))
        return self.windows


@pytest.fixture
def passage(make_passage: Callable[..., Passage]) -> Passage:
    text = "富岳は神戸にある。予算は十億円だ。運用は理研が担う。"
    return make_passage(text, title="計算機", heading_path=("概要",))


def test_the_unit_with_the_answer_has_the_marks(passage: Passage) -> None:
    units = split_passages([passage])
    reader = Scripted([(reading(0, len(passage.text), 3.0, (12, 15)),)])
    values = read_units("予算は?", units, [passage], reader)
    assert reader.asked == [("予算は?", [("計算機 概要", passage.text)])]
    assert values.shape == (3, len(READER_FEATURES))
    relevance, span, both, log = values.T
    assert relevance == pytest.approx([1 / (1 + np.exp(-3.0))] * 3)
    assert span.argmax() == both.argmax() == log.argmax() == 1
    assert span[1] > 0.9
    assert both == pytest.approx(relevance * span)
    assert ((log >= 0) & (log <= 1)).all()


def test_of_two_windows_the_surer_one_counts(passage: Passage) -> None:
    units = split_passages([passage])
    windows = (reading(0, 17, -4.0, (12, 15)), reading(9, len(passage.text), 2.0, (20, 22)))
    relevance, span, _, _ = read_units("誰が?", units, [passage], Scripted([windows])).T
    assert relevance[0] == pytest.approx(1 / (1 + np.exp(4.0)))
    assert relevance[2] == pytest.approx(1 / (1 + np.exp(-2.0)))
    assert span[2] > 0.9


def test_without_a_reader_all_marks_are_zero(passage: Passage) -> None:
    units = split_passages([passage])
    assert not read_units("?", units, [passage], None).any()
