"""One engine in a process of its own: ``python -m benchmarks.peers.worker JOB`` with a Job as JSON.

What it has to say are lines of standard output that begin with MARK, so that libraries may print what they like.
"""

from __future__ import annotations

import contextlib
import json
import resource
import socket
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.peers.shape import Adapter, Job, Passage, read_lines

MARK = "@@peers "
WARM_UP = 20
"""Questions asked before any is timed."""
OTHERWISE = " (?)"
"""Makes another question of one, so that what is timed was never asked before: ours keeps the vectors of the last."""


def tell(**said: object) -> None:
    print(MARK + json.dumps(said), flush=True)


def peak_mb() -> float:
    """Return the most memory that this process held, and the largest of its children, in MB (10^6 bytes).

    Of itself it is VmHWM: ru_maxrss would begin with that of the process that started this one.
    """
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    own = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return round((own + children) * 1024 / 1e6, 1)


def forbid_network() -> None:
    """Let every connection to another machine fail."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and str(address[0]) not in ("127.0.0.1", "::1"):
            raise OSError(f"no network in this benchmark: {address}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign,assignment]


def texts(adapter: Adapter, job: Job) -> None:
    """Index with an embedding that only writes down what it is asked for."""
    adapter.index([Passage(**row) for row in read_lines(Path(job.data) / "passages.jsonl")])


def index(adapter: Adapter, job: Job) -> None:
    passages = [Passage(**row) for row in read_lines(Path(job.data) / "passages.jsonl")]
    begin = time.perf_counter()
    adapter.index(passages)
    seconds = time.perf_counter() - begin
    versions = {name: version(name) for name in adapter.packages}
    tell(event="indexed", seconds=seconds, passages=len(passages), peak_mb=peak_mb(), versions=versions)


def first(adapter: Adapter, job: Job) -> None:
    """Open the index and ask one question; the parent measures how long that takes from the start of the process."""
    adapter.open()
    found = adapter.search(_questions(job)[0] + OTHERWISE, job.k)
    tell(event="hit", found=found)


def search(adapter: Adapter, job: Job) -> None:
    first(adapter, job)
    questions = _questions(job)
    for question in questions[-WARM_UP:]:
        adapter.search(question + OTHERWISE, job.k)
    times, found = [], []
    for question in questions:
        begin = time.perf_counter()
        ids = adapter.search(question, job.k)
        times.append(time.perf_counter() - begin)
        found.append(ids)
    tell(event="searched", times=times, found=found, peak_mb=peak_mb())


def _questions(job: Job) -> list[str]:
    return [row["text"] for row in read_lines(Path(job.data) / "questions.jsonl")]


TASKS = {"texts": texts, "index": index, "first": first, "search": search}


@contextlib.contextmanager
def at_once() -> Iterator[None]:
    """Leave without the interpreter's tear-down, in which some of the libraries crash or wait."""
    try:
        yield
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
        _leave(1)
    _leave(0)


def _leave(code: int) -> None:
    import os

    sys.stdout.flush()
    os._exit(code)


def main() -> None:
    forbid_network()
    job = Job(**json.loads(sys.argv[1]))
    with at_once():
        engine = import_module(f"benchmarks.peers.adapters.{job.adapter}").Engine
        TASKS[job.task](engine(job), job)


if __name__ == "__main__":
    main()
