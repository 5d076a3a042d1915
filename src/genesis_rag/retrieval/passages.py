"""Merging hits and their neighbours into passages: which chunks belong together, and what fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from genesis_rag.retrieval.fusion import Scored, share_places
from genesis_rag.retrieval.searchable import Searchable
from genesis_rag.retrieval.settings import RetrievalSettings
from genesis_rag.text.patterns import lazy
from genesis_rag.types import Chunk, DocumentInfo, Passage
from genesis_rag.values import dataclass

CountTokens = Callable[[str], int]

_DATE = lazy("[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?")
_COUNTS_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk that was found, with its text."""

    chunk: Chunk
    scored: Scored


@dataclass(slots=True)
class Group:
    """Neighbouring chunks of one document, on one page and under one heading, grown around the best of them."""

    best: Candidate
    chunks: dict[int, Chunk]

    @property
    def first(self) -> int:
        """Return the lowest ordinal."""
        return min(self.chunks)

    @property
    def last(self) -> int:
        """Return the highest ordinal."""
        return max(self.chunks)

    def touches(self, chunk: Chunk) -> bool:
        """Tell whether ``chunk`` stands right before or after, in the same document, page and section.

        A section and what is below it are one; two sections side by side are not, or the passage had no heading.
        """
        own = self.best.chunk
        if (own.document_id, own.page) != (chunk.document_id, chunk.page) or not _same_heading(own, chunk):
            return False
        return chunk.ordinal in (self.first - 1, self.last + 1)

    def take(self, chunk: Chunk) -> None:
        """Take in a neighbour."""
        self.chunks[chunk.ordinal] = chunk


