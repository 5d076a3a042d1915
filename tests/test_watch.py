"""Changes under a folder: told once, when they have settled, and never for a folder that cannot be looked at."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genesis_rag.errors import GenesisError, IndexLockedError, IndexMismatchError
from genesis_rag.ingest import watch as module
from genesis_rag.ingest.watch import Changes, Watch, follow, is_being_written
from genesis_rag.types import IngestReport

REPORT = IngestReport(1, 0, 0, 0, 1, (), 0.1)


class Folder:
    """A watched folder and a clock that a look moves on by a quarter of a second."""

    def __init__(self, root: Path) -> None:
        self.root, self.now, self.told = root, 0.0, list[str]()
        root.mkdir()
        for name in ("a.txt", "b.md", "deep/c.txt"):
            self.write(name, f"text of {name}")
        self.watch = Watch([root], self.told.append, lambda: self.now)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def look(self) -> dict[str, bool]:
        """Return name -> whether it is there, of what one look tells; it counts as taken in."""
        self.now += 0.25
        changes = self.watch.look()
        self.watch.taken(changes)
        return {path.relative_to(self.root).as_posix(): form is not None for path, form in changes.forms.items()}

    def settled(self, looks: int = 4) -> list[dict[str, bool]]:
        return [found for _ in range(looks) if (found := self.look())]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "docs")


def test_nothing_changes_nothing_is_told(folder: Folder) -> None:
    folder.write("notes.xyz", "of no format")
    folder.write(".a.txt.swp", "of an editor")
    assert folder.settled() == []


def test_new_changed_and_deleted_files_are_told_once_within_a_second(folder: Folder) -> None:
    folder.write("new.txt", "new")
    folder.write("a.txt", "longer than before")
    (folder.root / "b.md").unlink()
    assert folder.look() == folder.look() == {}
    assert folder.look() == {"new.txt": True, "a.txt": True, "b.md": False} and folder.now <= 1.0
    assert folder.settled() == []


def test_a_file_that_grows_is_waited_for_and_holds_nothing_else_up_for_long(folder: Folder) -> None:
    folder.write("done.txt", "done")
    seen = []
    for size in range(10):
        folder.write("growing.txt", "x" * size)
        seen.append(folder.look())
    assert [found for found in seen if found] == [{"done.txt": True}]
    assert folder.settled() == [{"growing.txt": True}]


def test_a_copy_that_pauses_is_waited_for_until_its_writer_closes_it(folder: Folder) -> None:
    with (folder.root / "copy.txt").open("w") as stream:
        stream.write("one half")
        stream.flush()
        assert is_being_written(folder.root / "copy.txt")
        assert folder.settled(12) == []
        stream.write(", the other half")
    assert not is_being_written(folder.root / "copy.txt")
    assert folder.settled() == [{"copy.txt": True}]


def test_a_log_that_is_never_closed_is_taken_in_some_time(folder: Folder) -> None:
    with (folder.root / "log.txt").open("w") as stream:
        stream.write("a line\n")
        stream.flush()
        assert folder.settled(45) == [{"log.txt": True}]


def test_editors_save_by_renaming_and_the_document_never_goes(folder: Folder) -> None:
    """As vim does: the old file becomes a backup, a new one takes its name, the backup goes."""
    (folder.root / "a.txt").rename(folder.root / "a.txt~")
    assert folder.look() == {}
    folder.write("a.txt", "the new text")
    (folder.root / "a.txt~").unlink()
    assert folder.settled() == [{"a.txt": True}]
    (folder.root / "b.md").rename(folder.root / "b.bak")  # and as those do that write beside and rename over it
    (folder.root / "b.bak").rename(folder.root / "b.md")
    folder.write(".b.tmp", "newer text")
    (folder.root / ".b.tmp").replace(folder.root / "b.md")
    assert folder.settled() == [{"b.md": True}]


def test_same_size_and_time_but_another_file_is_a_change(folder: Folder) -> None:
    status = (folder.root / "a.txt").stat()
    folder.write(".new", "TEXT OF A.TXT")
    (folder.root / ".new").replace(folder.root / "a.txt")
    os.utime(folder.root / "a.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (folder.root / "a.txt").stat().st_size == status.st_size
    assert folder.settled() == [{"a.txt": True}]


def test_both_ends_of_a_move_are_told_together(folder: Folder) -> None:
    (folder.root / "deep").rename(folder.root / "moved")
    assert folder.settled() == [{"deep/c.txt": False, "moved/c.txt": True}]


def test_a_folder_that_vanishes_is_waited_for(folder: Folder, tmp_path: Path) -> None:
    folder.root.rename(tmp_path / "away")
    assert folder.settled() == [] and folder.told == [f"{folder.root} is not there any more; waiting for it"]
    (tmp_path / "away").rename(folder.root)
    folder.write("a.txt", "changed while it was away")
    assert folder.settled() == [{"a.txt": True}] and folder.told[1:] == [f"{folder.root} is back"]


def test_another_disk_in_the_place_of_the_folder_is_waited_for(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after the drive under it was unmounted: the folder is there, empty, and on another device."""
    folder.watch._roots[0]._device += 1
    shutil.rmtree(folder.root)
    folder.root.mkdir()
    assert folder.settled() == [] and len(folder.told) == 1


