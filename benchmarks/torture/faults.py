"""What a machine, its owner and other programs do to an index: each case once a turn, with real faults where possible.

Run as a program (`python -m benchmarks.torture.faults CASE CORPUS INDEX`) it is the child that meets the fault.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from benchmarks.kills import tools
from benchmarks.torture.ledger import Ledger
from benchmarks.torture.library import Library, examined, library, require, require_right
from genesis_rag.backup import Places, create, restore
from genesis_rag.errors import GenesisError, IndexLockedError, IndexMismatchError
from genesis_rag.index import Index, IndexWriter, stamps
from genesis_rag.ingest import ingest

ROOT = Path(__file__).resolve().parents[2]
FULL = (60, 90, 120, 160, 200, 240, 280, 320, 360, 400, 450, 500, 600, 700, 900)
"""Sizes in KiB of a disk that is too small for the index, so that it is full at another moment each."""

_SMALL_DISK = (
    'mount -t tmpfs -o size="$1k" none "$2" && mkdir "$2/index" && '
    '"$3" -m benchmarks.torture.faults fill "$4" "$2/index"; '
    'one=$?; mount -o remount,size=64m "$2" && "$3" -m benchmarks.torture.faults finish "$4" "$2/index"; '
    "exit $(( one * 10 + $? ))"
)
_NO_OVERRIDE = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner")
"""A superuser without the right to pass over permissions, as everybody else is."""


def full_disk(ledger: Ledger, made: Library, place: Path, kilobytes: int) -> None:
    """Index onto a disk that gets full; then there is room again."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        ledger.count("full disk: left out, it needs the right to mount")
        return
    place.mkdir()
    command = ["unshare", "-m", "sh", "-c", _SMALL_DISK, "-", str(kilobytes), str(place), sys.executable]
    run = subprocess.run([*command, str(made.corpus.folder)], cwd=ROOT, capture_output=True, text=True, check=False)
    require(run.returncode in (0, 10), f"{kilobytes} KiB: code {run.returncode}: {run.stdout}{run.stderr[-400:]}")
    ledger.count(f"full disk: {'told, then finished' if run.returncode else 'there was room'}")


