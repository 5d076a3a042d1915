"""What people think of answers: one JSON object a line in the home, on this machine alone."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from genesis_rag.server.problems import NoSpaceError
from genesis_rag.server.schemas import to_line

FILE_NAME = "feedback.jsonl"
FEEDBACK_SCHEMA = "genesis-rag/feedback/1"
MOST_BYTES = 64 * 2**20


def keep(home: Path, opinion: dict[str, Any]) -> None:
    """Append one opinion; a line is written in one piece, so that several processes may do it at once.

    Raises:
        NoSpaceError: the file has grown so large that something else than people must be writing it.
    """
    path = home / FILE_NAME
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = to_line({"schema": FEEDBACK_SCHEMA, "time": when, **opinion}).encode("utf-8", "replace") + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        if os.fstat(descriptor).st_size > MOST_BYTES:
            raise NoSpaceError(f"{FILE_NAME} is full.", "Move it away; a new one is begun.")
        os.write(descriptor, line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
