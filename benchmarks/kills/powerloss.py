"""A disk that forgets: on a power cut, files that were not synced are torn and names that were not synced are gone.

It stands in for ``genesis_rag.index.durable`` in the child process. Content counts as kept if the file was synced and
not touched since; a name counts as kept if its directory was synced since it was made. On ``cut`` everything else is
damaged at random, as a real disk may. SQLite's own files are left alone: it syncs them itself.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from genesis_rag.index import durable

State = tuple[int, int]
OURS = "derived"
PROTECTIONS = ("fsync of files", "fsync of directories", "fsync", "rename")
"""What can be switched off to see that the checks notice."""


class Disk:
    """Watches the derived files of one index."""

    def __init__(self, index: Path, seed: int) -> None:
        self._root = index / OURS
        self._random = random.Random(seed)
        self._kept: dict[int, State] = {}
        self._names: dict[int, dict[str, int]] = {}
        for folder, _, names in os.walk(self._root):  # what was there at the start survived
            self.keep_names(Path(folder))
            for name in names:
                self.keep_content(Path(folder) / name)

    def keep_content(self, path: Path) -> None:
        """Remember that a file was synced."""
        self._kept[path.stat().st_ino] = _state(path)

    def keep_names(self, folder: Path) -> None:
        """Remember that a directory was synced."""
        self._names[folder.stat().st_ino] = {path.name: path.lstat().st_ino for path in folder.iterdir()}

    def cut(self) -> None:
        """Lose what was not synced, and die.

        Threads of the keyword engine still run here, so a file may vanish while it is looked at: one more that is lost.
        """
        with suppress(FileNotFoundError):
            self._forget_names(self._root)
        for folder, _, names in os.walk(self._root):
            for name in names:
                with suppress(FileNotFoundError):
                    self._tear(Path(folder) / name)
        os.kill(os.getpid(), signal.SIGKILL)

    def _forget_names(self, folder: Path) -> None:
        kept = self._names.get(folder.stat().st_ino, {})
        old_names = {inode: name for name, inode in kept.items()}
        for path in sorted(folder.iterdir()):
            if not path.exists():
                continue
            inode = path.lstat().st_ino
            if kept.get(path.name) != inode and self._random.random() < 0.7:
                if inode in old_names and not (folder / old_names[inode]).exists():
                    path = path.rename(folder / old_names[inode])
                elif path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                    continue
                else:
                    path.unlink(missing_ok=True)
                    continue
            if path.is_dir():
                self._forget_names(path)

    def _tear(self, path: Path) -> None:
        if self._kept.get(path.stat().st_ino) == _state(path):
            return
        size = path.stat().st_size
        with path.open("r+b") as stream:
            if self._random.random() < 0.5:
                stream.truncate(self._random.randint(0, max(size - 1, 0)))
            elif size:
                start = self._random.randint(0, size - 1)
                stream.seek(start)
                stream.write(bytes(size - start))


def install(disk: Disk, broken: str, tell: Callable[[str], None]) -> None:
    """Let ``disk`` learn of every sync; ``broken`` switches one of PROTECTIONS off."""
    fsync_file, fsync_directory, replace = durable.fsync_file, durable.fsync_directory, durable.replace

    def watched_file(path: Path) -> None:
        tell("sync file")
        if broken not in ("fsync", "fsync of files"):
            fsync_file(path)
            disk.keep_content(path)

    def watched_directory(path: Path) -> None:
        tell("sync directory")
        if broken not in ("fsync", "fsync of directories"):
            fsync_directory(path)
            disk.keep_names(path)

    def watched_replace(source: Path, target: Path) -> None:
        tell("rename")
        if broken != "rename":
            replace(source, target)
        elif source.is_dir():
            shutil.copytree(source, target)  # written in place, under the final name
            shutil.rmtree(source)
        else:
            shutil.copyfile(source, target)
            source.unlink()
        tell("renamed")

    durable.fsync_file, durable.fsync_directory, durable.replace = watched_file, watched_directory, watched_replace


def _state(path: Path) -> State:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
