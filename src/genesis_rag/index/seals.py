"""The seal of a document: a checksum over every value that the store keeps of it, so that no damage goes unnoticed.

Texts and vectors have checksums of their own, which are looked at whenever they are read; the seal also covers what
is not read with them, such as titles, pages, headings and which vector belongs to which chunk. The doctor and the
restoring of a backup compare it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3

_PARTS = (
    "SELECT id, title, language, content_sha256, hex(text_sha256), characters, modified_at, metadata, chunk_count "
    "FROM documents WHERE number = ?",
    "SELECT ordinal, start, end, page, kind, heading_path FROM sections WHERE document = ? ORDER BY ordinal",
    "SELECT c.number, c.id, c.ordinal, c.start, c.end, c.page, c.heading_path, c.language, hex(c.text_check), "
    "hex(v.hash) FROM chunks c JOIN vectors v ON v.number = c.vector WHERE c.document = ? ORDER BY c.ordinal",
)


def seal_of(connection: sqlite3.Connection, document: int) -> bytes:
    """Return the seal, 8 bytes, of what is stored under a document's number.

    Raises:
        ValueError: a stored value is of a kind that was never stored.
    """
    rows = [connection.execute(sql, (document,)).fetchall() for sql in _PARTS]
    try:
        data = json.dumps(rows, ensure_ascii=True, allow_nan=False).encode()
    except TypeError as error:
        raise ValueError(f"a stored value is of another kind: {error}") from error
    return hashlib.blake2b(data, digest_size=8).digest()


def write_seal(connection: sqlite3.Connection, document: int) -> None:
    """Seal a document that is stored whole."""
    connection.execute("UPDATE documents SET seal = ? WHERE number = ?", (seal_of(connection, document), document))
