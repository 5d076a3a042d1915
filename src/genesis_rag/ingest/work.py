"""What a worker of a cluster does: reads and cuts files, and embeds texts. It knows nothing of who sends it the work.

Nothing is raised: an error of ours becomes a ``Failed``, because exceptions change on their way between processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from genesis_rag.documents.discovery import SourceFile
from genesis_rag.documents.processes import ReadingLimits, ReadingProcesses
from genesis_rag.errors import BackendError, GenesisError
from genesis_rag.protocols import Embedder, Vectors
from genesis_rag.types import Chunk, Document

CHARACTERS_A_MESSAGE = 1_000_000
"""Small documents travel together; a large one travels alone."""


@dataclass(frozen=True, slots=True)
class Cutter:
    """What a worker cuts documents with.

    Attributes:
        chunk: cuts a document.
        tokens: (document title, chunk) -> the tokens of the text that is embedded.
    """

    chunk: Callable[[Document], Sequence[Chunk]]
    tokens: Callable[[str, Chunk], int]


OpenCutter = Callable[[], Cutter]
OpenEmbedder = Callable[[], Embedder]


@dataclass(frozen=True, slots=True)
class Piece:
    """One document, read and cut.

    Attributes:
        document: with its text.
        chunks: without their texts, which are spans of the document's; None where cutting failed.
        tokens: of each text that is to be embedded.
    """

    document: Document
    chunks: tuple[Chunk, ...] | None
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a file cannot be read, or texts cannot be embedded.

    Attributes:
        message, hint: in words.
        ends_run: it is not the file's fault, so that the others will fare no better.
    """

    message: str
    hint: str
    ends_run: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """What a worker embeds with; all workers and the writer must agree.

    Attributes:
        version: of this package.
        fingerprint: of the embedder.
        dim: of its vectors.
    """

    version: str
    fingerprint: str
    dim: int


_OPENED: dict[str, tuple[Cutter, ReadingProcesses]] = {}
"""What this process has opened; the name of a run is its key, so that a long-lived worker serves many runs."""


def read_file(
    run: str, open_cutter: OpenCutter, limits: ReadingLimits, file: SourceFile
) -> Iterator[list[Piece | Failed]]:
    """Yield the documents of a file in messages; a ``Failed``, if any, is the last of them.

    Args:
        run: name of the run that this belongs to.
        open_cutter: opens what documents are cut with; called once a process and run.
        limits: what one document may cost.
        file: its path must be the same on every machine.
    """
    message: list[Piece | Failed] = []
    size, whole = 0, False
    try:
        cutter, processes = _opened(run, open_cutter, limits)
        for document in next(processes.read([file]))[1]:
            message.append(_cut(document, cutter))
            size += len(document.text)
            if size >= CHARACTERS_A_MESSAGE:
                yield message
                message, size = [], 0
        whole = True
    except GenesisError as error:
        opened = run in _OPENED
        message.append(Failed(error.message, error.hint, not opened or isinstance(error, BackendError)))
        whole = True
    finally:
        if not whole:  # the rest of this file must not be taken for the next one
            _close_all()
    if message:
        yield message


class TextEmbedder:
    """Embeds texts in a process of its own, which keeps the model loaded."""

    def __init__(self, open_embedder: OpenEmbedder) -> None:
        self._embedder: Embedder | None = None
        self._open = open_embedder

    def identity(self) -> Identity | Failed:
        """Open the model and say what it is."""
        from genesis_rag import __version__

        try:
            embedder = self._opened()
        except GenesisError as error:
            return Failed(error.message, error.hint)
        return Identity(__version__, embedder.fingerprint, embedder.dim)

    def embed(self, texts: Sequence[str]) -> Vectors | Failed:
        """Return float32[n, dim], one unit row a text."""
        try:
            return self._opened().embed_passages(texts)
        except GenesisError as error:
            return Failed(error.message, error.hint)

    def _opened(self) -> Embedder:
        if self._embedder is None:
            self._embedder = self._open()
        return self._embedder


def whole_chunks(piece: Piece) -> tuple[Chunk, ...] | None:
    """Return the chunks of a piece with their texts."""
    if piece.chunks is None:
        return None
    text = piece.document.text
    return tuple(replace(chunk, text=text[chunk.start : chunk.end]) for chunk in piece.chunks)


def _opened(run: str, open_cutter: OpenCutter, limits: ReadingLimits) -> tuple[Cutter, ReadingProcesses]:
    if run not in _OPENED:
        _close_all()  # runs do not overlap in one process
        _OPENED[run] = open_cutter(), ReadingProcesses(replace(limits, processes=1))
    return _OPENED[run]


def _close_all() -> None:
    while _OPENED:
        _, (_, processes) = _OPENED.popitem()
        processes.__exit__(None, None, None)


def _cut(document: Document, cutter: Cutter) -> Piece:
    try:
        chunks = cutter.chunk(document)
    except GenesisError:
        raise
    except Exception:  # the writer meets the same error again and tells of it
        return Piece(document, None, ())
    tokens = tuple(cutter.tokens(document.title, chunk) for chunk in chunks)
    return Piece(document, tuple(replace(chunk, text="") for chunk in chunks), tokens)
