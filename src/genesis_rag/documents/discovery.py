"""Which files lie under the paths that a user named."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from genesis_rag.errors import UserError
from genesis_rag.values import dataclass

SKIPPED_FOLDERS = frozenset({"__MACOSX", "__pycache__", "node_modules"})
HIDDEN = (".", "~$")
"""Beginnings of names that are passed over; Office writes ~$NAME beside a file that is open."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read, and the name that it has in citations."""

    path: Path
    source: str


def files_under(
    paths: Sequence[Path], base: Path, suffixes: frozenset[str], on_skip: Callable[[Path], None] | None
) -> Iterator[SourceFile]:
    """Yield the files under ``paths`` that end in one of ``suffixes``; see ``registry.discover``."""
    root = Path(os.path.normpath(base.absolute()))
    for path in paths:
        mode = _mode(path)
        if stat.S_ISREG(mode):
            yield SourceFile(path, source_of(path, root))
        elif stat.S_ISDIR(mode):
            for found in _Walk(path, suffixes, on_skip).files(path):
                yield SourceFile(found, source_of(found, root))
        else:
            raise UserError(f"{path} is neither a file nor a folder.", "Give a file or a folder of documents.")


def source_of(path: Path, root: Path) -> str:
    """Return the POSIX path relative to ``root`` when the file lies under it, else the absolute one."""
    place = Path(os.path.normpath(path.absolute()))
    return place.relative_to(root).as_posix() if place.is_relative_to(root) else place.as_posix()


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        raise UserError(f"There is no file or folder {path}.", "Check the spelling of the path.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be opened: {error.strerror}.", "Check the path and its permissions.") from None


class _Walk:
    """Goes through one folder. Links to folders are followed when they lead out of it, and no folder twice."""

    def __init__(self, top: Path, suffixes: frozenset[str], on_skip: Callable[[Path], None] | None) -> None:
        self._real_top = Path(os.path.realpath(top))
        self._suffixes, self._on_skip = suffixes, on_skip
        self._seen: set[tuple[int, int]] = set()

    def files(self, top: Path) -> Iterator[Path]:
        waiting = [top]
        while waiting:
            folder = waiting.pop()
            try:
                status = folder.stat()
                with os.scandir(folder) as entries:
                    ordered = sorted(entries, key=lambda entry: entry.name)
            except OSError:
                yield folder  # reading it will say why; nothing is left out in silence
                continue
            if (status.st_dev, status.st_ino) in self._seen:
                continue
            self._seen.add((status.st_dev, status.st_ino))
            inner = []
            for entry in ordered:
                if entry.name.startswith(HIDDEN):
                    continue
                if _is_folder(entry):
                    if entry.name not in SKIPPED_FOLDERS and not self._leads_back(entry):
                        inner.append(folder / entry.name)
                elif self._is_wanted(entry):
                    yield folder / entry.name
            waiting += reversed(inner)

    def _leads_back(self, entry: os.DirEntry[str]) -> bool:
        return entry.is_symlink() and Path(os.path.realpath(entry.path)).is_relative_to(self._real_top)

    def _is_wanted(self, entry: os.DirEntry[str]) -> bool:
        if Path(entry.name).suffix.lower() not in self._suffixes:
            if self._on_skip is not None:
                self._on_skip(Path(entry.path))
            return False
        return entry.is_symlink() or entry.is_file()  # a link to nowhere is reported when it is read


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself, a folder that went or may not be entered: reading it says why
        return False
