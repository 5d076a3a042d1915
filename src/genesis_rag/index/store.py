"""Small values of the store that its readers and its writer share: meta, checksums, the form of texts."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import asdict

from genesis_rag.errors import IndexDamagedError
from genesis_rag.index.connection import DAMAGED_HINT
from genesis_rag.index.manifest import IndexIdentity
from genesis_rag.values import dataclass

BLOCK_CHARACTERS = 32_768
"""Texts are stored in pieces of this many characters, so that a chunk of a long book costs one or two of them."""

COMPRESSION = 3


@dataclass(frozen=True, slots=True)
class Published:
    """What readers see: written in one transaction when a generation is published."""

    generation: int
    identity: IndexIdentity
    chunks: int
    languages: dict[str, int]
    content: str

    def to_json(self) -> str:
        """Return the value as JSON."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)


def read_published(connection: sqlite3.Connection) -> Published | None:
    """Return the published generation, or None when nothing was published yet.

    Raises:
        IndexDamagedError: what is written there is not what was written.
    """
    try:
        row = connection.execute("SELECT value FROM meta WHERE key = 'published'").fetchone()
        if row is None:
            return None
        values = json.loads(row[0])
        published = Published(identity=IndexIdentity(**values.pop("identity")), **values)
        if not _is_sane(published):
            raise ValueError(row[0])
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise damaged("what it says of its generation cannot be read") from error
    return published


def _is_sane(published: Published) -> bool:
    identity = published.identity
    texts = (identity.embedder, identity.chunker, identity.analyser, published.content)
    numbers = (published.generation, published.chunks, identity.dim, *published.languages.values())
    return all(isinstance(t, str) for t in texts) and all(isinstance(n, int) and n >= 0 for n in numbers)


def read_meta(connection: sqlite3.Connection, key: str) -> str:
    """Return one value of ``meta``, empty when it is not there."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return str(row[0]) if row else ""


def write_meta(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Set one value of ``meta``; an empty one removes it."""
    if value:
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
    else:
        connection.execute("DELETE FROM meta WHERE key = ?", (key,))


def describe(connection: sqlite3.Connection, generation: int, identity: IndexIdentity) -> Published:
    """Sum up what lives in the store, as ``generation``. ``content`` is a SHA-256 over documents and their sources."""
    languages = connection.execute(
        "SELECT c.language, count(*) FROM documents d JOIN chunks c ON c.document = d.number "
        "WHERE d.died IS NULL GROUP BY c.language ORDER BY c.language"
    ).fetchall()
    content = hashlib.sha256()
    for row in connection.execute(
        "SELECT d.id, d.title, d.text_sha256, s.source FROM documents d JOIN sources s ON s.document = d.number "
        "WHERE d.died IS NULL AND s.died IS NULL ORDER BY d.id, s.source"
    ):
        content.update(encode("\0".join((row[0], row[1], row[2].hex(), row[3], ""))))
    return Published(generation, identity, sum(n for _, n in languages), dict(languages), content.hexdigest())


def sweep_vectors(connection: sqlite3.Connection) -> int:
    """Delete the vectors that no chunk uses any more; return how many those were."""
    return connection.execute(
        "DELETE FROM vectors WHERE number IN (SELECT number FROM vectors v "
        "WHERE NOT EXISTS (SELECT 1 FROM chunks c WHERE c.vector = v.number))"
    ).rowcount


def text_check(text: str) -> bytes:
    """Return the checksum that is stored with a chunk to tell damage of its text."""
    return hashlib.blake2b(encode(text), digest_size=8).digest()


def text_sha256(text: str) -> bytes:
    """Return the checksum of a document's whole text."""
    return hashlib.sha256(encode(text)).digest()


def encode(text: str) -> bytes:
    """Return the stored form of a text; lone surrogates survive the way there and back."""
    return text.encode("utf-8", "surrogatepass")


def decode(data: bytes) -> str:
    """Return the text of its stored form."""
    return data.decode("utf-8", "surrogatepass")


def text_blocks(text: str) -> Iterator[bytes]:
    """Yield the compressed pieces of a text."""
    for start in range(0, len(text), BLOCK_CHARACTERS):
        yield zlib.compress(encode(text[start : start + BLOCK_CHARACTERS]), COMPRESSION)


def damaged(what: str) -> IndexDamagedError:
    """Return the error for stored content that is not what was stored."""
    return IndexDamagedError(f"The store of the index is damaged: {what}.", f"Run: genesis-rag doctor. {DAMAGED_HINT}")