def test_a_folder_that_may_not_be_entered_keeps_its_documents(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def scandir(path: Any) -> Any:
        if Path(path).name == "deep":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    (folder.root / "a.txt").unlink()
    assert folder.settled() == [{"a.txt": False}]


def test_a_watched_file_may_go_and_come_back(tmp_path: Path) -> None:
    path, now = tmp_path / "one.txt", [0.0]
    path.write_text("one")
    watch = Watch([path], clock=lambda: now[0])
    seen = []
    for step in range(12):
        now[0] += 0.25
        if step == 0:
            path.unlink()
        if step == 6:
            path.write_text("again")
        changes = watch.look()
        watch.taken(changes)
        seen += [form is not None for form in changes.forms.values()]
    assert seen == [False, True]


def test_looking_takes_a_bounded_share_of_the_time(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder.watch.pause == module.SECONDS_BETWEEN_LOOKS
    times = iter((0.0, 2.0))
    folder.watch._clock = lambda: next(times)
    folder.watch.look()
    assert folder.watch.pause == 6.0


class Rounds:
    """Stands for a watch that always sees the same change until it is taken."""

    pause = 0.25

    def __init__(self, path: Path) -> None:
        self.changes, self.waiting = Changes({path: (1, 2, 3, 4, 5)}), 2

    def look(self) -> Changes:
        return self.changes if self.waiting else Changes()

    def taken(self, changes: Changes) -> None:
        self.waiting -= 1


def test_what_fails_is_told_and_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x")
    outcomes: Iterator[Any] = iter(
        [IndexLockedError("busy"), GenesisError("The disk is full.", "Free some space."), REPORT, REPORT]
    )
    told: list[str] = []
    slept: list[float] = []

    def take_in(present: Any, gone: Any) -> IngestReport:
        assert (present, gone) == ([path], [])
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome  # type: ignore[no-any-return]

    reports = follow(Rounds(path), take_in, told.append, slept.append)  # type: ignore[arg-type]
    assert [next(reports), next(reports)] == [REPORT, REPORT]
    assert told == ["The disk is full. Trying again. Free some space."] and slept == [0.25, 0.25, 5.0, 0.25, 0.25]


def test_an_index_that_was_filled_anew_with_something_else_ends_the_watch(tmp_path: Path) -> None:
    def take_in(*_: Any) -> IngestReport:
        raise IndexMismatchError("other")

    with pytest.raises(IndexMismatchError):
        next(follow(Rounds(tmp_path), take_in, print, lambda _: None))  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_command_follows_a_folder_and_stops_cleanly(tmp_path: Path) -> None:
    home, docs = tmp_path / "home", tmp_path / "docs"
    docs.mkdir()
    (docs / "a.txt").write_text("The first document tells of the harbour.")
    command = [str(Path(sys.executable).with_name("genesis-rag")), "index", str(docs), "--watch", "--home", str(home)]
    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # what is ignored here, as behind "&", is there too
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    signal.signal(signal.SIGINT, before)
    assert child.stdout is not None
    try:
        lines = iter(child.stdout)
        assert next(lines).startswith("1 added")
        assert next(lines).startswith("Watching")
        begun = time.monotonic()
        (docs / "b.txt").write_text("The second document tells of the lighthouse.")
        assert next(lines).startswith("1 added (1 new chunks)")
        took = time.monotonic() - begun
        (docs / "a.txt").rename(docs / "c.txt")
        assert next(lines).startswith("1 updated (1 new chunks) in")  # its title is its name
        (docs / "b.txt").unlink()
        assert next(lines).startswith("1 removed in")
        child.send_signal(signal.SIGINT)
        assert next(lines).startswith("Stopped. The index is sound and holds 1 documents")
        assert child.wait(20) == 0
        assert took < 5  # one second on an idle machine; benchmarks measure it
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
