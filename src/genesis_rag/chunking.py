"""Cuts a document into chunks: by pages, sections and sentences, sized in the embedder's tokens.

A chunk never crosses a page, so that its page is one number; a sentence that a page break cuts is cut. The lines of a
list stay with the line that leads in to it, and a list or a section that fits into one chunk is not torn. A chunk that
begins within a table has the table's first row as its last heading. Sections that are mere fragments (slide lines) join
their neighbours on the page, under the headings that hold for both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import groupby

from genesis_rag.text.cutting import CountTokens, cut, line_spans, whole_characters
from genesis_rag.text.language import detect_language
from genesis_rag.text.sentences import sentence_spans
from genesis_rag.types import BlockKind, Chunk, Document, Section
from genesis_rag.values import dataclass

CHUNKER_ID = "sections-2"
"""Changes whenever the same document would be cut otherwise."""

_HEADING_SIGNS = " \t#*=【】<>＜＞〈〉《》"
_LARGEST_OVERLAP = 0.25
"""A sentence is not repeated in the next chunk if it is longer than this part of a chunk."""
_LONGEST_COLUMNS = 200
"""Characters; a longer first row names no columns."""
_LARGEST_LEAD = 0.4
"""A sentence longer than this part of a chunk does not count as the line that leads in to a list."""


@dataclass(frozen=True, slots=True)
class ChunkSettings:
    """How to cut.

    Attributes:
        max_tokens: no chunk has more tokens (as a sum over its sentences).
        min_tokens: what is shorter joins its neighbours on the page, if there are any.
        overlap_sentences: how many sentences of running text are repeated from one chunk of a section to the next.
    """

    max_tokens: int = 256
    min_tokens: int = 32
    overlap_sentences: int = 1

    def __post_init__(self) -> None:
        if self.max_tokens < 1 or self.min_tokens < 0 or self.overlap_sentences < 0:
            raise ValueError(f"no chunks can be made with {self}")


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, list item or table row, or a piece of one that is too long.

    ``section`` counts within the page; ``columns`` is the first row of the table that a row belongs to, else "".
    """

    start: int
    end: int
    tokens: int
    kind: BlockKind
    section: int
    heading: bool
    columns: str


@dataclass(frozen=True, slots=True)
class _Group:
    """Neighbouring sections of a page that are cut as one."""

    heading_path: tuple[str, ...]
    units: tuple[_Unit, ...]
    tokens: int

    @property
    def bare(self) -> bool:
        """Whether there is nothing but headings."""
        return all(unit.heading for unit in self.units)


def chunk_document(document: Document, count_tokens: CountTokens, settings: ChunkSettings) -> list[Chunk]:
    """Return the chunks of ``document`` in order; every character that is not white space is in at least one.

    Args:
        document: what to cut; ``document.text[chunk.start:chunk.end] == chunk.text`` holds for every chunk.
        count_tokens: number of tokens of a text; called once a sentence.
        settings: how to cut.
    """
    chunks: list[Chunk] = []
    for page, sections in groupby(_covering(document), key=lambda section: section.page):
        groups = []
        for at, section in enumerate(sections):
            units = _units(document.text, section, at, count_tokens, settings.max_tokens)
            if units:
                groups.append(_Group(section.heading_path, units, sum(unit.tokens for unit in units)))
        for group in _join_fragments(_join_headings(groups), settings):
            for start, end, columns in _Packer(settings, group).spans():
                path = (*group.heading_path, columns) if columns else group.heading_path
                chunks.append(_chunk(document, len(chunks), start, end, path, page))
    return chunks


def contextual_text(title: str, heading_path: Sequence[str], text: str) -> str:
    """Return what is embedded and what keyword terms are made of: title, headings and text, one a line.

    A heading that repeats the one before it, or with which the text begins anyway, is left out.
    """
    lines = [title] if title else []
    for heading in heading_path:
        if heading and (not lines or heading != lines[-1]):
            lines.append(heading)
    if lines and text.lstrip(_HEADING_SIGNS).startswith(lines[-1]):
        lines.pop()
    return "\n".join([*lines, text])