def forbidden(ledger: Ledger, made: Library, place: Path, what: str) -> None:
    """Take a right away from the folder, the store, the search files or the documents."""
    if os.geteuid() == 0 and shutil.which(_NO_OVERRIDE[0]) is None:
        ledger.count("permissions: left out, they need setpriv")
        return
    index = made.copy(place)
    corpus = Path(shutil.copytree(made.corpus.folder, place.with_name("forbidden-corpus"), dirs_exist_ok=True))
    where = {
        "folder": index,
        "store": index / "store.sqlite",
        "derived": index / "derived",
        "corpus": corpus / "folder1",
    }
    mode = where[what].stat().st_mode
    with (corpus / "passages.jsonl").open("a") as stream:
        stream.write('{"id": "new", "text": "A new passage."}\n')
    where[what].chmod(0o500 if what == "folder" else 0)
    prefix = _NO_OVERRIDE if os.geteuid() == 0 else ()
    command = [*prefix, sys.executable, "-m", "benchmarks.torture.faults", "fill", str(corpus), str(index)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    where[what].chmod(mode)
    require(run.returncode == 1, f"{what}: code {run.returncode}: {run.stdout}{run.stderr[-400:]}")
    texts = (
        made.corpus.expected if what != "corpus" else {**made.corpus.expected, "passages.jsonl#new": "A new passage."}
    )
    require_right(index, texts, all_of_them=True)
    shutil.rmtree(corpus)
    ledger.count("permissions: told, nothing lost")


def clock_back(ledger: Ledger, made: Library, place: Path, _: object) -> None:
    """Let the clock go back a day between two runs: a change in the same second, of the same size, is still seen."""
    index, corpus = made.copy(place), place.with_name("clock-corpus")
    shutil.copytree(made.corpus.folder, corpus, dirs_exist_ok=True)
    path = next(corpus.glob("folder*/*.txt"))
    real, source = stamps.time.time_ns, path.relative_to(corpus).as_posix()
    try:
        stamps.time.time_ns = lambda: real() - 86_400_000_000_000  # type: ignore[assignment]
        ingest([corpus], base=corpus, directory=index, tools=tools.TOOLS)
        status = path.stat()
        path.write_text(path.read_text()[::-1])
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        report = ingest([corpus], base=corpus, directory=index, tools=tools.TOOLS)
    finally:
        stamps.time.time_ns = real  # type: ignore[assignment]
    require(report.updated == 1, f"the change was not seen: {report}")
    require_right(index, {**made.corpus.expected, source: path.read_text()}, all_of_them=True)
    shutil.rmtree(corpus)
    ledger.count("clock back: the change was seen")


def two_writers(ledger: Ledger, made: Library, place: Path, _: object) -> None:
    """Write while another process writes: it is told who, and goes on when that is over."""
    index = made.copy(place)
    command = [sys.executable, "-m", "benchmarks.torture.faults", "fill", str(made.corpus.folder), str(index)]
    with IndexWriter.open(index, tools.IDENTITY, tools.terms):
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        require(run.returncode == 1 and str(os.getpid()) in run.stdout, f"the holder was not told: {run.stdout}")
    require(subprocess.run(command, cwd=ROOT, check=False, capture_output=True).returncode == 0, "the lock stayed")
    ledger.count("two writers: the second was told of the first")


def swap(ledger: Ledger, made: Library, place: Path, _: object) -> None:
    """Read without a pause while generations are swapped: every answer comes whole from one of them."""
    index, corpus = made.copy(place), place.with_name("swap-corpus")
    shutil.copytree(made.corpus.folder, corpus, dirs_exist_ok=True)
    path = next(corpus.glob("folder*/*.txt"))
    over, wrong, reads = threading.Event(), list[str](), [0]

    def read() -> None:
        with Index.open(index, tools.IDENTITY, tools.terms) as opened:
            while not over.is_set():
                opened.refresh()
                with opened.reading():
                    count = sum(info.chunk_count for info in opened.documents())
                    if count != opened.chunk_count or opened.repairs:
                        wrong.append(f"{count} of {opened.chunk_count} chunks, {opened.repairs}")
                reads[0] += 1

    thread = threading.Thread(target=read)
    thread.start()
    try:
        for number in range(8):
            path.write_text(f"Version {number} of a text. " * (number + 1))
            ingest([corpus], base=corpus, directory=index, tools=tools.TOOLS)
    finally:
        over.set()
        thread.join()
    require(not wrong and reads[0] > 0, f"{wrong[:2]}")
    shutil.rmtree(corpus)
    ledger.count("reads during swaps", reads[0])


def versions(ledger: Ledger, made: Library, place: Path, version: int) -> None:
    """Open a store of an older version, which the doctor brings up to date, and of a newer one, which is refused."""
    index = made.copy(place)
    with closing(sqlite3.connect(index / "store.sqlite", isolation_level=None)) as connection:
        if version == 1:
            connection.execute("ALTER TABLE documents DROP COLUMN seal")
        connection.execute(f"PRAGMA user_version = {version}")
    try:
        Index.open(index, tools.IDENTITY, tools.terms).close()
        raise AssertionError("it was opened")
    except IndexMismatchError as error:
        require(bool(error.hint), "no hint")
    if version == 1:
        require(examined(index).sound, "the doctor could not bring it up to date")
        require_right(index, made.corpus.expected, all_of_them=True)
    ledger.count(f"version {version}: {'migrated' if version == 1 else 'refused'}")


def wrong_embedder(ledger: Ledger, made: Library, place: Path, _: object) -> None:
    """Read and write with another embedder: both are refused, and the index stays as it was."""
    index, other = made.copy(place), replace(tools.IDENTITY, embedder="another")
    for opened in (
        lambda: Index.open(index, other, tools.terms),
        lambda: IndexWriter.open(index, other, tools.terms),
    ):
        try:
            opened().close()
            raise AssertionError("it was opened")
        except IndexMismatchError as error:
            require("embedding model" in error.message and bool(error.hint), error.message)
    require_right(index, made.corpus.expected, all_of_them=True)
    ledger.count("wrong embedder: refused")


def backup(ledger: Ledger, made: Library, place: Path, damage: object) -> None:
    """Make a backup while a writer goes on and restore it elsewhere: a whole generation, or nothing if damaged."""
    corpus, file = place.with_name("backup-corpus"), place.with_name("saved.backup")
    shutil.copytree(made.corpus.folder, corpus, dirs_exist_ok=True)
    changing, index = next(corpus.glob("folder*/*.txt")), made.copy(place)
    source, versions, over = changing.relative_to(corpus).as_posix(), [changing.read_text()], threading.Event()

    def write() -> None:
        for number in range(100):
            if over.is_set():
                return
            versions.append(f"Version {number} of a text.")
            changing.write_text(versions[-1])
            ingest([corpus], base=corpus, directory=index, tools=tools.TOOLS)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(versions) < 3 and writer.is_alive():
            time.sleep(0.01)
        create(_places(corpus, index), file, version="1", force=True)
    finally:
        over.set()
        writer.join()
    target = place.with_name("restored")
    shutil.rmtree(target, ignore_errors=True)
    if damage:
        data = bytearray(file.read_bytes())
        data[len(data) * int(str(damage)) // 100] ^= 4
        file.write_bytes(data)
    try:
        restore(_places(target, target / "index"), file, tools.terms, analyser=tools.IDENTITY.analyser)
    except GenesisError as error:
        require(bool(damage and error.message and error.hint), f"not restored: {error.message}")
        require(not (target / "index" / "store.sqlite").exists(), "a damaged backup was restored in part")
        ledger.count("backup, damaged: refused whole")
    else:
        with Index.open(target / "index", tools.IDENTITY, tools.terms) as opened:
            text = opened.document(opened.find_document(source) or "").text
        require(text in versions, "the text is of no version")
        require_right(target / "index", {**made.corpus.expected, source: text}, all_of_them=True)
        ledger.count(f"backup while writing{', a bit flipped' if damage else ''}: restored as of one instant")
    shutil.rmtree(corpus)


def _places(home: Path, index: Path) -> Places:
    return Places(home, index, home / "models", home / "none")


Case = tuple[Callable[[Ledger, Library, Path, object], None], object]
CASES: tuple[Case, ...] = (
    *((full_disk, size) for size in FULL),  # type: ignore[misc]
    *((forbidden, what) for what in ("folder", "store", "derived", "corpus")),  # type: ignore[misc]
    (clock_back, None),
    (two_writers, None),
    *((swap, number) for number in range(3)),
    (versions, 1),  # type: ignore[list-item]
    (versions, 99),  # type: ignore[list-item]
    (wrong_embedder, None),
    *((backup, damage) for damage in (0, 0, 20, 60, 95)),  # type: ignore[misc]
)


def one(ledger: Ledger, folder: Path, turn: int) -> None:
    """Meet one case."""
    case, value = CASES[turn % len(CASES)]
    place = folder / "fault"
    shutil.rmtree(place, ignore_errors=True)
    case(ledger, library(folder, ledger.seed), place, value)


def child(task: str, corpus: Path, index: Path) -> int:
    """Fill an index: 0 done, 1 told what is wrong, 2 anything else. ``finish`` must come to its end and be right."""
    try:
        report = ingest([corpus], base=corpus, directory=index, tools=tools.TOOLS)
        if task == "finish":
            require(examined(index).sound, "the doctor found something")
        print(report.skipped)
        return 1 if report.skipped else 0
    except IndexLockedError as error:
        print(error.message)
        return 1
    except GenesisError as error:
        print(error.message, error.hint)
        return 1 if error.message and error.hint and task == "fill" else 2


if __name__ == "__main__":
    sys.exit(child(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
