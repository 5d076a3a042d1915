"""What a worker of a cluster does: reads and cuts files, and embeds texts. It knows nothing of who sends it the work.

Both take and give rows, dicts of plain columns, as Ray Data passes them on. Nothing is raised: an error becomes a
``Failed``, because exceptions change on their way between processes and end more than the file that they belong to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis_rag.documents.discovery import SourceFile
from genesis_rag.documents.processes import ReadingLimits, ReadingProcesses
from genesis_rag.errors import BackendError, GenesisError, UnreadableDocumentError
from genesis_rag.ingest.batch import text_key
from genesis_rag.protocols import Embedder
from genesis_rag.types import Chunk, Document
from genesis_rag.values import dataclass

TOKENS_A_BATCH = 16_384

Row = dict[str, Any]
"""``number`` of a file; ``part`` of it from 0, without gaps; ``piece``: a Piece or Failed, or End after the last."""


@dataclass(frozen=True, slots=True)
class Cutter:
    """What a worker cuts documents with.

    Attributes:
        chunk: cuts a document.
        context: (document title, chunk) -> the text that is embedded.
        count_tokens: of such a text.
    """

    chunk: Callable[[Document], Sequence[Chunk]]
    context: Callable[[str, Chunk], str]
    count_tokens: Callable[[str], int]


OpenCutter = Callable[[], Cutter]
OpenEmbedder = Callable[[], Embedder]


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is to be embedded: its key in the index, its words, their number of tokens."""

    key: bytes
    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One document, read and cut.

    Attributes:
        document: with its text.
        chunks: without their texts, which are spans of the document's; None where cutting failed.
        texts: that the index has no vector for; empty once they are embedded.
        rows: key of a text -> its vector, float32[dim].
    """

    document: Document
    chunks: tuple[Chunk, ...] | None
    texts: tuple[Text, ...] = ()
    rows: Mapping[bytes, NDArray[np.float32]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a file cannot be read, or texts cannot be embedded.

    Attributes:
        message, hint: in words.
        ends_run: it is not the file's fault, so that the others will fare no better.
    """

    message: str
    hint: str = ""
    ends_run: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """A file was read to its end, or to where that failed."""


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

    @classmethod
    def of(cls, embedder: Embedder) -> Identity:
        """Return that of an embedder here."""
        return cls(own_version(), embedder.fingerprint, embedder.dim)


def own_version() -> str:
    """Return the version of this package."""
    from genesis_rag import __version__

    return __version__


def short_keys(keys: Iterable[bytes]) -> NDArray[np.uint64]:
    """Return uint64[n], the sorted beginnings of keys: half the bytes, and mistaken for another once in 10^19 pairs."""
    return np.sort(np.frombuffer(b"".join(key[:8] for key in keys), "<u8"))


_OPENED: dict[str, tuple[Cutter, ReadingProcesses]] = {}
"""What this process has opened; the name of a run is its key, so that a long-lived worker serves many runs."""


@dataclass(frozen=True, slots=True)
class FileReader:
    """Reads and cuts files, each in a process with limits: row with ``number`` and ``file`` -> rows of its pieces.

    Attributes:
        run: name of the run that this belongs to.
        open_cutter: opens what documents are cut with; called once a process and run.
        limits: what one document may cost.
        identity: of the writer.
        known: ``short_keys`` of the texts that the index has vectors for; where two texts share one, the writer embeds.
    """

    run: str
    open_cutter: OpenCutter
    limits: ReadingLimits
    identity: Identity
    known: NDArray[np.uint64]

    def __call__(self, row: Row) -> Iterator[Row]:
        """Yield what a file gives; its path must be the same on every machine."""
        for part, piece in enumerate(chain(self._pieces(row["file"]), [End()])):
            yield {"number": row["number"], "part": part, "piece": piece}

    def _pieces(self, file: SourceFile) -> Iterator[Piece | Failed]:
        whole = False
        try:
            _require_version(self.identity)
            cutter, processes = _opened(self.run, self.open_cutter, self.limits)
            for document in next(processes.read([file]))[1]:
                yield self._cut(document, cutter)
            whole = True
        except GenesisError as error:
            whole = isinstance(error, UnreadableDocumentError)
            yield Failed(error.message, error.hint, ends_run=not whole)
        except Exception as error:  # a task that raises would be lost with all its files
            yield Failed(f"its reader failed ({type(error).__name__}: {error})")
        finally:
            if not whole:  # the rest of this file must not be taken for the next one
                close_all()

    def _cut(self, document: Document, cutter: Cutter) -> Piece:
        try:
            chunks = cutter.chunk(document)
        except GenesisError:
            raise
        except Exception:  # the writer meets the same error again and tells of it
            return Piece(document, None)
        texts = [cutter.context(document.title, chunk) for chunk in chunks]
        keys = [text_key(self.identity.fingerprint, text) for text in texts]
        new = [
            Text(key, text, cutter.count_tokens(text))
            for key, text in zip(keys, texts, strict=True)
            if not self._knows(key)
        ]
        return Piece(document, tuple(replace(chunk, text="") for chunk in chunks), tuple(new))

    def _knows(self, key: bytes) -> bool:
        short = np.frombuffer(key[:8], "<u8")[0]
        at = int(np.searchsorted(self.known, short))
        return at < len(self.known) and bool(self.known[at] == short)


