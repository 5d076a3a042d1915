"""Where files are read: a few in this process; many, and those that native code parses, in processes of their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace

from genesis_rag.documents.processes import ReadingLimits, ReadingProcesses
from genesis_rag.documents.registry import SourceFile
from genesis_rag.types import Document

NATIVE = frozenset({".pdf"})
"""Formats whose parser is written in C++: a hostile file may crash it, and with it the process that it runs in."""

SECONDS_ALONE = 1.0
"""Time spent on reading before more processes are worth their start."""

Load = Callable[[SourceFile], Iterator[Document]]


class Reading:
    """Reads files in the order given, with the same result wherever that is done. Use as a context manager.

    Args:
        limits: what the processes may cost.
        load: reads one file in this process.
    """

    def __init__(self, limits: ReadingLimits, load: Load) -> None:
        self._limits, self._load = limits, load
        self._spent = 0.0
        self._stack = ExitStack()

    def read(self, files: Iterable[SourceFile]) -> Iterator[tuple[SourceFile, Iterator[Document]]]:
        """Yield each file with its documents; those raise what ``load_documents`` raises."""
        rest = iter(files)
        alone: ReadingProcesses | None = None
        while self._spent < SECONDS_ALONE:
            file = next(rest, None)
            if file is None:
                return
            if file.path.suffix.lower() in NATIVE:
                alone = alone or self._processes(replace(self._limits, processes=1))
                yield from alone.read([file])
            else:
                yield file, self._timed(self._load(file))
        yield from self._processes(self._limits).read(rest)

    def _processes(self, limits: ReadingLimits) -> ReadingProcesses:
        return self._stack.enter_context(ReadingProcesses(limits))

    def _timed(self, documents: Iterator[Document]) -> Iterator[Document]:
        while True:
            started = time.monotonic()
            try:
                document = next(documents, None)
            finally:
                self._spent += time.monotonic() - started
            if document is None:
                return
            yield document

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()
