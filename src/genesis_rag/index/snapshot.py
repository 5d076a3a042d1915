"""What SQLite holds at one generation: the truth from which everything else is derived or checked."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis_rag.errors import UserError
from genesis_rag.index.connection import damage_told
from genesis_rag.index.kept import Kept
from genesis_rag.index.rows import info_from, path_from, rows_told, unpack_vector, vectors_from
from genesis_rag.index.store import BLOCK_CHARACTERS, damaged, decode, text_check, text_sha256
from genesis_rag.protocols import Ids, Vectors
from genesis_rag.types import Chunk, Document, DocumentInfo, Section

BLOCKS_KEPT = 64
"""Pieces of texts that stay in memory, those that were read last."""
CHUNKS_KEPT = 8192
"""Likewise for chunks, about a kilobyte each: questions of a topic find the same ones."""
ROWS_AT_ONCE = 2_000
NUMBERS_AT_ONCE = 500

VISIBLE = "(d.born <= :g AND (d.died IS NULL OR d.died > :g))"
"""Which documents belong to generation ``:g``; a chunk belongs where its document does."""

SOURCE_VISIBLE = "(s.born <= :g AND (s.died IS NULL OR s.died > :g))"

_CHUNK = "c.number, c.id, d.id, c.ordinal, c.start, c.end, c.page, c.heading_path, c.language, c.document, c.text_check"
_INFO = "d.id, d.title, d.language, d.content_sha256, d.chunk_count, d.modified_at, d.metadata, d.number"

_TEXTS = (
    "SELECT t.document, t.block, t.data FROM json_each(:some) s JOIN texts t "
    "ON t.document = json_extract(s.value, '$[0]') AND t.block = json_extract(s.value, '$[1]')"
)

_Place = tuple[int, int]
"""Number of a document, and which piece of its text."""


class Snapshot:
    """Reads one generation over one connection; calls from several threads take turns.

    Args:
        connection: for readers, inside a transaction, so that nothing changes underneath.
        generation: what is visible.
    """

    def __init__(self, connection: sqlite3.Connection, generation: int) -> None:
        self.connection = connection
        self.generation = generation
        self._lock = RLock()
        self._kept: Kept[_Place, str] = Kept(BLOCKS_KEPT)
        self._kept_chunks: Kept[int, Chunk] = Kept(CHUNKS_KEPT)

    def rows(self, sql: str, **values: object) -> list[tuple[Any, ...]]:
        """Run one query; ``:g`` is the generation."""
        with self._lock, damage_told():
            return self.connection.execute(sql, {"g": self.generation, **values}).fetchall()

    def chunks(self, numbers: Iterable[int]) -> dict[int, Chunk]:
        """Return the chunks under ``numbers`` that belong to this generation, their texts checked.

        Raises:
            IndexDamagedError: a stored text is not what was stored.
        """
        return self._kept_chunks.get(numbers, self._read_chunks)

    def _read_chunks(self, numbers: Sequence[int]) -> dict[int, Chunk]:
        found = self.rows(
            f"SELECT {_CHUNK} FROM chunks c JOIN documents d ON d.number = c.document "
            f"WHERE c.number IN (SELECT value FROM json_each(:some)) AND {VISIBLE}",
            some=json.dumps(numbers),
        )
        return dict(zip((row[0] for row in found), self._chunks(found), strict=True))

    def chunks_at(self, document_id: str, ordinals: Iterable[int]) -> dict[int, tuple[int, Chunk]]:
        """Return ordinal -> (number, chunk) for those ordinals that ``document_id`` has."""
        some = ",".join(str(int(ordinal)) for ordinal in ordinals)
        found = self.rows(
            f"SELECT {_CHUNK} FROM documents d JOIN chunks c ON d.number = c.document "
            f"WHERE d.id = :id AND c.ordinal IN ({some}) AND {VISIBLE}",
            id=document_id,
        )
        return {row[3]: (row[0], chunk) for row, chunk in zip(found, self._chunks(found), strict=True)}

    def all_chunks(self, *, born: int = 0) -> Iterator[tuple[int, str, Chunk]]:
        """Yield (number, document title, chunk) in rising number, of those born in generation ``born`` or later."""
        last = 0
        while True:
            found = self.rows(
                f"SELECT {_CHUNK}, d.title FROM chunks c JOIN documents d ON d.number = c.document "
                f"WHERE c.number > :last AND d.born >= :born AND {VISIBLE} ORDER BY c.number LIMIT {ROWS_AT_ONCE}",
                last=last,
                born=born,
            )
            for row, chunk in zip(found, self._chunks(found), strict=True):
                yield row[0], row[11], chunk
            if len(found) < ROWS_AT_ONCE:
                return
            last = found[-1][0]

    def all_vectors(self, dim: int, *, born: int = 0) -> Iterator[tuple[Ids, Vectors]]:
        """Yield (numbers, vectors) in batches of rising number.

        Raises:
            IndexDamagedError: a stored vector is not what was stored.
        """
        last = 0
        while True:
            found = self.rows(
                f"SELECT c.number, v.vector, v.crc FROM chunks c JOIN documents d ON d.number = c.document "
                f"JOIN vectors v ON v.number = c.vector "
                f"WHERE c.number > :last AND d.born >= :born AND {VISIBLE} ORDER BY c.number LIMIT {ROWS_AT_ONCE}",
                last=last,
                born=born,
            )
            if found:
                with rows_told():
                    batch = vectors_from(found, dim)
                yield batch
            if len(found) < ROWS_AT_ONCE:
                return
            last = found[-1][0]

    def numbers(self) -> Ids:
        """Return the numbers of all chunks, rising."""
        found = self.rows(
            f"SELECT c.number FROM chunks c JOIN documents d ON d.number = c.document WHERE {VISIBLE} ORDER BY c.number"
        )
        return np.fromiter((row[0] for row in found), dtype=np.int64, count=len(found))

    def known(self, numbers: Sequence[int]) -> set[int]:
        """Return those of ``numbers`` that are chunks of this generation."""
        found = self.rows(
            "SELECT c.number FROM chunks c JOIN documents d ON d.number = c.document "
            f"WHERE c.number IN (SELECT value FROM json_each(:some)) AND {VISIBLE}",
            some=json.dumps(numbers),
        )
        return {row[0] for row in found}

    def vectors_of(self, numbers: Iterable[int], dim: int) -> dict[int, NDArray[np.float32]]:
        """Return the stored vectors of these chunks.

        Raises:
            IndexDamagedError: one is not what was stored.
        """
        found = self.rows(
            "SELECT c.number, v.vector, v.crc FROM chunks c JOIN documents d ON d.number = c.document "
            "JOIN vectors v ON v.number = c.vector "
            f"WHERE c.number IN (SELECT value FROM json_each(:some)) AND {VISIBLE}",
            some=json.dumps(list(numbers)),
        )
        return {row[0]: np.frombuffer(unpack_vector(row[1], row[2], dim), dtype="<f4") for row in found}

    def count(self, *, born: int = 0) -> int:
        """Return the number of chunks, of those born in generation ``born`` or later."""
        sql = (
            "SELECT count(*) FROM documents d JOIN chunks c ON c.document = d.number "
            f"WHERE d.born >= :born AND {VISIBLE}"
        )
        return int(self.rows(sql, born=born)[0][0])

    def infos(self, document_ids: Sequence[str] | None = None) -> list[DocumentInfo]:
        """Return what is known of these documents, or of all, in the order of their first sources."""
        found: list[tuple[Any, ...]] = []
        places: dict[object, list[str]] = {}
        for start in range(0, len(document_ids or ()) or 1, NUMBERS_AT_ONCE):
            some = None if document_ids is None else json.dumps(document_ids[start : start + NUMBERS_AT_ONCE])
            chosen = VISIBLE if some is None else f"{VISIBLE} AND d.id IN (SELECT value FROM json_each(:some))"
            found += self.rows(f"SELECT {_INFO} FROM documents d WHERE {chosen}", some=some)
            for number, source in self.rows(
                f"SELECT d.number, s.source FROM documents d JOIN sources s ON s.document = d.number "
                f"WHERE {chosen} AND {SOURCE_VISIBLE} ORDER BY s.number",
                some=some,
            ):
                places.setdefault(number, []).append(str(source))
        with rows_told():
            infos = [info_from(row, tuple(places.get(row[7], ()))) for row in found]
            return sorted(infos, key=lambda info: (info.source, info.id))

    def find(self, name: str) -> str | None:
        """Return the id of the document with this id or source."""
        found = self.rows(
            f"SELECT d.id FROM documents d WHERE d.id = :name AND {VISIBLE} UNION "
            f"SELECT d.id FROM sources s JOIN documents d ON d.number = s.document "
            f"WHERE s.source = :name AND {VISIBLE} AND {SOURCE_VISIBLE}",
            name=name,
        )
        return str(found[0][0]) if found else None

    def document(self, document_id: str) -> Document:
        """Return one document whole; its text is what was stored.

        Raises:
            UserError: there is none with this id.
            IndexDamagedError: the stored text is damaged.
        """
        found = self.rows(
            f"SELECT {_INFO}, d.text_sha256, d.characters FROM documents d WHERE d.id = :id AND {VISIBLE}",
            id=document_id,
        )
        if not found:
            raise UserError(f"The index holds no document '{document_id}'.", "See them all: genesis-rag documents list")
        row = found[0]
        info = self.infos([document_id])[0]
        number = row[7]
        with rows_told():
            text = self.text(number, 0, row[9])
        if text_sha256(text) != row[8]:
            raise damaged(f"the text of {info.source or document_id}")
        return Document(
            id=info.id,
            source=info.source,
            title=info.title,
            text=text,
            language=info.language,
            content_sha256=info.content_sha256,
            sections=tuple(self._sections(number)),
            modified_at=info.modified_at,
            metadata=info.metadata,
        )

    def span(self, document_id: str, start: int, end: int) -> str | None:
        """Return ``text[start:end]`` of a document, None if there is no such document or span."""
        found = self.rows(
            f"SELECT d.number, d.characters FROM documents d WHERE d.id = :id AND {VISIBLE}", id=document_id
        )
        with rows_told():
            if not found or not 0 <= start <= end <= found[0][1]:
                return None
            return self.text(found[0][0], start, end)

    def text(self, number: int, start: int, end: int) -> str:
        """Return a part of the text of the document with this number."""
        if start >= end:
            return ""
        first = start // BLOCK_CHARACTERS
        pieces = [self._block((number, block)) for block in range(first, (end - 1) // BLOCK_CHARACTERS + 1)]
        return "".join(pieces)[start - first * BLOCK_CHARACTERS : end - first * BLOCK_CHARACTERS]

    def _block(self, place: _Place) -> str:
        """Return one piece of a text."""
        found = self._kept.get([place], self._read_blocks).get(place)
        if found is None:
            raise damaged(f"part {place[1]} of the text of document number {place[0]}")
        return found

    def _read_blocks(self, places: Sequence[_Place]) -> dict[_Place, str]:
        """Return pieces of texts, but for missing and damaged ones."""
        read: dict[_Place, str] = {}
        for start in range(0, len(places), NUMBERS_AT_ONCE):
            for number, block, data in self.rows(_TEXTS, some=json.dumps(places[start : start + NUMBERS_AT_ONCE])):
                with suppress(TypeError, zlib.error, UnicodeDecodeError):
                    read[number, block] = decode(zlib.decompress(data))
        return read

    def _chunks(self, rows: Sequence[tuple[Any, ...]]) -> list[Chunk]:
        """Return the chunks of rows of ``_CHUNK``, their texts checked."""
        with rows_told():
            places = dict.fromkeys((row[9], row[4] // BLOCK_CHARACTERS) for row in rows)
            blocks = self._kept.get(places, self._read_blocks)
            return [self._chunk(row, blocks) for row in rows]

    def _chunk(self, row: tuple[Any, ...], blocks: Mapping[_Place, str]) -> Chunk:
        number, chunk_id, document_id, ordinal, start, end, page, headings, language, document, check = row[:11]
        block, begin = divmod(start, BLOCK_CHARACTERS)
        whole = (document, block) in blocks and start <= end <= (block + 1) * BLOCK_CHARACTERS
        text = blocks[document, block][begin : begin + end - start] if whole else self.text(document, start, end)
        if text_check(text) != check:
            raise damaged(f"the text of chunk number {number}")
        return Chunk(chunk_id, document_id, ordinal, start, end, text, path_from(headings), page, language)

    def _sections(self, number: int) -> Iterator[Section]:
        for path, start, end, page, kind in self.rows(
            "SELECT heading_path, start, end, page, kind FROM sections WHERE document = :number ORDER BY ordinal",
            number=number,
        ):
            with rows_told():
                section = Section(path_from(path), start, end, page, kind)
            yield section
