"""Whether what an answer quoted is still there: its citations against the index of today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from genesis_rag.assistant import Assistant
from genesis_rag.types import Document, DocumentInfo
from genesis_rag.values import dataclass

State = Literal["unchanged", "moved", "changed", "gone"]


@dataclass(frozen=True, slots=True)
class CitedPlace:
    """What a saved citation pointed at. Offsets are code points of the document's text, half-open."""

    marker: int
    source: str
    start: int
    end: int
    quote: str
    content_sha256: str


@dataclass(frozen=True, slots=True)
class PlaceToday:
    """Where the quoted words are now.

    Attributes:
        state: "unchanged": the same words at the same place of the same document; "moved": the same words elsewhere in
            it, or in a document of the same content under another name; "changed": the document no longer holds them;
            "gone": there is no such document.
        source: the document's name now, empty if it is gone.
        start: where the words begin now, -1 if they are not there.
        end: where they end.
    """

    state: State
    source: str
    start: int
    end: int


class Library:
    """The documents of an index by name and by content; each is read once.

    Args:
        assistant: open for reading.
    """

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        infos = assistant.documents()
        self._by_source: Mapping[str, DocumentInfo] = {
            source: info for info in infos for source in (info.source, *info.sources)
        }
        self._by_content = {info.content_sha256: info for info in infos}
        self._read: dict[str, Document] = {}

    def find(self, place: CitedPlace) -> PlaceToday:
        """Return where the quoted words are now."""
        info = self._by_source.get(place.source) or self._by_content.get(place.content_sha256)
        if info is None:
            return PlaceToday("gone", "", -1, -1)
        named = place.source in (info.source, *info.sources)
        source = place.source if named else info.source
        text = self._text(info.id)
        if named and text[place.start : place.end] == place.quote:
            return PlaceToday("unchanged", source, place.start, place.end)
        start = _nearest(text, place.quote, place.start)
        if start < 0:
            return PlaceToday("changed", source, -1, -1)
        return PlaceToday("moved", source, start, start + len(place.quote))

    def _text(self, identity: str) -> str:
        if identity not in self._read:
            self._read[identity] = self._assistant.document(identity)
        return self._read[identity].text


def _nearest(text: str, quote: str, place: int) -> int:
    """Return the start of the occurrence of ``quote`` nearest to ``place``, -1 if there is none."""
    if not quote:
        return -1
    after = text.find(quote, max(place, 0))
    before = text.rfind(quote, 0, max(place, 0) + len(quote))
    found = [start for start in (before, after) if start >= 0]
    return min(found, key=lambda start: abs(start - place), default=-1)
