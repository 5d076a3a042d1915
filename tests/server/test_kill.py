"""The server is killed while files come in: what it acknowledged is there afterwards, whole and searchable."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from genesis_rag.settings import Settings
from genesis_rag.wiring import open_assistant

pytestmark = pytest.mark.slow
ROUNDS = 4
SEED = 20261125


def start(home: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("genesis-rag")
    server = subprocess.Popen([program, "serve", "--home", str(home), "--port", str(port), "--quiet"])
    address = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 60
    while True:
        try:
            if httpx.get(f"{address}/ready").status_code == 200:
                return server, address
        except httpx.HTTPError:
            pass
        assert time.monotonic() < end and server.poll() is None
        time.sleep(0.05)


def send(address: str, seed: int, acknowledged: dict[str, bytes], attempted: set[str]) -> None:
    """Upload, replace and delete until the server is gone; remember what it acknowledged."""
    chance = random.Random(seed)
    with httpx.Client(base_url=address, timeout=30) as client:
        while True:
            name = f"{seed}-{chance.randrange(6)}.txt"
            content = f"Text {chance.randrange(10**9)} of {name}. ".encode() * chance.randrange(1, 400)
            before = acknowledged.pop(name, None)
            attempted.add(name)  # until it is acknowledged, either state is right
            try:
                if before and chance.random() < 0.25:
                    response = client.delete(f"/api/documents/uploads/{name}")
                    assert response.status_code == 200, response.text
                    acknowledged[name] = b""
                else:
                    parameters = {"name": name, "replace": "true"}
                    response = client.post("/api/documents", params=parameters, content=content)
                    assert response.status_code in (200, 201), response.text
                    acknowledged[name] = content
                attempted.discard(name)
            except httpx.HTTPError:
                return


def settled(address: str) -> None:
    end = time.monotonic() + 30
    while (state := httpx.get(f"{address}/api/index").json())["writing"] or state["waiting"]:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_kill_loses_nothing_acknowledged(home: Path) -> None:
    chance = random.Random(SEED)
    acknowledged: dict[str, bytes] = {}
    total = 0
    for turn in range(ROUNDS):
        server, address = start(home)
        settled(address)
        attempted: set[str] = set()
        threads = [threading.Thread(target=send, args=(address, 2 * turn + n, acknowledged, attempted)) for n in (0, 1)]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.4, 1.6))
        server.send_signal(signal.SIGKILL)
        server.wait(20)
        for thread in threads:
            thread.join(60)
        total += len(acknowledged)
    server, address = start(home)
    try:
        settled(address)
        assert total > ROUNDS, "nothing was acknowledged, so nothing was tested"
        with open_assistant(Settings(home=home, profile="embedded-static")) as assistant:
            held = {source: info.id for info in assistant.documents() for source in info.sources}
            for name, content in acknowledged.items():
                source, path = f"uploads/{name}", home / "uploads" / name
                if not content:
                    assert source not in held and not path.exists(), name
                    continue
                assert path.read_bytes() == content
                assert assistant.document(held[source]).text.split() == content.decode().split()
            files = {f"uploads/{p.name}" for p in (home / "uploads").iterdir() if p.name != ".incoming"}
            assert files == {source for source in held if source.startswith("uploads/")}
        assert list((home / "uploads" / ".incoming").iterdir()) == []
    finally:
        server.terminate()
        server.wait(20)
