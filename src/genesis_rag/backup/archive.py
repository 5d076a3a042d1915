"""The file of a backup: a zip, so that everyone can look into it, with a list of sizes and SHA-256 of all its parts."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, field
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Any

from genesis_rag.errors import GenesisError, UserError
from genesis_rag.values import dataclass

SCHEMA = "genesis-rag/backup/1"
LIST, STORE = "backup.json", "store.sqlite"
BLOCK = 2**20
MOST_LISTED = 512 * 2**20
_PACKED = frozenset({".pdf", ".docx", ".docm", ".pptx", ".xlsx", ".epub", ".zip", ".gz", ".zst"})
_DAMAGED_HINT = "Take another backup; nothing was changed."


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a backup. ``file`` and ``mtime_ns`` are those of an original, empty and 0 for the others."""

    size: int
    sha256: str
    file: str = ""
    mtime_ns: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """What a backup holds.

    Attributes:
        version: of the program that made it.
        created_at: when, as ISO 8601.
        generation: of the index.
        content: hash over its documents.
        identity: what filled it.
        documents: how many documents.
        sources: how many places they are found at.
        chunks: how many chunks.
        parts: name in the zip -> what it is.
    """

    version: str
    created_at: str
    generation: int
    content: str
    identity: dict[str, Any]
    documents: int
    sources: int
    chunks: int
    parts: dict[str, Part] = field(default_factory=dict)


class ArchiveWriter:
    """Adds parts to a new zip in an open stream, and lists them at the end. A context manager."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(stream, "w", allowZip64=True)
        self.parts: dict[str, Part] = {}

    def add(self, name: str, source: IO[bytes], *, file: str = "", mtime_ns: int = 0) -> Part:
        """Copy what is left of ``source`` as the part ``name``."""
        info = zipfile.ZipInfo(name)
        packed = PurePosixPath(file or name).suffix.lower() in _PACKED
        info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
        info._compresslevel = 1  # type: ignore[attr-defined]  # most of a store are vectors, which hardly shrink
        with self._zip.open(info, "w", force_zip64=True) as target:
            size, sha256 = copied(source, target.write)
        self.parts[name] = Part(size, sha256, file, mtime_ns)
        return self.parts[name]

    def end(self, listing: Listing) -> None:
        """Write the list and end the zip."""
        data = json.dumps({"schema": SCHEMA, **asdict(listing)}, ensure_ascii=True, indent=1)
        self._zip.writestr(LIST, data, zipfile.ZIP_DEFLATED)
        self._zip.close()

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(OSError, ValueError):  # after ``end`` nothing is left to do; before it, the file is thrown away
            self._zip.close()


class ArchiveReader:
    """Reads a backup. Every part is compared with the list while it is read. A context manager."""

    def __init__(self, path: Path) -> None:
        """Open the file and read its list.

        Raises:
            UserError: it is no backup, or one of a newer version.
            GenesisError: it is damaged.
        """
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
        except zipfile.BadZipFile as error:
            raise _damaged(f"{path} is not a backup, or it was cut off: {error}") from error
        try:
            self.listing = self._read_list(path)
            if {LIST, *self.listing.parts} != set(self._zip.namelist()) or STORE not in self.listing.parts:
                raise _damaged("its parts are not those that it lists")
        except BaseException:
            self._zip.close()
            raise

    def copy(self, name: str, write: Callable[[bytes], object]) -> None:
        """Hand a part to ``write`` piece by piece.

        Raises:
            GenesisError: it is not what the list says; what was written has to be thrown away.
        """
        part = self.listing.parts[name]
        try:
            with self._zip.open(name) as source:
                found = copied(source, write, most=part.size)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
            raise _damaged(f"{part.file or name} cannot be unpacked: {error}") from error
        if found != (part.size, part.sha256):
            raise _damaged(f"{part.file or name} is not what was saved")

    def _read_list(self, path: Path) -> Listing:
        try:
            if self._zip.getinfo(LIST).file_size > MOST_LISTED:
                raise ValueError("its list is too long")
            values = json.loads(self._zip.read(LIST))
            schema = values.pop("schema")
            if schema != SCHEMA:
                raise UserError(f"{path} is of another version ({schema}).", "Update genesis-rag.")
            parts = {name: Part(**part) for name, part in values.pop("parts").items()}
            return Listing(parts=parts, **values)
        except UserError:
            raise
        except (ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
            raise _damaged(f"{path} is not a backup: {error}") from error
        except (zipfile.BadZipFile, EOFError, zlib.error) as error:
            raise _damaged(f"{path} cannot be unpacked: {error}") from error

    def __enter__(self) -> ArchiveReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()


def copied(source: IO[bytes], write: Callable[[bytes], object], *, most: int | None = None) -> tuple[int, str]:
    """Copy a stream and return its size and SHA-256; no more than a block beyond ``most`` bytes is copied."""
    size, digest = 0, hashlib.sha256()
    while block := source.read(BLOCK):
        size += len(block)
        digest.update(block)
        write(block)
        if most is not None and size > most:
            break
    return size, digest.hexdigest()


def _damaged(what: str) -> GenesisError:
    return GenesisError(f"The backup is damaged: {what}.", _DAMAGED_HINT)
