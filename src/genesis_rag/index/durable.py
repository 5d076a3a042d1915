"""The only place where files of the index other than SQLite's are made to last.

Everything that must survive a power cut goes through these functions, so that a test can replace them by ones that
forget what was never synced, and see the damage. SQLite looks after its own files (``PRAGMA synchronous=FULL``).
"""

from __future__ import annotations

import os
from pathlib import Path


def fsync_file(path: Path) -> None:
    """Wait until the content of the file ``path`` is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_directory(path: Path) -> None:
    """Wait until the entries of the directory ``path`` (names made, renamed, removed) are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(source: Path, target: Path) -> None:
    """Rename in one step; readers see the old or the new, never a part."""
    source.rename(target)


def write_file(path: Path, data: bytes) -> None:
    """Write a new file; it lasts once it was synced."""
    path.write_bytes(data)


def write_atomically(path: Path, data: bytes) -> None:
    """Give the file ``path`` new content that is whole or not there at all, whatever happens."""
    beside = path.with_name(f".{path.name}.tmp")
    write_file(beside, data)
    fsync_file(beside)
    replace(beside, path)
    fsync_directory(path.parent)


def publish_directory(temporary: Path, target: Path) -> None:
    """Give a finished directory its name: its files, its folders, the rename and the name itself last on return."""
    for folder, _, names in os.walk(temporary):
        for name in names:
            fsync_file(Path(folder) / name)
        fsync_directory(Path(folder))
    replace(temporary, target)
    fsync_directory(target.parent)
