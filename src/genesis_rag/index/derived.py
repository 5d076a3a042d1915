"""The files derived from the store: vectors.faiss (of many rows vectors.codes), lexical/ and chunks.npy.

The directory of a generation is built beside, in ``derived/.tmp-…``, made to last, and named
``derived/<generation>-<random>`` in one step; then SQLite records the name. So the directory that SQLite names is
always whole, and a directory that SQLite does not name is rubbish of a run that was stopped.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from genesis_rag.errors import GenesisError
from genesis_rag.index import durable
from genesis_rag.index.columns import Columns, document_label
from genesis_rag.index.connection import NO_ROOM_HINT
from genesis_rag.index.filling import SearchVectors, change_vectors, open_vectors, write_vectors
from genesis_rag.index.manifest import DerivedManifest, FileRecord, IndexIdentity, differences, record_files
from genesis_rag.index.snapshot import Snapshot
from genesis_rag.index.store import write_meta
from genesis_rag.protocols import Ids, LexicalIndex
from genesis_rag.types import Chunk
from genesis_rag.values import dataclass

TermMaker = Callable[[str, Chunk], Sequence[str]]
"""Makes the terms of the keyword index from (document title, chunk); belongs to the identity's analyser."""

Weighted = Sequence[tuple[str, float]]
Labels = Sequence[Sequence[str]]

Progress = Callable[[str, int, int], None]
"""Called with phase, done and total."""

DERIVED_NAME = "derived"
VECTORS_NAME = "vectors.faiss"
LEXICAL_NAME = "lexical"
TEMPORARY_PREFIX = ".tmp-"
MUTABLE_SUFFIXES = (".json", ".lock")
"""Files of the keyword index that are rewritten under the same name; the others are written once and only unlinked."""


def no_progress(phase: str, done: int, total: int) -> None:
    """Show progress to nobody."""


class Lexical(LexicalIndex, Protocol):
    """A keyword index that also tells how frequent a term is, and knows labels of its rows."""

    def search(
        self, terms: Weighted, k: int, allowed: Ids | None = None, labels: Labels = ()
    ) -> tuple[Ids, NDArray[np.float32]]:
        """Return at most ``k`` (ids, scores); ``labels`` let the same rows through as ``allowed``."""
        ...

    def document_frequency(self, term: str) -> int:
        """Return the number of rows that hold ``term``."""
        ...


