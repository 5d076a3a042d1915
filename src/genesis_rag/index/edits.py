"""Changes to the store, all of them for the generation that is not published yet."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis_rag.index.seals import write_seal
from genesis_rag.index.stamps import FileStamp
from genesis_rag.index.store import text_blocks, text_check, text_sha256
from genesis_rag.protocols import Vectors
from genesis_rag.types import Chunk, Document
from genesis_rag.values import dataclass

UNIT_TOLERANCE = 1e-3
HASHES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document that the next generation holds."""

    number: int
    title: str
    sources: tuple[str, ...]


class Edits:
    """Adds and takes away documents and sources inside one SQLite transaction that the caller ends."""

    def __init__(self, connection: sqlite3.Connection, generation: int, dim: int) -> None:
        """Work on ``generation``, the one after the published."""
        self._connection = connection
        self._next = generation
        self._dim = dim
        self._damaged: set[bytes] = set()

    def lookup(self, document_id: str) -> StoredDocument | None:
        """Return the living document with this id."""
        row = self._one("SELECT number, title FROM documents WHERE id = ? AND died IS NULL", document_id)
        if row is None:
            return None
        sources = self._all("SELECT source FROM sources WHERE document = ? AND died IS NULL ORDER BY number", row[0])
        return StoredDocument(row[0], row[1], tuple(source for (source,) in sources))

    def document_at(self, source: str) -> str | None:
        """Return the id of the document found at ``source``."""
        row = self._one(
            "SELECT d.id FROM sources s JOIN documents d ON d.number = s.document "
            "WHERE s.source = ? AND s.died IS NULL",
            source,
        )
        return None if row is None else str(row[0])

    def put(
        self,
        document: Document,
        chunks: Sequence[Chunk],
        vectors: Vectors,
        hashes: Sequence[bytes],
        *,
        file: str | None = None,
    ) -> None:
        """Store a document with its chunks and their vectors, found at ``document.source``.

        Args:
            document: replaces what was found at its source, and an older form of itself (same id).
            chunks: its chunks; each text must be the span of the document's text.
            vectors: float32[len(chunks), dim], unit rows.
            hashes: for each chunk the hash of the embedder's fingerprint and the embedded text.
            file: the file that the source is in; the source itself where that is not given.

        Raises:
            ValueError: chunks, vectors and document do not belong together.
        """
        _require_fitting(document, chunks, vectors, hashes, self._dim)
        self.begin()
        older = self.lookup(document.id)
        moved = [] if older is None else self._places(older.number)
        if older is not None:
            self._end_document(older.number)
        number = self._insert_document(document, len(chunks))
        self._insert_chunks(number, chunks, vectors, hashes)
        write_seal(self._connection, number)
        for source, place in moved:
            if source != document.source:
                self._insert_source(source, place, number)
        self._move(document.source, file or document.source, number)

    def attach(self, document_id: str, source: str, *, file: str | None = None) -> None:
        """Say that a stored document is found at ``source`` too.

        Raises:
            KeyError: there is no such document.
        """
        self.begin()
        stored = self.lookup(document_id)
        if stored is None:
            raise KeyError(document_id)
        self._move(source, file or source, stored.number)

    def remove_source(self, source: str) -> bool:
        """Forget one source; a document without any goes too. Tell whether there was such a source."""
        row = self._one("SELECT number, document, born FROM sources WHERE source = ? AND died IS NULL", source)
        if row is None:
            return False
        self.begin()
        number, document, born = row
        self._end("sources", number, born)
        if self._one("SELECT 1 FROM sources WHERE document = ? AND died IS NULL", document) is None:
            self._end_document(document)
        return True

    def drop_document(self, number: int) -> list[str]:
        """Take away a document and all its sources; their files will be read again next time. Return the sources."""
        self.begin()
        places = self._places(number)
        for _, file in places:
            self.forget_stamp(file)
        self._end_document(number)
        return [source for source, _ in places]

    def sources_of(self, file: str) -> list[str]:
        """Return the sources found in one file."""
        return [row[0] for row in self._all("SELECT source FROM sources WHERE file = ? AND died IS NULL", file)]

    def file_of(self, source: str) -> str | None:
        """Return the file that a source was found in."""
        row = self._one("SELECT file FROM sources WHERE source = ? AND died IS NULL", source)
        return None if row is None else str(row[0])

    def files(self) -> list[str]:
        """Return all files that sources were found in."""
        return [row[0] for row in self._all("SELECT DISTINCT file FROM sources WHERE died IS NULL ORDER BY file")]

    def remove_file(self, file: str) -> int:
        """Forget a file and the sources found in it; return how many those were."""
        removed = sum(self.remove_source(source) for source in self.sources_of(file))
        self.forget_stamp(file)
        return removed

    def file_stamp(self, file: str) -> FileStamp | None:
        """Return what the file looked like when it was last indexed to its end."""
        row = self._one("SELECT size, mtime_ns, sha256, loader FROM files WHERE file = ?", file)
        return None if row is None else FileStamp(*row)

    def stamp_file(self, file: str, stamp: FileStamp) -> None:
        """Remember what a file looks like that was indexed to its end."""
        self.begin()
        self._connection.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)",
            (file, stamp.size, stamp.mtime_ns, stamp.sha256, stamp.loader),
        )

    def forget_stamp(self, file: str) -> None:
        """Look into the file again next time."""
        self.begin()
        self._connection.execute("DELETE FROM files WHERE file = ?", (file,))

    def stored_vectors(self, hashes: Iterable[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Return the vectors that need not be embedded again; damaged ones are left out and replaced by ``put``."""
        wanted = list(dict.fromkeys(hashes))
        found: dict[bytes, NDArray[np.float32]] = {}
        for start in range(0, len(wanted), HASHES_AT_ONCE):
            some = wanted[start : start + HASHES_AT_ONCE]
            marks = ",".join("?" * len(some))
            for key, crc, data in self._all(f"SELECT hash, crc, vector FROM vectors WHERE hash IN ({marks})", *some):
                if zlib.crc32(data) == crc and len(data) == 4 * self._dim:
                    found[key] = np.frombuffer(data, dtype="<f4")
                else:
                    self._damaged.add(key)
        return found

    def vector_keys(self) -> Iterator[bytes]:
        """Yield the hash of every vector that the index has."""
        for (key,) in self._connection.execute("SELECT hash FROM vectors"):
            yield key

    @property
    def connection(self) -> sqlite3.Connection:
        """Return the connection, for checks and repairs."""
        return self._connection

    def begin(self) -> None:
        """Begin a transaction if none is open; ``save`` or ``discard`` of the writer ends it."""
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")

    def _one(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._connection.execute(sql, values).fetchone()
        return row

    def _all(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, values).fetchall()

    def _places(self, document: int) -> list[tuple[str, str]]:
        return self._all(
            "SELECT source, file FROM sources WHERE document = ? AND died IS NULL ORDER BY number", document
        )

    def _insert_document(self, document: Document, chunk_count: int) -> int:
        cursor = self._connection.execute(
            "INSERT INTO documents (id, title, language, content_sha256, text_sha256, characters, modified_at, "
            "metadata, chunk_count, born) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.id,
                document.title,
                document.language,
                document.content_sha256,
                text_sha256(document.text),
                len(document.text),
                document.modified_at,
                json.dumps(dict(document.metadata), ensure_ascii=False, sort_keys=True),
                chunk_count,
                self._next,
            ),
        )
        number = int(cursor.lastrowid or 0)
        self._connection.executemany(
            "INSERT INTO texts VALUES (?, ?, ?)",
            ((number, block, data) for block, data in enumerate(text_blocks(document.text))),
        )
        self._connection.executemany(
            "INSERT INTO sections VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (number, ordinal, s.start, s.end, s.page, s.kind, _headings(s.heading_path))
                for ordinal, s in enumerate(document.sections)
            ),
        )
        return number

    def _insert_chunks(self, document: int, chunks: Sequence[Chunk], vectors: Vectors, hashes: Sequence[bytes]) -> None:
        rows = [np.ascontiguousarray(vector, dtype="<f4").tobytes() for vector in vectors]
        replaced = "DO UPDATE SET crc = excluded.crc, vector = excluded.vector"
        action = replaced if self._damaged.intersection(hashes) else "DO NOTHING"
        self._connection.executemany(
            f"INSERT INTO vectors (hash, crc, vector) VALUES (?, ?, ?) ON CONFLICT (hash) {action}",
            ((key, zlib.crc32(data), data) for key, data in zip(hashes, rows, strict=True)),
        )
        self._connection.executemany(
            "INSERT INTO chunks (id, document, ordinal, start, end, page, heading_path, language, vector, text_check) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT number FROM vectors WHERE hash = ?), ?)",
            (
                (
                    c.id,
                    document,
                    c.ordinal,
                    c.start,
                    c.end,
                    c.page,
                    _headings(c.heading_path),
                    c.language,
                    key,
                    text_check(c.text),
                )
                for c, key in zip(chunks, hashes, strict=True)
            ),
        )

    def _insert_source(self, source: str, file: str, document: int) -> None:
        self._connection.execute(
            "INSERT INTO sources (source, file, document, born) VALUES (?, ?, ?, ?)",
            (source, file, document, self._next),
        )

    def _move(self, source: str, file: str, document: int) -> None:
        """Let ``source`` lead to ``document``, wherever it led before."""
        row = self._one("SELECT document, file, number, born FROM sources WHERE source = ? AND died IS NULL", source)
        if row is not None and row[:2] == (document, file):
            return
        if row is not None and row[0] == document:  # it stays, even when this was its only source
            self._end("sources", row[2], row[3])
        elif row is not None:
            self.remove_source(source)
        self._insert_source(source, file, document)

    def _end_document(self, number: int) -> None:
        for source, born in self._all("SELECT number, born FROM sources WHERE document = ? AND died IS NULL", number):
            self._end("sources", source, born)
        row = self._one("SELECT born FROM documents WHERE number = ?", number)
        self._end("documents", number, row[0] if row else 0)

    def _end(self, table: str, number: int, born: int) -> None:
        """Take a row away: at once if no reader ever saw it, else when the next generation is published."""
        if born >= self._next:
            self._connection.execute(f"DELETE FROM {table} WHERE number = ?", (number,))
        else:
            self._connection.execute(f"UPDATE {table} SET died = ? WHERE number = ?", (self._next, number))


def _headings(path: tuple[str, ...]) -> str:
    return json.dumps(path, ensure_ascii=False) if path else ""


def _require_fitting(
    document: Document, chunks: Sequence[Chunk], vectors: Vectors, hashes: Sequence[bytes], dim: int
) -> None:
    if vectors.shape != (len(chunks), dim) or len(hashes) != len(chunks):
        raise ValueError(f"{len(chunks)} chunks, vectors of shape {vectors.shape}, {len(hashes)} hashes")
    lengths = np.linalg.norm(vectors, axis=1)
    if len(chunks) and not np.all(np.abs(lengths - 1.0) <= UNIT_TOLERANCE):
        raise ValueError("every vector must have unit length")
    for chunk in chunks:
        if chunk.document_id != document.id or document.text[chunk.start : chunk.end] != chunk.text:
            raise ValueError(f"chunk {chunk.ordinal} is not a span of document {document.id}")
