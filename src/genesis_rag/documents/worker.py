"""The process that reads documents for another one (``processes``); its arguments are seconds and megabytes.

On stdin comes one JSON object a line, {"path", "source"}; for each, objects go to stdout: {"document"} for every
document, then {"end"}, or {"error", "hint"}. The kernel ends the process when one document takes longer or more
memory than allowed, also inside native code; who reads its output then sees it end.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import IO, Any

from genesis_rag.documents.discovery import SourceFile
from genesis_rag.documents.limits import LoadLimits, too_big
from genesis_rag.documents.registry import load_documents
from genesis_rag.documents.wire import packed
from genesis_rag.errors import GenesisError

SECONDS_MORE = 2.0
"""How much longer the kernel waits than the loader's own clock, which can say what took so long."""


def run() -> None:
    """Read until stdin ends, or until nobody listens."""
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        _run()


def _run() -> None:
    seconds, megabytes = float(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _limit_memory(megabytes * 2**20)
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)  # what a library prints must not get between the answers
        _tell(out, {"ready": True})
        for line in sys.stdin.buffer:
            job = json.loads(line)
            _read(SourceFile(Path(job["path"]), job["source"]), LoadLimits(seconds=seconds), out)


def _limit_memory(most: int) -> None:
    """Bound the address space, and let a crash leave no core file; not every system takes every bound."""
    for kind, value in ((resource.RLIMIT_AS, most), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (value, value))


def _read(file: SourceFile, limits: LoadLimits, out: IO[bytes]) -> None:
    documents = load_documents(file, limits)
    last: dict[str, Any] = {"end": True}
    try:
        while True:
            signal.setitimer(signal.ITIMER_REAL, limits.seconds + SECONDS_MORE)
            document = next(documents, None)
            if document is None:
                break
            line = packed(document)
            signal.setitimer(signal.ITIMER_REAL, 0)  # writing waits for who reads; that is not the document's fault
            out.write(line)
            out.flush()
    except MemoryError:
        error = too_big("reading it takes more memory than a document may")
        last = {"error": error.message, "hint": error.hint}
    except GenesisError as error:
        last = {"error": error.message, "hint": error.hint}
    signal.setitimer(signal.ITIMER_REAL, 0)
    _tell(out, last)


def _tell(out: IO[bytes], message: dict[str, Any]) -> None:
    out.write(json.dumps(message).encode() + b"\n")
    out.flush()
