"""A real Ray on this machine: the same index, with workers killed, and with the writer killed and started again.

The commands run as processes of their own, and the embedder is a model server of this process, so that what was
embedded is seen here and the speed of it is ours to choose.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")]

DOCUMENTS, PARTS = 150, 4
SECONDS = 300.0
STARTED = "Ray runtime started."
EMBEDDER, READER = "MapWorker(MapBatches(TextEmbedder))", "FlatMap(FileReader)"
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "a" * 64,
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",  # Ray's own 15 waits for ever behind whatever else a machine does
}
MODELS = """
[models.served]
task = "embedding"
backend = "openai_server"
url = "{url}"
model = "m"
licence = "none"
batch = 8

[profiles.served]
embedder = "served"
analyser = "bigram"
answerer = "extractive"
"""


@pytest.fixture
def home(tmp_path: Path, model_server: Any) -> Path:
    """A home with a corpus of some 600 chunks and a profile over the model server of the test."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(DOCUMENTS):
        parts = [
            f"## 計画{number}の{part}\n\n" + f"Plan {number} part {part} costs {number} yen in year {part}. " * 12
            for part in range(PARTS)
        ]
        (folder / f"plan{number:03}.md").write_text(f"# Plan {number}\n\n" + "\n\n".join(parts))
    (tmp_path / "models.toml").write_text(MODELS.format(url=model_server.url))
    return tmp_path


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Commands that are ended with everything that they started."""
    commands: list[subprocess.Popen[bytes]] = []
    yield commands
    for command in commands:
        end(below(command.pid))
        command.kill()
        command.wait(20)


def machines(address: str) -> int:
    """Return how many machines a cluster knows of; a node is not at once a part of it when it has started."""
    code = f"import ray; ray.init('{address}', log_to_driver=False); print(sum(n['Alive'] for n in ray.nodes()))"
    environment = {**os.environ, **SETTINGS}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    return int(run.stdout.split()[-1]) if run.returncode == 0 else 0


def index(home: Path, name: str, *more: str) -> list[str]:
    place = home / name
    place.mkdir(exist_ok=True)
    (place / "models.toml").write_bytes((home / "models.toml").read_bytes())
    command = [sys.executable, "-c", "from genesis_rag.cli.main import main; main()", "index", str(home / "corpus")]
    return [*command, "--quiet", "--home", str(place), "--profile", "served", *more]


def start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **SETTINGS})


def machine(log: Path, *more: str) -> subprocess.Popen[bytes]:
    """Start what Ray starts on one machine of a cluster."""
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats", *more]
    return start([*command, "--num-cpus=2", "--object-store-memory=100000000"], log)


@contextmanager
def cluster(home: Path, started: Any, *more: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start a cluster of two machines; yield its address and the second machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        place = ["--include-dashboard=false", f"--temp-dir={folder}"]
        head = machine(home / "head", "--head", f"--port={address[10:]}", *place, *more)
        started.append(head)
        until(lambda: STARTED in (home / "head").read_text("utf-8", "replace"), "the head", head)
        other = machine(home / "other", f"--address={address}", *more)
        started.append(other)
        until(lambda: machines(address) == 2, "the other machine", other)
        yield address, other
        end([head.pid, *below(head.pid)])


def contents(place: Path) -> list[tuple[Any, ...]]:
    """Return every document and chunk with the hash of its text and its vector."""
    with sqlite3.connect(f"file:{place / 'index' / 'store.sqlite'}?mode=ro", uri=True) as database:
        return database.execute(
            "SELECT s.source, d.id, d.title, d.text_sha256, c.id, c.ordinal, c.start, c.end, v.hash, v.vector "
            "FROM documents d JOIN sources s ON s.document = d.number JOIN chunks c ON c.document = d.number "
            "JOIN vectors v ON v.number = c.vector WHERE d.died IS NULL ORDER BY s.source, c.ordinal"
        ).fetchall()


def saved(place: Path) -> int:
    with suppress(sqlite3.Error):
        return len(contents(place))
    return 0


def embedded(server: Any) -> list[str]:
    """Return all texts that the server was asked for, its sample not counted."""
    return [text for _, body, _ in server.requests for text in body["input"] if "Plan" in text]


def below(pid: int) -> dict[int, str]:
    """Return the processes that ``pid`` started, and theirs, with their command lines."""
    parents, found, names = {}, {pid}, {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            names[int(place.name)] = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {one: names.get(one, "") for one in found - {pid}}


def end(processes: Any) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def alive(processes: Any) -> list[int]:
    """Return those that run, zombies not counted."""
    states = {}
    for pid in processes:
        with suppress(OSError, IndexError):
            states[pid] = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return [pid for pid, state in states.items() if state != "Z"]


def left_behind(command: subprocess.Popen[bytes]) -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"genesis-ray-{command.pid}-*"))


def until(true: Callable[[], Any], what: str, command: subprocess.Popen[bytes] | None = None) -> Any:
    deadline = time.monotonic() + SECONDS
    while not (found := true()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        assert command is None or command.poll() is None, f"the command ended before {what}"
        time.sleep(0.1)
    return found


def worker(command: subprocess.Popen[bytes], kind: str) -> list[int]:
    return [pid for pid, name in below(command.pid).items() if name.startswith(f"ray::{kind}")]


def test_workers_that_are_killed_lose_nothing(home: Path, model_server: Any, started: Any) -> None:
    log = home / "log"
    here = start(index(home, "here"), log)
    started.append(here)
    assert here.wait(SECONDS) == 0, log.read_text()[-2000:]
    expected = contents(home / "here")
    assert len({row[1] for row in expected}) == DOCUMENTS and len(expected) >= DOCUMENTS * PARTS
    asked = set(embedded(model_server))
    model_server.requests.clear()
    model_server.delay = 0.1
    there = start(index(home, "there", "--on", "ray", "--workers", "2"), log)
    started.append(there)
    readers = until(lambda: worker(there, READER), "a reader", there)
    end(readers[:1])
    until(lambda: len(embedded(model_server)) > 40, "texts to be embedded", there)
    assert len(embedded(model_server)) < len(asked), "too late to kill anybody"
    embedders = until(lambda: len(found := worker(there, EMBEDDER)) >= 2 and found, "two actors", there)
    processes = below(there.pid)
    end(embedders[:1])
    assert there.wait(SECONDS) == 0, log.read_text()[-2000:]
    assert contents(home / "there") == expected
    again = embedded(model_server)
    assert set(again) == asked and len(again) - len(asked) < len(asked) / 3, "only what the dead had at hand"
    assert log.read_text() == "", "quiet, whoever dies"
    until(lambda: not alive(processes), "Ray to end")
    assert not left_behind(there)


def test_a_machine_that_is_lost_loses_nothing(home: Path, model_server: Any, started: Any) -> None:
    log = home / "log"
    here = start(index(home, "here"), log)
    started.append(here)
    assert here.wait(SECONDS) == 0, log.read_text()[-2000:]
    with cluster(home, started) as (address, other):
        model_server.delay = 0.1
        model_server.requests.clear()
        there = start(index(home, "there", "--on", "ray", "--address", address, "--workers", "2"), log)
        started.append(there)
        until(lambda: len(embedded(model_server)) > 40, "texts to be embedded", there)
        assert any(EMBEDDER in name for name in below(other.pid).values())
        end([other.pid, *below(other.pid)])
        assert there.wait(SECONDS) == 0, log.read_text()[-2000:]
    assert contents(home / "there") == contents(home / "here")


def test_a_writer_that_is_killed_goes_on_from_what_it_saved(home: Path, model_server: Any, started: Any) -> None:
    log = home / "log"
    model_server.delay = 0.1
    first = start(index(home, "there", "--on", "ray", "--workers", "2"), log)
    started.append(first)
    until(lambda: saved(home / "there"), "the first save", first)
    processes = below(first.pid)
    workers = [*worker(first, EMBEDDER), *worker(first, READER)]
    assert workers
    first.kill()
    first.wait(20)
    until(lambda: not alive(workers), "the workers to end with their writer")
    end(processes)  # agents of Ray stay for up to a minute
    kept = contents(home / "there")
    before = {row[8] for row in kept}
    model_server.requests.clear()
    model_server.delay = 0.0
    second = start(index(home, "there", "--on", "ray", "--workers", "2"), log)
    started.append(second)
    assert second.wait(SECONDS) == 0, log.read_text()[-2000:]
    whole = contents(home / "there")
    assert len({row[1] for row in whole}) == DOCUMENTS and len(whole) == len({(row[0], row[4]) for row in whole})
    assert set(kept) <= set(whole)
    here = start(index(home, "here"), log)
    started.append(here)
    again = embedded(model_server)
    assert len(again) == len(set(again)) == len({row[8] for row in whole} - before) < len({row[8] for row in whole})
    assert not left_behind(first), "the second run removes what the first left"
    assert here.wait(SECONDS) == 0 and contents(home / "here") == whole


def test_ctrl_c_keeps_what_was_saved_and_ends_all(home: Path, model_server: Any, started: Any) -> None:
    model_server.delay = 0.1
    command = start(index(home, "there", "--on", "ray", "--workers", "2"), home / "log")
    started.append(command)
    until(lambda: saved(home / "there"), "the first save", command)
    processes = below(command.pid)
    command.send_signal(signal.SIGINT)
    assert command.wait(60) == 130, (home / "log").read_text()[-2000:]
    assert (home / "log").read_text().startswith("Stopped. The index is sound")
    until(lambda: not alive(processes), "Ray to end")
    assert saved(home / "there") and not left_behind(command)


DEADLY = """
import os, signal, sys, time
from pathlib import Path
from genesis_rag.chunking import ChunkSettings, chunk_document, contextual_text
from genesis_rag.embedding.hashing import HashingEmbedder
from genesis_rag.index import IndexIdentity
from genesis_rag.ingest import Cutter, ReadingLimits, Tools, ingest, on_ray
from genesis_rag.ingest.on_ray import RayOptions, RayWorkers

