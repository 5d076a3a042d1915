"""One writer at a time: a lock file that says who holds it. The kernel lets go when the holder ends."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from genesis_rag.errors import GenesisError, IndexLockedError
from genesis_rag.values import dataclass

LOCK_NAME = "writer.lock"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds, or last held, the lock."""

    pid: int
    host: str
    command: str
    since: str

    def told(self) -> str:
        """Return the holder in words."""
        return f"process {self.pid} on {self.host} ({self.command}), since {self.since}"


class WriterLock:
    """Held from construction to ``release``.

    Attributes:
        left_by: the holder before, if it ended without letting go (it was killed).
    """

    def __init__(self, directory: Path) -> None:
        """Take the lock of the index in ``directory``.

        Raises:
            IndexLockedError: another process holds it; the message says which.
            GenesisError: nothing can be written there.
        """
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._descriptor = os.open(directory / LOCK_NAME, flags, 0o644)
        except OSError as error:
            raise _cannot_write(directory, error) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.left_by = read_holder(directory)
            self._write(json.dumps(asdict(_ourselves()), ensure_ascii=False).encode("utf-8", "replace"))
        except BlockingIOError:
            holder = read_holder(directory)
            os.close(self._descriptor)
            told = holder.told() if holder else "another process"
            raise IndexLockedError(
                f"The index is being written to by {told}.", "Wait until it is done, or stop it, and run this again."
            ) from None
        except OSError as error:
            os.close(self._descriptor)  # and with it the lock: this process must not hold it for ever
            raise _cannot_write(directory, error) from error

    def release(self) -> None:
        """Let go; calling it again does nothing."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            with contextlib.suppress(OSError):  # a disk that fails must not keep the lock
                os.ftruncate(descriptor, 0)
            os.close(descriptor)

    def _write(self, data: bytes) -> None:
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, data, 0)


def read_holder(directory: Path) -> Holder | None:
    """Return who is written in the lock file; that says nothing about whether the lock is held."""
    try:
        return Holder(**json.loads((directory / LOCK_NAME).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _cannot_write(directory: Path, error: OSError) -> GenesisError:
    return GenesisError(
        f"Nothing can be written into {directory}: {error.strerror}.",
        "Check its permissions and the room on its disk, then run this again; nothing that was saved is lost.",
    )


def _ourselves() -> Holder:
    return Holder(
        pid=os.getpid(),
        host=os.uname().nodename,
        command=" ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200],
        since=time.strftime("%Y-%m-%d %H:%M:%S"),
    )
