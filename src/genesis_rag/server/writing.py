"""The one writer of the server: uploads and removals in the order of their arrival, in a thread of its own.

Readers keep the old generation meanwhile. A job ends with ``done`` only when the index has committed it.
"""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from genesis_rag.errors import GenesisError, IndexLockedError, UnreadableDocumentError
from genesis_rag.server.problems import BusyError, ExistsError, NoSpaceError, problem_of, unexpected_problem
from genesis_rag.server.uploads import FOLDER, Incoming, UploadFolder
from genesis_rag.types import IngestReport

_LOG = logging.getLogger(__name__)
MOST_WAITING = 256
MOST_AT_ONCE = 32
LOCK_PATIENCE = 120.0
"""Seconds to wait for another process that writes to the index."""

PASSAGES = ".jsonl"  # a file of many documents: its good lines are kept when others are bad

_T = TypeVar("_T")

Tell = Callable[[str, dict[str, Any]], None]
"""Told the events of a job: progress, done, error. Called from the writer's thread."""


class Writes(Protocol):
    """What writes to the index; see ``workshop.Workshop``."""

    def ingest(
        self, paths: Sequence[Path], progress: Callable[[str, int, int, str], None] | None = None, prune: bool = False
    ) -> IngestReport:
        """Bring the index up to date with files."""

    def remove(self, sources: Sequence[str]) -> int:
        """Remove sources."""


@dataclass(eq=False, slots=True)
class Job:
    """Something to write.

    Attributes:
        tell: told what becomes of it.
        incoming: the file to place, or for a removal the one to take away; None where no file is touched.
        removed: sources to remove from the index.
        replace: whether a file of the same name may be replaced.
        everything: look through the whole folder instead, as after a start.
    """

    tell: Tell
    incoming: Incoming | None = None
    removed: tuple[str, ...] = ()
    replace: bool = False
    everything: bool = False
    status: str = field(default="", init=False)
    over: bool = field(default=False, init=False)

    @property
    def is_upload(self) -> bool:
        """Whether a file comes in."""
        return self.incoming is not None and not self.removed

    def goes_with(self, batch: list[Job]) -> bool:
        """Tell whether this upload may be committed together with others."""
        together = [*batch, self]
        uploads = [job.incoming for job in together if job.incoming is not None and job.is_upload]
        apart = {incoming.name for incoming in uploads if incoming.target.suffix.lower() != PASSAGES}
        return len(apart) == len(together) <= MOST_AT_ONCE


