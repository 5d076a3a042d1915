"""Progress of indexing on stderr: a bar with rate and time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from genesis_rag.cli.output import remark

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

ProgressCallback = Callable[[str, int, int, str], None]
"""Called with phase, done, total and the source at hand."""

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def progress_bar(quiet: bool) -> Iterator[ProgressCallback | None]:
    """Yield the callback that shows progress; None if nobody wants to see it."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar() as callback:
            yield callback
    else:
        yield LinePrinter()


class LinePrinter:
    """Prints at most one line every few seconds, for logs: what is done, how fast, and how long the rest will take."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self._phase, self._begun, self._first = "", 0.0, 0

    def __call__(self, phase: str, done: int, total: int, source: str) -> None:
        """Tell ``done`` of ``total`` in ``phase``; ``source`` is at hand."""
        now = self._clock()
        if phase != self._phase:
            self._phase, self._begun, self._first = phase, now, done
        if now - self._last < SECONDS_BETWEEN_LINES:
            return
        self._last = now
        rate = (done - self._first) / max(now - self._begun, 1e-9)
        words = [f"{phase} {done:,}/{total:,}" if total else f"{phase} {done:,}"]
        if rate > 0:
            words += [f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"]
            words += [f"{duration((total - done) / rate)} left"] if total > done else []
        remark(" ".join([*words, source]).rstrip())


def duration(seconds: float) -> str:
    """Return a time as people say it: 45 s, 3 min, 2.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


@contextmanager
def _bar() -> Iterator[ProgressCallback]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[source]}", style="dim", markup=False),
    )
    console = Console(file=sys.stderr, highlight=False, markup=False, emoji=False)
    with Progress(*columns, console=console, transient=True) as progress:
        yield _BarPainter(progress)


class _BarPainter:
    """One bar a phase; a phase that begins hides the bar of the one before."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._phase: str | None = None
        self._task: TaskID | None = None

    def __call__(self, phase: str, done: int, total: int, source: str) -> None:
        if phase != self._phase or self._task is None:
            if self._task is not None:
                self._progress.update(self._task, visible=False)
            self._phase = phase
            self._task = self._progress.add_task(phase, total=total or None, source="", rate="")
        speed = self._progress.tasks[-1].speed
        rate = f"{speed:,.0f}/s" if speed else ""
        self._progress.update(self._task, completed=done, total=total or None, source=_shorten(source), rate=rate)


def _shorten(source: str, width: int = 32) -> str:
    return source if len(source) <= width else "…" + source[-width + 1 :]