def chunk(document):
    return chunk_document(document, HashingEmbedder().count_tokens, ChunkSettings())

def context(title, chunk):
    return contextual_text(title, chunk.heading_path, chunk.text)

def deadly(document):
    if document.source.endswith("plan007.md"):
        os.kill(os.getpid(), signal.SIGKILL)
    return chunk(document)

def cutter():
    return Cutter(deadly, context, HashingEmbedder().count_tokens)

class Deadly(HashingEmbedder):
    def embed_passages(self, texts):
        if any("Plan 11 part" in text for text in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed_passages(texts)

def run(place, workers):
    own = HashingEmbedder()
    tools = Tools(IndexIdentity(own.fingerprint, own.dim, "test", "words"), own, chunk, context, lambda title, c: ["a"])
    return ingest([place / "corpus"], base=place, directory=place / "there" / "index", tools=tools, workers=workers)

def main():
    on_ray.RETRIES = 1
    report = run(Path(__file__).parent, RayWorkers(RayOptions("", 2), cutter, Deadly, ReadingLimits()))
    print("told", report.added, [one.source for one in report.skipped], {one.reason for one in report.skipped})

class Slow(HashingEmbedder):
    def embed_passages(self, texts):
        time.sleep(0.5)
        return super().embed_passages(texts)

def honest():
    return Cutter(chunk, context, HashingEmbedder().count_tokens)

class Counted(RayWorkers):
    def work(self, *args, alone):
        passes.append(alone)
        return super().work(*args, alone=alone)

passes = []

def lose(address):
    on_ray.PATIENCE_SECONDS, on_ray.ROWS_ON_GPU = 15.0, 4
    limits = ReadingLimits(seconds=5.0)
    report = run(Path(__file__).parent, Counted(RayOptions(address, 2), honest, Slow, limits))
    print("told", report.added, report.skipped, passes)
"""


def test_files_that_kill_every_reader_or_embedder_are_told_and_the_rest_is_done(home: Path, started: Any) -> None:
    for number in range(24, DOCUMENTS):
        (home / "corpus" / f"plan{number:03}.md").unlink()
    (home / "deadly.py").write_text(DEADLY)
    log = home / "log"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(home))
        command = start([sys.executable, "-c", "import deadly; deadly.main()"], log)
    started.append(command)
    assert command.wait(SECONDS) == 0, log.read_text()[-2000:]
    told = [line for line in log.read_text().splitlines() if line.startswith("told")]
    reason = "Its workers were ended again and again"
    assert told == [f"told 22 ['corpus/plan007.md', 'corpus/plan011.md'] {{'{reason}'}}"]


def test_a_machine_whose_gpu_is_lost_only_costs_time(home: Path, started: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "deadly.py").write_text(DEADLY)
    monkeypatch.setenv("PYTHONPATH", str(home))
    log = home / "log"
    with cluster(home, started, "--num-gpus=1") as (address, other):
        code = f"import deadly; deadly.lose({address!r})"
        command = start([sys.executable, "-c", code], log)
        started.append(command)
        until(lambda: any(EMBEDDER in name for name in below(other.pid).values()), "an actor over there", command)
        time.sleep(3)
        end([other.pid, *below(other.pid)])
        assert command.wait(SECONDS) == 0, log.read_text()[-2000:]
    told = [line for line in log.read_text().splitlines() if line.startswith("told")]
    assert told == [f"told {DOCUMENTS} () [False, True]"]
