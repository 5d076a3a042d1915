"""Finds the words of the evidence in the indexed documents, and tells whether a span covers them.

Judgements are by document and span, never by chunk, so that they hold whatever the chunker does. Only letters and
digits count: a chunk that leaves out a quote's closing bracket or a line break inside it still covers it.

- A ranking *covers* a quote at the first rank at which the spans found so far, of that document, hold together every
  letter and digit of the quote (at one of the places where it stands).
- A citation *points at* a quote when at least half of the letters and digits of the shorter one lie in the other: a
  whole sentence around the quote does, and so does a part of a long quote.
- A whole document as evidence is covered by any span of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from typing import Literal, Protocol

from genesis_rag.errors import UserError
from genesis_rag.evaluation.items import Evidence, Item
from genesis_rag.text.normalize import fold, search_key
from genesis_rag.types import Document, DocumentInfo, Span
from genesis_rag.values import dataclass

Found = Literal["exact", "normalised", "document", "unknown_source", "quote_not_found"]
MOST_PLACES = 20
POINTS_AT = 0.5
_KEPT_DOCUMENTS = 256


class Place(Protocol):
    """A span of a document: a citation or a passage."""

    @property
    def document_id(self) -> str: ...  # noqa: D102
    @property
    def start(self) -> int: ...  # noqa: D102
    @property
    def end(self) -> int: ...  # noqa: D102


class Library(Protocol):
    """What is needed to look documents up; an Assistant has it."""

    def documents(self) -> list[DocumentInfo]:
        """Return what is known of all documents."""
        ...

    def document(self, source_or_id: str, /) -> Document:
        """Return one document with its text."""
        ...


@dataclass(frozen=True, slots=True)
class Judged:
    """A piece of evidence and where it was found.

    Attributes:
        evidence: what the set says.
        found: "exact"; "normalised" (width, case or white space differ); "document"; or why it was not found.
        document_ids: the documents meant; empty if there is none.
        language: of the document; empty if there is none.
        places: for each place of the quote, the offsets of its letters and digits, rising; empty for a document.
    """

    evidence: Evidence
    found: Found
    document_ids: frozenset[str] = field(default=frozenset())
    language: str = ""
    places: tuple[tuple[int, ...], ...] = ()

    @property
    def is_found(self) -> bool:
        """Whether the index holds this evidence."""
        return self.found in ("exact", "normalised", "document")

    def span(self) -> Span | None:
        """Return the first place of the quote, if it has one."""
        return Span(self.places[0][0], self.places[0][-1] + 1) if self.places else None


def covered(judged: Judged, spans: Sequence[Place]) -> bool:
    """Tell whether ``spans`` together hold every letter and digit of the evidence at one of its places."""
    own = [span for span in spans if span.document_id in judged.document_ids]
    if not own or judged.found == "document":
        return bool(own)
    return any(all(any(s.start <= at < s.end for s in own) for at in place) for place in judged.places)


def first_ranks(judged: Sequence[Judged], ranking: Sequence[Place]) -> tuple[int | None, ...]:
    """Return for each piece of evidence the first rank, from 1, at which the ranking covers it; None for never."""
    ranks: list[int | None] = [None] * len(judged)
    for rank in range(1, len(ranking) + 1):
        latest = ranking[rank - 1].document_id
        for number, one in enumerate(judged):
            if ranks[number] is None and latest in one.document_ids and covered(one, ranking[:rank]):
                ranks[number] = rank
    return tuple(ranks)


def points_at(judged: Judged, place: Place, text: str) -> bool:
    """Tell whether a citation of ``text`` at ``place`` points at the evidence; see the head of this module."""
    if place.document_id not in judged.document_ids:
        return False
    if judged.found == "document":
        return True
    own = sum(character.isalnum() for character in text)
    for letters in judged.places:
        shared = bisect_left(letters, place.end) - bisect_left(letters, place.start)
        if shared and shared >= POINTS_AT * min(len(letters), own):
            return True
    return False


class EvidenceFinder:
    """Looks evidence up in the documents of one index.

    Args:
        library: the index's documents.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._infos = {info.id: info for info in library.documents()}
        self._by_source = {source: info.id for info in self._infos.values() for source in (info.source, *info.sources)}
        self._by_ending = _by_ending(self._by_source)
        self._text = lru_cache(maxsize=_KEPT_DOCUMENTS)(self._read)

    def judge(self, item: Item) -> tuple[Judged, ...]:
        """Return where each piece of evidence of ``item`` stands."""
        return tuple(self._judge(one) for one in item.evidence)

    def _judge(self, evidence: Evidence) -> Judged:
        ids = self._documents(evidence)
        if not ids:
            return Judged(evidence, "unknown_source")
        language = self._infos[min(ids)].language
        if not evidence.quote:
            return Judged(evidence, "document", ids, language)
        text, key, offsets = self._text(min(ids))
        found: Found = "exact"
        spans = _exact(text, evidence.quote)
        if not spans:
            found, spans = "normalised", _normalised(key, offsets, evidence.quote)
        places = tuple(place for span in spans if (place := _letters(text, span)))
        return Judged(evidence, found if places else "quote_not_found", ids, language, places)

    def _documents(self, evidence: Evidence) -> frozenset[str]:
        """Return the documents meant: by full source, by the end of a source, or by the id of a passage."""
        if (exact := self._by_source.get(evidence.source)) is not None:
            return frozenset({exact})
        separator = "#" if evidence.passage else "/"
        ids = self._by_ending.get(separator + evidence.source, frozenset())
        return ids if evidence.passage or len(ids) == 1 else frozenset()

    def _read(self, document_id: str) -> tuple[str, str, tuple[int, ...]]:
        """Return a text, its search key without white space, and for each character of that its offset."""
        try:
            text = self._library.document(document_id).text
        except UserError:  # removed in the meantime
            return "", "", ()
        aligned = search_key(text)
        kept = [at for at, character in enumerate(aligned.key) if not character.isspace()]
        return text, "".join(aligned.key[at] for at in kept), tuple(aligned.original(at, at + 1).start for at in kept)


def _by_ending(by_source: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Return the documents by every end of a source that begins at a slash or at the ``#`` before a passage's id."""
    endings: dict[str, set[str]] = {}
    for source, document_id in by_source.items():
        for at, character in enumerate(source):
            if character in "/#":
                endings.setdefault(source[at:], set()).add(document_id)
    return {ending: frozenset(ids) for ending, ids in endings.items()}


def _exact(text: str, quote: str) -> list[Span]:
    return [Span(at, at + len(quote)) for at in _finds(text, quote)]


def _normalised(key: str, offsets: Sequence[int], quote: str) -> list[Span]:
    wanted = "".join(fold(quote).split())
    return [Span(offsets[at], offsets[at + len(wanted) - 1] + 1) for at in _finds(key, wanted)]


def _finds(text: str, wanted: str) -> Iterable[int]:
    at, count = text.find(wanted) if wanted else -1, 0
    while at >= 0 and count < MOST_PLACES:
        yield at
        at, count = text.find(wanted, at + 1), count + 1


def _letters(text: str, span: Span) -> tuple[int, ...]:
    """Return the offsets of the letters and digits of a span; of all that is no white space if it has none."""
    inside = range(span.start, span.end)
    return tuple(at for at in inside if text[at].isalnum()) or tuple(at for at in inside if not text[at].isspace())
