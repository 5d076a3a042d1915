"""Documents from the web: which addresses are asked at all, to where the connection goes, and every limit.

A server on the loopback stands for the internet; names and connections are the test's own.
"""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.errors import BackendError, GenesisError, NotAllowedError, UserError
from genesis_rag.fetching import Network, fetch, is_public

PUBLIC = "93.184.215.14"
HOSTS = ("docs.example", "*.open.example", "odd.example:8080")
PDF = b"%PDF-1.7 nothing much"


class Web(BaseHTTPRequestHandler):
    """Answers by path; notes what was asked."""

    asked: list[tuple[str, str, str]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Host"], self.headers["Accept-Encoding"]))
        path = self.path.partition("?")[0]
        answers: dict[str, tuple[int, dict[str, str], bytes]] = {
            "/a/report.pdf": (200, {"Content-Type": "application/pdf", "Content-Length": str(len(PDF))}, PDF),
            "/page.php": (200, {"Content-Type": "text/html; charset=utf-8"}, b"<p>hello</p>"),
            "/notes.md": (200, {"Content-Type": "text/plain"}, b"# Notes"),
            "/": (200, {"Content-Type": "text/html"}, b"<p>root</p>"),
            "/moved": (302, {"Location": "http://169.254.169.254/latest/meta-data"}, b""),
            "/gone": (404, {}, b""),
            "/packed": (200, {"Content-Type": "text/html", "Content-Encoding": "gzip"}, b"\x1f\x8b"),
            "/announced": (200, {"Content-Type": "text/html", "Content-Length": "5000000000"}, b""),
            "/endless": (200, {"Content-Type": "text/html"}, b"x" * 200_000),
            "/short": (200, {"Content-Type": "text/html", "Content-Length": "100"}, b"too short"),
            "/picture": (200, {"Content-Type": "image/png"}, b"\x89PNG"),
            "/nothing": (200, {}, b"?"),
        }
        if path == "/slow":
            self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\nbegun")
            self.server.stop.wait(10)  # type: ignore[attr-defined]
            return
        status, headers, body = answers.get(path, (200, {"Content-Type": "text/plain"}, path.encode()))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Internet:
    """The loopback server under public addresses: tells what was resolved and connected to."""

    port: int
    addresses: dict[str, list[str]] = field(default_factory=dict)
    resolved: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)

    def resolve(self, host: str, _: int) -> list[str]:
        self.resolved.append(host)
        return self.addresses.get(host, [PUBLIC])

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        self.connected.append((address, port))
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)

    @property
    def network(self) -> Network:
        return Network(self.resolve, self.connect)


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    made.daemon_threads = True
    made.stop = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.stop.set()  # type: ignore[attr-defined]
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def internet(server: ThreadingHTTPServer) -> Internet:
    Web.asked = []
    return Internet(server.server_address[1])


def fetched(internet: Internet, url: str, **options: Any) -> tuple[str, bytes]:
    with fetch(url, HOSTS, network=internet.network, **options) as document:
        return document.name, b"".join(document.blocks())


@pytest.mark.parametrize(
    ("url", "name", "body"),
    [
        ("http://docs.example/a/report.pdf", "docs.example_a_report.pdf", PDF),
        ("http://DOCS.example./page.php", "docs.example_page.php.html", b"<p>hello</p>"),
        ("http://docs.example", "docs.example.html", b"<p>root</p>"),
        ("http://docs.example/notes.md#part", "docs.example_notes.md", b"# Notes"),
        ("http://deep.sub.open.example/x.txt", "deep.sub.open.example_x.txt", b"/x.txt"),
        ("http://docs.example/%E8%B3%87%E6%96%99.txt", "docs.example_資料.txt", b"/%E8%B3%87%E6%96%99.txt"),
    ],
)
def test_a_document_comes_under_a_name_of_its_own(internet: Internet, url: str, name: str, body: bytes) -> None:
    assert fetched(internet, url) == (name, body)
    host = name.partition("_")[0].removesuffix(".html")
    assert Web.asked[0][1:] == (host, "identity")
    assert internet.connected == [(PUBLIC, 80)], "the connection goes to the address that was checked"
    assert internet.resolved == [host], "a name is asked for once"


def test_another_query_is_another_file(internet: Internet) -> None:
    names = {fetched(internet, f"http://docs.example/page.php?id={n}")[0] for n in (1, 2, 1)}
    assert len(names) == 2 and all(name.startswith("docs.example_page.php-") for name in names)
    assert Web.asked[0][0] == "/page.php?id=1"


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/a.pdf",
        "http://docs.example.evil.example/a.pdf",
        "http://open.example/a.pdf",
        "http://notopen.example/a.pdf",
        "http://docs.example:8080/a.pdf",
        "http://odd.example/a.pdf",
        "http://127.0.0.1/a.pdf",
        "http://[::1]/a.pdf",
        "http://0x7f000001/a.pdf",
    ],
)
def test_hosts_that_are_not_named_are_never_asked(internet: Internet, url: str) -> None:
    with pytest.raises(NotAllowedError):
        fetched(internet, url)
    assert internet.resolved == internet.connected == Web.asked == []


