"""One part of the search alone, so that a measurement can tell what each of them is worth."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from genesis_rag.protocols import Embedder
from genesis_rag.retrieval.searchable import Searchable
from genesis_rag.text.terms import Analyser
from genesis_rag.types import Chunk, Hit, SearchFilter

LEGS = ("bm25", "keyword", "dense")
"""bm25: every term of the query alike, as a plain keyword engine searches; keyword: our weighted terms without function
words; dense: vectors. Each over all languages together, with nothing kept for one of them."""

HYBRID = "hybrid"
"""Both fused, before a reranker has read what was found."""

_MARGIN = 2
"""Chunks looked at for one wanted, as texts that occur twice are shown once."""


def search_leg(
    index: Searchable,
    embedder: Embedder,
    analyser: Analyser,
    leg: str,
    query: str,
    k: int,
    search_filter: SearchFilter | None = None,
) -> list[Hit]:
    """Return at most ``k`` chunks that one of ``LEGS`` finds, best first, no text twice.

    Raises:
        ValueError: there is no such leg.
    """
    if leg not in LEGS:
        raise ValueError(f"there is no leg {leg!r}; known: {', '.join(LEGS)}")
    query = query.encode("utf-8", "replace").decode()
    if k < 1 or not index.chunk_count or not any(character.isalnum() for character in query):
        return []
    stage = "dense" if leg == "dense" else "lexical"
    if leg == "dense":
        ((numbers, scores),) = index.search_dense(embedder.embed_queries([query]), _MARGIN * k, search_filter)
    else:
        plain = [(term, 1.0) for term in dict.fromkeys(analyser.index_terms(query))]
        terms = plain if leg == "bm25" else analyser.search_terms(query)
        numbers, scores = index.search_lexical(terms, _MARGIN * k, search_filter)
    chosen = _distinct(index, zip(numbers.tolist(), scores.tolist(), strict=True), k)
    infos = index.documents_info(chunk.document_id for chunk, _ in chosen)
    return [
        Hit(chunk, infos[chunk.document_id], rank, score, {stage: score})
        for rank, (chunk, score) in enumerate(chosen, start=1)
    ]


def _distinct(index: Searchable, ranking: Iterator[tuple[int, float]], k: int) -> list[tuple[Chunk, float]]:
    """Return the first ``k`` whose text, white space aside, did not occur before; no more are read than needed."""
    texts: set[str] = set()
    found: list[tuple[Chunk, float]] = []
    while batch := list(islice(ranking, k - len(found))):
        chunks = index.chunks([number for number, _ in batch])
        for number, score in batch:
            text = " ".join(chunks[number].text.split())
            if text not in texts:
                texts.add(text)
                found.append((chunks[number], score))
    return found
