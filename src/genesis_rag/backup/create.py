"""Creating a backup while the index is in use."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from genesis_rag.backup.archive import STORE, ArchiveWriter, Listing
from genesis_rag.backup.places import Places
from genesis_rag.backup.report import BackupReport
from genesis_rag.errors import GenesisError, UserError
from genesis_rag.index.copying import Contents, copy_store
from genesis_rag.types import SkippedFile

Progress = Callable[[str, int, int, str], None]
"""Called with phase, done, total and the file at hand."""


def create(
    places: Places, target: Path, *, version: str, force: bool = False, progress: Progress | None = None
) -> BackupReport:
    """Write everything that an index consists of into the one file ``target``.

    The store is copied as it is at one instant; readers and a writer go on. The file has its name only once it is
    whole and has reached the disk: a run that is stopped leaves nothing of that name, and the next one cleans up.

    Args:
        places: where the index and its files lie.
        target: the file to make.
        version: of the program, for the list in the backup.
        force: replace a file of that name.
        progress: told what is copied.

    Raises:
        UserError: there is a file of that name, or another backup is being written to it.
        IndexNotFoundError: there is no index.
        IndexDamagedError: the store is damaged.
        GenesisError: the file cannot be written.
    """
    started = time.monotonic()
    if target.exists() and not force:
        raise _there(target)
    try:
        with _beside(target) as (stream, copy):
            found = copy_store(places.index, copy)
            with ArchiveWriter(stream) as writer:
                with copy.open("rb") as store:
                    writer.add(STORE, store)
                originals, left = _add_originals(writer, places, found, progress)
                writer.end(_listing(found, writer, version))
            _place(stream, target, force)
            size = stream.tell()
    except OSError as error:
        raise GenesisError(
            f"The backup cannot be written: {error.strerror or error}.", "Check the folder and the room on its disk."
        ) from error
    return BackupReport(
        documents=found.documents,
        chunks=found.published.chunks,
        originals=originals,
        there=0,
        bytes=size,
        left=tuple(left),
        seconds=time.monotonic() - started,
    )


@contextmanager
def _beside(target: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """Lend an empty file beside ``target``, and a name for the copy of the store; both are gone afterwards.

    Their names are always the same, so that what a killed process left is taken over by the next one.
    """
    part, copy = target.with_name(f".{target.name}.part"), target.with_name(f".{target.name}.store")
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(part, flags, 0o600), "w+b") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if part.stat().st_ino != os.fstat(stream.fileno()).st_ino:
                raise BlockingIOError  # another one has just given it its name
        except (BlockingIOError, FileNotFoundError):
            raise UserError(f"A backup is being written to {target}.", "Wait until it is done.") from None
        try:
            for path in (copy, copy.with_name(f"{copy.name}-journal")):
                path.unlink(missing_ok=True)
            os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
            os.ftruncate(stream.fileno(), 0)
            yield stream, copy
        finally:
            copy.unlink(missing_ok=True)
            part.unlink(missing_ok=True)


def _place(stream: IO[bytes], target: Path, force: bool) -> None:
    """Give the finished file its name, in one step, and make that last."""
    part = target.with_name(f".{target.name}.part")
    stream.flush()
    os.fsync(stream.fileno())
    if force:
        part.replace(target)
    else:
        try:
            target.hardlink_to(part)  # unlike a rename, it never replaces a file that has come meanwhile
        except FileExistsError:
            raise _there(target) from None
        except OSError:  # a file system without links
            if target.exists():
                raise _there(target) from None
            part.replace(target)
    folder = os.open(target.absolute().parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _add_originals(
    writer: ArchiveWriter, places: Places, found: Contents, progress: Progress | None
) -> tuple[int, list[SkippedFile]]:
    number, left = 0, list[SkippedFile]()
    for done, (file, sha256) in enumerate(found.files.items(), start=1):
        path = places.original(file)
        if path is None:
            continue
        if progress is not None:
            progress("originals", done, len(found.files), file)
        try:
            with _regular(path) as source:
                mtime_ns = os.fstat(source.fileno()).st_mtime_ns
                part = writer.add(f"originals/{done:06}", source, file=file, mtime_ns=mtime_ns)
        except OSError as error:
            left.append(SkippedFile(file, error.strerror or str(error)))
            continue
        number += 1
        if sha256 not in ("", part.sha256):
            left.append(SkippedFile(file, "it has changed since it was indexed; the backup has it as it is now"))
    for name, path in places.extras().items():
        with suppress(OSError), _regular(path) as source:
            writer.add(name, source)
    return number, left


def _regular(path: Path) -> IO[bytes]:
    """Open a file that has an end: no pipe, no device."""
    stream = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError(0, "It is not a regular file")
    return stream


def _listing(found: Contents, writer: ArchiveWriter, version: str) -> Listing:
    published = found.published
    return Listing(
        version=version,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        generation=published.generation,
        content=published.content,
        identity=asdict(published.identity),
        documents=found.documents,
        sources=found.sources,
        chunks=published.chunks,
        parts=writer.parts,
    )


def _there(target: Path) -> UserError:
    return UserError(f"There is a file {target} already.", "Choose another name, or replace it with --force.")