@pytest.mark.parametrize(
    "url",
    [
        *("", "docs.example/a.pdf", "ftp://docs.example/a.pdf", "file:///etc/passwd", "javascript:alert(1)"),
        *("http://", "http://:80/", "http://docs.example:99999/", "http://user:secret@docs.example/", "http://a b/"),
        *("http://docs.example/a\r\nHost: x", "http://docs.example/\x00", "http://[::1", "http://" + "a" * 3_000),
    ],
)
def test_what_is_no_address(internet: Internet, url: str) -> None:
    with pytest.raises(UserError):
        fetched(internet, url)
    assert internet.resolved == internet.connected == []


def test_a_port_is_used_where_it_is_named(internet: Internet) -> None:
    assert fetched(internet, "http://odd.example:8080/x.txt")[1] == b"/x.txt"
    assert internet.connected == [(PUBLIC, 8080)] and Web.asked[0][1] == "odd.example:8080"


PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1"),
    *("255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"),
    *("2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "192.0.2.1", "240.0.0.1"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_inside_is_refused(internet: Internet, address: str) -> None:
    assert not is_public(address)
    for addresses in ([address], [PUBLIC, address], [address, PUBLIC]):
        internet.addresses["docs.example"] = addresses
        with pytest.raises(UserError, match="private network"):
            fetched(internet, "http://docs.example/a/report.pdf")
    assert internet.connected == [] and Web.asked == []


@pytest.mark.parametrize("address", [PUBLIC, "2606:4700::1111", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


def test_the_second_answer_of_a_name_server_is_never_asked_for(internet: Internet) -> None:
    """DNS rebinding: public while it is checked, inside when it is connected to."""
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    network = Network(lambda host, port: next(answers), internet.connect)
    with fetch("http://docs.example/notes.md", HOSTS, network=network) as document:
        assert b"".join(document.blocks()) == b"# Notes"
    assert internet.connected == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    ("path", "kind", "told"),
    [
        ("moved", UserError, "redirects are not followed"),
        ("gone", BackendError, "404"),
        ("packed", BackendError, "packed"),
        ("announced", UserError, "larger than"),
        ("endless", UserError, "larger than"),
        ("short", BackendError, "broke off"),
        ("picture", UserError, "image/png"),
        ("nothing", UserError, "does not say"),
    ],
)
def test_answers_that_are_not_taken(internet: Internet, path: str, kind: type[GenesisError], told: str) -> None:
    with pytest.raises(kind, match=told):
        fetched(internet, f"http://docs.example/{path}", most_bytes=100_000)
    assert len(Web.asked) == 1


def test_what_takes_too_long_is_cut(internet: Internet) -> None:
    with pytest.raises(BackendError, match="too long"):
        fetched(internet, "http://docs.example/slow", seconds=0.5)


def test_what_speaks_no_tls_is_no_https(internet: Internet) -> None:
    with pytest.raises(BackendError, match="cannot be fetched"):
        fetched(internet, "https://docs.example/a/report.pdf")
    assert internet.connected == [(PUBLIC, 443)] and Web.asked == []


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A server that speaks TLS as docs.example, and its certificate, which nobody else has signed."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=docs.example"]
    made += ["-addext", "subjectAltName=DNS:docs.example", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([program, *made], check=True, capture_output=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign, assignment]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_address[1], certificate
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_certificate_must_prove_the_name(secured: tuple[int, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    port, certificate = secured
    Web.asked = []
    internet = Internet(port)
    with pytest.raises(BackendError, match="certificate is not valid"):
        fetched(internet, "https://docs.example/notes.md")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # as if an authority had signed it
    with pytest.raises(BackendError, match="certificate is not valid"):
        fetched(internet, "https://another.open.example/notes.md")
    assert Web.asked == []
    assert fetched(internet, "https://docs.example/notes.md") == ("docs.example_notes.md", b"# Notes")
    assert internet.connected == [(PUBLIC, 443)] * 3


@given(st.text(max_size=80))
def test_any_text_is_refused_or_an_address_of_a_named_host(text: str) -> None:
    def never(*_: object) -> Any:
        raise AssertionError("connected")

    for url in (text, f"http://{text}", f"http://docs.example@{text}"):
        with pytest.raises(UserError), fetch(url, ("named.example",), network=Network(never, never)):
            pass
