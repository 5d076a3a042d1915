"""Restoring a backup: everything is verified before anything is changed, and the index changes in one step."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from genesis_rag.backup.archive import STORE, ArchiveReader, Listing, Part
from genesis_rag.backup.places import Places
from genesis_rag.backup.report import BackupReport
from genesis_rag.errors import GenesisError, IndexMismatchError, UserError
from genesis_rag.index.connection import store_path
from genesis_rag.index.copying import Contents, Replacement
from genesis_rag.index.derived import TermMaker
from genesis_rag.types import SkippedFile

Progress = Callable[[str, int, int, str], None]
TOLD = 3
ROOM = 2.5
"""A store needs this many times its size while it is restored: itself, the index, and the search files."""


def restore(
    places: Places,
    file: Path,
    term_maker: TermMaker,
    *,
    analyser: str,
    force: bool = False,
    progress: Progress | None = None,
) -> BackupReport:
    """Put an index and the originals of its documents back from the backup ``file``.

    Args:
        places: where they go.
        file: what ``create`` made.
        term_maker: makes keyword terms of (document title, chunk).
        analyser: the id of the analyser behind ``term_maker``.
        force: replace an index and originals that are there.
        progress: told what is restored.

    Raises:
        UserError: there is an index, or an original that differs, and ``force`` was not given; or it is no backup.
        IndexLockedError: another process is writing to the index.
        IndexMismatchError: it is of a newer version, or of another term analyser.
        GenesisError: the backup is damaged, or there is no room; nothing was changed.
    """
    started = time.monotonic()
    try:
        with ArchiveReader(file) as archive:
            originals = _originals(archive.listing, places)
            there = _require_free(archive.listing, places, originals, force)
            _require_room(archive.listing, places)
            with Replacement(places.index) as replacement:
                found = _verified(archive, replacement, analyser, progress)
                wanted = {name: path for name, path in originals.items() if name not in there}
                _write_originals(archive, wanted, progress)
                left = _write_extras(archive, places)
                replacement.install(term_maker)
    except OSError as error:
        what = f"The backup cannot be restored: {error.strerror or error}."
        raise GenesisError(what, "Check the folder and the room on its disk, then restore it again.") from error
    return BackupReport(
        documents=found.documents,
        chunks=found.published.chunks,
        originals=len(wanted),
        there=len(there),
        bytes=file.stat().st_size,
        left=tuple(left),
        seconds=time.monotonic() - started,
    )


def _originals(listing: Listing, places: Places) -> dict[str, Path]:
    """Return where each original goes. Raises UserError for a name that leads out of the home."""
    return {name: places.target(part.file) for name, part in listing.parts.items() if part.file}


def _require_free(listing: Listing, places: Places, originals: dict[str, Path], force: bool) -> set[str]:
    """Return the originals that are there already; refuse to replace others, or an index, without ``force``."""
    if store_path(places.index).exists() and not force:
        raise UserError(
            f"There is an index in {places.index} already.", "Restore into another --home, or replace it with --force."
        )
    there = {name for name, path in originals.items() if _is_same(path, listing.parts[name])}
    others = [str(path) for name, path in originals.items() if name not in there and os.path.lexists(path)]
    if others and not force:
        more = f" and {len(others) - TOLD} more" if len(others) > TOLD else ""
        raise UserError(
            f"Files of other content are in the place of originals: {', '.join(others[:TOLD])}{more}.",
            "Move them away, or replace them with --force.",
        )
    return there


def _is_same(path: Path, part: Part) -> bool:
    try:
        if not path.is_file() or path.stat().st_size != part.size:
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == part.sha256
    except OSError:
        return False


def _require_room(listing: Listing, places: Places) -> None:
    needed = sum(part.size for part in listing.parts.values()) + int((ROOM - 1) * listing.parts[STORE].size)
    place = next(folder for folder in (places.home, *places.home.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(place).free
    if needed > free:
        raise GenesisError(
            f"It needs {needed / 2**20:,.0f} MiB, and {free / 2**20:,.0f} MiB are free.", "Free some space."
        )


def _verified(archive: ArchiveReader, replacement: Replacement, analyser: str, progress: Progress | None) -> Contents:
    """Read every part and compare it with the list, and the store to its last value."""
    listing = archive.listing
    for done, (name, part) in enumerate(listing.parts.items(), start=1):
        _tell(progress, "verifying", done, len(listing.parts), part.file or name)
        if name == STORE:
            with replacement.path.open("xb") as target:
                archive.copy(name, target.write)
        else:
            archive.copy(name, lambda _: None)
    found = replacement.examine()
    published = found.published
    stated = (listing.generation, listing.content, listing.documents, listing.sources, listing.chunks)
    if stated != (published.generation, published.content, found.documents, found.sources, published.chunks):
        raise GenesisError("The backup is damaged: its list and its store differ.", "Take another backup.")
    if published.identity.analyser != analyser:
        raise IndexMismatchError(
            f"The backup was made with the term analyser {published.identity.analyser!r}, not {analyser!r}.",
            "Restore it with the profile that it was made with: --profile NAME.",
        )
    return found


def _write_originals(archive: ArchiveReader, wanted: dict[str, Path], progress: Progress | None) -> None:
    for done, (name, path) in enumerate(wanted.items(), start=1):
        _tell(progress, "restoring", done, len(wanted), archive.listing.parts[name].file)
        _write(archive, name, path)


def _write_extras(archive: ArchiveReader, places: Places) -> list[SkippedFile]:
    """Put settings and pins back where there are none; those that are there are somebody's choice."""
    left = []
    for name, path in places.extras().items():
        part = archive.listing.parts.get(name)
        if part is None or _is_same(path, part):
            continue
        if path.exists():
            left.append(SkippedFile(name, "there is one already, which was left as it is"))
        else:
            _write(archive, name, path)
    return left


def _write(archive: ArchiveReader, name: str, path: Path) -> None:
    """Write one file beside its place, then give it its name. It gets the original's time, and so counts as known."""
    part = archive.listing.parts[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name[:200]}.restoring")
    beside.unlink(missing_ok=True)
    try:
        with beside.open("xb") as target:
            archive.copy(name, target.write)
            target.flush()
            os.fsync(target.fileno())
        if part.mtime_ns:
            os.utime(beside, ns=(part.mtime_ns, part.mtime_ns))
        beside.replace(path)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _tell(progress: Progress | None, phase: str, done: int, total: int, file: str) -> None:
    if progress is not None:
        progress(phase, done, total, file)
