"""Chooses the units that answer: a few sentences, or the items of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from genesis_rag.answering.abstention import Confidence, answerable_features, confidence
from genesis_rag.answering.features import Question, UnitTable
from genesis_rag.answering.lists import ListMatch, ListReader
from genesis_rag.answering.scoring import Weights, group_of, logistic, score_units, softmax
from genesis_rag.answering.tables import find_row, rows_of, same_table
from genesis_rag.answering.units import width
from genesis_rag.protocols import Embedder
from genesis_rag.types import Passage
from genesis_rag.values import dataclass

if TYPE_CHECKING:
    from genesis_rag.answering.verdict import Judge

Mask = NDArray[np.bool_]
_NO_SUCH_ITEM = 0.1
_WRITTEN_OUT, _NOT_WRITTEN_OUT = 0.9, 0.1
"""How sure an answer is to what an abbreviation stands for: its letters prove it."""
_NEAR_BEST = 8
"""A row that a question looks up must be among this many best units."""
_JUDGED = 5
"""Units, best first, that a yes/no question is held against in either language."""
_HOPELESS = 0.12
"""A list whose text says less than this about the question is not its answer, wherever it stands."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an answer may hold.

    Attributes:
        sentences: most sentences of an answer that is not a list.
        items: most items of a list answer.
        budget: characters (ja, en) up to which further sentences are added to the first.
        second: a further sentence needs this share of the first one's probability.
        list_support: how well a list must fit to be the answer.
        item_support: how well a numbered item must fit to be the answer.
    """

    sentences: int = 3
    items: int = 15
    budget: tuple[int, int] = (150, 260)
    second: float = 0.35
    list_support: float = 0.5
    item_support: float = 0.75


@dataclass(frozen=True, slots=True)
class Choice:
    """The units that answer, in the order to show them.

    Attributes:
        units: indices in the table.
        lead: unit that introduces them and is shown first, or None.
        is_list: show one unit a line.
        count: how many items the whole list has, where that is what was asked and nothing was cut off.
        left_out: items of the list that are not shown.
        confidence: how sure we are that this answers.
        verdict: yes or no, where that is what was asked and the unit decides it.
    """

    units: tuple[int, ...]
    lead: int | None
    is_list: bool
    count: int | None
    left_out: int
    confidence: Confidence
    verdict: bool | None = None


class Chooser:
    """Chooses among the units of one table."""

    def __init__(
        self,
        question: Question,
        table: UnitTable,
        passages: tuple[Passage, ...],
        weights: Weights,
        limits: Limits,
        words: Embedder,
    ) -> None:
        self.question = question
        self.table = table
        self.passages = passages
        self.documents = [passage.document_id for passage in passages]
        self.weights = weights
        self.limits = limits
        self.words = words
        self.scores = score_units(table, question.profile.language, weights)
        self.answers = np.array([unit.kind != "heading" for unit in table.units], dtype=bool)

    def choose(self, mask: Mask) -> Choice | None:
        """Return the best choice among the units of ``mask``, or None when there are none."""
        if not (mask & self.answers).any():
            return None
        lists = ListReader(self.question, self.table, self.documents, self.words, self.weights.word_cross_scale, mask)
        found = self._expansion(mask) or self._item(lists) or self._row(mask) or self._list(lists, mask)
        return found or self._sentences(mask, lists)

    def decide(self, statement: str, judge: Judge, mask: Mask) -> Choice | None:
        """Return the unit among the best of ``mask`` that decides ``statement`` with yes or no, or None."""
        rows = np.flatnonzero(mask & self.answers)
        best = rows[np.argsort(-self.scores[rows], kind="stable")][:_JUDGED].tolist()
        verdict = judge.decide(statement, {k: self.table.units[k] for k in best}, self.passages)
        if verdict is None:
            return None
        sure = Confidence(max(self._confidence(verdict.unit).probability, verdict.score), True)
        return Choice((verdict.unit,), self._lead_of(verdict.unit), False, None, 0, sure, verdict.value)

    def _confidence(self, best: int) -> Confidence:
        values = answerable_features(self.question, self.table, self.scores, best, self.passages)
        group = group_of(self.question.profile.language, self.table.units[best].language)
        return confidence(values, group, self.weights)

    def _supported(self, best: int, support: float, needed: float) -> Confidence:
        """Return the confidence of a structured answer: that of its text, or what its place in the list gives."""
        by_text = self._confidence(best)
        by_place = logistic(6.0 * (support - needed) + 1.0)
        return Confidence(max(by_text.probability, by_place), by_text.probability >= _HOPELESS)

    def _expansion(self, mask: Mask) -> Choice | None:
        """Answer what an abbreviation stands for with the best unit that writes it out; abstain if none does."""
        if self.question.profile.kind != "expansion":
            return None
        told = mask & self.answers & (self.table.column("type_full") > 0)
        if not told.any():
            best = int(np.flatnonzero(mask & self.answers)[0])
            return Choice((best,), None, False, None, 0, Confidence(_NOT_WRITTEN_OUT, False))
        best = int(np.flatnonzero(told)[int(np.argmax(self.scores[told]))])
        sure = max(self._confidence(best).probability, _WRITTEN_OUT)
        return Choice((best,), self._lead_of(best), False, None, 0, Confidence(sure, True))

    def _item(self, lists: ListReader) -> Choice | None:
        """Answer with the N-th item of a list when the question names one."""
        number = self.question.profile.ordinal
        if number is None:
            return None
        k, support = lists.nth_item(number) or (-1, 0.0)
        if support < self.limits.item_support:
            return self._no_such_item(lists)
        sure = self._supported(k, support, self.limits.item_support)
        return Choice((k,), self._lead_of(k), True, None, 0, sure)

    def _row(self, mask: Mask) -> Choice | None:
        """Answer with the row of a table whose first cell the question names, if it is among the best units."""
        if self._asks_for_several() or self.question.profile.yes_no:
            return None
        k = find_row(self.question, self.table, rows_of(self.table, mask))
        if k is None or int((self.scores[mask & self.answers] > self.scores[k]).sum()) >= _NEAR_BEST:
            return None
        sure = self._supported(k, self.limits.item_support, self.limits.item_support)
        return Choice((k,), self._lead_of(k), True, None, 0, sure)

    def _asks_for_several(self) -> bool:
        profile = self.question.profile
        return profile.kind == "list" or profile.several or (profile.requested_count or 0) > 1

    def _no_such_item(self, lists: ListReader) -> Choice | None:
        """Abstain when the list that the question means is there but has no item with this number."""
        match = lists.best()
        number = self.question.profile.ordinal or 0
        if self.question.profile.kind != "ordinal_item" or match is None or match.support < self.limits.list_support:
            return None
        if any((self.table.units[k].ordinal or place) == number for place, k in enumerate(match.list.items, start=1)):
            return None
        return Choice(match.list.items[:1], None, True, None, 0, Confidence(_NO_SUCH_ITEM, False))

    def _list(self, lists: ListReader, mask: Mask) -> Choice | None:
        """Answer with the items of a list when that is asked, or when its heading is the best match of all."""
        profile = self.question.profile
        match = lists.best()
        if match is None:
            return None
        asked = profile.kind == "count" or profile.requested_count is not None or self._asks_for_several()
        if not asked and not self._heading_wins(match, mask):
            return None
        if match.support < self.limits.list_support:
            return None
        if profile.kind == "count" and (self._states_number(mask, match) or not lists.counts(match.list)):
            return None
        return self._items(lists, match)

    def _items(self, lists: ListReader, match: ListMatch) -> Choice:
        """Answer with the items of a list that the question means."""
        profile = self.question.profile
        chosen = lists.pick(match.list, profile.requested_count)
        wanted = profile.requested_count
        if wanted is not None and len(chosen) < wanted and not lists.enumerates(chosen[0], wanted):
            chosen = list(match.list.items)[: max(wanted, len(chosen))]
        whole = set(chosen) == set(match.list.items)
        count = len(chosen) if profile.kind == "count" and whole and match.list.complete else None
        shown = chosen[: self.limits.items]
        sure = self._supported(max(shown, key=lambda k: self.scores[k]), match.support, self.limits.list_support)
        return Choice(tuple(shown), match.list.lead if whole else None, True, count, len(chosen) - len(shown), sure)

    def _heading_wins(self, match: ListMatch, mask: Mask) -> bool:
        """Return whether the heading of the list fits better than every sentence and item, as for 柱は何ですか."""
        lead = match.list.lead
        if lead is None or self.question.profile.kind not in ("factoid", "definition", "list", "how"):
            return False
        best = np.flatnonzero(mask)[int(np.argmax(self.scores[mask]))]
        return int(best) == lead

    def _states_number(self, mask: Mask, match: ListMatch) -> bool:
        """Return whether a sentence outside the list states a number and fits as well as the list."""
        full = self.table.column("type_full") > 0
        outside = np.array([k not in match.list.items for k in range(len(self.table.units))])
        rows = mask & self.answers & full & outside
        if not rows.any():
            return False
        best = int(np.flatnonzero(rows)[int(np.argmax(self.scores[rows]))])
        return bool(self.table.column("coverage")[best] > 0.6 and self.scores[best] >= self.scores[mask].max() - 0.5)

    def _one_of_many(self, lists: ListReader, k: int) -> ListMatch | None:
        """Return the list that unit ``k`` is an item of, if the question says nothing that tells its items apart."""
        profile = self.question.profile
        item_list = lists.of_item(k)
        if item_list is None or profile.yes_no or profile.quantity_kinds or profile.ordinal is not None:
            return None
        support = lists.support(item_list)
        apart = lists.tells_apart(item_list)
        return None if apart or support < self.limits.list_support else ListMatch(item_list, support)

    def _sentences(self, mask: Mask, lists: ListReader) -> Choice:
        rows = np.flatnonzero(mask & self.answers)
        order = rows[np.argsort(-self.scores[rows], kind="stable")]
        if match := self._one_of_many(lists, int(order[0])):
            return self._items(lists, match)
        shares = softmax(self.scores[order])
        chosen = [int(order[0])]
        japanese = self.table.units[chosen[0]].language == "ja"
        room = self.limits.budget[0 if japanese else 1] - len(self.table.units[chosen[0]].text)
        for k, share in zip(order[1:], shares[1:], strict=True):
            if len(chosen) >= self.limits.sentences or share < self.limits.second * shares[0]:
                break
            unit = self.table.units[k]
            told = self._repeats(int(k), chosen) or same_table(self.table, chosen[0], int(k))
            if len(unit.text) <= room and not told:
                chosen.append(int(k))
                room -= len(unit.text)
        lead = self._lead_of(chosen[0]) if len(chosen) == 1 else None
        return Choice(tuple(self._in_reading_order(chosen)), lead, False, None, 0, self._confidence(chosen[0]))

    def _repeats(self, k: int, chosen: list[int]) -> bool:
        text = self.table.folded[k]
        return any(text in self.table.folded[other] or self.table.folded[other] in text for other in chosen)

    def _in_reading_order(self, chosen: list[int]) -> list[int]:
        """Keep the best passage first; within one passage follow the text."""
        passages = list(dict.fromkeys(self.table.units[k].passage for k in chosen))
        return sorted(chosen, key=lambda k: (passages.index(self.table.units[k].passage), self.table.units[k].position))

    def _lead_of(self, k: int) -> int | None:
        """Return the heading of a list item that says little by itself."""
        unit = self.table.units[k]
        if unit.lead is None or unit.kind not in ("item", "row"):
            return None
        lead = k - unit.position + unit.lead
        return lead if width(unit.text) <= 100 and width(self.table.units[lead].text) <= 160 else None
