"""One run over files: what is unchanged, renamed, new, changed or gone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from genesis_rag.documents.processes import ReadingLimits
from genesis_rag.documents.registry import SourceFile, discover, load_documents, loader_id
from genesis_rag.errors import BackendError, GenesisError
from genesis_rag.index import IndexWriter
from genesis_rag.index.stamps import FileStamp, same_times, take_stamp
from genesis_rag.ingest.batch import Batcher, Tools, Waiting
from genesis_rag.ingest.reading import Reading
from genesis_rag.ingest.spread import Spread, Unfinished
from genesis_rag.types import Document, IngestReport, SkippedFile

DEFAULT_READING = ReadingLimits()

_Form = tuple[int, int, int, int]

Progress = Callable[[str, int, int, str], None]
"""Called with phase, done, total and the source at hand."""

SECONDS_BETWEEN_COMMITS = 60.0
COMMIT_SHARE = 20.0
"""The pause between two commits is at least this many times as long as the last commit took."""


@dataclass(slots=True)
class _Counts:
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    chunks: int = 0


class Listener:
    """Passes on what happens: numbers for people, steps for tests."""

    def __init__(self, progress: Progress | None, trace: Callable[[str], None] | None) -> None:
        self._progress, self._trace = progress, trace

    def step(self, name: str) -> None:
        """A step begins."""
        if self._trace is not None:
            self._trace(name)

    def progress(self, phase: str, done: int, total: int, source: str) -> None:
        """A phase goes on."""
        if self._progress is not None:
            self._progress(phase, done, total, source)

    def on_commit(self, phase: str, done: int, total: int) -> None:
        """The writer goes on."""
        self.step(phase)
        if total:
            self.progress(phase, done, total, "")


class Run:
    """One run of ``ingest``."""

    def __init__(
        self,
        writer: IndexWriter,
        tools: Tools,
        base: Path,
        listener: Listener,
        whole_only: bool,
        reading: ReadingLimits | Spread = DEFAULT_READING,
    ) -> None:
        self._writer, self._tools, self._base, self._reading = writer, tools, base, reading
        self._listener, self._whole_only = listener, whole_only
        self._counts = _Counts()
        self._skipped: list[SkippedFile] = []
        self._seen: set[str] = set()
        self._broken: set[str] = set()
        self._looked: dict[str, tuple[FileStamp, _Form]] = {}
        self._batcher = Batcher(writer, tools, listener.step)
        self._done = self._total = 0
        self._committed, self._pause = time.monotonic(), SECONDS_BETWEEN_COMMITS

    def take_in(self, paths: Sequence[Path]) -> None:
        """Bring the index up to date with every file under ``paths``."""
        self._listener.step("discover")
        files = list(discover(paths, self._base))
        self._total = len(files)
        with self._reader() as reading:
            for file, documents in reading.read(self._changed(files)):
                self._take_file(file, documents)
            self._store_batch()

    def _reader(self) -> Reading | Spread:
        if isinstance(self._reading, Spread):
            return self._reading
        return Reading(self._reading, lambda file: load_documents(file))

    def prune(self, paths: Sequence[Path]) -> None:
        """Remove what was found in files under ``paths`` that are gone."""
        roots = [os.path.normpath(path.absolute()) for path in paths]
        for file in self._writer.files():
            place = Path(os.path.normpath((self._base / file).absolute()))
            under = any(place.is_relative_to(root) for root in roots)
            if under and file not in self._seen and not _is_there(place):
                self._counts.removed += self._writer.remove_file(file)
        self._writer.save()

    def report(self, seconds: float) -> IngestReport:
        """Return what was done so far."""
        skipped, repairs = tuple(self._skipped), self._writer.repairs
        return IngestReport(**asdict(self._counts), skipped=skipped, seconds=seconds, repairs=repairs)

    def _changed(self, files: Iterable[SourceFile]) -> Iterator[SourceFile]:
        """Yield the files that have to be read."""
        for file in files:
            self._total -= 1
            if file.source not in self._seen:
                self._seen.add(file.source)
                if self._has_changed(file):
                    self._total += 1  # until it is taken
                    if isinstance(self._reading, Spread):  # where all are looked at before one is read
                        self._listener.progress("indexing", self._done, self._done + self._total, file.source)
                    yield file

    def _has_changed(self, file: SourceFile) -> bool:
        if (told := _told(file.source)) != file.source:
            self._skipped.append(SkippedFile(told, "Its name is not UTF-8; rename it"))
            return False
        try:
            form = _form(file.path)
            loader, known = loader_id(file.path), self._writer.file_stamp(file.source)
            same = known is not None and same_times(file.path, known, loader)
            stamp = known if known is not None and same else take_stamp(file.path, loader)
        except OSError as error:
            self._skip(file, error.strerror or str(error))
            return False
        sources = self._writer.sources_of(file.source)
        if sources and known is not None and (known.sha256, known.loader) == (stamp.sha256, stamp.loader):
            if not same:
                self._writer.stamp_file(file.source, stamp)
            self._count("unchanged", file.source, len(sources))
            return False
        self._looked[file.source] = (stamp, form)
        return True

    def _take_file(self, file: SourceFile, documents: Iterator[Document]) -> None:
        self._total -= 1
        stamp, form = self._looked[file.source]
        before = set(self._writer.sources_of(file.source))
        for document in self._readable(file, documents):
            if document is not None:
                before.discard(document.source)
                self._take_document(document, file)
            elif not _still(file.path, form):
                self._skip(file, "It changed while it was read; index it again")
            elif file.source not in self._broken:
                self._batcher.afterwards(partial(self._end_file, file, stamp, before))

    def _readable(self, file: SourceFile, documents: Iterator[Document]) -> Iterator[Document | None]:
        """Yield the documents of a file, then None if it was read to its end; what its loader stumbles over is told."""
        self._listener.step("read")
        try:
            yield from documents
        except BackendError:
            raise
        except Unfinished:
            self._total += 1
        except GenesisError as error:
            self._skip(file, error.message)
        except Exception as error:  # one broken file must not stop the rest
            self._skip(file, f"its reader failed ({type(error).__name__}: {error})")
        else:
            yield None

    def _skip(self, file: SourceFile, reason: str) -> None:
        self._broken.add(file.source)
        kept = "; the index keeps what it was before" if self._writer.sources_of(file.source) else ""
        self._skipped.append(SkippedFile(file.source, f"{reason.rstrip('.')}{kept}"))

    def _take_document(self, document: Document, file: SourceFile) -> None:
        if self._batcher.holds(document.id):
            self._store_batch()
        stored = self._writer.lookup(document.id)
        if stored is None:
            self._wait(document, file, "added" if self._writer.document_at(document.source) is None else "updated")
            return
        others = [source for source in stored.sources if source != document.source]
        gone = [source for source in others if self._is_gone(source)]
        if stored.title != document.title and len(gone) == len(others):
            self._wait(document, file, "updated")
            self._batcher.afterwards(partial(self._forget, gone))
            return
        if document.source in stored.sources and self._writer.file_of(document.source) == file.source:
            self._count("unchanged", document.source)
        else:
            self._writer.attach(document.id, document.source, file=file.source)
            self._count("updated" if gone else "added", document.source)
        self._forget(gone)

    def _is_gone(self, source: str) -> bool:
        """Tell whether a source's file is no longer there: the document was renamed."""
        file = self._writer.file_of(source)
        return file is not None and file not in self._seen and not _is_there(self._base / file)

    def _forget(self, sources: Iterable[str]) -> None:
        for source in sources:
            file = self._writer.file_of(source)
            self._writer.remove_source(source)
            if file is not None:
                self._writer.forget_stamp(file)

    def _end_file(self, file: SourceFile, stamp: FileStamp, vanished: Iterable[str]) -> None:
        """Forget what a file no longer holds, and remember what it looks like."""
        for source in vanished:
            self._counts.removed += self._writer.remove_source(source)
        self._writer.stamp_file(file.source, stamp)

    def _wait(self, document: Document, file: SourceFile, kind: str) -> None:
        """Cut a document and let it wait for its batch."""
        self._listener.step("chunk")
        try:
            chunks = self._tools.chunk(document)
        except BackendError:
            raise
        except Exception as error:  # one strange document must not stop the rest
            self._skip(file, f"it cannot be cut into chunks ({type(error).__name__}: {error})")
            return
        self._batcher.add(Waiting(document, file.source, kind, chunks, self._tools.made(document)))
        if self._batcher.full:
            self._store_batch()

    def _store_batch(self) -> None:
        stored = self._batcher.store()
        self._total += len(stored)
        for waiting in stored:
            self._total -= 1
            self._counts.chunks += len(waiting.chunks)
            self._count(waiting.kind, waiting.document.source)
        self._commit_now_and_then()

    def _commit_now_and_then(self) -> None:
        """Let readers see a long run's work, but never a part of a rebuild."""
        if self._whole_only or time.monotonic() - self._committed < self._pause:
            return
        started = time.monotonic()
        self._writer.commit()
        self._committed = time.monotonic()
        self._pause = max(SECONDS_BETWEEN_COMMITS, COMMIT_SHARE * (self._committed - started))

    def _count(self, kind: str, source: str, number: int = 1) -> None:
        setattr(self._counts, kind, getattr(self._counts, kind) + number)
        self._done += number
        self._listener.progress("indexing", self._done, self._done + self._total, source)


def _form(path: Path) -> _Form:
    """Return what tells whether a file changes under the eyes of its reader."""
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _still(path: Path, form: _Form) -> bool:
    try:
        return _form(path) == form
    except OSError:
        return False


def _is_there(path: Path) -> bool:
    """Tell whether a file is there; one that may not be looked at counts as there."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # the last: a name that no file can have
        return False
    except OSError:
        return True
    return True


def _told(source: str) -> str:
    """Return a source in characters that can be stored and shown; bytes that are no UTF-8 as escapes."""
    return source.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
