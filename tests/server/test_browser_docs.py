"""/docs in a real browser: everything from this server, every operation drawn, and a request sent from the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.browser
Serving = Callable[..., AbstractContextManager[str]]


@pytest.fixture
def site(assistant: Any, serving: Serving, tmp_path: Path) -> Iterator[str]:
    with serving(lambda: assistant, tmp_path, api_key="right") as address:
        yield address


def test_every_operation_is_described_without_anything_from_elsewhere(
    browser: Any, driver: ModuleType, site: str, assistant: Any, fakes: ModuleType
) -> None:
    browser.go(f"{site}/docs")
    browser.wait(lambda: browser.visible("#key-dialog"))
    browser.type("#key", "right" + driver.ENTER)
    browser.wait(lambda: browser.texts(".operation"))
    paths = httpx.get(f"{site}/api/openapi.json", headers={"Authorization": "Bearer right"}).json()["paths"]
    wanted = sorted(f"{method.upper()}{path}" for path, methods in paths.items() for method in methods)
    shown = browser.run(
        "return [...document.querySelectorAll('.operation summary')]"
        ".map(e => e.children[0].textContent + e.children[1].textContent)"
    )
    assert sorted(shown) == wanted and len(wanted) > 20
    loaded = browser.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert loaded and all(address.startswith(site) for address in loaded)
    fields = "#post-api-ask tr"
    assert any("questiontext up to 4000needed" in row for row in browser.texts(fields))
    browser.click("#post-api-ask summary")
    browser.run("document.querySelector('#post-api-ask textarea').value = '{\"question\": \"invest\"}'")
    browser.click("#post-api-ask .trial .submit")
    browser.wait(lambda: browser.visible("#post-api-ask .result-text"))
    assert browser.text("#post-api-ask .result-text").startswith('200\n{\n "schema": "genesis-rag/answer/1"')
    assert assistant.calls[-1][0] == "invest"
    browser.click("#get-api-documents-identifier- summary")
    browser.type("#get-api-documents-identifier- input", fakes.ENGLISH.id)
    browser.click("#get-api-documents-identifier- .submit")
    browser.wait(lambda: browser.visible("#get-api-documents-identifier- .result-text"))
    assert '"title": "Genesis Mission"' in browser.text("#get-api-documents-identifier- .result-text")


def test_it_fits_a_phone(browser: Any, site: str) -> None:
    browser.resize(390, 800)
    browser.go(site)
    browser.run("sessionStorage.setItem('genesis-rag.key', 'right')")
    browser.go(f"{site}/docs")
    browser.wait(lambda: browser.texts(".operation"))
    browser.run("for (const one of document.querySelectorAll('.operation')) one.open = true")
    assert browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
