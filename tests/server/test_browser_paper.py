"""Pages of PDFs beside the answer: drawn, with the cited words marked; the text where that is not to be had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.browser

PAPER = Path(__file__).resolve().parents[2] / "corpus" / "documents" / "mext-deck-guide.ja.pdf"
QUESTION = "投資の計画の期間は何年間ですか？"
Serving = Callable[..., AbstractContextManager[str]]


@pytest.fixture
def site(home: Path, serving: Serving) -> Iterator[str]:
    with serving(None, home, api_key="right") as address:
        headers = {"Authorization": "Bearer right"}
        with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
            told = client.post("/api/documents", params={"name": "手引.pdf"}, content=PAPER.read_bytes())
        assert told.status_code == 201
        yield address


def opened(browser: Any, driver: ModuleType, site: str) -> None:
    """Ask with the key and open the first citation: a picture behind a key cannot be a plain image."""
    browser.go(site)
    browser.run("sessionStorage.setItem('genesis-rag.key', 'right')")
    browser.type("#question", QUESTION + driver.ENTER)
    browser.wait(lambda: browser.visible("#text .marker"))
    browser.click("#text .marker")
    browser.wait(lambda: browser.visible("#paper") or browser.visible("mark.active"))


def test_the_page_is_drawn_and_the_cited_words_are_marked(browser: Any, driver: ModuleType, site: str) -> None:
    opened(browser, driver, site)
    assert browser.visible("#paper") and not browser.visible("#viewer-text")
    assert browser.run("return document.querySelector('[data-shape=page]').getAttribute('aria-pressed')") == "true"
    label = browser.run("return document.getElementById('paper-picture').getAttribute('aria-label')")
    assert label.startswith("p. 2 “") and "5年間" in label
    inked, in_sight, width = browser.run(
        "const canvas = document.getElementById('paper-picture'), spot = document.querySelector('.spot.active');"
        "const sheet = canvas.getBoundingClientRect(), box = spot.getBoundingClientRect();"
        "const body = document.getElementById('viewer-body').getBoundingClientRect();"
        "const scale = canvas.width / sheet.width;"
        "const data = canvas.getContext('2d').getImageData((box.left - sheet.left) * scale,"
        "  (box.top - sheet.top) * scale, box.width * scale, box.height * scale).data;"
        "let dark = 0; for (let i = 0; i < data.length; i += 4) dark += data[i] < 128;"
        "return [4 * dark / data.length, box.top >= body.top && box.bottom <= body.bottom, canvas.width];"
    )
    assert 0.05 < inked < 0.6, "there is writing under the mark"
    assert in_sight and width >= 800


def test_text_and_page_can_be_changed_and_pages_be_turned(browser: Any, driver: ModuleType, site: str) -> None:
    opened(browser, driver, site)
    browser.click("[data-shape=text]")
    browser.wait(lambda: browser.visible("mark.active"))
    assert "5年間" in browser.text("mark.active") and not browser.visible("#paper")
    browser.click("[data-shape=page]")
    browser.wait(lambda: browser.visible("#paper"))
    assert browser.text("#paper-number") == "Page 2 of 3"
    browser.click("#paper-next")
    browser.wait(lambda: browser.text("#paper-number") == "Page 3 of 3")
    assert browser.run("return document.getElementById('paper-next').disabled") is True
    assert browser.run("return document.querySelectorAll('.spot').length") == 0
    browser.click("#paper-previous")
    browser.wait(lambda: browser.text("#paper-number") == "Page 2 of 3")
    assert browser.run("return document.querySelectorAll('.spot.active').length") >= 1


def test_without_the_file_its_text_is_shown(browser: Any, driver: ModuleType, site: str, home: Path) -> None:
    (home / "uploads" / "手引.pdf").write_bytes(b"%PDF- something else")
    opened(browser, driver, site)
    assert browser.visible("mark.active") and not browser.visible("#paper")
    assert "5年間" in browser.text("mark.active")
    assert browser.run("return document.querySelector('[data-shape=text]').getAttribute('aria-pressed')") == "true"
    assert not browser.visible("#notice")
