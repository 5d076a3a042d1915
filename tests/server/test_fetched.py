"""Documents by address over the API and on the command line: kept as uploads, and only from hosts that are named."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from genesis_rag.cli.addresses import local_paths
from genesis_rag.errors import NotAllowedError, UnreadableDocumentError
from genesis_rag.fetching import Network
from genesis_rag.settings import Settings

pytestmark = pytest.mark.slow
NOTE = "# 湖の調査\n\n琵琶湖の面積は670平方キロメートルである。\n"


class Web(BaseHTTPRequestHandler):
    """A page at /湖.md, and at /wrong.pdf something that is no PDF."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(b"no pdf" if self.path.endswith("pdf") else NOTE.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every name has one public address, behind which the test's own server stands; yields what was connected to."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    connected: list[str] = []

    def connect(address: str, _: int, seconds: float) -> socket.socket:
        connected.append(address)
        return socket.create_connection(server.server_address[:2], timeout=seconds)

    monkeypatch.setattr("genesis_rag.server.fetched.INTERNET", Network(lambda *_: ["93.184.215.14"], connect))
    yield connected
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(home: Path, open_library: Any) -> Iterator[TestClient]:
    with open_library(home, url_hosts="docs.example, *.open.example") as client:
        yield client


def kept(home: Path) -> list[str]:
    return sorted(path.relative_to(home / "uploads").as_posix() for path in (home / "uploads").rglob("*"))


def test_a_document_of_the_web_is_searched_at_once(client: TestClient, home: Path) -> None:
    response = client.post("/api/documents", json={"url": "http://docs.example/%E6%B9%96.md"})
    assert response.status_code == 201
    (file,) = response.json()["files"]
    assert (file["source"], file["status"]) == ("uploads/docs.example_湖.md", "added")
    assert (home / "uploads" / "docs.example_湖.md").read_text("utf-8") == NOTE
    answer = client.post("/api/ask", json={"question": "琵琶湖の面積は？"}).json()
    assert answer["citations"][0]["source"] == "uploads/docs.example_湖.md"
    again = client.post("/api/documents", json={"url": "http://docs.example/%E6%B9%96.md"})
    assert (again.status_code, again.json()["files"][0]["status"]) == (200, "unchanged")


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"url": "http://evil.example/a.md"}, 403, "not_allowed"),
        ({"url": "http://127.0.0.1/a.md"}, 403, "not_allowed"),
        ({"url": "ftp://docs.example/a.md"}, 400, "bad_request"),
        ({"url": "http://docs.example/wrong.pdf"}, 422, "unreadable_document"),
        ({"url": 5}, 400, "bad_request"),
        ({"url": "http://docs.example/a.md", "more": 1}, 400, "bad_request"),
        ({"url": "http://docs.example/" + "a" * 20_000}, 400, "bad_request"),
        ([], 400, "bad_request"),
    ],
)
def test_what_is_refused_leaves_nothing(client: TestClient, home: Path, body: Any, status: int, kind: str) -> None:
    response = client.post("/api/documents", json=body)
    assert (response.status_code, response.json()["error"]["type"]) == (status, kind)
    assert [name for name in (kept(home) if (home / "uploads").exists() else []) if name != ".incoming"] == []


def test_without_the_setting_nothing_is_ever_fetched(library: TestClient, internet: list[str]) -> None:
    response = library.post("/api/documents", json={"url": "http://docs.example/a.md"})
    assert response.status_code == 403 and "GENESIS_URL_HOSTS" in response.json()["error"]["hint"]
    assert internet == []


def test_the_command_line_fetches_into_the_uploads(home: Path, internet: list[str]) -> None:
    settings = Settings(home=home, url_hosts="docs.example")
    first = home / "corpus"
    assert local_paths(settings, [first, "http://docs.example/湖.md"]) == [first, home / "uploads/docs.example_湖.md"]
    assert kept(home) == [".incoming", "docs.example_湖.md"]
    with pytest.raises(UnreadableDocumentError):
        local_paths(settings, ["http://docs.example/wrong.pdf"])
    with pytest.raises(NotAllowedError, match="offline"):
        local_paths(Settings(home=home, url_hosts="docs.example", offline=True), ["http://docs.example/湖.md"])
    assert kept(home) == [".incoming", "docs.example_湖.md"] and len(internet) == 2
