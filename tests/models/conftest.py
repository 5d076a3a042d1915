"""A model hub on this machine, which can be as bad as real ones."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from genesis_rag.models import FileSpec, ModelSpec

REVISION = "0123456789abcdef0123456789abcdef01234567"
CONTENT = {
    "onnx/model.onnx": bytes(range(256)) * 4000,
    "tokenizer.json": '{"日本": 1}'.encode() * 300,
    "config.json": b"{}",
}
Behave = Callable[[BaseHTTPRequestHandler], bool]


@dataclass
class Hub:
    """``behaviours`` are used up one a request; a behaviour that returns False lets the proper answer follow."""

    url: str
    files: dict[str, bytes]
    behaviours: list[Behave] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    ranges: bool = True

    def cut_after(self, size: int) -> Behave:
        """Answer with ``size`` bytes of what was promised, then break the connection."""

        def behave(handler: BaseHTTPRequestHandler) -> bool:
            self.send(handler, limit=size)
            return True

        return behave

    def send(self, handler: BaseHTTPRequestHandler, limit: int | None = None) -> None:
        content = self.files.get(handler.path)
        if content is None:
            handler.send_error(404)
            return
        found = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", "")) if self.ranges else None
        start = int(found[1]) if found else 0
        if found and start >= len(content):
            handler.send_error(416)
            return
        handler.send_response(206 if found else 200)
        if found:
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        handler.send_header("Content-Type", "application/octet-stream")
        handler.send_header("Content-Length", str(len(content) - start))
        handler.end_headers()
        handler.wfile.write(content[start:][:limit])
        if limit is not None:
            handler.wfile.flush()
            handler.connection.shutdown(socket.SHUT_RDWR)


def reply(status: int, content: bytes = b"", kind: str = "text/plain", **headers: str) -> Behave:
    def behave(handler: BaseHTTPRequestHandler) -> bool:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)
        return True

    return behave


@pytest.fixture
def replies() -> Callable[..., Behave]:
    return reply


@pytest.fixture
def hub() -> Iterator[Hub]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.path, self.headers.get("Range", "")))
            if made.behaviours and made.behaviours.pop(0)(self):
                return
            made.send(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    files = {f"/owner/model/resolve/{REVISION}/{name}": content for name, content in CONTENT.items()}
    made = Hub(f"http://127.0.0.1:{server.server_port}", files)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    server.shutdown()
    thread.join(5)
    server.server_close()


@pytest.fixture
def spec() -> Callable[..., ModelSpec]:
    """Make a model of the hub's files; ``unknown`` names those whose hash nobody knows."""

    def make(unknown: tuple[str, ...] = (), **more: object) -> ModelSpec:
        files = tuple(
            FileSpec(name, len(content), "" if name in unknown else hashlib.sha256(content).hexdigest())
            for name, content in CONTENT.items()
        )
        values = {"files": files, "revision": REVISION, "repo": "owner/model", "licence": "MIT"} | more
        return ModelSpec(name="mine", task="embedding", backend="onnx", **values)  # type: ignore[arg-type]

    return make
