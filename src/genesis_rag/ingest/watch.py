"""What changes under some paths: looked for by listing them, again and again, and told once it has settled.

Listing sees everything that matters here on every file system, network shares included: an editor that writes beside
and renames, a file that is moved, a copy that is still being written. A folder that is not there, or not on the disk
that it was on, is waited for: a drive that was pulled out is no reason to forget its documents.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from pathlib import Path

from genesis_rag.documents.registry import discover
from genesis_rag.errors import GenesisError, IndexLockedError, IndexMismatchError, UserError
from genesis_rag.types import IngestReport
from genesis_rag.values import dataclass

SECONDS_BETWEEN_LOOKS = 0.25
SETTLED_SECONDS = 0.3
"""A file that has looked the same for this long is taken in, unless a program still has it open for writing."""

PATIENCE_SECONDS = 0.6
"""What has settled waits this long for the rest, so that the two ends of a move are told together."""

OPEN_SECONDS = 10.0
"""A file that stays open for writing without a change is taken in after this long: a log is never closed."""

SHARE = 3.0
"""Between two looks there is at least this many times as long a pause as a look takes."""

SECONDS_AFTER_FAILURE = 5.0

Form = tuple[int, int, int, int, int]
"""Device, inode, size, and times of the content and of the inode in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What to take in and what to forget; ``forms`` is what the files looked like, None for those that are gone."""

    forms: dict[Path, Form | None] = field(default_factory=dict)

    @property
    def present(self) -> list[Path]:
        """Return the files that are new or changed."""
        return sorted(path for path, form in self.forms.items() if form is not None)

    @property
    def gone(self) -> list[Path]:
        """Return the files that are gone."""
        return sorted(path for path, form in self.forms.items() if form is None)

    def __bool__(self) -> bool:
        return bool(self.forms)


@dataclass(slots=True)
class _Pending:
    form: Form | None
    since: float


class Watch:
    """Remembers what the files under ``paths`` looked like when they were last taken in: at first, when it is made.

    Args:
        paths: files and folders.
        tell: told in words when a folder is waited for, and when it is back.
        clock: seconds, rising.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        tell: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._roots = [_Root(path, tell) for path in paths]
        self._clock = clock
        self._known = {path: form for root in self._roots for path, form in root.look({}).items()}
        self._pending: dict[Path, _Pending] = {}
        self.pause = SECONDS_BETWEEN_LOOKS

    def look(self) -> Changes:
        """Return what has changed and settled; nothing for a while after a change. ``taken`` is due for what it is."""
        begun = self._clock()
        now_there = {path: form for root in self._roots for path, form in root.look(self._known).items()}
        self.pause = max(SECONDS_BETWEEN_LOOKS, SHARE * (self._clock() - begun))
        different = [path for path in {*now_there, *self._known} if now_there.get(path) != self._known.get(path)]
        pending, self._pending = self._pending, {}
        for path in different:
            before, form = pending.get(path), now_there.get(path)
            self._pending[path] = before if before and before.form == form else _Pending(form, begun)
        ready = {path: one for path, one in self._pending.items() if self._is_settled(path, one, begun)}
        waited = max((begun - one.since for one in ready.values()), default=0.0)
        if len(ready) < len(self._pending) and waited < PATIENCE_SECONDS:
            return Changes()
        return Changes({path: one.form for path, one in ready.items()})

    def taken(self, changes: Changes) -> None:
        """Remember that ``changes`` have been dealt with."""
        for path, form in changes.forms.items():
            self._pending.pop(path, None)
            if form is None:
                self._known.pop(path, None)
            else:
                self._known[path] = form

    @staticmethod
    def _is_settled(path: Path, one: _Pending, now: float) -> bool:
        if now - one.since < SETTLED_SECONDS:
            return False
        return one.form is None or now - one.since >= OPEN_SECONDS or not is_being_written(path)


def follow(
    watch: Watch,
    take_in: Callable[[Sequence[Path], Sequence[Path]], IngestReport],
    tell: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[IngestReport]:
    """Take in every change, for as long as the caller asks for reports.

    Args:
        watch: what is watched.
        take_in: brings the index up to date with files that are there and files that are gone.
        tell: told in words what went wrong; it is tried again.
        sleep: waits for so many seconds.

    Raises:
        IndexMismatchError: something else has filled the index meanwhile.
    """
    while True:
        sleep(watch.pause)
        changes = watch.look()
        if not changes:
            continue
        try:
            report = take_in([path for path in changes.present if path.exists()], changes.gone)
        except IndexMismatchError:
            raise
        except IndexLockedError:
            continue  # another process writes; the changes stay as they are until it is done
        except GenesisError as error:
            tell(f"{error.message} Trying again. {error.hint}".strip())
            sleep(SECONDS_AFTER_FAILURE)
            continue
        watch.taken(changes)
        yield report


class _Root:
    """One of the paths that were named."""

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        self._path, self._tell = path, tell
        self._is_folder = path.is_dir()
        self._device = path.stat().st_dev if self._is_folder else 0
        self._missing = False

    def look(self, known: dict[Path, Form]) -> dict[Path, Form]:
        """Return the forms of the files that are there; what cannot be looked at keeps its ``known`` form."""
        if self._is_folder and not self._is_there():
            return {path: form for path, form in known.items() if path.is_relative_to(self._path)}
        try:
            found = list(discover([self._path], self._path))
        except UserError:
            return {}
        forms: dict[Path, Form] = {}
        for file in found:
            try:
                status = file.path.stat()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                forms |= {path: form for path, form in known.items() if path == file.path}
                continue
            if file.path.is_dir():  # it may not be listed
                forms |= {path: form for path, form in known.items() if path.is_relative_to(file.path)}
            else:
                forms[file.path] = (
                    status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
                )  # fmt: skip
        return forms

    def _is_there(self) -> bool:
        try:
            there = self._path.stat().st_dev == self._device and self._path.is_dir()
        except OSError:
            there = False
        if there == self._missing:
            self._tell(f"{self._path} is {'back' if there else 'not there any more; waiting for it'}")
        self._missing = not there
        return there


def is_being_written(path: Path) -> bool:
    """Tell whether some program has a file open for writing, where the system can say that (Linux, own files).

    The kernel grants a read lease on a file only while nobody has it open for writing.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)  # the signal of a broken lease; this one is ignored
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return False
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