@dataclass(frozen=True, slots=True)
class Derived:
    """Both indexes of one generation, open for searching."""

    vectors: SearchVectors
    lexical: Lexical
    columns: Columns


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is needed to derive: whom the vectors come from, and how terms are made."""

    identity: IndexIdentity
    term_maker: TermMaker
    progress: Progress


def open_derived(place: Path, identity: IndexIdentity, generation: int, rows: int, *, full: bool = False) -> Derived:
    """Open the derived directory ``place`` of one generation; with ``full`` it is read whole and compared by SHA-256.

    Raises:
        ValueError: it is missing, damaged, or of another generation; the message says which.
    """
    manifest = require_sound(place, identity, generation, rows, full=full)
    vectors = open_vectors(place, mapped=not full)
    lexical = open_lexical(place / LEXICAL_NAME)
    columns = Columns.load(place)
    if {len(vectors), len(lexical), len(columns)} != {rows} or vectors.dim != manifest.dim:
        raise ValueError(f"{len(vectors)} vectors, {len(lexical)} keyword rows, {len(columns)} columns; not {rows}")
    return Derived(vectors, lexical, columns)


def require_sound(place: Path, identity: IndexIdentity, generation: int, rows: int, *, full: bool) -> DerivedManifest:
    """Compare a derived directory with its manifest and with what the store says.

    Raises:
        ValueError: they differ; the message says how.
    """
    manifest = DerivedManifest.read(place)
    if (manifest.generation, manifest.rows) != (generation, rows):
        raise ValueError(
            f"generation {manifest.generation} with {manifest.rows} rows instead of {generation} with {rows}"
        )
    if (manifest.dim, manifest.analyser) != (identity.dim, identity.analyser):
        raise ValueError(f"made for {manifest.analyser} and vectors of {manifest.dim}")
    if found := differences(place, manifest, full=full):
        raise ValueError("; ".join(found))
    return manifest


def open_lexical(place: Path) -> Lexical:
    """Open a keyword index, also where its engine cannot make its lock files.

    Raises:
        ValueError: its files are damaged.
    """
    from genesis_rag.index.lexical import TantivyIndex

    try:
        if os.access(place, os.W_OK):
            return TantivyIndex.open(place)
        import tempfile  # with shutil: what an ordinary opening need not wait for

        # The engine looks for its lock file now and then: one that comes while the folder is removed does no harm.
        with tempfile.TemporaryDirectory(prefix="genesis-rag-", ignore_cleanup_errors=True) as folder:
            for path in (path for path in place.iterdir() if path.suffix != ".lock"):
                Path(folder, path.name).symlink_to(path.absolute())
            return TantivyIndex.open(Path(folder))  # its files are mapped: the links have done their duty
    except (OSError, RuntimeError) as error:
        raise ValueError(f"{LEXICAL_NAME} cannot be opened: {error}") from error


def build(place: Path, snapshot: Snapshot, recipe: Recipe) -> None:
    """Derive everything that ``snapshot`` shows into the new directory ``place``."""
    from genesis_rag.index.lexical import TantivyIndex

    place.mkdir(parents=True)
    columns = Columns.read(snapshot)
    columns.save(place)
    write_vectors(place, snapshot, columns.numbers, recipe.identity.dim, recipe.progress)
    (place / LEXICAL_NAME).mkdir()
    TantivyIndex.build(place / LEXICAL_NAME, _terms(snapshot, recipe, columns))
    _write_manifest(place, snapshot, recipe, rows=len(columns), known={})


def update(place: Path, base: Path, snapshot: Snapshot, recipe: Recipe, removed: Ids) -> None:
    """Derive into the new directory ``place`` from the sound directory ``base`` of the generation before.

    Args:
        place: the directory to make.
        base: the directory of the published generation; it is not changed.
        snapshot: shows the generation to derive.
        recipe: how to derive.
        removed: chunk numbers of ``base`` that are gone.
    """
    from genesis_rag.index.lexical import TantivyIndex

    place.mkdir(parents=True)
    born = snapshot.generation
    new = Columns.read(snapshot, born=born)
    columns = Columns.load(base).changed(removed, new)
    columns.save(place)
    change_vectors(place, base, snapshot, columns.numbers, removed, len(new), recipe.progress)
    _copy_lexical(base / LEXICAL_NAME, place / LEXICAL_NAME)
    if len(new) or len(removed):
        numbers = [int(number) for number in removed]
        TantivyIndex.update(place / LEXICAL_NAME, numbers, _terms(snapshot, recipe, new, born=born))
    _write_manifest(place, snapshot, recipe, rows=len(columns), known=_unchanged(place, base))


def new_name(generation: int) -> str:
    """Return a fresh name for the derived directory of one generation."""
    return f"{generation}-{os.urandom(4).hex()}"


def publish(directory: Path, name: str, make: Callable[[Path], None]) -> Path:
    """Let ``make`` fill a temporary directory, then give it its ``name`` for good.

    Raises:
        GenesisError: it cannot be written, as when the disk is full.
    """
    root = directory / DERIVED_NAME
    temporary = root / f"{TEMPORARY_PREFIX}{name}"
    try:
        if not root.is_dir():
            root.mkdir()
            durable.fsync_directory(directory)
        make(temporary)
        durable.publish_directory(temporary, root / name)
    except BaseException as error:
        import shutil

        shutil.rmtree(temporary, ignore_errors=True)
        if isinstance(error, OSError):
            raise GenesisError(f"The search files cannot be written: {error}.", NO_ROOM_HINT) from error
        raise
    return root / name


def replace_for(directory: Path, connection: sqlite3.Connection, snapshot: Snapshot, recipe: Recipe) -> str:
    """Derive the published generation anew and let SQLite name the result; return the name. Needs the writer's lock.

    Args:
        directory: the index.
        connection: to write the name with.
        snapshot: shows the published generation.
        recipe: how to derive.
    """
    name = new_name(snapshot.generation)
    publish(directory, name, lambda place: build(place, snapshot, recipe))
    connection.execute("BEGIN IMMEDIATE")
    write_meta(connection, "derived", name)
    connection.execute("COMMIT")
    return name


def leftovers(directory: Path, keep: str) -> list[Path]:
    """Return the derived directories that SQLite does not name."""
    root = directory / DERIVED_NAME
    return sorted(path for path in root.iterdir() if path.name != keep) if root.is_dir() else []


def remove_leftovers(directory: Path, keep: str) -> int:
    """Remove the derived directories that SQLite does not name; readers that hold their files open keep them."""
    import shutil

    found = leftovers(directory, keep)
    for path in found:
        shutil.rmtree(path, ignore_errors=True)
    return len(found)


def _terms(
    snapshot: Snapshot, recipe: Recipe, columns: Columns, *, born: int = 0
) -> Iterator[tuple[int, Sequence[str], Sequence[str]]]:
    """Yield number, terms and labels of every chunk of ``columns``; the labels are what ``filtering`` asks for."""
    rows = zip(snapshot.all_chunks(born=born), columns.documents, strict=True)
    for done, ((number, title, chunk), document) in enumerate(rows, start=1):
        yield number, _encodable(recipe.term_maker(title, chunk)), (chunk.language, document_label(int(document)))
        if done % 100 == 0 or done == len(columns):
            recipe.progress("keywords", done, len(columns))


def _encodable(terms: Sequence[str]) -> Sequence[str]:
    """Replace lone surrogates, which no keyword engine takes."""
    try:
        "".join(terms).encode()
    except UnicodeEncodeError:
        return [term.encode("utf-8", "replace").decode() for term in terms]
    return terms


def _copy_lexical(source: Path, target: Path) -> None:
    """Link the files that are written once and copy the few that are rewritten; locks stay behind."""
    import shutil

    target.mkdir()
    for path in source.iterdir():
        if path.suffix == ".lock":
            continue
        if path.suffix in MUTABLE_SUFFIXES:
            shutil.copyfile(path, target / path.name)
            continue
        try:
            os.link(path, target / path.name)
        except OSError:  # another file system, or one without links
            shutil.copyfile(path, target / path.name)


def _unchanged(place: Path, base: Path) -> dict[str, FileRecord]:
    """Return the records of those files that are still the same ones as in ``base``: their sums are known."""
    known = DerivedManifest.read(base).files
    return {
        name: record
        for name, record in known.items()
        if (place / name).is_file() and (place / name).samefile(base / name)
    }


def _write_manifest(
    place: Path, snapshot: Snapshot, recipe: Recipe, *, rows: int, known: dict[str, FileRecord]
) -> None:
    mode = next(place.glob("vectors.*")).stat().st_mode & 0o777
    for path in (place / LEXICAL_NAME).iterdir():
        path.chmod(mode)  # the engine makes some for their owner only; a service may read what a user indexed
    manifest = DerivedManifest(
        generation=snapshot.generation,
        rows=rows,
        dim=recipe.identity.dim,
        analyser=recipe.identity.analyser,
        files=record_files(place, known),
    )
    manifest.write(place)
