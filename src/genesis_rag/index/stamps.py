"""How the writer knows that a file has not changed without reading it, or at least without parsing it."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from pathlib import Path

from genesis_rag.values import dataclass

SETTLED_NS = 2_000_000_000
"""A file changed less than two seconds before it was looked at may change again within the same tick of its clock."""


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What a file looked like. ``mtime_ns`` 0 means: changed too recently to trust the time, compare the content."""

    size: int
    mtime_ns: int
    sha256: str
    loader: str


def same_times(path: Path, stamp: FileStamp, loader: str) -> bool:
    """Tell whether size, time and loader say that the file is the one that was indexed."""
    status = path.stat()
    return (stamp.size, stamp.mtime_ns, stamp.loader) == (status.st_size, status.st_mtime_ns, loader)


def take_stamp(path: Path, loader: str) -> FileStamp:
    """Read the file and return its stamp.

    Raises:
        OSError: it cannot be read, or is a pipe, a device or anything else that has no end.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "It is not a regular file")
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    settled = time.time_ns() - status.st_mtime_ns > SETTLED_NS
    return FileStamp(status.st_size, status.st_mtime_ns if settled else 0, sha256, loader)
