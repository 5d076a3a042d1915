"""Documents that wait for their vectors: embedded and stored together, unchanged texts not embedded again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from genesis_rag.index import IndexIdentity, IndexWriter
from genesis_rag.protocols import Embedder
from genesis_rag.types import Chunk, Document
from genesis_rag.values import dataclass

FEWEST_CHUNKS, FIRST_CHUNKS, MOST_CHUNKS = 64, 256, 2_048
MOST_CHARACTERS = 4_000_000
SECONDS_A_BATCH = 4.0
"""A batch is what a killed run may lose; its size follows the speed of the embedder."""

TEXTS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Tools:
    """What turns documents into chunks, vectors and terms.

    Attributes:
        identity: what the index will say that it was filled with; belongs to all of the below.
        embedder: makes the vectors.
        chunk: cuts a document.
        context: (document title, chunk) -> the text that is embedded.
        term_maker: (document title, chunk) -> the terms of the keyword index.
        made: the vectors of a document that were made before, by the keys of their texts.
    """

    identity: IndexIdentity
    embedder: Embedder
    chunk: Callable[[Document], Sequence[Chunk]]
    context: Callable[[str, Chunk], str]
    term_maker: Callable[[str, Chunk], Sequence[str]]
    made: Callable[[Document], Mapping[bytes, NDArray[np.float32]]] = lambda document: {}


def text_key(fingerprint: str, text: str) -> bytes:
    """Return the key under which the index keeps the vector that an embedder makes of a text."""
    return hashlib.blake2b(f"{fingerprint}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document that is cut; ``kind`` says what storing it counts as, ``made`` holds what was embedded before."""

    document: Document
    file: str
    kind: str
    chunks: Sequence[Chunk]
    made: Mapping[bytes, NDArray[np.float32]]


@dataclass(slots=True)
class _Batch:
    documents: list[Waiting] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    chunks: int = 0
    characters: int = 0


class Batcher:
    """Collects documents and stores them in batches whose size follows the speed of the embedder."""

    def __init__(self, writer: IndexWriter, tools: Tools, tell: Callable[[str], None]) -> None:
        self._writer, self._tools, self._tell = writer, tools, tell
        self._batch, self._most = _Batch(), FIRST_CHUNKS

    def holds(self, document_id: str) -> bool:
        """Tell whether a document waits."""
        return document_id in self._batch.ids

    def add(self, waiting: Waiting) -> None:
        """Let a document wait."""
        batch = self._batch
        batch.documents.append(waiting)
        batch.ids.add(waiting.document.id)
        batch.chunks += len(waiting.chunks)
        batch.characters += len(waiting.document.text)

    def afterwards(self, action: Callable[[], None]) -> None:
        """Do something in the same transaction, once all that waits now is stored."""
        self._batch.afterwards.append(action)

    @property
    def full(self) -> bool:
        """Tell whether enough waits."""
        return self._batch.chunks >= self._most or self._batch.characters >= MOST_CHARACTERS

    def store(self) -> list[Waiting]:
        """Embed, store and save what waits; return it."""
        batch, self._batch = self._batch, _Batch()
        started = time.monotonic()
        hashed = [self._hashed(waiting) for waiting in batch.documents]
        made = {key: row for waiting in batch.documents for key, row in waiting.made.items()}
        vectors = self._vectors([pair for pairs in hashed for pair in pairs], made)
        self._tell("store")
        for waiting, pairs in zip(batch.documents, hashed, strict=True):
            hashes = [key for key, _ in pairs]
            rows = np.array([vectors[key] for key in hashes], dtype=np.float32)
            rows = rows.reshape(len(hashes), self._tools.embedder.dim)
            self._writer.put(waiting.document, waiting.chunks, rows, hashes, file=waiting.file)
        for action in batch.afterwards:
            action()
        self._writer.save()
        if batch.chunks:
            speed = batch.chunks / max(time.monotonic() - started, 1e-3)
            self._most = min(MOST_CHUNKS, max(FEWEST_CHUNKS, int(speed * SECONDS_A_BATCH)))
        return batch.documents

    def _hashed(self, waiting: Waiting) -> list[tuple[bytes, str]]:
        """Return for every chunk the key of its vector and the text to embed."""
        texts = [self._tools.context(waiting.document.title, chunk) for chunk in waiting.chunks]
        return [(text_key(self._tools.embedder.fingerprint, text), text) for text in texts]

    def _vectors(
        self, hashed: Sequence[tuple[bytes, str]], made: dict[bytes, NDArray[np.float32]]
    ) -> dict[bytes, NDArray[np.float32]]:
        """Return the vector of every hash: the stored one, else one that was made before, else one that is made now."""
        self._tell("embed")
        vectors = made | self._writer.stored_vectors(key for key, _ in hashed)
        missing = {key: text for key, text in hashed if key not in vectors}
        keys = list(missing)
        for start in range(0, len(keys), TEXTS_AT_ONCE):
            some = keys[start : start + TEXTS_AT_ONCE]
            rows = self._tools.embedder.embed_passages([missing[key] for key in some])
            vectors.update(zip(some, rows, strict=True))
        return vectors
