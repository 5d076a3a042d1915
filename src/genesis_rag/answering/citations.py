"""Builds the text of an answer together with its citations, so that the two cannot drift apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from genesis_rag.answering.verification import Terms, verify
from genesis_rag.text.patterns import lazy
from genesis_rag.types import Citation, Passage

_CJK = "　-〿぀-ヿ㐀-䶿一-鿿豈-﫿＀-￯"
_BREAK = lazy(r"[ \t　]*\n\s*")
_BREAK_IN_CJK = lazy(rf"(?<=[{_CJK}])[ \t　]*\n\s*(?=[{_CJK}])")


def shown(quote: str) -> str:
    """Return a quote as the answer shows it: line breaks become nothing between CJK characters, else one space."""
    return _BREAK.sub(" ", _BREAK_IN_CJK.sub("", quote))


@dataclass
class Numbering:
    """Numbers passages in the order in which a text first points at them: a lone citation reads [1].

    Passages come with the markers of their rank; those are what a language model reads and writes.
    """

    numbers: dict[int, int] = field(default_factory=dict)

    def of(self, passage: Passage) -> int:
        """Return the number of a passage, the next free one when it is new."""
        return self.numbers.setdefault(passage.marker, len(self.numbers) + 1)

    def applied(self, passages: Sequence[Passage]) -> tuple[Passage, ...]:
        """Return passages in their order with their numbers; those that the text does not name get the next ones."""
        return tuple(replace(passage, marker=self.of(passage)) for passage in passages)


@dataclass
class AnswerText:
    """An answer being written: pieces of text, of which the quoted ones carry a marker and a citation.

    A quote whose text is not exactly what the passage holds is never added.
    """

    terms: Terms
    numbering: Numbering = field(default_factory=Numbering)
    pieces: list[str] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    length: int = 0

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self.pieces)

    def say(self, words: str) -> None:
        """Add words of our own, without a citation."""
        self.pieces.append(words)
        self.length += len(words)

    def quote(self, passage: Passage, start: int, end: int) -> bool:
        """Add ``passage.text[start:end]`` with the passage's marker; return False where it does not check out."""
        words = shown(passage.text[start:end])
        return self.cite(words, passage, start, end)

    def cite(self, words: str, passage: Passage, start: int, end: int) -> bool:
        """Add ``words`` supported by ``passage.text[start:end]``, with the passage's marker.

        Returns:
            False, and nothing is added, when the range is not sound text of the passage.
        """
        verification = verify(words, passage, start, end, self.terms)
        if not verification.exact or not words.strip():
            return False
        marker = self.numbering.of(passage)
        supported = f"{words} [{marker}]"
        begin = self.length
        self.say(supported)
        self.citations.append(
            Citation(
                marker=marker,
                document_id=passage.document_id,
                source=passage.source,
                title=passage.title,
                heading_path=passage.heading_path,
                page=passage.page,
                start=passage.start + start,
                end=passage.start + end,
                quote=passage.text[start:end],
                language=passage.language,
                content_sha256=passage.content_sha256,
                answer_start=begin,
                answer_end=self.length,
                verification=verification,
            )
        )
        return True
