"""Reading and embedding spread over many workers, ahead of the one writer, who goes on as if all were done here.

Files are read and cut by workers, some ahead, and come back in the order given. Of what came back, the texts that the
index has no vector for are sent on at once, in batches of about equally many tokens; when the writer asks for their
vectors, they are mostly there. So the index is the same as if one process had made it, and what the writer saved is
all that a killed run needs to go on.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Protocol

import numpy as np

from genesis_rag.documents.discovery import SourceFile
from genesis_rag.errors import BackendError, UnreadableDocumentError
from genesis_rag.ingest.batch import Tools, text_key
from genesis_rag.ingest.work import Failed, Identity, Piece, whole_chunks
from genesis_rag.protocols import Embedder, Vectors
from genesis_rag.types import Chunk, Document

TOKENS_A_BATCH = 16_384
BATCHES_AHEAD = 3
"""Batches for each embedding worker that wait or are worked on while the writer is behind."""

Known = Callable[[Iterable[bytes]], Collection[bytes]]
Event = tuple[int, SourceFile, Piece | Failed | None]
"""Number of a file, the file, and something of it; None for its end."""


class Vectorised(Protocol):
    """Texts that a worker embeds."""

    def rows(self) -> Vectors:
        """Wait for their vectors: float32[n, dim]. Raises BackendError."""
        ...


class Workers(Protocol):
    """Processes, here or elsewhere, that do what ``work`` says.

    Attributes:
        readers: how many files are read at once.
        embedders: how many batches are embedded at once.
    """

    readers: int
    embedders: int

    def start(self) -> Sequence[Identity]:
        """Start them and return what each of the embedding ones embeds with. Raises BackendError."""
        ...

    def read(self, file: SourceFile) -> Iterator[Piece | Failed]:
        """Let one read a file; what comes of it waits until it is asked for."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectorised:
        """Let one embed texts."""
        ...

    def stop(self) -> None:
        """Let go of all of them."""
        ...


