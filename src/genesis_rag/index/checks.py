"""What can be wrong with a store and its search files, found by reading all of it; nothing is changed here."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from genesis_rag.errors import IndexDamagedError
from genesis_rag.index import migrations
from genesis_rag.index.columns import COLUMNS_NAME, Columns
from genesis_rag.index.derived import VECTORS_NAME, TermMaker, open_derived, require_sound
from genesis_rag.index.edits import UNIT_TOLERANCE
from genesis_rag.index.seals import seal_of
from genesis_rag.index.snapshot import SOURCE_VISIBLE, VISIBLE, Snapshot
from genesis_rag.index.store import Published, text_check, text_sha256
from genesis_rag.index.vectors import FaissVectorIndex
from genesis_rag.types import Chunk
from genesis_rag.values import dataclass

MESSAGES = 20
PROBES = 200
PROBE_TERMS = 8
ROWS_AT_ONCE = 4_096


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a stored document (its number); for a damaged vector also the chunk, vector and checksum."""

    document: int
    what: str
    vector: tuple[int, int, int] | None = None


def store_faults(connection: sqlite3.Connection) -> list[str]:
    """Return what SQLite itself finds wrong with its file."""
    try:
        found = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({MESSAGES})")]
        whole = migrations.is_whole(connection)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        return [str(error)]
    faults = [message for message in found if message != "ok"]
    return faults if whole else [*faults, "its tables are not those of this version"]


def dangling_rows(connection: sqlite3.Connection) -> int:
    """Return how many rows point at something that is not there."""
    return len(connection.execute("PRAGMA foreign_key_check").fetchall())


def document_faults(snapshot: Snapshot) -> Iterator[Fault]:
    """Yield at most one fault for every document: of its text, its chunks, its sources."""
    documents = snapshot.rows(
        "SELECT d.number, d.characters, d.text_sha256, d.chunk_count, d.seal, "
        f"EXISTS (SELECT 1 FROM sources s WHERE s.document = d.number AND {SOURCE_VISIBLE}) "
        f"FROM documents d WHERE {VISIBLE} ORDER BY d.number"
    )
    for number, characters, sha256, chunk_count, seal, placed in documents:
        try:
            text = snapshot.text(number, 0, characters)
        except IndexDamagedError:
            text = ""
        if len(text) != characters or text_sha256(text) != sha256:
            yield Fault(number, "its stored text is damaged")
        elif what := _chunk_fault(snapshot, number, text, chunk_count):
            yield Fault(number, what)
        elif not _is_sealed(snapshot, number, seal):
            yield Fault(number, "its stored title, sections or chunks are damaged")
        elif not placed:
            yield Fault(number, "it has no source")


def _is_sealed(snapshot: Snapshot, document: int, seal: object) -> bool:
    try:
        return seal_of(snapshot.connection, document) == seal
    except (ValueError, sqlite3.DatabaseError):
        return False


def vector_faults(snapshot: Snapshot, dim: int) -> Iterator[Fault]:
    """Yield a fault for every chunk's vector that is not what was stored, or not a unit vector of the right length."""
    last = 0
    while True:
        rows = snapshot.rows(
            "SELECT c.number, c.document, v.number, v.crc, v.vector FROM chunks c JOIN documents d "
            "ON d.number = c.document JOIN vectors v ON v.number = c.vector "
            f"WHERE {VISIBLE} AND c.number > :last ORDER BY c.number LIMIT {ROWS_AT_ONCE}",
            last=last,
        )
        for chunk, document, vector, crc, data in rows:
            if len(data) != 4 * dim or zlib.crc32(data) != crc:
                yield Fault(document, "a vector is damaged", (chunk, vector, crc))
            elif abs(float(np.linalg.norm(np.frombuffer(data, dtype="<f4"))) - 1.0) > UNIT_TOLERANCE:
                yield Fault(document, "a vector has not unit length")
        if len(rows) < ROWS_AT_ONCE:
            return
        last = rows[-1][0]


def derived_faults(place: Path, snapshot: Snapshot, published: Published, term_maker: TermMaker) -> str:
    """Return how the search files differ from the store, empty if they do not.

    Checksums and every vector are compared; of the keyword rows a sample is looked up by its own terms.
    """
    identity = published.identity
    try:
        require_sound(place, identity, published.generation, published.chunks, full=True)
        derived = open_derived(place, identity, published.generation, published.chunks)
    except ValueError as error:
        return str(error)
    if not np.array_equal(np.sort(derived.vectors.ids()), snapshot.numbers()):
        return f"{derived.vectors.file_name} holds other chunks than the store"
    if not np.array_equal(derived.columns.table, Columns.read(snapshot).table):
        return f"{COLUMNS_NAME} holds other columns than the store"
    for numbers, rows in snapshot.all_vectors(identity.dim):
        if not derived.vectors.holds(numbers, rows):
            return f"{derived.vectors.file_name} holds other vectors than the store"
    for number, title, chunk in _sample(snapshot):
        terms = [(term, 1.0) for term in term_maker(title, chunk)[:PROBE_TERMS]]
        found, _ = derived.lexical.search(terms, 1, np.array([number], dtype=np.int64))
        if terms and found.tolist() != [number]:
            return f"the keyword index does not find chunk {number} by its own terms"
    return ""


def _sample(snapshot: Snapshot) -> Iterator[tuple[int, str, Chunk]]:
    numbers = snapshot.numbers()
    some = numbers[np.unique(np.linspace(0, len(numbers) - 1, min(PROBES, len(numbers))).astype(int))]
    chunks = snapshot.chunks(some.tolist())
    titles = {info.id: info.title for info in snapshot.infos(sorted({chunk.document_id for chunk in chunks.values()}))}
    for number, chunk in sorted(chunks.items()):
        yield number, titles[chunk.document_id], chunk


def vector_from_files(place: Path, chunk: int, crc: int) -> bytes | None:
    """Return the vector of a chunk as the search files have it, if its checksum is that of the stored one."""
    try:
        vector = FaissVectorIndex.load(place / VECTORS_NAME).vector(chunk)  # coded rows are rounded: no help
    except (ValueError, KeyError, OSError):
        return None
    data = np.ascontiguousarray(vector, dtype="<f4").tobytes()
    return data if zlib.crc32(data) == crc else None


def _chunk_fault(snapshot: Snapshot, document: int, text: str, chunk_count: int) -> str:
    rows = snapshot.rows(
        "SELECT ordinal, start, end, text_check FROM chunks WHERE document = :number ORDER BY ordinal", number=document
    )
    if [row[0] for row in rows] != list(range(chunk_count)):
        return "chunks are missing"
    for _, start, end, check in rows:
        whole = isinstance(start, int) and isinstance(end, int)
        if not whole or not 0 <= start <= end <= len(text) or text_check(text[start:end]) != check:
            return "a chunk is not a part of its text"
    return ""
