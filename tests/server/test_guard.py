from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from genesis_rag.errors import SettingsError
from genesis_rag.server.app import STATIC, create_app
from genesis_rag.server.guard import check_binding, host_name, is_loopback
from genesis_rag.settings import Settings

KEY = "ひみつ-secret"


def served(assistant: Any, tmp_path: Path, base: str = "http://127.0.0.1:8000", **settings: Any) -> TestClient:
    return TestClient(create_app(lambda: assistant, Settings(home=tmp_path, **settings)), base_url=base)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("example.org", False),
        ("localhost.example.org", False),
        ("", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_other_machines_only_with_a_key() -> None:
    check_binding("127.0.0.1", "")
    check_binding("0.0.0.0", "key")
    with pytest.raises(SettingsError, match="other machines"):
        check_binding("0.0.0.0", "")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b"LocalHost:80", "localhost"),
        (b"[::1]:8000", "::1"),
        (b"127.0.0.1", "127.0.0.1"),
        (b"evil.org.:1", "evil.org"),
        (b"", ""),
    ],
)
def test_host_name(header: bytes, name: str) -> None:
    assert host_name(header) == name


@pytest.mark.parametrize("host", ["evil.org", "127.0.0.1.evil.org", "evil.org:8000", "192.168.1.5", ""])
@pytest.mark.parametrize("path", ["/", "/api/documents", "/static/page.js", "/health"])
def test_a_rebound_name_is_refused_on_loopback(client: TestClient, host: str, path: str) -> None:
    response = client.get(path, headers={"Host": host})
    assert response.status_code == 421
    assert response.json()["error"]["type"] == "wrong_host"


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:9", "LOCALHOST"])
def test_own_names_are_served(client: TestClient, host: str) -> None:
    assert client.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.org"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://127.0.0.1:8000.evil.org"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_other_sites_change_nothing(client: TestClient, assistant: Any, headers: dict[str, str]) -> None:
    """A form of another site can send files without asking first."""
    for request in (
        client.post("/api/documents", files=[("file", ("a.txt", b"text"))], headers=headers),
        client.post("/api/ask", json={"question": "x"}, headers=headers),
        client.delete("/api/documents/x", headers=headers),
    ):
        assert (request.status_code, request.json()["error"]["type"]) == (403, "wrong_origin")
    assert assistant.calls == []


@pytest.mark.parametrize("headers", [{"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}, {}])
def test_our_own_page_and_programs_may(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/api/ask", json={"question": "x"}, headers=headers).status_code == 200


def test_with_a_key_the_api_needs_it_and_the_page_does_not(assistant: Any, tmp_path: Path) -> None:
    client = served(assistant, tmp_path, "http://rag.example.org", host="0.0.0.0", api_key=KEY)
    for path in ("/", "/health", "/ready", "/static/page.js"):
        assert client.get(path).status_code == 200
    token = KEY.encode()
    for headers in ({}, {"Authorization": b"Bearer "}, {"Authorization": b"Bearer " + token[:-1]}, {"X-API-Key": b"x"}):
        response = client.get("/api/documents", headers=headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.json()["error"]["type"] == "unauthorized"
    for headers in ({"Authorization": b"Bearer " + token}, {"authorization": b"bearer " + token}, {"X-API-Key": token}):
        assert client.get("/api/documents", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/api/documents", "/api/openapi.json", "/api/none", "//api/documents"])
def test_no_way_around_the_key(assistant: Any, tmp_path: Path, path: str) -> None:
    client = served(assistant, tmp_path, api_key=KEY)
    assert client.get(f"http://127.0.0.1:8000{path}").status_code in (401, 404)
    assert assistant.calls == []


@pytest.mark.parametrize("path", ["/", "/api/documents", "/api/none", "/static/page.css", "/static/none", "/ready"])
def test_every_response_carries_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_static_files_cannot_be_left(client: TestClient) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"):
        assert client.get(path).status_code == 404


def test_page_has_no_inline_code_and_no_foreign_address(client: TestClient) -> None:
    page = client.get("/").text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page)
    for path in STATIC.iterdir():
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text and "https://" not in text and "//cdn" not in text, path
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text), path


def test_every_word_of_the_page_exists_in_both_languages() -> None:
    words = (STATIC / "words.js").read_text("utf-8")
    english, japanese = words.split("\n  ja: {")
    keys = [set(re.findall(r"^    (\w+):", part, re.M)) for part in (english, japanese)]
    assert keys[0] == keys[1] and len(keys[0]) > 25
    used = set(re.findall(r'data-(?:text|label|placeholder)="(\w+)"', (STATIC / "page.html").read_text("utf-8")))
    assert used <= keys[0]
