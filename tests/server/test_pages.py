"""Pages of PDFs over the API: the picture, the marks of spans, and what is refused."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

pytestmark = pytest.mark.slow
PAPER = Path(__file__).resolve().parents[2] / "corpus" / "documents" / "mext-deck-guide.ja.pdf"
QUOTE = "期間は5年間である。"


def identity_of(client: TestClient, ending: str) -> str:
    listed = client.get("/api/documents").json()["documents"]
    return next(one["id"] for one in listed if one["source"].endswith(ending))


@pytest.fixture
def client(home: Path, open_library: Any) -> Any:
    with open_library(home) as client:
        response = client.post("/api/documents", params={"name": "手引.pdf"}, content=PAPER.read_bytes())
        assert response.status_code == 201
        yield client


def test_a_page_and_the_place_of_a_quotation(client: TestClient) -> None:
    text = client.get(f"/api/documents/{identity_of(client, '手引.pdf')}").json()
    start = text["text"].index(QUOTE)
    page = next(s["page"] for s in text["sections"] if s["start"] <= start < s["end"])
    path = f"/api/documents/{text['id']}/pages/{page}"
    picture = client.get(path, params={"width": 400})
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert picture.content.startswith(b"\x89PNG") and int.from_bytes(picture.content[16:20]) == 400
    spans = [f"{start}-{start + len(QUOTE)}", "0-10"]
    told = client.get(f"{path}/marks", params={"span": spans}).json()
    assert list(told) == ["schema", "page", "pages", "width", "height", "spans"]
    assert (told["page"], told["pages"]) == (page, 3)
    ((left, top, right, bottom),) = told["spans"][0]["boxes"]
    assert 0 < left < right < 1 and 0 < top < bottom < 1
    assert (right - left) * told["width"] == pytest.approx(
        len(QUOTE) * 10.5, rel=0.15
    )  # the page is set in 10.5 points
    assert told["spans"][1] == {"start": 0, "end": 10, "boxes": []}


@pytest.mark.parametrize("span", ["", "5", "9-3", "0-99999", "-1-5", "0-5-9", "０-５"])
def test_spans_that_are_none(client: TestClient, span: str) -> None:
    path = f"/api/documents/{identity_of(client, '.pdf')}/pages/1/marks"
    assert client.get(path, params={"span": span}).status_code == 400


def test_what_has_no_pages(client: TestClient, home: Path) -> None:
    notes, paper = identity_of(client, "first.md"), identity_of(client, ".pdf")
    assert client.get(f"/api/documents/{notes}/pages/1").status_code == 404
    assert client.get("/api/documents/nothing/pages/1").status_code == 404
    assert client.get(f"/api/documents/{paper}/pages/9").status_code == 422
    assert client.get(f"/api/documents/{paper}/pages/0").status_code == 422
    shutil.copy(home / "corpus" / "documents" / "first.md", home / "uploads" / "手引.pdf")
    assert client.get(f"/api/documents/{paper}/pages/1").status_code == 404, "the file is not what was indexed"


def test_pages_that_wait_to_be_drawn_hold_nobody_up(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    at_work, most, ended = threading.Semaphore(0), [0, 0], threading.Event()
    lock = threading.Lock()

    def draw(*_: Any) -> bytes:
        with lock:
            most[0] += 1
            most[1] = max(most)
        at_work.release()
        ended.wait(20)
        with lock:
            most[0] -= 1
        return b"drawn"

    monkeypatch.setattr("genesis_rag.server.workshop.Workshop.draw_page", draw)
    path = f"/api/documents/{identity_of(client, '.pdf')}/pages/1"
    with ThreadPoolExecutor(60) as pool:
        drawn = [pool.submit(client.get, path) for _ in range(60)]  # more than there are threads for requests
        assert at_work.acquire(timeout=20) and at_work.acquire(timeout=20)
        assert client.get("/api/documents").status_code == 200
        ended.set()
        assert {one.result().content for one in drawn} == {b"drawn"}
    assert most[1] == 2