class PassageMaker:
    """Makes passages of what was found.

    Args:
        index: where neighbours and texts come from.
        count_tokens: number of tokens of a text.
        settings: caps and budgets.
    """

    def __init__(self, index: Searchable, count_tokens: CountTokens, settings: RetrievalSettings) -> None:
        self._index, self._count, self._settings = index, count_tokens, settings
        self._counted: dict[str, int] = {}

    def make(self, candidates: Sequence[Candidate], count: int, kept: Mapping[bool, int]) -> list[Passage]:
        """Return at most ``count`` passages, best first, markers from 1.

        Args:
            candidates: what was found, best first, no text twice.
            count: most passages.
            kept: places kept for passages in the question's language (False) and in others (True).
        """
        groups = self._spread(self._groups(candidates), count)
        chosen = [groups[i] for i in share_places([g.best.scored.foreign for g in groups], count, kept)]
        taken = {(g.best.chunk.document_id, ordinal) for g in chosen for ordinal in g.chunks}
        for group in chosen:
            self._widen(group, taken)
        chosen = self._affordable(chosen)
        infos = self._index.documents_info(group.best.chunk.document_id for group in chosen)
        return [
            self._passage(group, infos[group.best.chunk.document_id], marker)
            for marker, group in enumerate(chosen, start=1)
        ]

    def _groups(self, candidates: Sequence[Candidate]) -> list[Group]:
        """Merge candidates that are neighbours, as far as they fit; groups are in the order of their best ones."""
        groups: list[Group] = []
        of_document: dict[str, list[Group]] = {}
        for candidate in candidates:
            near = of_document.setdefault(candidate.chunk.document_id, [])
            joined = next((group for group in near if self._belongs(group, candidate)), None)
            if joined is None:
                near.append(Group(candidate, {candidate.chunk.ordinal: candidate.chunk}))
                groups.append(near[-1])
            else:
                joined.take(candidate.chunk)
        return groups

    def _belongs(self, group: Group, candidate: Candidate) -> bool:
        if candidate.scored.fused < self._settings.merge_score * group.best.scored.fused:
            return False
        return group.touches(candidate.chunk) and self._fits(group, candidate.chunk)

    def _fits(self, group: Group, chunk: Chunk) -> bool:
        return self._size(group) + self._tokens(chunk) <= self._settings.passage_tokens

    def _size(self, group: Group) -> int:
        return sum(self._tokens(chunk) for chunk in group.chunks.values())

    def _tokens(self, chunk: Chunk) -> int:
        """Return the number of tokens of a chunk, remembered under its id, which stands for its text."""
        known = self._counted.get(chunk.id)
        if known is None:
            if len(self._counted) >= _COUNTS_KEPT:
                self._counted.clear()
            known = self._counted[chunk.id] = self._count(chunk.text)
        return known

    def _spread(self, groups: Sequence[Group], count: int) -> list[Group]:
        """Put what is above a document's cap behind everything else, if there is enough else to fill the places."""
        within: list[Group] = []
        above: list[Group] = []
        seen: dict[str, int] = {}
        for group in groups:
            document = group.best.chunk.document_id
            seen[document] = seen.get(document, 0) + 1
            (within if seen[document] <= self._settings.per_document else above).append(group)
        free = max(0, count - len(within))
        place = {id(group): at for at, group in enumerate(groups)}
        return sorted([*within, *above[:free]], key=lambda group: place[id(group)])

    def _widen(self, group: Group, taken: set[tuple[str, int]]) -> None:
        """Let a short passage take in chunks after and before it under the same heading that nobody else has."""
        document = group.best.chunk.document_id
        while self._size(group) < self._settings.short_tokens:
            around = [o for o in (group.last + 1, group.first - 1) if o >= 0 and (document, o) not in taken]
            found = self._index.chunk_ids_at(document, around) if around else {}
            for ordinal in around:
                chunk = found[ordinal][1] if ordinal in found else None
                if chunk is not None and group.touches(chunk) and self._fits(group, chunk):
                    group.take(chunk)
                    taken.add((document, ordinal))
                    break
            else:
                return

    def _affordable(self, groups: Sequence[Group]) -> list[Group]:
        """Leave out what the budget for all passages does not cover; the first always stays."""
        kept: list[Group] = []
        spent = 0
        for group in groups:
            size = self._size(group)
            if not kept or spent + size <= self._settings.total_tokens:
                kept.append(group)
                spent += size
        return kept

    def _passage(self, group: Group, document: DocumentInfo, marker: int) -> Passage:
        chunks = [group.chunks[ordinal] for ordinal in sorted(group.chunks)]
        best, scored = group.best.chunk, group.best.scored
        start, end = min(chunk.start for chunk in chunks), max(chunk.end for chunk in chunks)
        return Passage(
            marker=marker,
            document_id=document.id,
            source=document.source,
            title=document.title,
            heading_path=_common_path([chunk.heading_path for chunk in chunks]),
            page=best.page,
            start=start,
            end=end,
            text=best.text if len(chunks) == 1 else self._index.text(document.id, start, end),
            language=best.language,
            content_sha256=document.content_sha256,
            chunk_ids=tuple(chunk.id for chunk in chunks),
            score=scored.fused,
            scores=stages(scored),
            date=_plain_date(document.metadata.get("date", "")),
        )


def _plain_date(text: str) -> str:
    """Return a date as 2026, 2026-05 or 2026-05-01, "" for anything else: what is shown is not for documents to say."""
    return text if _DATE.fullmatch(text) else ""


def stages(scored: Scored) -> dict[str, float]:
    """Return the scores by stage under their names in ``types.Hit``."""
    found = {"dense": scored.dense, "lexical": scored.lexical, "fused": scored.fused}
    return found if scored.reranked is None else found | {"reranked": scored.reranked}


def _same_heading(one: Chunk, other: Chunk) -> bool:
    """Tell whether one of two heading paths begins with the other."""
    return all(a == b for a, b in zip(one.heading_path, other.heading_path, strict=False))


def _common_path(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return what all heading paths begin with."""
    first, last = min(paths), max(paths)
    size = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:size]
