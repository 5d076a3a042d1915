"""The retriever: keyword and vector search over one index, fused, without duplicates, each language with its share.

How languages are treated. Keyword search cannot cross languages but for numbers and names; vectors can, with smaller
cosines than within one language. So where the index holds several languages, the vectors of each are searched apart:
the best of one never hide the best of another. In the score of a chunk in another language than the question
("foreign") the cosine stands in for the words it cannot share (``fuse_foreign``); an answer that only the other
language has then comes before mere noise in the question's own. And ``language_share`` of the places are kept for
either side, for foreign chunks only where they are near enough (``language_margin``); what they push out is the worst
of what had been chosen, never the best.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from genesis_rag.protocols import Embedder, Remote, Vectors
from genesis_rag.retrieval.fusion import Scored, best_first, fuse, fuse_foreign, keyword_scores, share_places
from genesis_rag.retrieval.legs import HYBRID, LEGS, search_leg
from genesis_rag.retrieval.passages import Candidate, PassageMaker, stages
from genesis_rag.retrieval.rerank import Reranking, reranked
from genesis_rag.retrieval.searchable import Found, Searchable
from genesis_rag.retrieval.settings import RetrievalSettings
from genesis_rag.retrieval.sides import in_turn
from genesis_rag.retrieval.widening import Weighted, name_terms, spelling_terms
from genesis_rag.text.contests import sides_of
from genesis_rag.text.language import detect_language
from genesis_rag.text.terms import Analyser
from genesis_rag.types import Hit, Language, Passage, SearchFilter

_LONGEST_QUERY = 4_000
"""Characters; what comes after is not searched for."""

NAMING_CHUNKS = 30
"""Chunks, best of the keyword search, that are read for names in the other language."""

_LANGUAGES: tuple[Language, ...] = ("ja", "en", "other")


class Retriever:
    """Searches one index. May be used by several threads at once, as far as the index and the embedder may.

    Args:
        index: what to search.
        embedder: the one that the index was filled with.
        analyser: the one that the index was filled with.
        settings: how to search.
        reranking: puts the best into its order: for passages if it says so, for ``search`` where it is asked for.
    """

    def __init__(
        self,
        index: Searchable,
        embedder: Embedder,
        analyser: Analyser,
        settings: RetrievalSettings = RetrievalSettings(),  # noqa: B008  (a frozen value)
        reranking: Reranking | None = None,
    ) -> None:
        self._index, self._embedder, self._analyser, self._settings = index, embedder, analyser, settings
        self._reranking = reranking
        self._maker = PassageMaker(index, embedder.count_tokens, settings)

    @property
    def reranks(self) -> bool:
        """Whether there is a reranker."""
        return self._reranking is not None

    def require_healthy(self) -> None:
        """Raise BackendError where embedder or reranker need a server that cannot be reached."""
        parts: tuple[object, ...] = (self._embedder, self._reranking.reranker if self._reranking else None)
        for part in parts:
            if isinstance(part, Remote):
                part.require_healthy()

    def search(
        self, query: str, k: int, search_filter: SearchFilter | None = None, *, rerank: bool = False
    ) -> list[Hit]:
        """Return at most ``k`` chunks, best first, no text twice; none for a query without a letter or digit.

        ``score`` is the fused one in any case; with ``rerank`` the order is the reranker's and ``scores`` hold its own.
        """
        if k <= 0:
            return []
        with self._index.reading():
            scored = self._scored(query, search_filter, rerank)
            kept = self._kept(scored, k)
            pool = self._pool(scored, k, kept)
            chosen = [pool[i] for i in share_places([one.scored.foreign for one in pool], k, kept)]
            infos = self._index.documents_info(one.chunk.document_id for one in chosen)
            return [
                Hit(one.chunk, infos[one.chunk.document_id], rank, one.scored.fused, stages(one.scored))
                for rank, one in enumerate(chosen, start=1)
            ]

    @property
    def legs(self) -> tuple[str, ...]:
        """The parts of the search that can be measured alone; "hybrid" is the search without its reranker."""
        return (*LEGS, HYBRID) if self.reranks else LEGS

    def search_leg(self, leg: str, query: str, k: int, search_filter: SearchFilter | None = None) -> list[Hit]:
        """Return at most ``k`` chunks that one part of the search finds alone; see ``legs``."""
        if leg == HYBRID:
            return self.search(query, k, search_filter)
        with self._index.reading():
            return search_leg(self._index, self._embedder, self._analyser, leg, query, k, search_filter)

    def passages(self, query: str, count: int, search_filter: SearchFilter | None = None) -> list[Passage]:
        """Return at most ``count`` passages, best first: hits merged with their neighbours; see RetrievalSettings.

        A question that asks how two things differ, or which is more, is searched for each of them.
        """
        if count <= 0:
            return []
        with self._index.reading():
            if contest := sides_of(query):
                texts = (contest.sides[0].question, query, contest.sides[1].question)
                return in_turn([self._found(text, count, search_filter) for text in texts], count)
            return self._found(query, count, search_filter)

    def _found(self, query: str, count: int, search_filter: SearchFilter | None) -> list[Passage]:
        with self._index.reading():
            rerank = self._reranking is not None and self._reranking.beforehand
            scored = self._scored(query, search_filter, rerank)
            kept = self._kept(scored, count)
            spare = {group: 2 * places for group, places in kept.items()}  # some will merge
            return self._maker.make(self._pool(scored, 3 * count + 4, spare), count, kept)

    def _scored(self, query: str, search_filter: SearchFilter | None, rerank: bool) -> list[Scored]:
        """Return everything that either leg proposes in any language, best first."""
        query = query[:_LONGEST_QUERY].encode("utf-8", "replace").decode()  # no lone surrogates
        if not self._index.chunk_count or not any(character.isalnum() for character in query):
            return []
        vector = self._embedder.embed_queries([query])
        terms = self._analyser.search_terms(query)
        terms += spelling_terms(self._index, self._analyser, query, terms)
        words = self._index.search_lexical(terms, self._settings.keyword_depth, search_filter)
        parts = list(self._parts(detect_language(query), search_filter))
        named = self._named(query, terms, words, search_filter) if any(foreign for _, foreign in parts) else words
        scored: list[Scored] = []
        for part, foreign in parts:
            scored += self._score(vector, named if foreign else words, part, foreign)
        ranking = best_first(scored)
        return reranked(self._index, self._reranking, query, ranking) if rerank and self._reranking else ranking

    def _named(self, query: str, terms: Weighted, words: Found, search_filter: SearchFilter | None) -> Found:
        """Search again with the other language's names for what the question names, as the chunks found tell them."""
        best = words[0][:NAMING_CHUNKS].tolist()
        chunks = self._index.chunks(best)
        texts = [chunks[number].text for number in best]
        if not (names := name_terms(self._analyser, query, texts, terms)):
            return words
        return self._index.search_lexical([*terms, *names], self._settings.keyword_depth, search_filter)

    def _parts(
        self, language: Language, search_filter: SearchFilter | None
    ) -> Iterator[tuple[SearchFilter | None, bool]]:
        """Yield a filter for each language to search apart, and whether it is another than the question's."""
        counts = self._index.language_counts()
        present = [one for one in _LANGUAGES if counts.get(one)]
        wanted = search_filter or SearchFilter()
        if wanted.language:
            yield wanted, language not in ("other", wanted.language)
        elif len(present) == 1 or language == "other":
            yield search_filter, language != "other" and language not in present
        else:
            for one in present:
                yield replace(wanted, language=one), one != language

    def _score(self, vector: Vectors, words: Found, part: SearchFilter | None, foreign: bool) -> list[Scored]:
        """Return what both legs propose among the chunks that ``part`` lets through, with both scores and the fused.

        Args:
            vector: the query, float32[1, dim].
            words: what the keyword search found, in all parts.
            part: which chunks.
            foreign: whether they are in another language than the query.
        """
        settings = self._settings
        ((near, cosines),) = self._index.search_dense(vector, settings.candidates, part)
        cosine = dict(zip(near.tolist(), cosines.tolist(), strict=True))
        own = self._index.passes(words[0], part)
        keyword = dict(zip(words[0][own].tolist(), words[1][own].tolist(), strict=True))
        unseen = [number for number in islice(keyword, settings.candidates) if number not in cosine]
        cosine.update(self._index.cosines(vector[0], unseen))
        dense = np.array(list(cosine.values()))
        lexical = np.array([keyword.get(number, 0.0) for number in cosine])
        matched = keyword_scores(lexical, self._index.chunk_count)
        if foreign:
            base, slope = settings.foreign_base, settings.foreign_slope
            fused = fuse_foreign(dense, matched, settings.dense_weight, base, slope)
        else:
            fused = fuse(dense, matched, settings.dense_weight)
        rows = zip(cosine, dense.tolist(), lexical.tolist(), fused.tolist(), strict=True)
        return [Scored(*row, foreign) for row in rows]

    def _kept(self, scored: Sequence[Scored], places: int) -> dict[bool, int]:
        """Return how many places are kept for the question's language and for others: as many as are near enough."""
        share = max(0, min(round(places * self._settings.language_share), (places - 1) // 2))
        own = [one.fused for one in scored if not one.foreign]
        beyond = places - share
        least = self._settings.language_margin * own[beyond - 1] if 0 < beyond <= len(own) else 0.0
        near = sum(one.foreign and one.fused >= least for one in scored)
        return {False: share, True: min(share, near)}

    def _pool(self, scored: Sequence[Scored], size: int, kept: Mapping[bool, int]) -> list[Candidate]:
        """Return the best ``size`` with their texts, and enough of each group to fill the places kept for it."""
        texts: set[str] = set()
        pool = self._distinct(scored, size, texts)
        known = {one.scored.number for one in pool}
        more: list[Candidate] = []
        for group, places in kept.items():
            missing = places - sum(one.scored.foreign is group for one in pool)
            if missing > 0:
                rest = [one for one in scored if one.foreign is group and one.number not in known]
                more += self._distinct(rest, missing, texts)
        rank = {one.number: place for place, one in enumerate(scored)}
        return sorted([*pool, *more], key=lambda one: rank[one.scored.number])

    def _distinct(self, scored: Iterable[Scored], wanted: int, texts: set[str]) -> list[Candidate]:
        """Return the first ``wanted`` whose text, white space aside, is not yet among ``texts``, and add it there."""
        waiting = iter(scored)
        found: list[Candidate] = []
        while batch := list(islice(waiting, wanted - len(found))):
            chunks = self._index.chunks([one.number for one in batch])
            for one in batch:
                text = "".join(chunks[one.number].text.split())
                if text not in texts:
                    texts.add(text)
                    found.append(Candidate(chunks[one.number], one))
        return found
