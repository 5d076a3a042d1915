"""The library view in a real browser, over a real index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from genesis_rag.errors import NotAllowedError

pytestmark = pytest.mark.browser

NOTE = "# 湖の調査\n\n琵琶湖の𠮟面積は670平方キロメートルである。深さは104メートルである。\n"
HOSTILE = (
    '# <script>window.hacked = 1</script>\n\n<img src="http://evil.invalid/a.png" onerror="window.hacked = 2"> '
    "The hostile lake is 77 metres deep. [link](javascript:window.hacked=3) <style>*{display:none}</style>\n"
)
CHOOSE = (
    "const files = new DataTransfer();"
    "for (const [name, text] of arguments[0]) files.items.add(new File([text], name));"
    "const input = document.getElementById('files'); input.files = files.files;"
    "input.dispatchEvent(new Event('change'));"
)
DROP = (
    "const dataTransfer = new DataTransfer();"
    "for (const [name, text] of arguments[0]) dataTransfer.items.add(new File([text], name));"
    "for (const kind of ['dragenter', 'dragover', 'drop']) document.getElementById('drop').dispatchEvent("
    "  new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer}));"
)


@pytest.fixture
def site(home: Path, serving: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    with serving(None, home) as address:
        yield address


def titles(browser: Any) -> list[str]:
    return browser.texts(".row-title")


def open_library(browser: Any, site: str) -> None:
    browser.go(site)
    browser.click("#to-library")
    browser.wait(lambda: browser.visible(".row"))


def test_upload_ask_and_delete(browser: Any, driver: ModuleType, site: str, home: Path) -> None:
    open_library(browser, site)
    assert browser.run("return location.search") == "?view=library"
    assert titles(browser) == ["First"]
    browser.wait(lambda: browser.text("#health").startswith("1 document in 1 passage."))
    browser.run(CHOOSE, [["湖.md", NOTE]])
    browser.wait(lambda: browser.texts(".upload.done .upload-told") == ["Added"])
    browser.wait(lambda: titles(browser) == ["First", "湖の調査"])
    browser.wait(lambda: browser.text("#health").startswith("2 documents in 2 passages."))
    assert browser.run("return document.querySelectorAll('.row-title')[1].lang") == "ja"
    assert browser.texts(".row-state") == ["Up to date", "Up to date"]
    browser.click("#to-ask")
    browser.type("#question", "琵琶湖の深さは？" + driver.ENTER)
    browser.wait(lambda: browser.visible("#source-list li"))
    browser.click("#text .marker")
    quoted = "".join(browser.wait(lambda: browser.texts("mark.active")))
    assert quoted in NOTE and "メートル" in quoted
    assert browser.texts("#source-list .quote[aria-current]") == [quoted]
    browser.click("#to-library")
    browser.wait(lambda: browser.visible(".row"))
    browser.run("document.querySelectorAll('.row-delete')[1].click()")
    assert "uploaded file is deleted" in browser.text("#delete-what")
    browser.click("#delete-form button[value='']")
    assert (home / "uploads" / "湖.md").exists()
    browser.run("document.querySelectorAll('.row-delete')[1].click()")
    browser.click("#delete-form button[value='delete']")
    browser.wait(lambda: titles(browser) == ["First"])
    assert not (home / "uploads" / "湖.md").exists()


def test_files_dropped_are_told_apart_and_a_taken_name_is_replaced_on_demand(
    browser: Any, site: str, home: Path
) -> None:
    httpx.post(f"{site}/api/documents", params={"name": "a.txt"}, content=b"The old text is about copper.")
    open_library(browser, site)
    browser.run(DROP, [["a.txt", "The new text is about silver."], ["b.pdf", "not a pdf"], ["c.txt", "About zinc."]])
    browser.wait(lambda: len(browser.texts(".upload.failed")) == 2 and browser.texts(".upload.done"))
    told = dict(zip(browser.texts(".upload-name"), browser.texts(".upload-told"), strict=True))
    assert told["a.txt"] == "There is a file 'a.txt' already."
    assert told["b.pdf"].startswith("It is not a PDF") and told["c.txt"] == "Added"
    browser.click(".upload.failed .upload-button")
    browser.wait(lambda: "Replaced" in browser.texts(".upload.done .upload-told"))
    assert (home / "uploads" / "a.txt").read_bytes() == b"The new text is about silver."
    assert not (home / "uploads" / "b.pdf").exists()


def test_filters_and_what_is_shown_when_nothing_passes(browser: Any, site: str) -> None:
    httpx.post(f"{site}/api/documents", params={"name": "湖.md"}, content=NOTE.encode())
    open_library(browser, site)
    browser.type("#filter-words", "first")
    browser.wait(lambda: titles(browser) == ["First"])
    browser.type("#filter-words", " nothing")
    browser.wait(lambda: browser.text("#count") == "No document matches.")
    browser.run("document.getElementById('filter-words').value = ''")
    choose = (
        "const s = document.getElementById(arguments[0]); s.value = arguments[1];"
        "s.dispatchEvent(new Event('input', {bubbles: true}));"
    )
    browser.run(choose, "filter-language", "ja")
    browser.wait(lambda: titles(browser) == ["湖の調査"])
    assert not browser.visible("#address"), "no host is named"
    browser.click("[data-interface=ja]")
    assert browser.text("#count") == "1 件"
    assert browser.text(".row-facts").startswith("日本語")


def test_a_document_opens_beside_the_list_and_by_its_address(browser: Any, site: str) -> None:
    response = httpx.post(f"{site}/api/documents", params={"name": "湖.md"}, content=NOTE.encode())
    identifier = response.json()["files"][0]["documents"][0]["id"]
    open_library(browser, site)
    browser.run("document.querySelectorAll('.row-title')[1].click()")
    browser.wait(lambda: "琵琶湖" in browser.text("#viewer-text"))
    assert browser.run("return document.getElementById('viewer-original').pathname") == (
        f"/api/documents/{identifier}/original"
    )
    text = browser.text("#viewer-text")
    start = text.index("面積は670")
    browser.go(f"{site}/?document={identifier}&start={start}&end={start + 6}")
    browser.wait(lambda: browser.text("mark.active") == "面積は670")
    browser.wait(lambda: browser.text("#viewer-title") == "湖の調査")


def test_a_hostile_document_is_shown_as_text_and_nothing_is_fetched(
    browser: Any, driver: ModuleType, site: str
) -> None:
    httpx.post(f"{site}/api/documents", params={"name": "<b>x.md"}, content=HOSTILE.encode())
    open_library(browser, site)
    browser.run("document.querySelectorAll('.row-title')[1].click()")
    browser.wait(lambda: "hostile lake" in browser.text("#viewer-text"))
    browser.click("#to-ask")
    browser.type("#question", "How deep is the hostile lake?" + driver.ENTER)
    browser.wait(lambda: browser.visible("#source-list li"))
    assert "77 metres" in browser.text("#text")
    assert browser.run("return window.hacked === undefined")
    assert browser.run("return document.querySelectorAll('main img, main style, main script, main b').length") == 0
    loaded = browser.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert loaded and all(address.startswith(site) for address in loaded)


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_library_overflows_at_no_width(browser: Any, site: str, width: int) -> None:
    name = "とても長い名前の報告書" * 6 + ".md"
    httpx.post(f"{site}/api/documents", params={"name": name}, content=("# " + "長い題名" * 30 + "\n\n本文。").encode())
    browser.resize(width, 800)
    browser.go(f"{site}/?view=library")
    browser.wait(lambda: browser.visible(".row"))
    browser.run(CHOOSE, [[name, "x" * 50], ["b.pdf", "not a pdf"]])
    browser.wait(lambda: len(browser.texts(".upload.failed")) == 2)
    overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.run(overflow) <= 0
    browser.click(".row-title")
    browser.wait(lambda: browser.visible("#viewer-text"))
    assert browser.run(overflow) <= 0


def test_a_document_is_fetched_by_its_address(
    browser: Any, home: Path, serving: Callable[..., AbstractContextManager[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Page:
        name = "docs.example_湖.md"

        def blocks(self) -> Iterator[bytes]:
            yield NOTE.encode()

    @contextmanager
    def fetch(url: str, hosts: tuple[str, ...], **_: Any) -> Iterator[Page]:
        if "docs.example" not in url:
            raise NotAllowedError("Documents are not fetched from there.", "Name it.")
        yield Page()

    monkeypatch.setattr("genesis_rag.server.fetched.fetch", fetch)
    with serving(None, home, url_hosts="docs.example") as site:
        open_library(browser, site)
        assert browser.text("#address-hosts") == "From docs.example"
        browser.type("#address-url", "https://docs.example/湖.md")
        browser.click("#address button")
        browser.wait(lambda: browser.texts(".upload.done .upload-told") == ["Added"])
        browser.wait(lambda: "湖の調査" in titles(browser))
        browser.type("#address-url", "https://evil.example/")
        browser.click("#address button")
        browser.wait(lambda: browser.texts(".upload.failed .upload-told"))
        assert browser.texts(".upload.failed .upload-told") == ["Documents are not fetched from there. Name it."]