class TextEmbedder:
    """Embeds what was read, in a process of its own that keeps the model loaded: rows -> the same with vectors.

    Args:
        open_embedder: opens the model.
        identity: of the writer; a model that is not the same embeds nothing.
    """

    def __init__(self, open_embedder: OpenEmbedder, identity: Identity) -> None:
        self._embedder: Embedder | None = None
        self._open, self._identity = open_embedder, identity

    def __call__(self, batch: Mapping[str, Any]) -> Row:
        """Return the batch with the vectors of all its texts, or for each piece why there are none."""
        pieces = list(batch["piece"])
        try:
            rows = self._rows([text for piece in pieces if isinstance(piece, Piece) for text in piece.texts])
        except GenesisError as error:
            failed = Failed(error.message, error.hint, ends_run=True)
            done = [failed if isinstance(piece, Piece) else piece for piece in pieces]
        except Exception as error:  # would be tried again by the next block, and tell nobody
            failed = Failed(f"An embedding worker failed ({type(error).__name__}: {error}).", ends_run=True)
            done = [failed if isinstance(piece, Piece) else piece for piece in pieces]
        else:
            done = [_embedded(piece, rows) if isinstance(piece, Piece) else piece for piece in pieces]
        return {"number": batch["number"], "part": batch["part"], "piece": done}

    def _rows(self, texts: Iterable[Text]) -> dict[bytes, NDArray[np.float32]]:
        """Embed each text once, in batches of about equally many tokens."""
        rows: dict[bytes, NDArray[np.float32]] = {}
        for some in token_batches({text.key: text for text in texts}.values()):
            made = self._opened().embed_passages([text.text for text in some])
            rows.update(zip([text.key for text in some], np.asarray(made, np.float32), strict=True))
        return rows

    def _opened(self) -> Embedder:
        if self._embedder is None:
            _require_version(self._identity)
            embedder = self._open()
            _require_same(Identity.of(embedder), self._identity)
            self._embedder = embedder
        return self._embedder


def token_batches(texts: Iterable[Text]) -> Iterator[list[Text]]:
    """Yield the texts in order, each batch of no more tokens than one call may have, or of a single text."""
    batch: list[Text] = []
    tokens = 0
    for text in texts:
        if batch and tokens + text.tokens > TOKENS_A_BATCH:
            yield batch
            batch, tokens = [], 0
        batch.append(text)
        tokens += text.tokens
    if batch:
        yield batch


def whole_chunks(piece: Piece) -> tuple[Chunk, ...] | None:
    """Return the chunks of a piece with their texts."""
    if piece.chunks is None:
        return None
    text = piece.document.text
    return tuple(replace(chunk, text=text[chunk.start : chunk.end]) for chunk in piece.chunks)


def close_all() -> None:
    """Close what this process has opened for reading."""
    while _OPENED:
        _, (_, processes) = _OPENED.popitem()
        processes.__exit__(None, None, None)


def _embedded(piece: Piece, rows: Mapping[bytes, NDArray[np.float32]]) -> Piece:
    return replace(piece, texts=(), rows={text.key: rows[text.key] for text in piece.texts})


def _require_version(identity: Identity) -> None:
    _require_same(replace(identity, version=own_version()), identity)


def _require_same(there: Identity, own: Identity) -> None:
    if there != own:
        raise BackendError(
            f"A worker does not embed as the writer does: {there} there, {own} here.",
            "Install the same version of genesis-rag and the same models on all machines.",
        )


def _opened(run: str, open_cutter: OpenCutter, limits: ReadingLimits) -> tuple[Cutter, ReadingProcesses]:
    if run not in _OPENED:
        close_all()  # runs do not overlap in one process
        _OPENED[run] = open_cutter(), ReadingProcesses(replace(limits, processes=1))
    return _OPENED[run]
