"""The reader of an index: searches one whole generation and reads what it found from the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from genesis_rag.errors import UserError
from genesis_rag.index.connection import journal_size
from genesis_rag.index.derived import TermMaker
from genesis_rag.index.manifest import IndexIdentity
from genesis_rag.index.sharing import Replaceable
from genesis_rag.index.state import State, newest, open_state
from genesis_rag.index.vectors import Found, among
from genesis_rag.protocols import Ids, Vectors
from genesis_rag.types import Chunk, Document, DocumentInfo, SearchFilter

JOURNAL_BYTES = 64_000_000
"""SQLite cannot fold its journal back while a reader holds an old snapshot; ``refresh`` lets go of it from here on."""

UNKNOWN_ROWS = "they named chunks that the store does not hold"


class Index:
    """An index open for reading. Every method may be called from several threads at once.

    All answers come from one generation until ``refresh`` is called. Who needs several calls to agree while another
    thread may refresh wraps them in ``with index.reading():``.
    """

    def __init__(self, directory: Path, term_maker: TermMaker, state: State, writable: bool) -> None:
        """Take over an opened state; use ``open``."""
        self._directory = directory
        self._term_maker = term_maker
        self._writable = writable
        self._states = Replaceable(state)
        self._refreshing = Lock()

    @classmethod
    def open(
        cls, directory: Path, expected: IndexIdentity | None, term_maker: TermMaker, *, writable: bool = True
    ) -> Index:
        """Open the index in ``directory``.

        Args:
            directory: where the index lies.
            expected: what must have filled it; None to take what is there.
            term_maker: makes keyword terms of (document title, chunk), for search files that must be made anew.
            writable: whether repairs may be written; without, or where that fails, they are made for this reader only.

        Raises:
            IndexNotFoundError: nothing was indexed here yet.
            IndexMismatchError: something else filled the index; the message says what differs and what to run.
            IndexDamagedError: the store cannot be read.
        """
        return cls(directory, term_maker, open_state(directory, expected, term_maker, writable), writable)

    @property
    def generation(self) -> int:
        """Return the number of the generation that is read."""
        return self._states.current.published.generation

    @property
    def identity(self) -> IndexIdentity:
        """Return what filled the index."""
        return self._states.current.published.identity

    @property
    def repairs(self) -> tuple[str, ...]:
        """Return in words what had to be put right to open or search the index."""
        return tuple(self._states.current.repairs)

    @property
    def fingerprint(self) -> str:
        """Return a hash of identity and content: the same documents indexed anywhere with the same tools have one."""
        published = self._states.current.published
        return published.identity.fingerprint(published.content)

    @property
    def chunk_count(self) -> int:
        """Return the number of chunks."""
        return self._states.current.published.chunks

    def language_counts(self) -> Mapping[str, int]:
        """Return the number of chunks by language."""
        return dict(self._states.current.published.languages)

    def search_dense(self, vectors: Vectors, k: int, filter: SearchFilter | None = None) -> list[Found]:
        """Return for each row of ``vectors`` at most ``k`` (numbers, cosines), by falling cosine, ties by number."""
        with self._states.use() as state:
            passing, derived = state.passing(filter), state.derived
            allowed = passing.numbers if passing else None
            found = derived.vectors.search(vectors, k, allowed)
            if not state.knows(np.concatenate([ids for ids, _ in found] or [np.empty(0, np.int64)])):
                state.rederive(UNKNOWN_ROWS, self._term_maker, self._writable, instead_of=derived)
                found = state.derived.vectors.search(vectors, k, allowed)
            return found

    def search_lexical(self, terms: Sequence[tuple[str, float]], k: int, filter: SearchFilter | None = None) -> Found:
        """Return at most ``k`` (numbers, BM25 scores) for weighted terms, by falling score, ties by number."""
        with self._states.use() as state:
            passing, derived = state.passing(filter), state.derived
            only = (passing.numbers, passing.labels) if passing else ()
            found = derived.lexical.search(terms, k, *only)
            if not state.knows(found[0]):
                state.rederive(UNKNOWN_ROWS, self._term_maker, self._writable, instead_of=derived)
                found = state.derived.lexical.search(terms, k, *only)
            return found

    def cosines(self, vector: NDArray[np.float32], numbers: Sequence[int]) -> dict[int, float]:
        """Return the cosine of ``vector`` (float32[dim]) with each of these chunks that the vector index holds."""
        with self._states.use() as state:
            return state.derived.vectors.products(vector, numbers)

    def passes(self, numbers: Ids, filter: SearchFilter | None) -> NDArray[np.bool_]:
        """Tell for each chunk number whether ``filter`` lets it through."""
        with self._states.use() as state:
            passing = state.passing(filter)
        return np.ones(len(numbers), dtype=np.bool_) if passing is None else among(numbers, passing.numbers)

    def document_frequency(self, term: str) -> int:
        """Return the number of chunks that hold ``term``."""
        with self._states.use() as state:
            return state.derived.lexical.document_frequency(term)

    def chunks(self, numbers: Iterable[int] | Ids) -> dict[int, Chunk]:
        """Return the chunks under ``numbers``, read and checked in one query.

        Raises:
            IndexDamagedError: a stored text is not what was stored.
        """
        with self._states.use() as state:
            return state.snapshot.chunks(int(number) for number in numbers)

    def chunk_ids_at(self, document_id: str, ordinals: Iterable[int]) -> dict[int, tuple[int, Chunk]]:
        """Return ordinal -> (number, chunk) for those of ``ordinals`` that the document has: its neighbours."""
        with self._states.use() as state:
            return state.snapshot.chunks_at(document_id, ordinals)

    def documents_info(self, document_ids: Iterable[str]) -> dict[str, DocumentInfo]:
        """Return what is known of these documents without their texts."""
        with self._states.use() as state:
            return state.infos(document_ids)

    def documents(self) -> list[DocumentInfo]:
        """Return what is known of all documents, in the order of their sources."""
        with self._states.use() as state:
            return state.snapshot.infos()

    def find_document(self, name: str) -> str | None:
        """Return the id of the document with this id or source."""
        with self._states.use() as state:
            return state.snapshot.find(name)

    def document(self, document_id: str) -> Document:
        """Return one document with its whole text, checked against its hash.

        Raises:
            UserError: there is none with this id.
            IndexDamagedError: the stored text is not what was stored.
        """
        with self._states.use() as state:
            return state.snapshot.document(document_id)

    def text(self, document_id: str, start: int, end: int) -> str:
        """Return ``document.text[start:end]``, read without the rest of the document.

        Raises:
            UserError: there is no such document or span.
            IndexDamagedError: the stored text is damaged.
        """
        with self._states.use() as state:
            found = state.snapshot.span(document_id, start, end)
        if found is None:
            raise UserError(f"The index holds no document '{document_id}' with characters {start} to {end}.")
        return found

    def verify_quote(self, document_id: str, start: int, end: int, quote: str) -> bool:
        """Tell whether ``quote`` is exactly the stored text from ``start`` to ``end``."""
        with self._states.use() as state:
            return state.snapshot.span(document_id, start, end) == quote

    def vectors_of(self, numbers: Iterable[int] | Ids) -> dict[int, NDArray[np.float32]]:
        """Return the stored vectors of these chunks, float32[dim] each."""
        with self._states.use() as state:
            return state.snapshot.vectors_of((int(n) for n in numbers), self.identity.dim)

    @contextmanager
    def reading(self) -> Iterator[Index]:
        """Let all calls of this thread inside see one generation, whatever another thread refreshes to.

        Meant for calls that follow each other at once; not to be held across the ``yield`` of a generator.
        """
        with self._states.use():
            yield self

    def refresh(self) -> bool:
        """Switch to the newest generation; tell whether there was a newer one. Nobody has to wait for it.

        Raises:
            IndexMismatchError: the newest was filled by something else; this reader stays where it is.
        """
        with self._refreshing:
            current = self._states.newest
            here = (current.published.generation, current.name)
            if newest(self._directory) == here and journal_size(self._directory) < JOURNAL_BYTES:
                return False
            latest = open_state(self._directory, self.identity, self._term_maker, self._writable)
            self._states.replace(latest)
            return latest.published.generation != here[0]

    def check(self) -> list[str]:
        """Read all search files and compare their full checksums; make them anew if they differ. Return what differed.

        Takes about a second for each gigabyte; meant for the background.
        """
        with self._states.use() as state:
            return state.check(self._term_maker, self._writable)

    def forget_the_gone(self) -> None:
        """Search, as this reader alone, with search files made anew: as an index does that was never changed.

        The keyword engine counts removed rows in its statistics until it happens to merge them away, so scores of an
        index that was changed differ a little from those of a new one.
        """
        with self._states.use() as state:
            state.rederive("as of a new index", self._term_maker, writable=False)

    def close(self) -> None:
        """Let go of all files."""
        self._states.newest.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