class Spread:
    """Reads files and has their texts embedded by workers; ``tools`` is what the writer uses. A context manager.

    Args:
        tools: what fills the index; the embedder here embeds nothing.
        workers: they open the same tools.
        known: which of these keys the index has vectors for.

    Raises:
        BackendError: no worker starts, or one is not like the others.
    """

    def __init__(self, tools: Tools, workers: Workers, known: Known) -> None:
        self._workers, self._known, self._original = workers, known, tools
        self._chunks: dict[str, tuple[Chunk, ...]] = {}
        self._embedder = SpreadEmbedder(tools.embedder, workers)
        self.tools = replace(tools, embedder=self._embedder, chunk=self._cut)

    def read(self, files: Iterable[SourceFile]) -> Iterator[tuple[SourceFile, Iterator[Document]]]:
        """Yield each file with its documents, in the order given; those raise what ``load_documents`` raises."""
        for (_, file), events in groupby(self._ahead(self._events(files)), key=lambda event: event[:2]):
            yield file, self._documents(events)

    def _events(self, files: Iterable[SourceFile]) -> Iterator[Event]:
        rest, waiting = iter(files), deque[tuple[int, SourceFile, Iterator[Piece | Failed]]]()
        number = 0
        while True:
            while len(waiting) < 2 * self._workers.readers and (file := next(rest, None)) is not None:
                placed = SourceFile(Path(os.path.abspath(file.path)), file.source)  # noqa: PTH100 links stay
                waiting.append((number, file, self._workers.read(placed)))
                number += 1
            if not waiting:
                return
            at, file, pieces = waiting.popleft()
            for piece in pieces:
                yield at, file, piece
            yield at, file, None

    def _ahead(self, events: Iterable[Event]) -> Iterator[Event]:
        """Let texts be embedded some time before the writer asks for them."""
        most = BATCHES_AHEAD * TOKENS_A_BATCH * self._workers.embedders
        held, tokens = deque[Event](), 0
        for event in events:
            held.append(event)
            tokens += self._prepare(event[2])
            while tokens > most:
                tokens -= _tokens(held[0][2])
                yield held.popleft()
        yield from held

    def _prepare(self, piece: Piece | Failed | None) -> int:
        """Send on what has to be embedded of a document; return its tokens."""
        if not isinstance(piece, Piece) or (chunks := whole_chunks(piece)) is None:
            return 0
        self._chunks[piece.document.id] = chunks
        texts = [self._original.context(piece.document.title, chunk) for chunk in chunks]
        keys = [text_key(self._embedder.fingerprint, text) for text in texts]
        known = self._known(keys)
        for key, text, tokens in zip(keys, texts, piece.tokens, strict=True):
            if key not in known:
                self._embedder.prepare(text, tokens)
        return sum(piece.tokens)

    def _documents(self, events: Iterable[Event]) -> Iterator[Document]:
        for _, _, piece in events:
            if isinstance(piece, Failed):
                kind = BackendError if piece.ends_run else UnreadableDocumentError
                raise kind(piece.message, piece.hint)
            if piece is not None:
                yield piece.document
                self._chunks.pop(piece.document.id, None)

    def _cut(self, document: Document) -> Sequence[Chunk]:
        """Return the chunks that a worker made; where it could not, the same trouble shows here."""
        made = self._chunks.get(document.id)
        return self._original.chunk(document) if made is None else made

    def __enter__(self) -> Spread:
        try:
            self._require_alike(self._workers.start())
        except BaseException:
            self._workers.stop()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._workers.stop()

    def _require_alike(self, workers: Iterable[Identity]) -> None:
        own = Identity(_version(), self._embedder.fingerprint, self._embedder.dim)
        for identity in workers:
            if identity != own:
                raise BackendError(
                    f"A worker does not embed as this machine does: {identity} there, {own} here.",
                    "Install the same version of genesis-rag and the same models on all machines.",
                )


class SpreadEmbedder:
    """The Embedder of a writer whose texts are embedded by workers, mostly before it asks.

    Args:
        own: gives its name and numbers, and embeds questions.
        workers: embed passages.
    """

    def __init__(self, own: Embedder, workers: Workers) -> None:
        self._own, self._workers = own, workers
        self.fingerprint, self.dim, self.max_tokens = own.fingerprint, own.dim, own.max_tokens
        self._places: dict[str, tuple[list[Vectorised], int]] = {}
        self._batch: list[str] = []
        self._batch_tokens = 0
        self._sent: list[Vectorised] = []

    def prepare(self, text: str, tokens: int) -> None:
        """Let a text be embedded soon."""
        if text in self._places:
            return
        self._places[text] = (self._sent, len(self._batch))
        self._batch.append(text)
        self._batch_tokens += tokens
        if self._batch_tokens >= TOKENS_A_BATCH:
            self._send()

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a text; what was prepared for it is used up."""
        for text in texts:
            if text not in self._places:
                self.prepare(text, self._own.count_tokens(text))
        if any(not self._places[text][0] for text in texts):
            self._send()
        rows = np.empty((len(texts), self.dim), np.float32)
        for number, text in enumerate(texts):
            (batch,), at = self._places[text]
            rows[number] = batch.rows()[at]
        for text in texts:
            self._places.pop(text, None)
        return rows

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions here."""
        return self._own.embed_queries(texts)

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of ``text``."""
        return self._own.count_tokens(text)

    def _send(self) -> None:
        """Send the batch that is being filled."""
        self._sent.append(self._workers.embed(tuple(self._batch)))
        self._batch, self._batch_tokens, self._sent = [], 0, []


def _tokens(piece: Piece | Failed | None) -> int:
    return sum(piece.tokens) if isinstance(piece, Piece) and piece.chunks is not None else 0


def _version() -> str:
    from genesis_rag import __version__

    return __version__
