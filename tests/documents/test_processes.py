"""Reading in other processes: the same documents in the same order, and a parser that dies takes nothing with it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.documents import processes
from genesis_rag.documents.processes import ReadingLimits, ReadingProcesses
from genesis_rag.documents.registry import SourceFile, load_documents
from genesis_rag.documents.wire import packed, unpacked
from genesis_rag.errors import BackendError, UnreadableDocumentError
from genesis_rag.types import Document, Section

SABOTAGE = """
import os, sys
sys.path.append({root!r})
from genesis_rag.documents import worker
worker.SECONDS_MORE = 0.2
load = worker.load_documents
def sabotaged(file, limits):
    name = file.path.stem
    if name.startswith("crash"): os.abort()
    if name.startswith("hang"):
        while True: pass
    if name.startswith("eat"): bytearray(2**31)
    if name.startswith("late"):
        yield from load(file, limits)
        os.kill(os.getpid(), 11)
    if name.startswith("killed"): os.kill(os.getpid(), 9)
    if name.startswith("chatty"): print("not an answer", flush=True)
    yield from load(file, limits)
worker.load_documents = sabotaged
worker.run()
"""

LIMITS = ReadingLimits(processes=2, seconds=0.5, memory_mb=1500)


def files(folder: Path, *names: str) -> list[SourceFile]:
    made = []
    for name in names:
        path = folder / f"{name}.txt"
        path.write_text(f"The text of {name}, 本文。\n" * 3)
        made.append(SourceFile(path, path.name))
    return made


def told(documents: Iterator[Document]) -> list[str]:
    """Return the titles' sources, then the reason why there are no more, if there is one."""
    found: list[str] = []
    try:
        for document in documents:
            found.append(document.source)
    except UnreadableDocumentError as error:
        found.append(error.message)
    return found


@pytest.fixture
def sabotaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_CODE", SABOTAGE)


@pytest.mark.slow
def test_the_same_documents_in_the_same_order(tmp_path: Path) -> None:
    wanted = files(tmp_path, *(f"a{number}" for number in range(30)))
    rows = [{"id": f"p{number}", "text": "長い本文。" * 3000} for number in range(200)]  # more than a pipe takes
    path = tmp_path / "p.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    wanted.insert(7, SourceFile(path, "p.jsonl"))
    with ReadingProcesses(ReadingLimits(processes=3)) as reading:
        found = [(file, list(documents)) for file, documents in reading.read(iter(wanted))]
    assert found == [(file, list(load_documents(file))) for file in wanted]
    assert sum(len(documents) for _, documents in found) == 230


@pytest.mark.slow
def test_a_reader_that_dies_is_told_and_the_rest_is_read(tmp_path: Path, sabotaged: None) -> None:
    names = ("one", "crash", "two", "hang", "three", "eat", "four", "late", "five", "killed", "chatty", "crash2", "six")
    started = time.monotonic()
    with ReadingProcesses(LIMITS) as reading:
        found = {file.path.stem: told(documents) for file, documents in reading.read(files(tmp_path, *names))}
    assert list(found) == list(names)
    assert found["crash"] == found["crash2"] == ["Its reader crashed (SIGABRT)."]
    assert found["hang"] == ["Reading it takes longer than 0.5 seconds."]
    assert found["eat"][0].startswith("It is too big: reading it takes more memory")
    assert found["late"] == ["late.txt", "Its reader crashed (SIGSEGV)."]
    assert found["killed"][0].startswith("It is too big: reading it took so much memory")
    for name in ("one", "two", "three", "four", "five", "chatty", "six"):
        assert found[name] == [f"{name}.txt"]
    assert time.monotonic() - started < 60


@pytest.mark.slow
def test_who_leaves_early_leaves_no_process(tmp_path: Path) -> None:
    with ReadingProcesses(ReadingLimits(processes=1)) as reading:
        rest = reading.read(files(tmp_path, "one", "two", "three"))
        _, documents = next(rest)  # not one document of it is asked for
        (_, others) = next(rest)
        assert told(others) == ["two.txt"]
        number = reading._workers[0]._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
    del documents, rest


def test_nothing_to_read_starts_nothing() -> None:
    with ReadingProcesses(LIMITS) as reading:
        assert list(reading.read([])) == [] and reading._workers == []


def test_a_process_that_cannot_start_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_CODE", "raise SystemExit(3)")
    with pytest.raises(BackendError, match="cannot be started: it ended with 3"), ReadingProcesses(LIMITS) as reading:
        list(reading.read(files(tmp_path, "one")))


TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


@given(text=TEXT, heading=TEXT, page=st.none() | st.integers(1, 9), when=st.none() | st.floats(0, 4e9))
def test_documents_survive_the_way(text: str, heading: str, page: int | None, when: float | None) -> None:
    section = Section((heading, "x"), 0, len(text), page, "table")
    document = Document("i" * 16, heading, text, text, "ja", "0" * 64, (section,), when, {heading: text})
    line = packed(document)
    assert line.count(b"\n") == 1 and line.isascii()
    assert unpacked(json.loads(line)["document"]) == document
