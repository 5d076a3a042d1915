"""Reads files in processes of their own, some ahead of who asks for them, and hands them on in the order given.

A parser that crashes, hangs or eats memory takes its process with it and nothing else: that document is told as
unreadable, and a new process goes on behind it. Memory is bounded: a process reads on while its pipe takes what it
has read, and then waits.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from genesis_rag.documents.discovery import SourceFile
from genesis_rag.documents.limits import too_big
from genesis_rag.documents.wire import unpacked
from genesis_rag.errors import BackendError, UnreadableDocumentError
from genesis_rag.types import Document
from genesis_rag.values import dataclass

PIPE_BYTES = 2**20
AHEAD = 4
"""Files that a process may be told of before it is asked for them; their names fit into its pipe."""

_CODE = "import sys; sys.path.append({root!r}); from genesis_rag.documents.worker import run; run()"


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """What reading may cost.

    Attributes:
        processes: how many processes read at once.
        seconds: time for one document.
        memory_mb: address space of each process.
    """

    processes: int = 2
    seconds: float = 600.0
    memory_mb: int = 3072


class ReadingProcesses:
    """Starts its processes at the first need. Use as a context manager."""

    def __init__(self, limits: ReadingLimits) -> None:
        self._limits = limits
        self._workers: list[_Worker] = []

    def read(self, files: Iterable[SourceFile]) -> Iterator[tuple[SourceFile, Iterator[Document]]]:
        """Yield each file with its documents, in the order given; the documents raise what ``load_documents`` raises.

        Raises:
            BackendError: no process can be started.
        """
        rest, waiting = iter(files), deque[tuple[SourceFile, _Worker]]()
        while True:
            while len(waiting) < AHEAD * self._limits.processes and (file := next(rest, None)) is not None:
                worker = self._least_busy()
                worker.send(file)
                waiting.append((file, worker))
            if not waiting:
                return
            file, worker = waiting.popleft()
            documents = worker.documents()
            yield file, documents
            with contextlib.suppress(UnreadableDocumentError):
                for _ in documents:
                    pass  # whoever asked has left the rest of this file

    def _least_busy(self) -> _Worker:
        worker = min(self._workers, key=lambda one: len(one.files), default=None)
        if worker is None or (worker.files and len(self._workers) < self._limits.processes):
            worker = _Worker(self._limits)
            self._workers.append(worker)
        return worker

    def __enter__(self) -> ReadingProcesses:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.stop()


class _Worker:
    """One process, and the files that it was told to read and was not asked for yet."""

    def __init__(self, limits: ReadingLimits) -> None:
        self._limits = limits
        self.files: deque[SourceFile] = deque()
        self._start()

    def send(self, file: SourceFile) -> None:
        """Tell the process of one more file."""
        self.files.append(file)
        self._send(file)

    def documents(self) -> Iterator[Document]:
        """Yield the documents of the file that it was told of first."""
        while (message := self._message()) is not None and "document" in message:
            yield unpacked(message["document"])
        self.files.popleft()
        if message is None:
            reason = self._ended()
            self._start()
            for file in self.files:
                self._send(file)
            raise reason
        if "error" in message:
            raise UnreadableDocumentError(message["error"], message["hint"])

    def stop(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not sent any more
                    pipe.close()

    def _start(self) -> None:
        if hasattr(self, "_process"):
            self.stop()
        code = _CODE.format(root=str(Path(__file__).parents[2]))
        command = [sys.executable, "-P", "-c", code, str(self._limits.seconds), str(self._limits.memory_mb)]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us; we end it
            )
        except OSError as error:
            raise _no_start(error.strerror or str(error)) from error
        try:
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError, AttributeError):  # only Linux has it, and it may be bounded
                    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)  # type: ignore[arg-type]
            ended = self._message() is None
        except BaseException:  # Ctrl-C while it starts: nobody else knows of it yet
            self.stop()
            raise
        if ended:
            self.stop()
            raise _no_start(f"it ended with {self._process.returncode}")

    def _send(self, file: SourceFile) -> None:
        line = json.dumps({"path": os.path.abspath(file.path), "source": file.source}).encode() + b"\n"  # noqa: PTH100
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has died over an earlier file, which is told when that is due
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def _message(self) -> dict[str, Any] | None:
        """Return what the process says next; None when it has ended, perhaps in the middle of a word."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            self._process.wait()
            return None
        message: dict[str, Any] = json.loads(line)
        return message

    def _ended(self) -> UnreadableDocumentError:
        """Return why the process ended over the file at hand."""
        number = -self._process.wait()
        if number == signal.SIGALRM:
            return UnreadableDocumentError(
                f"Reading it takes longer than {self._limits.seconds:g} seconds.", "Split it into smaller files."
            )
        if number == signal.SIGKILL:
            return too_big("reading it took so much memory that the system ended it")
        name = signal.Signals(number).name if number in {int(one) for one in signal.Signals} else f"code {-number}"
        return UnreadableDocumentError(
            f"Its reader crashed ({name}).", "Open it in its program and save it anew, or remove it."
        )


def _no_start(why: str) -> BackendError:
    return BackendError(f"The process that reads documents cannot be started: {why}.", "Check memory and limits.")
