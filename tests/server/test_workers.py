"""Several worker processes over one index: real processes, killed and replaced, that tell one truth."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from genesis_rag.server.limits import RateLimiter
from genesis_rag.server.metrics import Metrics, summed
from genesis_rag.server.shared import Channel, Shared, SharedLimiter, SharedSessions
from genesis_rag.server.workers import settings_from, settings_line
from genesis_rag.settings import Settings

PATIENCE = 60.0


@pytest.fixture
def channels() -> Iterator[Callable[[Shared], Channel]]:
    """Makes the worker's end of a channel to ``shared``."""
    opened: list[Channel] = []

    def connect(shared: Shared) -> Channel:
        ours, theirs = socket.socketpair()
        shared.serve(ours)
        opened.append(Channel(theirs))
        return opened[-1]

    yield connect
    for one in opened:
        with suppress(OSError):
            one.close()


def test_a_conversation_goes_on_in_another_worker(channels: Any, assistant: Any) -> None:
    shared = Shared()
    first, second = SharedSessions(channels(shared)), SharedSessions(channels(shared))
    assert first.open("alice", "a" * 8).turns == ()
    answer = replace(assistant.ask("投資額は？"), searched="日本の投資額は？")
    first.keep("alice", "a" * 8, answer)
    (turn,) = second.open("alice", "a" * 8).turns
    assert (turn.asked, turn.searched, turn.language) == ("投資額は？", "日本の投資額は？", None)
    assert second.open("bob", "a" * 8).turns == ()
    assert second.forget("alice", "a" * 8) is True
    first.keep("alice", "a" * 8, answer)  # opens it anew, as one that had been used would be
    assert len(shared.sessions) == 2


def test_a_rate_limit_counts_over_all_workers(channels: Any) -> None:
    shared = Shared(RateLimiter(10))  # two at once
    workers = [SharedLimiter(channels(shared), 10) for _ in range(3)]
    assert [worker.wait("alice") > 0 for worker in workers] == [False, False, True]


def test_counts_add_up_and_never_fall(channels: Any, assistant: Any) -> None:
    shared = Shared()
    first, second = channels(shared), channels(shared)
    counted = [Metrics(), Metrics()]
    for metrics, answers in zip(counted, (2, 3), strict=True):
        for _ in range(answers):
            metrics.answered(assistant.ask("invest"))
    assert first.call("count", counted[0].snapshot({"genesis_questions_waiting": 4})) == [Metrics().snapshot({})]
    mine = counted[1].snapshot({"genesis_questions_waiting": 1})
    text = summed([mine, *second.call("count", mine)], {"genesis_index_documents": 7})
    assert 'genesis_answers_total{outcome="answered",language="en"} 5' in text
    assert 'genesis_answer_stage_seconds_count{stage="retrieval"} 5' in text
    assert 'genesis_answer_stage_seconds_bucket{stage="retrieval",le="0.005"} 5' in text
    assert "genesis_questions_waiting 5" in text and "genesis_index_documents 7" in text
    first.close()
    wait(lambda: "genesis_questions_waiting 1" in summed([mine, *second.call("count", mine)], {}))
    text = summed([mine, *second.call("count", mine)], {})
    assert 'genesis_answers_total{outcome="answered",language="en"} 5' in text, "what a worker did stays done"


def test_settings_travel_whole(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "家", api_key="secret", port=1234, offline=True, url_hosts="a,b")
    assert settings_from(settings_line(settings)) == settings


def processes(address: str) -> set[int]:
    """The processes that answered some requests, each on a connection of its own."""

    def ask(_: int) -> int:
        return int(httpx.get(f"{address}/health", timeout=PATIENCE).json()["process"])

    with ThreadPoolExecutor(8) as pool:
        return set(pool.map(ask, range(48)))


def wait(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return value


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/ready", timeout=PATIENCE).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def server(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("genesis-rag")
    options = ["--home", str(home), "--port", str(port), "--workers", "2", "--quiet"]
    parent = subprocess.Popen([program, "serve", *options])
    address = f"http://127.0.0.1:{port}"
    try:
        wait(lambda: is_ready(address))
        yield parent, address
    finally:
        parent.terminate()
        parent.wait(PATIENCE)


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def look(address: str, text: str) -> tuple[int, bool]:
    """The generation that a worker tells, and whether it finds a chunk of this text; over one new connection."""
    with httpx.Client(base_url=address, timeout=PATIENCE) as client:
        generation = client.get("/ready").json()["generation"]
        hits = client.post("/api/search", json={"query": "lake", "k": 50}).json()["hits"]
    return generation, any(hit["text"] == text for hit in hits)


@pytest.mark.slow
def test_what_one_worker_acknowledges_all_tell_at_once(server: Any) -> None:
    _, address = server
    wait(lambda: len(processes(address)) == 2)
    for number in range(3):
        before = httpx.get(f"{address}/ready", timeout=PATIENCE).json()["generation"]
        text = f"Lake number {number} is {100 + number} metres deep."
        parameters = {"name": f"lake{number}.txt"}
        told = httpx.post(f"{address}/api/documents", params=parameters, content=text.encode(), timeout=PATIENCE)
        assert told.status_code == 201, told.text
        with ThreadPoolExecutor(8) as pool:
            seen = list(pool.map(look, [address] * 24, [text] * 24))
        assert all(generation > before and found for generation, found in seen)
        assert len(set(seen)) == 1

    def searches() -> list[float]:
        told = [httpx.get(f"{address}/metrics", timeout=PATIENCE).text for _ in range(12)]
        rows = (line for text in told for line in text.splitlines() if 'method="POST",route="/api/search"' in line)
        return [float(line.rpartition(" ")[2]) for line in rows]

    wait(lambda: searches() == [72.0] * 12)  # whichever worker tells it


@pytest.mark.slow
def test_one_name_is_given_once(server: Any, home: Path) -> None:
    _, address = server
    wait(lambda: len(processes(address)) == 2)

    def send(number: int) -> tuple[int, bytes]:
        content = f"Text of client {number}.".encode()
        response = httpx.post(f"{address}/api/documents", params={"name": "one.txt"}, content=content, timeout=PATIENCE)
        return response.status_code, content

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(send, range(8)))
    taken = [content for status, content in told if status == 201]
    assert len(taken) == 1 and sorted(status for status, _ in told) == [201] + [409] * 7
    assert (home / "uploads" / "one.txt").read_bytes() == taken[0]


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced_and_all_end_with_the_server(server: Any) -> None:
    parent, address = server
    first = wait(lambda: len(found := processes(address)) == 2 and found)
    killed = min(first)
    os.kill(killed, signal.SIGKILL)
    wait(lambda: not is_alive(killed))
    after = wait(lambda: len(found := processes(address)) == 2 and found)
    assert killed not in after and len(after & first) == 1
    parent.terminate()
    assert parent.wait(PATIENCE) == 0
    wait(lambda: not any(map(is_alive, after)))


@pytest.mark.slow
def test_workers_do_not_outlive_a_server_that_was_killed(server: Any) -> None:
    parent, address = server
    workers = wait(lambda: len(found := processes(address)) == 2 and found)
    parent.kill()
    wait(lambda: not any(map(is_alive, workers)))
