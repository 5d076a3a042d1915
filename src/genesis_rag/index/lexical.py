"""Keyword search: BM25 in tantivy over terms that ``text.terms`` has made.

Terms go to the engine as they are: joined by spaces for its whitespace tokenizer (with white space inside a term
escaped), and asked for as term queries, never through a query parser, so no character of a term has a meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis_rag.index.vectors import among
from genesis_rag.protocols import Ids

Scores = NDArray[np.float32]
Rows = Iterable[tuple[int, Sequence[str]] | tuple[int, Sequence[str], Sequence[str]]]
"""Id, terms and, where it has any, labels: what a filter may ask for beside the terms."""

Labels = Sequence[Sequence[str]]
"""Groups of labels; a row passes that has one of each group."""

NARROW = 5_000
NARROW_PART = 10
"""A filter that lets so few rows through, and so small a part of all, goes into the query: to find its rows in the
ranking of all rows would mean to read that far down. A wider one's are among the first soon."""

MOST_LABELS = 5_000
"""Labels of a group that go into the query; looking up so many takes 4 ms."""

FILTERS_KEPT = 4
_HEAP_BYTES = 64_000_000
_ESCAPES = {
    ord(sign): f"\ue000{ord(sign):x}\ue001"
    for sign in " \t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"
}
_ESCAPES |= {code: f"\ue000{code:x}\ue001" for code in range(0x2000, 0x200B)}


class TantivyIndex:
    """Okapi BM25 (k1 = 1.2, b = 0.75) of tantivy, in a directory of its own."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self._schema = index.schema
        self._searcher = index.searcher()
        self._filters: dict[int, tuple[Labels, list[Any]]] = {}

    @classmethod
    def build(cls, directory: Path, rows: Rows) -> None:
        """Write the terms of all ``rows`` (id, terms) into the empty directory."""
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_integer_field("id", indexed=True, fast=True)
        builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
        builder.add_text_field("labels", tokenizer_name="whitespace", index_option="basic")
        _write(tantivy.Index(builder.build(), str(directory), reuse=False), (), rows)

    @classmethod
    def update(cls, directory: Path, removed: Sequence[int], added: Rows) -> None:
        """Take rows out of the index in ``directory`` and put others in; an added id replaces a row of that id."""
        import tantivy

        _write(tantivy.Index.open(str(directory)), removed, added)

    @classmethod
    def open(cls, directory: Path) -> TantivyIndex:
        """Open for searching.

        Raises:
            ValueError: the files are missing or damaged.
        """
        import tantivy

        try:
            return cls(tantivy.Index.open(str(directory)))
        except Exception as error:
            raise ValueError(f"not a keyword index: {error}") from error

    def search(
        self, terms: Sequence[tuple[str, float]], k: int, allowed: Ids | None = None, labels: Labels = ()
    ) -> tuple[Ids, Scores]:
        """Return at most ``k`` (ids, scores) for weighted query terms, by falling score, ties by rising id.

        ``labels`` may be given beside ``allowed`` where they let the same rows through: that is quicker.
        """
        from tantivy import Query

        weights: dict[str, float] = {}
        for term, weight in terms:
            weights[term] = weights.get(term, 0.0) + weight
        weights = {term: weight for term, weight in weights.items() if weight > 0}
        size = len(self)
        if allowed is not None:
            allowed = np.sort(allowed) if (allowed[1:] < allowed[:-1]).any() else allowed
            size = size if len(allowed) else 0
        if not weights or k <= 0 or not size:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        query, limit = self._query(weights), min(size, 2 * k + 50)
        if allowed is not None and labels and max(map(len, labels)) <= MOST_LABELS:
            query, allowed = self._within(query, self._labelled(labels)), None
        elif allowed is not None and len(allowed) <= NARROW and len(allowed) * NARROW_PART <= size:
            rows = Query.term_set_query(self._schema, "id", allowed.tolist())
            query, allowed = self._within(query, [rows]), None
        while True:
            ids, scores, cut = self._hits(query, limit)
            if allowed is not None:
                kept = among(ids, allowed)
                ids, scores = ids[kept], scores[kept]
            # Complete once all rows were seen, or k rows stand above the score at which the list was cut.
            if limit >= size or cut is None or int(np.count_nonzero(scores > cut)) >= k:
                order = np.lexsort((ids, -scores))[:k]
                return ids[order], scores[order]
            limit = min(size, 8 * limit)

    def document_frequency(self, term: str) -> int:
        """Return the number of rows that hold ``term``."""
        return int(self._searcher.doc_freq("terms", _escaped(term)))

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self._searcher.num_docs)

    def _query(self, weights: dict[str, float]) -> Any:
        from tantivy import Occur, Query

        parts = [
            Query.boost_query(Query.term_query(self._schema, "terms", _escaped(term), "freq"), weight)
            for term, weight in weights.items()
        ]
        return Query.boolean_query([(Occur.Should, part) for part in parts])

    def _labelled(self, labels: Labels) -> list[Any]:
        """Return a query for each group of labels, kept for the last few; they are known by being the same object."""
        known = self._filters.get(id(labels))
        if known is None or known[0] is not labels:
            known = labels, [self._with_one_of(group) for group in labels]
            kept = dict(list(self._filters.items())[1 - FILTERS_KEPT :])
            self._filters = {**kept, id(labels): known}
        return known[1]

    def _with_one_of(self, group: Sequence[str]) -> Any:
        """Return a query for rows with one of these labels; a single one is much quicker than a set."""
        from tantivy import Query

        some = [_escaped(label) for label in group]
        if len(some) == 1:
            return Query.term_query(self._schema, "labels", some[0], "basic")
        return Query.term_set_query(self._schema, "labels", some)

    def _within(self, query: Any, filters: Sequence[Any]) -> Any:
        """Return ``query`` among the rows that all of ``filters`` find, with the same scores."""
        from tantivy import Occur, Query

        parts = [(Occur.Must, Query.const_score_query(one, 0.0)) for one in filters]
        return Query.boolean_query([*parts, (Occur.Must, query)])

    def _hits(self, query: Any, limit: int) -> tuple[Ids, Scores, float | None]:
        """Return ids, scores and, if there may be more, the lowest score that was returned."""
        hits = self._searcher.search(query, limit, count=False).hits
        ids = np.array(self._searcher.fast_field_values("id", [place for _, place in hits]), dtype=np.int64)
        scores = np.array([score for score, _ in hits], dtype=np.float32)
        return ids, scores, float(scores[-1]) if len(hits) == limit else None


def _write(index: Any, removed: Sequence[int], added: Rows) -> None:
    import tantivy

    # One thread: segments, and with them ties and sums, come out the same every time.
    writer = index.writer(heap_size=_HEAP_BYTES, num_threads=1)
    present = index.searcher()
    for number in removed:
        writer.delete_documents_by_term("id", int(number))
    for number, terms, *labels in added:
        if present.num_docs and present.doc_freq("id", int(number)):  # a deletion is kept in memory until the commit
            writer.delete_documents_by_term("id", int(number))
        fields = {"terms": terms, "labels": labels[0] if labels else ()}
        texts = {name: " ".join(map(_escaped, some)) for name, some in fields.items()}
        writer.add_document(tantivy.Document(id=int(number), **texts))
    writer.commit()
    writer.wait_merging_threads()


def _escaped(term: str) -> str:
    return term.translate(_ESCAPES) if term.split() != [term] else term
