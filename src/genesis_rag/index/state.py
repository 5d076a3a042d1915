"""One generation open for reading: the store's snapshot, the search files, and how they are put right."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from threading import RLock
from weakref import finalize

from genesis_rag.errors import GenesisError
from genesis_rag.index import derived as files
from genesis_rag.index.connection import (
    closing_on_error,
    damage_told,
    open_for_reading,
    open_for_writing,
    unfinished_first_run,
)
from genesis_rag.index.derived import Derived, Recipe, TermMaker, no_progress
from genesis_rag.index.filtering import Passing, filtered
from genesis_rag.index.kept import Kept
from genesis_rag.index.lock import WriterLock
from genesis_rag.index.manifest import IndexIdentity, require_same
from genesis_rag.index.snapshot import Snapshot
from genesis_rag.index.store import Published, damaged, read_meta, read_published
from genesis_rag.index.vectors import among
from genesis_rag.protocols import Ids
from genesis_rag.types import DocumentInfo, SearchFilter

ATTEMPTS = 5
FULL_CHECK_BYTES = 8_000_000
"""Search files up to this size are read whole and compared by SHA-256 at every opening: that costs under 10 ms."""

FILTERS_KEPT = 32
INFOS_KEPT = 1024
FEW_IDS = 256
FEW_LOOKS = 30
MANY_CHUNKS = 100_000
"""With more chunks than this, reading all their numbers takes longer than the searches of a minute save by it."""


class State:
    """What an ``Index`` reads from. It never changes its generation."""

    def __init__(self, directory: Path, snapshot: Snapshot, published: Published, name: str) -> None:
        self.snapshot = snapshot
        self.published = published
        self.name = name
        self.repairs: list[str] = []
        self.derived: Derived
        self._directory = directory
        self._temporary: Path | None = None
        self._filters: dict[SearchFilter, Passing | None] = {}
        self._infos: Kept[str, DocumentInfo] = Kept(INFOS_KEPT)
        self._numbers: Ids | None = None
        self._looked = 0
        self._lock = RLock()

    @property
    def place(self) -> Path:
        """Return the derived directory that SQLite names."""
        return self._directory / files.DERIVED_NAME / self.name

    def open_files(self, *, full: bool | None = None) -> None:
        """Open the search files as they lie there.

        Raises:
            ValueError: they are missing or damaged.
        """
        published = self.published
        try:
            if full is None:
                full = _size(self.place) <= FULL_CHECK_BYTES
            self.derived = files.open_derived(
                self.place, published.identity, published.generation, published.chunks, full=full
            )
        except OSError as error:
            raise ValueError(f"they cannot be read: {error}") from error

    def rederive(self, reason: str, term_maker: TermMaker, writable: bool, instead_of: Derived | None = None) -> None:
        """Make the search files anew from the store: for everybody if that can be written, else for this reader.

        Nothing is done where another thread has replaced ``instead_of`` already.
        """
        with self._lock:
            if instead_of is not None and self.derived is not instead_of:
                return
            recipe = Recipe(self.published.identity, term_maker, no_progress)
            try:
                where = "" if writable and self._rederive_on_disk(recipe) else ", for this run only"
                if where:
                    self._rederive_aside(recipe)
            except ValueError as error:  # made from the store just now, so it is the store that does not fit itself
                raise damaged(f"search files made from it do not fit it ({error})") from error
            self.repairs.append(f"the search files were made anew from the store{where} ({reason})")

    def knows(self, numbers: Ids) -> bool:
        """Tell whether all these chunk numbers belong to this generation.

        The first searches ask the store for theirs; who searches more reads the numbers of all chunks once, if those
        are not too many.
        """
        few = self._looked < FEW_LOOKS or self.published.chunks > MANY_CHUNKS
        if self._numbers is None and len(numbers) <= FEW_IDS and few:
            self._looked += 1
            return len(self.snapshot.known(numbers.tolist())) == len(set(numbers.tolist()))
        if self._numbers is None:
            self._numbers = self.snapshot.numbers()
        return bool(among(numbers, self._numbers).all())

    def infos(self, document_ids: Iterable[str]) -> dict[str, DocumentInfo]:
        """Return what is known of these documents."""

        def read(missing: list[str]) -> dict[str, DocumentInfo]:
            return {info.id: info for info in self.snapshot.infos(missing)}

        return self._infos.get(dict.fromkeys(document_ids), read)

    def passing(self, wanted: SearchFilter | None) -> Passing | None:
        """Return what a filter lets through; None where it lets all through."""
        if wanted is None or wanted == SearchFilter():
            return None
        if wanted not in self._filters:
            found = filtered(self.snapshot, self.derived.columns, wanted)
            while len(self._filters) >= FILTERS_KEPT:
                self._filters.pop(next(iter(self._filters)), None)
            self._filters[wanted] = None if len(found.numbers) == self.published.chunks else found
        return self._filters[wanted]

    def check(self, term_maker: TermMaker, writable: bool) -> list[str]:
        """Compare the full checksums of the search files, make them anew if they differ, and return what differed."""
        with self._lock:
            if self._temporary is not None:
                return []
            published = self.published
            try:
                files.require_sound(self.place, published.identity, published.generation, published.chunks, full=True)
            except ValueError as error:
                self.rederive(str(error), term_maker, writable)
                return [str(error)]
            return []

    def close(self) -> None:
        """Let go of the store and of files made for this reader only."""
        with self._lock:
            self.snapshot.connection.close()
            if self._temporary is not None:
                import shutil

                shutil.rmtree(self._temporary, ignore_errors=True)
                self._temporary = None

    def _rederive_on_disk(self, recipe: Recipe) -> bool:
        """Publish new search files; False where another process writes, wrote meanwhile, or writing is impossible."""
        try:
            lock = WriterLock(self._directory)
        except GenesisError:
            return False
        try:
            with closing(open_for_writing(self._directory)) as connection:
                if read_published(connection) != self.published:
                    return False
                name = files.replace_for(self._directory, connection, self.snapshot, recipe)
            files.remove_leftovers(self._directory, name)
        except (OSError, GenesisError):
            return False
        finally:
            lock.release()
        self.name = name
        self.open_files()
        return True

    def _rederive_aside(self, recipe: Recipe) -> None:
        if self._temporary is None:
            import shutil
            import tempfile

            self._temporary = Path(tempfile.mkdtemp(prefix="genesis-rag-"))
            finalize(self, shutil.rmtree, self._temporary, ignore_errors=True)
        place = self._temporary / files.new_name(self.published.generation)
        files.build(place, self.snapshot, recipe)
        published = self.published
        self.derived = files.open_derived(place, published.identity, published.generation, published.chunks)


def open_state(directory: Path, expected: IndexIdentity | None, term_maker: TermMaker, writable: bool) -> State:
    """Open the newest generation, and put its search files right if they are missing or damaged.

    Raises:
        IndexNotFoundError: nothing was published yet.
        IndexMismatchError: something other than ``expected`` filled it, or another version or program wrote it.
        IndexDamagedError: the store cannot be read.
    """
    for attempt in range(ATTEMPTS):
        state = _open_snapshot(directory)
        try:
            if expected is not None:  # before any repair: terms of another analyser must not get into the files
                require_same(state.published.identity, expected)
            state.open_files()
        except ValueError as error:
            try:
                if attempt + 1 < ATTEMPTS and newest(directory) != (state.published.generation, state.name):
                    state.close()  # a writer published another generation meanwhile
                    continue
                state.rederive(str(error), term_maker, writable)
            except BaseException:
                state.close()
                raise
        except BaseException:
            state.close()
            raise
        return state
    raise AssertionError("the last attempt returns or raises")


def _open_snapshot(directory: Path) -> State:
    with closing_on_error(open_for_reading(directory)) as connection, damage_told():
        connection.execute("BEGIN")
        published = read_published(connection)
        if published is None:
            raise unfinished_first_run(directory)
        name = read_meta(connection, "derived")
        return State(directory, Snapshot(connection, published.generation), published, name)


def newest(directory: Path) -> tuple[int, str]:
    """Return the published generation, 0 for none, and the name of its derived directory."""
    with closing(open_for_reading(directory)) as connection:
        published = read_published(connection)
        return (published.generation if published else 0), read_meta(connection, "derived")


def _size(place: Path) -> int:
    return sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