class WriteQueue:
    """Runs jobs one after the other; uploads that wait together are committed together.

    Args:
        workshop: writes to the index.
        folder: where uploads lie.
        written: called after every commit, so that this process reads what it wrote.
        count: told "done" or "error" for every job that is over.
    """

    def __init__(
        self,
        workshop: Writes,
        folder: UploadFolder,
        written: Callable[[], None],
        count: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._workshop, self._folder, self._written = workshop, folder, written
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="genesis-rag writer", daemon=True)
        self._current: tuple[str, int, int] | None = None
        self._count = count

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return len(self._jobs)

    @property
    def current(self) -> tuple[str, int, int] | None:
        """Phase, done and total of what is being written; None while nothing is."""
        return self._current

    def start(self) -> None:
        """Begin; first put right what an earlier process left half done."""
        if self._folder.path.is_dir():
            self._jobs.append(Job(_unheard, everything=True))
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Let a job wait for its turn.

        Raises:
            BusyError: too many wait, or the server is stopping.
        """
        with self._changed:
            if self._stopping.is_set() or len(self._jobs) >= MOST_WAITING:
                raise BusyError("Too many changes wait to be written.", "Try again in a minute.")
            self._jobs.append(job)
            self._changed.notify()

    def stop(self, seconds: float) -> None:
        """Let the job at hand finish for at most ``seconds``; those that wait are refused."""
        with self._changed:
            self._stopping.set()
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        while batch := self._next():
            self._write(batch)
        for job in self._jobs:
            self._fail([job], BusyError("The server is stopping.", "Send it again when it has started anew."))

    def _next(self) -> list[Job]:
        """Wait for work and return what to do together; nothing when it is time to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._stopping.is_set())
            if self._stopping.is_set():
                return []
            self._current = ("indexing", 0, 0)  # before the job stops waiting: never neither, as long as there is work
            batch = [self._jobs.popleft()]
            while self._jobs and self._jobs[0].goes_with(batch):
                batch.append(self._jobs.popleft())
            return batch

    def _write(self, batch: list[Job]) -> None:
        try:
            with self._folder.writing():
                if batch[0].everything:
                    self._look_through()
                elif batch[0].removed:
                    self._remove(batch[0])
                else:
                    self._take_in(batch)
        except Exception as error:
            if not isinstance(error, GenesisError):
                _LOG.exception("writing failed")
            self._fail([job for job in batch if not job.over], error)
        finally:
            self._current = None

    def _look_through(self) -> None:
        restored = self._folder.recover()
        report = self._patiently(lambda: self._workshop.ingest([self._folder.path], self._progress([]), prune=True))
        if restored or report.added or report.updated or report.removed:
            _LOG.warning("uploads: an unfinished change was put right")
            self._written()
        for skipped in report.skipped:
            _LOG.warning("%s: %s", skipped.source, skipped.reason)

    def _remove(self, job: Job) -> None:
        if job.incoming is not None:
            job.incoming.take_away()
        number = self._patiently(lambda: self._workshop.remove(job.removed))
        self._written()
        self._end(job, {"removed": number, "file": "kept" if job.incoming is None else "deleted"})

    def _take_in(self, batch: list[Job]) -> None:
        placed = [job for job in batch if self._place(job)]
        if not placed:
            return
        paths = [job.incoming.target for job in placed if job.incoming]
        report = self._patiently(lambda: self._workshop.ingest(paths, self._progress(placed)))
        reasons = {skipped.source: skipped.reason for skipped in report.skipped}
        some = report.added + report.updated + report.unchanged > 0
        self._written()
        for job in placed:
            assert job.incoming is not None
            source = f"{FOLDER}/{job.incoming.name}"
            reason = reasons.get(source, "")
            if reason and not (some and source.lower().endswith(PASSAGES)):
                self._fail([job], UnreadableDocumentError(f"{job.incoming.name}: {reason}.", "The file was not kept."))
            else:
                self._end(job, {"source": source, "status": job.status, "skipped": reason})

    def _place(self, job: Job) -> bool:
        """Give an upload its name; tell whether the index has to be brought up to date with it."""
        incoming = job.incoming
        assert incoming is not None
        try:
            there = incoming.existing()
            job.status = "added" if there is None else "unchanged" if there == incoming.sha256 else "replaced"
            if job.status == "replaced" and not job.replace:
                raise ExistsError(f"There is a file '{incoming.name}' already.", "Say replace=true to replace it.")
            if job.status != "unchanged":
                incoming.place()
            return True
        except (GenesisError, OSError) as error:
            self._fail([job], error)
            return False

    def _patiently(self, action: Callable[[], _T]) -> _T:
        """Do something, waiting while another process writes."""
        end = time.monotonic() + LOCK_PATIENCE
        while True:
            try:
                return action()
            except IndexLockedError:
                if time.monotonic() > end or self._stopping.wait(0.5):
                    raise
                self._current = ("waiting", 0, 0)

    def _progress(self, jobs: Iterable[Job]) -> Callable[[str, int, int, str], None]:
        def progress(phase: str, done: int, total: int, source: str) -> None:
            self._current = (phase, done, total)
            for job in jobs:
                job.tell("progress", {"phase": phase, "done": done, "total": total})

        return progress

    def _end(self, job: Job, told: dict[str, Any]) -> None:
        """Acknowledge: what the job replaced is given up first, so that nothing acknowledged is ever undone."""
        if job.incoming is not None:
            job.incoming.close()
        job.over = True
        self._count("done")
        job.tell("done", told)

    def _fail(self, jobs: Iterable[Job], error: Exception) -> None:
        """Put the files back and tell why."""
        for job in jobs:
            if job.incoming is not None:
                job.incoming.undo()
                job.incoming.close()
            job.over = True
            self._count("error")
            job.tell("error", _told(error))


def _told(error: Exception) -> dict[str, Any]:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        error = NoSpaceError("The disk of the server is full.", "Make room and send it again.")
    status, body = problem_of(error) if isinstance(error, GenesisError) else (500, unexpected_problem())
    return {"status": status, **body}


def _unheard(event: str, payload: dict[str, Any]) -> None:
    """Tell nobody."""
