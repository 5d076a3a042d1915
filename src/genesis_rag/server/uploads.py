"""Where uploaded files lie: safe names, and moves that a power cut cannot leave half done.

A file is first received into a folder of its own under ``uploads/.incoming``, put to disk, and only then renamed to its
name. What it replaces is kept beside it until the index has committed; a job that never got that far is undone when the
server starts again. Nothing of that folder is ever indexed: discovery passes over hidden names.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from genesis_rag.errors import UserError

FOLDER = "uploads"
INCOMING = ".incoming"
MAX_NAME_BYTES = 200  # of the 255 that file systems allow
MAX_UPLOAD_BYTES = 256 * 2**20

_UNWANTED = re.compile(r'[#:*?"<>|\[\]]')  # mean something to shells, other systems, source globs or passage sources


def safe_name(given: str) -> str:
    """Return the name under which an upload called ``given`` is stored: one path component in NFC that hides nothing.

    Raises:
        UserError: nothing is left of it.
    """
    last = re.split(r"[/\\]", given)[-1]
    readable = last.encode("utf-8", "replace").decode("utf-8")
    shown = (c for c in unicodedata.normalize("NFC", readable) if unicodedata.category(c)[0] != "C")
    name = _UNWANTED.sub("_", " ".join("".join(shown).split())).lstrip(".~$ ").rstrip(". ")
    suffix = Path(name).suffix
    stem = name.removesuffix(suffix)
    room = MAX_NAME_BYTES - len(suffix.encode())
    if room < 1 or not stem:
        raise UserError("The file has no usable name.", "Give it a name such as report.pdf.")
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip() + suffix


class Incoming:
    """One upload on its way: received, then placed, then closed; or undone."""

    def __init__(self, folder: Path, place: Path, name: str) -> None:
        self.name = name
        self._folder, self._place = folder, place
        place.mkdir()
        self._lock = os.open(place / "lock", os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.path = place / f"new{Path(name).suffix.lower()}"
        self._stream = self.path.open("xb")
        self._hash = hashlib.sha256()
        self.size = 0
        self._placed = False

    @property
    def target(self) -> Path:
        """Where the file will lie."""
        return self._folder / self.name

    @property
    def sha256(self) -> str:
        """Hash of what was received."""
        return self._hash.hexdigest()

    def write(self, data: bytes) -> None:
        """Take in a further part."""
        self._stream.write(data)
        self._hash.update(data)
        self.size += len(data)

    def received(self) -> None:
        """All is there: put it to disk."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()

    def existing(self) -> str | None:
        """Return the hash of the file that has the name already, None if there is none.

        Raises:
            UserError: something else than a file has the name.
        """
        try:
            mode = self.target.lstat().st_mode
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(mode):
            raise UserError(f"'{self.name}' is the name of something else than a file.", "Choose another name.")
        return hash_of(self.target)

    def place(self) -> None:
        """Give the file its name; what had the name is kept until ``close``."""
        if self.existing() is not None:
            os.link(self.target, self._kept())
            _sync(self._kept().parent, self._place)
        self._placed = True
        self.path.replace(self.target)
        _sync(self._folder)

    def take_away(self) -> None:
        """Move the file that has the name out of sight; ``undo`` brings it back."""
        self._placed = True
        self.target.replace(self._kept())
        _sync(self._kept().parent, self._place, self._folder)

    def undo(self) -> None:
        """Put things as they were before ``place`` or ``take_away``; without these it does nothing."""
        if not self._placed:
            return
        self._placed = False
        kept = self._kept()
        if kept.exists():
            kept.replace(self.target)
        else:
            self.target.unlink(missing_ok=True)
        _sync(self._folder)

    def close(self) -> None:
        """Forget the job and what it replaced; calling it again does nothing."""
        if self._lock >= 0:
            self._stream.close()
            shutil.rmtree(self._place, ignore_errors=True)
            _sync(self._place.parent)
            os.close(self._lock)
            self._lock = -1

    def _kept(self) -> Path:
        (self._place / "old").mkdir(exist_ok=True)
        return self._place / "old" / self.name


class UploadFolder:
    """The folder ``uploads`` of a home."""

    def __init__(self, home: Path) -> None:
        self.path = home / FOLDER

    def receive(self, name: str) -> Incoming:
        """Begin to receive a file; ``name`` comes from ``safe_name``.

        Raises:
            UserError: the folder is a link, which could lead anywhere.
        """
        jobs = self.path / INCOMING
        if self.path.is_symlink() or jobs.is_symlink():
            raise UserError(f"{self.path} is a link.", "Make it a folder.")
        jobs.mkdir(parents=True, exist_ok=True)
        with _locked(jobs, fcntl.LOCK_SH):  # nobody takes a job for a dead one that has no lock of its own yet
            return Incoming(self.path, jobs / secrets.token_hex(8), name)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the one process that gives uploads their names and indexes them; wait until it is this one's turn."""
        if not self.path.is_dir() or self.path.is_symlink():
            yield
            return
        with _locked(self.path, fcntl.LOCK_EX):
            yield

    def file_of(self, source: str) -> Path | None:
        """Return the uploaded file that a source of the index came from, if it did: passages name a line of it."""
        folder, _, rest = source.partition("/")
        name = rest.partition("#")[0]
        path = self.path / name
        if folder != FOLDER or not name or "/" in name or name.startswith(".") or path.is_symlink():
            return None
        return path if path.is_file() else None

    def files(self) -> Iterator[Path]:
        """Yield the uploaded files in the order of their names."""
        if self.path.is_dir() and not self.path.is_symlink():
            yield from (p for p in sorted(self.path.iterdir()) if p.name[0] != "." and p.is_file())

    def recover(self) -> int:
        """Undo the jobs of processes that ended in their midst; return how many files were put back."""
        jobs, restored = self.path / INCOMING, 0
        if not jobs.is_dir() or jobs.is_symlink():
            return 0
        with _locked(jobs, fcntl.LOCK_EX):
            for job in sorted(jobs.iterdir()):
                if _is_held(job / "lock"):
                    continue
                old = job / "old"
                for kept in sorted(old.iterdir()) if old.is_dir() else ():
                    kept.replace(self.path / kept.name)
                    restored += 1
                _sync(self.path)
                shutil.rmtree(job, ignore_errors=True)
        return restored


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _is_held(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    """Hold a lock on a folder, against other processes and other threads alike."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _sync(*folders: Path) -> None:
    for folder in folders:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
