"""Questions about lists: the N-th item, how many items, all or some items of the list that a question means."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from genesis_rag.answering.features import Floats, Question, UnitTable, coverage
from genesis_rag.answering.units import Unit
from genesis_rag.protocols import Embedder
from genesis_rag.text.numbers import quantities
from genesis_rag.text.patterns import lazy
from genesis_rag.values import dataclass

_BEFORE = 4
_TELLS = 0.08
"""Share of the question's words (or cosine) by which one item must stand out among the items of its list."""
_COUNT_FITS = 0.2
_ANYTHING = frozenset(["", "つ", "個", "件", "項目", "点", "thing", "things", "item", "items", "entry", "entries"])
"""Nouns that count the items of any list."""
_PARTS = lazy(r"[、・,/，]|\band\b|および|及び|並びに|と(?=[一-鿿ァ-ヶ])")


@dataclass(frozen=True, slots=True)
class ItemList:
    """A list or a table of items in one passage.

    Attributes:
        items: indices of its units in the table, by item number where all are numbered, else in the order of the text.
        lead: index of the unit that introduces it, or None.
        series: number of the run of lists whose numbering it continues; lists of one series share it.
        complete: more text follows in the passage, so no item was cut off.
    """

    passage: int
    items: tuple[int, ...]
    lead: int | None
    series: int
    complete: bool


@dataclass(frozen=True, slots=True)
class ListMatch:
    """A list with how well it fits the question (0..about 1.3)."""

    list: ItemList
    support: float


def find_lists(units: Sequence[Unit], documents: Sequence[str]) -> list[ItemList]:
    """Return the lists among ``units`` in the order of the text; ``documents`` tells which one a passage is of."""
    members: dict[tuple[int, int], list[int]] = {}
    last: dict[int, int] = {}
    for k, unit in enumerate(units):
        last[unit.passage] = k
        if unit.list_id is not None:
            members.setdefault((unit.passage, unit.list_id), []).append(k)
    lists: list[ItemList] = []
    for (passage, _), found in members.items():
        numbers = [units[k].ordinal for k in found]
        ordered = sorted(found, key=lambda k: units[k].ordinal or 0) if None not in numbers else found
        first = units[found[0]]
        lead = None if first.lead is None else found[0] - first.position + first.lead
        series = _series(lists, units, documents, passage, units[ordered[0]].ordinal)
        lists.append(ItemList(passage, tuple(ordered), lead, series, last[passage] > max(found)))
    return lists


def _series(
    lists: Sequence[ItemList], units: Sequence[Unit], documents: Sequence[str], passage: int, first: int | None
) -> int:
    """Return the series of a list that begins with item ``first``: that of a list of the document that it goes on."""
    for other in reversed(lists):
        before = units[other.items[-1]].ordinal
        if documents[other.passage] == documents[passage] and first is not None and before == first - 1:
            return other.series
    return 1 + max((item_list.series for item_list in lists), default=0)


def whole_series(lists: Sequence[ItemList], units: Sequence[Unit]) -> list[ItemList]:
    """Return one list for every series of several, introduced by the sentence before its first heading."""
    found = []
    for series in dict.fromkeys(item_list.series for item_list in lists):
        parts = [item_list for item_list in lists if item_list.series == series]
        if len(parts) < 2:
            continue
        first = parts[0].items[0] if parts[0].lead is None else parts[0].lead
        before = [k for k in range(max(first - _BEFORE, 0), first) if units[k].passage == parts[0].passage]
        lead = next((k for k in reversed(before) if units[k].kind == "sentence"), parts[0].lead)
        items = tuple(k for part in parts for k in part.items)
        found.append(ItemList(parts[0].passage, items, lead, series, parts[-1].complete))
    return found


