"""Finds everything that is wrong with an index, repairs what can be repaired, and says what cannot."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from genesis_rag.errors import IndexDamagedError
from genesis_rag.index import checks
from genesis_rag.index.connection import DAMAGED_HINT, STORE_NAME, damage_told
from genesis_rag.index.derived import DERIVED_NAME, TermMaker, remove_leftovers
from genesis_rag.index.manifest import IndexIdentity, require_same
from genesis_rag.index.recovery import read_pending
from genesis_rag.index.snapshot import Snapshot
from genesis_rag.index.store import Published, describe, read_meta, write_meta
from genesis_rag.index.writer import IndexWriter
from genesis_rag.values import dataclass

LOOK_AGAIN_HINT = "Look through your files again: genesis-rag index --prune PATH…"
FINISH_HINT = "Finish the rebuild: genesis-rag index --rebuild PATH…"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was wrong.

    Attributes:
        kind: "store", "document", "vector", "search files", "counts", "unfinished run" or "unfinished rebuild".
        what: what was wrong, in words.
        repaired: whether it is right now.
        hint: what is left to do, empty for nothing.
    """

    kind: str
    what: str
    repaired: bool
    hint: str


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """Everything that was found; none is a sound index."""

    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Tell whether everything is right now."""
        return all(finding.repaired for finding in self.findings)


def doctor(directory: Path, term_maker: TermMaker, *, expected: IndexIdentity | None = None) -> DoctorReport:
    """Check all of the index in ``directory`` and repair what can be repaired.

    Search files are made anew from the store. A document whose stored text is damaged is dropped, and the report
    names its sources so that they are indexed again; a damaged vector is restored from the search files if they still
    have it. A store that SQLite cannot read is left as it is.

    Args:
        directory: the index.
        term_maker: makes keyword terms of (document title, chunk), as the analyser of the index does.
        expected: what must have filled the index; None to take what is there.

    Raises:
        IndexNotFoundError: nothing was indexed here yet.
        IndexLockedError: another process is writing.
        IndexMismatchError: something else filled the index.
    """
    try:
        with damage_told(), IndexWriter.open_for_repair(directory, term_maker, expected) as writer:
            if expected is not None and writer.published is not None:
                require_same(writer.published.identity, expected)
            return DoctorReport(tuple(_Doctor(directory, writer, term_maker).examine()))
    except IndexDamagedError as error:
        return DoctorReport((Finding("store", error.message, False, error.hint),))


class _Doctor:
    """One examination, from the foundation upwards."""

    def __init__(self, directory: Path, writer: IndexWriter, term_maker: TermMaker) -> None:
        self._directory, self._writer, self._term_maker = directory, writer, term_maker
        self._connection = writer.connection
        self._waiting, self._rebuilding = read_pending(self._connection)
        self._findings: list[Finding] = []
        self._restored: set[int] = set()
        self._told = 0

    def examine(self) -> list[Finding]:
        """Look at everything in order; a store that SQLite cannot read ends the examination."""
        if holder := self._writer.left_by:
            self._found("unfinished run", f"{holder.told()} was stopped before it ended")
        for repair in self._writer.repairs:
            self._found("store", repair, hint=LOOK_AGAIN_HINT)
        self._told = len(self._writer.repairs)
        if not self._store():
            return self._findings
        self._leftovers()
        self._dangling()
        self._documents()
        self._pending()
        self._counts()
        self._search_files()
        return self._findings

    def _found(self, kind: str, what: str, *, repaired: bool = True, hint: str = "") -> None:
        self._findings.append(Finding(kind, what, repaired, hint))

    def _store(self) -> bool:
        faults = checks.store_faults(self._connection)
        if not faults:
            return True
        told = "; ".join(faults[:3])
        try:
            self._connection.execute("REINDEX")
            mended = not checks.store_faults(self._connection)
        except sqlite3.DatabaseError:
            mended = False
        if mended:  # a row and its index differed, and the row may be the damaged one: a source's file has another name
            self._writer.begin()
            self._connection.execute("DELETE FROM files")
            self._writer.save()
        self._found("store", f"{STORE_NAME}: {told}", repaired=mended, hint=LOOK_AGAIN_HINT if mended else DAMAGED_HINT)
        return mended

    def _leftovers(self) -> None:
        if number := remove_leftovers(self._directory, read_meta(self._connection, "derived")):
            self._found("unfinished run", f"{number} unfinished folders of search files were removed")

    def _dangling(self) -> None:
        number = checks.dangling_rows(self._connection)
        if not number:
            return
        self._writer.begin()
        for table in ("sources", "sections", "texts", "chunks"):
            self._connection.execute(f"DELETE FROM {table} WHERE document NOT IN (SELECT number FROM documents)")
        without = "SELECT DISTINCT document FROM chunks WHERE vector NOT IN (SELECT number FROM vectors)"
        for (document,) in self._connection.execute(without).fetchall():
            self._drop(document, "a vector is missing")
            self._connection.execute("DELETE FROM chunks WHERE document = ?", (document,))
        self._writer.save()
        self._found("store", f"{number} rows that pointed at nothing were removed")

    def _documents(self) -> None:
        """Check texts and vectors of what the writer sees, and, while a rebuild waits, of what readers see."""
        generation = self._writer.generation
        if self._rebuilding:
            for fault in self._faults(Snapshot(self._connection, generation), self._published.identity.dim):
                what = f"{self._name(fault.document)}: {fault.what}"
                self._found("document", what, repaired=False, hint=FINISH_HINT)
        dim = (self._waiting or self._published.identity).dim
        for fault in self._faults(Snapshot(self._connection, generation + 1), dim):
            if fault.vector is None or not self._restore(*fault.vector):
                self._drop(fault.document, fault.what)
        self._writer.save()

    def _faults(self, snapshot: Snapshot, dim: int) -> list[checks.Fault]:
        """Return one fault a document for texts, and one a chunk for vectors of documents that are else sound."""
        texts = list(checks.document_faults(snapshot))
        known = {fault.document for fault in texts}
        return texts + [fault for fault in checks.vector_faults(snapshot, dim) if fault.document not in known]

    def _restore(self, chunk: int, vector: int, crc: int) -> bool:
        """Take a damaged vector from the search files, which hold a copy of it."""
        if vector in self._restored:
            return True
        data = checks.vector_from_files(self._place(), chunk, crc)
        if data is None:
            return False
        self._writer.begin()
        self._connection.execute("UPDATE vectors SET vector = ? WHERE number = ?", (data, vector))
        self._restored.add(vector)
        self._found("vector", f"the vector of chunk {chunk} was restored from the search files")
        return True

    def _drop(self, document: int, what: str) -> None:
        name = self._name(document)
        sources = self._writer.drop_document(document)
        if sources or name:
            hint = f"Index it again: genesis-rag index {' '.join(sources)}" if sources else ""
            self._found("document", f"{name}: {what}; it was dropped", hint=hint)

    def _name(self, document: int) -> str:
        sql = (
            "SELECT coalesce(s.source, d.id) FROM documents d LEFT JOIN sources s ON s.document = d.number "
            "WHERE d.number = ? ORDER BY s.number"
        )
        row = self._connection.execute(sql, (document,)).fetchone()
        return str(row[0]) if row else ""

    def _pending(self) -> None:
        """Publish what a stopped run left, and what was dropped; a part of a rebuild is never published."""
        generation = self._writer.generation
        sql = "SELECT count(*) FROM documents WHERE born > ?"
        waiting = self._connection.execute(sql, (generation,)).fetchone()[0]
        if self._rebuilding:
            what = f"a rebuild was stopped; {waiting} documents of it wait"
            self._found("unfinished rebuild", what, repaired=False, hint=FINISH_HINT)
            return
        if self._writer.commit() != generation and waiting:
            self._found("unfinished run", f"{waiting} documents that a stopped run had saved were published")
        for repair in self._writer.repairs[self._told :]:
            self._found("search files", repair)

    def _counts(self) -> None:
        if self._rebuilding:
            return
        counted = describe(self._connection, self._published.generation, self._published.identity)
        if counted == self._published:
            return
        names = counted.content != self._published.content
        self._writer.begin()
        write_meta(self._connection, "published", counted.to_json())
        if names:  # every document was found sound: a source has another name now, or the hash itself is damaged
            self._connection.execute("DELETE FROM files")
        self._writer.reload()
        what = "the names of sources differ from their hash" if names else "the recorded numbers of chunks were wrong"
        self._found("counts", what, hint=LOOK_AGAIN_HINT if names else "")

    def _search_files(self) -> None:
        if any(finding.kind == "document" and not finding.repaired for finding in self._findings):
            return  # they cannot be compared with texts that cannot be read
        snapshot = Snapshot(self._connection, self._published.generation)
        try:
            fault = checks.derived_faults(self._place(), snapshot, self._published, self._term_maker)
            if fault:
                self._writer.rederive()
                self._found("search files", f"they were made anew from the store ({fault})")
        except IndexDamagedError as error:
            self._found("search files", error.message, repaired=False, hint=error.hint)

    @property
    def _published(self) -> Published:
        published = self._writer.published
        if published is None:
            raise AssertionError("only a published index is opened for repair")
        return published

    def _place(self) -> Path:
        return self._directory / DERIVED_NAME / read_meta(self._connection, "derived")
