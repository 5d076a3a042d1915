"""One run of ``index`` that says on a pipe where it is and what it has committed, until someone kills it."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from benchmarks.kills import powerloss, tools

from genesis_rag.index import IndexWriter
from genesis_rag.index.vectors import FaissVectorIndex
from genesis_rag.ingest import batch, ingest, run

SABOTAGE = ("saving", "removal of vectors")


class Reporter:
    """Writes one line an event to the pipe; unbuffered, so that nothing told is lost with the process."""

    def __init__(self, pipe: int, disk: powerloss.Disk | None, cut_in: str, cut_at: int) -> None:
        self._pipe, self._disk, self._cut_in, self._left = pipe, disk, cut_in, cut_at

    def phase(self, name: str) -> None:
        """Tell a phase; cut the power at the chosen one."""
        self._write(f"P {name}")
        self._left -= name == self._cut_in
        if self._disk is not None and name == self._cut_in and self._left == 0:
            self._disk.cut()

    def committed(self, sources: dict[str, str]) -> None:
        """Tell what the store holds for certain: source -> document id."""
        self._write(f"C {json.dumps(sources, ensure_ascii=False)}")

    def _write(self, line: str) -> None:
        data = line.encode() + b"\n"
        while data:
            data = data[os.write(self._pipe, data) :]


def sabotage(broken: str) -> None:
    """Break a promise of the index itself, to see that the checks notice: one of SABOTAGE."""
    if broken == "saving":  # what is told as committed is not
        IndexWriter.save = lambda self: None  # type: ignore[method-assign]
        commit = IndexWriter.commit

        def late(self: IndexWriter) -> int:
            if self.connection.in_transaction:
                self.connection.execute("COMMIT")
            return commit(self)

        IndexWriter.commit = late  # type: ignore[method-assign]
    elif broken == "removal of vectors":
        FaissVectorIndex.remove = lambda self, ids: None  # type: ignore[method-assign]


def report_saves(reporter: Reporter) -> None:
    """Tell the state of the store after every commit of SQLite."""
    save = IndexWriter.save

    def reported(self: IndexWriter) -> None:
        was_open = self.connection.in_transaction
        save(self)
        if was_open:
            rows = self.connection.execute(
                "SELECT s.source, d.id FROM sources s JOIN documents d ON d.number = s.document WHERE s.died IS NULL"
            )
            reporter.committed(dict(rows.fetchall()))
            reporter.phase("saved")

    IndexWriter.save = reported  # type: ignore[method-assign]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=Path)
    parser.add_argument("index", type=Path)
    parser.add_argument("pipe", type=int)
    parser.add_argument("--cut-in", default="")
    parser.add_argument("--cut-at", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--broken", default="")
    parser.add_argument("--rebuild", action="store_true")
    arguments = parser.parse_args()
    disk = powerloss.Disk(arguments.index, arguments.seed) if arguments.cut_in else None
    reporter = Reporter(arguments.pipe, disk, arguments.cut_in, arguments.cut_at)
    if disk is not None:
        powerloss.install(disk, arguments.broken, reporter.phase)
    batch.FEWEST_CHUNKS = batch.FIRST_CHUNKS = batch.MOST_CHUNKS = 12
    run.SECONDS_BETWEEN_COMMITS, run.COMMIT_SHARE = 0.004, 0.0
    sabotage(arguments.broken)
    report_saves(reporter)
    reporter.phase("open")
    report = ingest(
        [arguments.corpus],
        base=arguments.corpus,
        directory=arguments.index,
        tools=tools.TOOLS,
        prune=True,
        rebuild=arguments.rebuild,
        trace=reporter.phase,
    )
    reporter.phase("close")
    os.write(arguments.pipe, f"R {json.dumps([report.skipped and str(report.skipped), *report.repairs])}\n".encode())


if __name__ == "__main__":
    main()
