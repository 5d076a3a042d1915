"""Putting the best of what was found into the order of a reranker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from genesis_rag.chunking import contextual_text
from genesis_rag.protocols import Reranker
from genesis_rag.retrieval.fusion import Scored
from genesis_rag.retrieval.searchable import Searchable
from genesis_rag.text.language import detect_language
from genesis_rag.values import dataclass


@dataclass(frozen=True, slots=True)
class Reranking:
    """A reranker and how to use it.

    Attributes:
        reranker: scores pairs of question and text.
        depth: how many of the best it reads; the time of a search grows with it.
        languages: those that it knows; empty for all. It is not asked about questions and texts in others.
        beforehand: whether it also orders what an answer reads, and not only the hits of a search.
        weight: what its score counts beside the fused one; 0 for its score alone. A small model alone orders worse than
            both legs together, and with them better.
    """

    reranker: Reranker
    depth: int = 24
    languages: tuple[str, ...] = ()
    beforehand: bool = True
    weight: float = 0.0

    def order(self, one: Scored) -> float:
        """Return what a judged chunk is sorted by, highest first."""
        score = one.reranked or 0.0
        return one.fused + self.weight * score if self.weight else score

    def knows(self, language: str) -> bool:
        """Tell whether the reranker can judge texts in ``language``."""
        return not self.languages or language in self.languages


def reranked(index: Searchable, reranking: Reranking, query: str, scored: Sequence[Scored]) -> list[Scored]:
    """Return ``scored`` with its first ``depth`` in the reranker's order.

    A text in a language that the reranker does not know keeps its place: the others change places among themselves.
    Ties stay in the order that they had.
    """
    if not reranking.knows(detect_language(query)):
        return list(scored)
    top = scored[: reranking.depth]
    chunks = index.chunks([one.number for one in top])
    places = [at for at, one in enumerate(top) if reranking.knows(chunks[one.number].language)]
    if not places:
        return list(scored)
    asked = [chunks[top[at].number] for at in places]
    titles = index.documents_info(dict.fromkeys(chunk.document_id for chunk in asked))
    texts = [contextual_text(titles[one.document_id].title, one.heading_path, one.text) for one in asked]
    scores = reranking.reranker.score(query, texts).tolist()
    judged = [replace(top[at], reranked=score) for at, score in zip(places, scores, strict=True)]
    judged.sort(key=lambda one: -reranking.order(one))
    found = list(scored)
    for at, one in zip(places, judged, strict=True):
        found[at] = one
    return found