class ListReader:
    """Answers list questions over one table of units.

    Args:
        question, table: what was asked, and the units that may answer.
        documents: of each passage.
        words: its cosines say how near items are to the question; the measures here were set with it.
        cross_scale: how much smaller these are across languages.
        mask: units that may be shown.
    """

    def __init__(
        self,
        question: Question,
        table: UnitTable,
        documents: Sequence[str],
        words: Embedder,
        cross_scale: float,
        mask: NDArray[np.bool_],
    ) -> None:
        self.words = words
        self.question = question
        self.table = table
        self.lists = [found for found in find_lists(table.units, documents) if mask[list(found.items)].any()]
        self.scale = cross_scale

    def nth_item(self, number: int) -> tuple[int, float] | None:
        """Return the unit of the item with this number that fits best, and its support, or None."""
        found = [
            (self._item_support(item_list, k), k)
            for item_list in self.lists
            for place, k in enumerate(item_list.items)
            if (self.table.units[k].ordinal or place + 1) == number
        ]
        if not found:
            return None
        support, k = max(found)
        return k, support

    def best(self) -> ListMatch | None:
        """Return the list of at least two items that fits the question best."""
        lists = [item_list for item_list in self.lists if len(item_list.items) >= 2]
        lists += whole_series(self.lists, self.table.units)
        matches = [ListMatch(one, self.support(one) + min(self._fits_count(one), 0.0)) for one in lists]
        return max(matches, key=lambda match: match.support + max(self._fits_count(match.list), 0.0), default=None)

    def of_item(self, k: int) -> ItemList | None:
        """Return the list of at least two items that unit ``k`` is in, None if it is in none."""
        return next((one for one in self.lists if k in one.items and len(one.items) >= 2), None)

    @cached_property
    def vectors(self) -> Floats:
        """One row a unit of the table."""
        return self.words.embed_passages([unit.text for unit in self.table.units])

    @cached_property
    def asked(self) -> Floats:
        """The vector of the question."""
        return np.asarray(self.words.embed_queries([self.question.profile.core])[0])

    def tells_apart(self, item_list: ItemList) -> bool:
        """Tell whether the question has words, or across languages a sense, that some items have more than others."""
        around = self._lead_terms(item_list) | self._around(item_list)
        rest = {term: weight for term, weight in self.question.weights.items() if term not in around}
        share = sum(rest.values()) / self.question.total
        hits = [coverage(rest, self.table.terms[k]) * share for k in item_list.items]
        if self._cross(item_list.items[0]):
            hits = [self._cosine(self.vectors[k], k) for k in item_list.items]
        return max(hits) - float(np.median(hits)) >= _TELLS

    def counts(self, item_list: ItemList) -> bool:
        """Tell whether the items are what the question counts: its noun introduces them, or their number does."""
        profile = self.question.profile
        leads = [k for k in (item_list.lead, self._above(item_list)) if k is not None]
        text = "\n".join(self.table.folded[k] for k in leads)
        if profile.head in _ANYTHING or profile.head.rstrip("s") in text:
            return True
        numbers = [quantity.low for quantity in quantities(text) if quantity.kind in ("count", "number")]
        return self._cross(item_list.items[0]) and len(item_list.items) in numbers

    def _fits_count(self, item_list: ItemList) -> float:
        """Return what a list gains before others by having as many items as are wanted, or loses by saying another."""
        wanted = self.question.profile.requested_count
        if wanted is None or wanted == len(item_list.items):
            return 0.0 if wanted is None else _COUNT_FITS / 2
        lead = "" if item_list.lead is None else self.table.units[item_list.lead].text
        said = {quantity.low for quantity in quantities(lead) if quantity.kind == "count"}
        return -_COUNT_FITS if len(item_list.items) in said and wanted not in said else 0.0

    def _above(self, item_list: ItemList) -> int | None:
        """Return what stands before the header of a table."""
        unit = None if item_list.lead is None else self.table.units[item_list.lead]
        if unit is None or unit.lead is None or item_list.lead is None:
            return None
        return item_list.lead - unit.position + unit.lead

    def support(self, item_list: ItemList) -> float:
        """Return how well the heading, surroundings and items of a list fit the question."""
        weights = self.question.weights
        lead = self._lead_terms(item_list)
        around = lead | self._around(item_list)
        everything = around.union(*(self.table.terms[k] for k in item_list.items))
        lexical = (
            0.55 * coverage(weights, lead) + 0.25 * coverage(weights, around) + 0.2 * coverage(weights, everything)
        )
        rows = [self.vectors[k] for k in item_list.items]
        if item_list.lead is not None:
            rows.append(self.vectors[item_list.lead] * len(rows))
        dense = self._cosine(np.sum(rows, axis=0), item_list.items[0])
        if item_list.lead is not None:
            dense = max(dense, self._cosine(self.vectors[item_list.lead], item_list.lead))
        named = self._quoted_is_lead(item_list)
        return (
            max(lexical, 0.9 * dense if self._cross(item_list.items[0]) else 0.0) + 0.3 * max(dense, 0.0) + 0.5 * named
        )

    def pick(self, item_list: ItemList, wanted: int | None) -> list[int]:
        """Return the items of a list (or of its whole series) that the question asks for, in their order.

        Words of the question that the heading does not hold but some items do narrow the choice; ``wanted`` cuts it.
        """
        pool = list(item_list.items)
        around = self._lead_terms(item_list) | self._around(item_list)
        rest = {term: weight for term, weight in self.question.weights.items() if term not in around}
        share = sum(rest.values()) / self.question.total
        hits = {k: coverage(rest, self._with_heading(k)) * share for k in self._series_items(item_list)}
        most = max(hits.values(), default=0.0)
        if most >= 0.15:
            chosen = [k for k, hit in hits.items() if hit >= 0.6 * most]
            if len(chosen) < len(hits):
                pool = chosen
        if wanted is not None and len(pool) > wanted:
            pool = self._nearest(pool, hits, wanted)
        return pool

    def enumerates(self, k: int, wanted: int) -> bool:
        """Return whether unit ``k`` alone names at least ``wanted`` things (探索・製造・認証)."""
        return len(_PARTS.findall(self.table.units[k].text)) + 1 >= wanted

    def _nearest(self, pool: list[int], hits: dict[int, float], wanted: int) -> list[int]:
        """Return the ``wanted`` items nearest to the question, or the first ones when nothing tells them apart."""
        scores = [hits.get(k, 0.0) + self._cosine(self.vectors[k], k) for k in pool]
        if max(scores) - float(np.median(scores)) < 0.05:
            return pool[:wanted]
        best = sorted(range(len(pool)), key=lambda place: (-scores[place], place))[:wanted]
        return [pool[place] for place in sorted(best)]

    def _item_support(self, item_list: ItemList, k: int) -> float:
        around = self._lead_terms(item_list) | self._around(item_list) | self._series_terms(item_list)
        own = coverage(self.question.weights, self.table.terms[k] | around)
        lead = coverage(self.question.weights, self._lead_terms(item_list))
        dense = self._cosine(self.vectors[k], k)
        if item_list.lead is not None:
            dense = max(dense, self._cosine(self.vectors[item_list.lead], item_list.lead))
        numbered = 0.3 if self.table.units[k].ordinal is not None else 0.0
        return 0.6 * own + 0.4 * lead + (0.9 if self._cross(k) else 0.4) * max(dense, 0.0) + numbered

    def _lead_terms(self, item_list: ItemList) -> frozenset[str]:
        """Return the terms of the lead, for a table those of its header and of what stands before it."""
        if item_list.lead is None:
            return frozenset()
        above = self._above(item_list)
        return self.table.terms[item_list.lead] | (frozenset() if above is None else self.table.terms[above])

    def _around(self, item_list: ItemList) -> frozenset[str]:
        """Return the terms of the title, the heading path and the few lines before the list."""
        terms = self.table.title_terms[item_list.passage]
        first = min(item_list.items) if item_list.lead is None else item_list.lead
        for k in range(max(first - _BEFORE, 0), first):
            if self.table.units[k].passage == item_list.passage:
                terms = terms | self.table.terms[k]
        return terms

    def _series_items(self, item_list: ItemList) -> list[int]:
        return [k for other in self.lists if other.series == item_list.series for k in other.items]

    def _series_terms(self, item_list: ItemList) -> frozenset[str]:
        """Return the terms of the surroundings of the first list of a series, and of all its headings."""
        series = [other for other in self.lists if other.series == item_list.series]
        return self._around(series[0]).union(*(self._lead_terms(other) for other in series))

    def _with_heading(self, k: int) -> frozenset[str]:
        """Return the terms of an item and of the heading that it stands under in its series."""
        unit = self.table.units[k]
        heading = None if unit.lead is None else k - unit.position + unit.lead
        return self.table.terms[k] | (frozenset() if heading is None else self.table.terms[heading])

    def _quoted_is_lead(self, item_list: ItemList) -> bool:
        if item_list.lead is None:
            return False
        lead = self.table.folded[item_list.lead]
        return any(part in lead or lead in part for part in self.question.profile.quoted)

    def _cross(self, k: int) -> bool:
        return self.table.units[k].language != self.question.profile.language

    def _cosine(self, vector: Floats, k: int) -> float:
        """Return the cosine of the question and a vector, scaled up across languages."""
        norm = float(np.linalg.norm(vector) * np.linalg.norm(self.asked))
        cosine = float(vector @ self.asked) / norm if norm else 0.0
        return min(cosine / self.scale, 1.0) if self._cross(k) else cosine
