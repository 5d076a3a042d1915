"""Reading and embedding by many workers for the one writer, who goes on as if all were done here.

What the workers give comes in the order of the files, each document with its chunks and vectors. So the index is the
same as if one process had made it, and what the writer saved is all that a killed run needs to go on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from genesis_rag.documents.discovery import SourceFile
from genesis_rag.errors import BackendError, UnreadableDocumentError
from genesis_rag.ingest.batch import Tools
from genesis_rag.ingest.work import End, Failed, Identity, Piece, Row, short_keys, whole_chunks
from genesis_rag.types import Chunk, Document

MOST_ALONE = 2_000
"""Lost files that are each handed out as a block of work; more take too long that way."""


class Unfinished(Exception):
    """Not all of a file has come; it comes again later."""


class Workers(Protocol):
    """Processes, here or elsewhere, that do what ``work`` says."""

    def work(
        self, files: Sequence[SourceFile], identity: Identity, known: NDArray[np.uint64], *, alone: bool
    ) -> Iterator[Row]:
        """Yield the rows of every file in the order given; ends all workers when it is closed.

        Args:
            files: absolute paths.
            identity: of the writer.
            known: as of ``FileReader``.
            alone: let no file share the fate of another: rows may be missing where workers died again and again.

        Raises:
            BackendError: no worker can be started, or too many die.
        """
        ...


class Spread:
    """Has files read and their texts embedded by workers; ``tools`` is what the writer uses. A context manager.

    Args:
        tools: what fills the index.
        workers: they open the same tools.
        stored: returns the keys of all texts that the index has vectors for.
    """

    def __init__(self, tools: Tools, workers: Workers, stored: Callable[[], Iterable[bytes]]) -> None:
        self._workers, self._stored, self._original = workers, stored, tools
        self._piece: Piece | None = None
        self._stack = ExitStack()
        self.tools = replace(tools, chunk=self._cut, made=self._made)

    def read(self, files: Iterable[SourceFile]) -> Iterator[tuple[SourceFile, Iterator[Document]]]:
        """Yield each file with its documents; those raise what ``load_documents`` raises, or ``Unfinished``.

        Files that were lost with their workers are given to others once more after all the rest: each alone, so that
        none can harm another; where they are many, because all workers stood still, together first.
        """
        lost = list(files)
        for go in range(3):
            alone = go == 2 or (go == 1 and len(lost) <= MOST_ALONE)
            waiting, lost = lost, []
            for file, documents in self._pass(waiting, alone):
                yield file, self._finished(file, documents, lost, alone)

    def _pass(
        self, files: Sequence[SourceFile], alone: bool
    ) -> Iterator[tuple[SourceFile, Iterator[Piece | Failed | End]]]:
        """Yield each file with what came of it; one of which nothing came too."""
        if not files:
            return
        placed = [SourceFile(Path(os.path.abspath(one.path)), one.source) for one in files]  # noqa: PTH100 links stay
        identity, known = Identity.of(self._original.embedder), short_keys(self._stored())
        rows = self._workers.work(placed, identity, known, alone=alone)
        self._stack.enter_context(closing(rows))  # type: ignore[type-var]
        due = 0
        for number, parts in groupby(rows, key=lambda row: int(row["number"])):
            yield from ((file, iter(())) for file in files[due:number])
            yield files[number], _unbroken(parts)
            due = number + 1
        yield from ((file, iter(())) for file in files[due:])

    def _finished(
        self, file: SourceFile, pieces: Iterator[Piece | Failed | End], lost: list[SourceFile], alone: bool
    ) -> Iterator[Document]:
        for piece in pieces:
            if isinstance(piece, End):
                return
            if isinstance(piece, Failed):
                kind = BackendError if piece.ends_run else UnreadableDocumentError
                raise kind(piece.message, piece.hint)
            self._piece = piece
            yield piece.document
        if alone:
            raise UnreadableDocumentError(
                "Its workers were ended again and again.",
                "It may need more memory than a worker has; split it into smaller files.",
            )
        lost.append(file)
        raise Unfinished

    def _cut(self, document: Document) -> Sequence[Chunk]:
        """Return the chunks that a worker made; where it could not, the same trouble shows here."""
        made = whole_chunks(self._piece) if self._piece and self._piece.document is document else None
        return self._original.chunk(document) if made is None else made

    def _made(self, document: Document) -> Mapping[bytes, NDArray[np.float32]]:
        """Return the vectors that a worker made."""
        return self._piece.rows if self._piece and self._piece.document is document else {}

    def __enter__(self) -> Spread:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()


def _unbroken(rows: Iterable[Row]) -> Iterator[Piece | Failed | End]:
    """Yield the pieces up to the first gap, where a block of them was lost."""
    for due, row in enumerate(rows):
        if row["part"] != due:
            return
        yield row["piece"]
