"""A document whole, with everything that any index keeps of it: what travels from one index to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from genesis_rag.index.snapshot import SOURCE_VISIBLE, VISIBLE, Snapshot
from genesis_rag.index.store import damaged
from genesis_rag.protocols import Vectors
from genesis_rag.types import Chunk, Document
from genesis_rag.values import dataclass


@dataclass(frozen=True, slots=True)
class StoredWhole:
    """One document of an index.

    Attributes:
        document: with its text; ``source`` is the first of its places.
        chunks: by rising ordinal.
        vectors: float32[len(chunks), dim].
        keys: for each chunk the hash of the embedder's fingerprint and the embedded text.
        places: (source, file that it was found in), oldest first.
    """

    document: Document
    chunks: Sequence[Chunk]
    vectors: Vectors
    keys: Sequence[bytes]
    places: Sequence[tuple[str, str]]


def read_whole(snapshot: Snapshot, document_id: str, dim: int) -> StoredWhole:
    """Read one document with everything that belongs to it.

    Raises:
        UserError: there is none with this id.
        IndexDamagedError: something of it is not what was stored.
    """
    document = snapshot.document(document_id)
    places = snapshot.rows(
        "SELECT s.source, s.file FROM sources s JOIN documents d ON d.number = s.document "
        f"WHERE d.id = :id AND {VISIBLE} AND {SOURCE_VISIBLE} ORDER BY s.number",
        id=document_id,
    )
    rows = snapshot.rows(
        "SELECT c.number, c.ordinal, v.hash FROM chunks c JOIN documents d ON d.number = c.document "
        f"JOIN vectors v ON v.number = c.vector WHERE d.id = :id AND {VISIBLE} ORDER BY c.ordinal",
        id=document_id,
    )
    numbers = [row[0] for row in rows]
    chunks, vectors = snapshot.chunks(numbers), snapshot.vectors_of(numbers, dim)
    if len(chunks) != len(numbers) or len(vectors) != len(numbers):
        raise damaged(f"chunks of {document.source}")
    return StoredWhole(
        document=document,
        chunks=[chunks[number] for number in numbers],
        vectors=np.array([vectors[number] for number in numbers], dtype=np.float32).reshape(len(numbers), dim),
        keys=[row[2] for row in rows],
        places=[(row[0], row[1]) for row in places] or [(document.source, document.source)],
    )


def changed_ids(snapshot: Snapshot) -> tuple[list[str], list[str]]:
    """Return the ids of the documents that are new or differ in this generation, and of those that are gone with it.

    A document differs where a title, a place or anything else of it does.
    """
    here = snapshot.rows(
        f"SELECT DISTINCT d.id FROM documents d WHERE {VISIBLE} AND (d.born >= :g OR EXISTS "
        "(SELECT 1 FROM sources s WHERE s.document = d.number AND (s.born >= :g OR s.died IS NOT NULL))) ORDER BY d.id"
    )
    gone = snapshot.rows(
        "SELECT DISTINCT o.id FROM documents o WHERE o.died <= :g AND NOT EXISTS "
        f"(SELECT 1 FROM documents d WHERE d.id = o.id AND {VISIBLE}) ORDER BY o.id"
    )
    return [row[0] for row in here], [row[0] for row in gone]


def all_ids(snapshot: Snapshot) -> Iterator[str]:
    """Yield the ids of all documents, rising."""
    last = ""
    while found := snapshot.rows(
        f"SELECT d.id FROM documents d WHERE d.id > :last AND {VISIBLE} ORDER BY d.id LIMIT 1000", last=last
    ):
        yield from (row[0] for row in found)
        last = found[-1][0]