def _chunk(document: Document, ordinal: int, start: int, end: int, path: tuple[str, ...], page: int | None) -> Chunk:
    text = document.text[start:end]
    name = f"{document.id}\n{start}\n{end}\n{text}".encode("utf-8", "surrogatepass")
    language = detect_language(text)
    return Chunk(
        id=hashlib.sha256(name).hexdigest()[:16],
        document_id=document.id,
        ordinal=ordinal,
        start=start,
        end=end,
        text=text,
        heading_path=path,
        page=page,
        language=document.language if language == "other" else language,
    )


def _covering(document: Document) -> Iterator[Section]:
    """Yield the sections and, for text that none of them holds, sections without headings."""
    done = 0
    page: int | None = None
    for section in document.sections:
        if document.text[done : section.start].strip():
            yield Section((), done, section.start, page)
        if section.end > max(done, section.start):
            yield Section(section.heading_path, max(done, section.start), section.end, section.page, section.kind)
        done, page = max(done, section.end), section.page
    if document.text[done:].strip():
        yield Section((), done, len(document.text), page)


def _units(text: str, section: Section, at: int, count_tokens: CountTokens, limit: int) -> tuple[_Unit, ...]:
    """Return a section as units, none of which is longer than a chunk may be."""
    piece = text[section.start : section.end]
    spans = line_spans(piece) if section.kind == "table" else whole_characters(piece, sentence_spans(piece))
    headed = bool(spans and section.heading_path) and _same_words(spans[0].of(piece), section.heading_path[-1])
    columns = spans[headed].of(piece) if section.kind == "table" and len(spans) > headed else ""
    known = headed and "|" in section.heading_path[-1]
    if known or "|" not in columns or len(columns) > _LONGEST_COLUMNS or not any(map(str.isalnum, columns)):
        columns = ""
    units: list[_Unit] = []
    for number, span in enumerate(spans):
        sentence = span.of(piece)
        tokens = count_tokens(sentence)
        own = section.kind, at, headed and number == 0, columns if number > headed else ""
        start, end = section.start + span.start, section.start + span.end
        if tokens <= limit:
            units.append(_Unit(start, end, tokens, *own))
            continue
        for part in cut(sentence, tokens, count_tokens, limit):
            units.append(_Unit(start + part.start, start + part.end, part.tokens, *own))
    return tuple(units)


def _same_words(line: str, heading: str) -> bool:
    return " ".join(line.strip(_HEADING_SIGNS).split()) == " ".join(heading.strip(_HEADING_SIGNS).split())


def _join(first: _Group, second: _Group, path: tuple[str, ...]) -> _Group:
    return _Group(path, first.units + second.units, first.tokens + second.tokens)


def _join_headings(groups: Sequence[_Group]) -> list[_Group]:
    """Join what stands under the same headings, and a heading without text with the section below it."""
    joined: list[_Group] = []
    for group in reversed(groups):
        below = joined[-1] if joined else None
        opens = below is not None and below.heading_path[: len(group.heading_path)] == group.heading_path
        if below is not None and opens and (group.bare or len(group.heading_path) == len(below.heading_path)):
            joined[-1] = _join(group, below, below.heading_path)
        else:
            joined.append(group)
    return joined[::-1]


def _join_fragments(groups: Sequence[_Group], settings: ChunkSettings) -> list[_Group]:
    """Join groups of less than ``min_tokens`` with the neighbour that shares most headings, if both fit in a chunk."""
    done: list[_Group] = []
    waiting = list(reversed(groups))
    while waiting:
        group = waiting.pop()
        if group.tokens >= settings.min_tokens:
            done.append(group)
            continue
        choices = []
        for after, others in ((False, done), (True, waiting)):
            if others and others[-1].tokens + group.tokens <= settings.max_tokens:
                path = _common(group.heading_path, others[-1].heading_path)
                choices.append((len(path), after == group.bare, -others[-1].tokens, after, path))
        if not choices:
            done.append(group)
            continue
        *_, after, path = max(choices)
        waiting.append(_join(group, waiting.pop(), path) if after else _join(done.pop(), group, path))
    return done


def _common(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    length = 0
    while length < min(len(first), len(second)) and first[length] == second[length]:
        length += 1
    return first[:length]


class _Packer:
    """Packs the units of one group into chunks of about equal size."""

    def __init__(self, settings: ChunkSettings, group: _Group) -> None:
        self._settings = settings
        self._group = group
        self._max = settings.max_tokens
        self._target = group.tokens / max(1, -(-group.tokens // self._max))
        self._chunks: list[list[_Unit]] = []
        self._size = 0  # tokens of the last chunk
        self._placed = 0  # tokens of all chunks, none counted twice

    def spans(self) -> Iterator[tuple[int, int, str]]:
        """Yield start and end of each chunk, and the first row of the table that it begins within."""
        if self._group.tokens <= self._max:
            yield self._group.units[0].start, self._group.units[-1].end, ""
            return
        for block in self._blocks():
            self._pack(block)
        self._mend_tail()
        for chunk in self._chunks:
            yield chunk[0].start, chunk[-1].end, chunk[0].columns

    def _blocks(self) -> Iterator[list[_Unit]]:
        """Yield what is not torn where it fits: a sentence, a list or table with its lead, each with its heading."""
        block: list[_Unit] = []
        for unit in self._group.units:
            if block and not self._stays(block[-1], unit):
                lead: list[_Unit] = []
                if unit.kind != "prose" and block[-1].kind == "prose" and self._leads(block[-1]):
                    while block and (block[-1].heading or not lead):
                        lead.insert(0, block.pop())
                if block:
                    yield block
                block = lead
            block.append(unit)
        yield block

    def _stays(self, before: _Unit, unit: _Unit) -> bool:
        if before.heading:
            return True
        return not unit.heading and unit.kind != "prose" and before.section == unit.section

    def _leads(self, unit: _Unit) -> bool:
        return unit.tokens <= _LARGEST_LEAD * self._max

    def _pack(self, block: list[_Unit]) -> None:
        tokens = sum(unit.tokens for unit in block)
        near = self._placed + tokens / 2 <= self._target * len(self._chunks)
        if self._chunks and near and self._size + tokens <= self._max:
            self._extend(block, tokens)
            return
        if tokens <= self._max:
            self._open(block, tokens)
            return
        # Too long for any chunk: its units one by one. A list begins a chunk of its own, under its lead, unless that
        # would leave a mere fragment before it.
        starts = not self._chunks or (block[-1].kind != "prose" and self._size >= self._settings.min_tokens)
        for unit in block:
            if starts or self._size + unit.tokens > self._max:
                self._open([unit], unit.tokens)
            else:
                self._extend([unit], unit.tokens)
            starts = False

    def _extend(self, units: list[_Unit], tokens: int) -> None:
        self._chunks[-1] += units
        self._size += tokens
        self._placed += tokens

    def _open(self, units: list[_Unit], tokens: int) -> None:
        """Begin a chunk, with the last sentences of the one before where running text goes on."""
        repeated: list[_Unit] = []
        size = tokens
        before = self._chunks[-1] if self._chunks else []
        for unit in reversed(before[1:]):
            goes_on = unit.kind == "prose" and unit.section == units[0].section and not unit.heading
            if not goes_on or len(repeated) >= self._settings.overlap_sentences:
                break
            if unit.tokens > _LARGEST_OVERLAP * self._max or size + unit.tokens > self._max:
                break
            repeated.insert(0, unit)
            size += unit.tokens
        self._chunks.append([*repeated, *units])
        self._size = size
        self._placed += tokens

    def _mend_tail(self) -> None:
        """Join a last chunk that is a mere fragment with the one before, if both fit."""
        if len(self._chunks) < 2:
            return
        last, before = self._chunks[-1], self._chunks[-2]
        fresh = [unit for unit in last if unit.start >= before[-1].end]
        tokens = sum(unit.tokens for unit in fresh)
        if tokens < self._settings.min_tokens and tokens + sum(unit.tokens for unit in before) <= self._max:
            before += fresh
            self._chunks.pop()
