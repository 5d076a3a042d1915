"""axe-core, the rule engine of accessibility tests, over every state of the page in both languages and themes."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.browser

Serving = Callable[..., AbstractContextManager[str]]
PAPER = Path(__file__).resolve().parents[2] / "corpus" / "documents" / "mext-deck-guide.ja.pdf"
BAD = "const t = new DataTransfer(); t.items.add(new File(['x'], 'b.pdf')); const i = document.getElementById('files');"


@pytest.fixture(scope="module")
def axe() -> str:
    """The rule engine; AXE_CORE may name a newer one than the package on PyPI holds."""
    if named := os.environ.get("AXE_CORE"):
        return Path(named).read_text("utf-8")
    spec = importlib.util.find_spec("axe_core_python")
    if spec is None or spec.origin is None:
        pytest.skip("axe-core-python is not installed")
    return (Path(spec.origin).parent / "axe.min.js").read_text("utf-8")


@pytest.fixture
def site(fakes: ModuleType, serving: Serving, home: Path) -> Iterator[str]:
    with serving(lambda: fakes.FakeAssistant(), home) as address:
        yield address


@pytest.fixture
def check(browser: Any, axe: str) -> Callable[[str], None]:
    def checked(state: str) -> None:
        script = f"{axe}; return axe.run(document, {{resultTypes: ['violations']}}).then(r => r.violations)"
        found = browser.run(script)
        told = [f"{v['impact']} {v['id']}: {v['help']}: {[n['html'][:120] for n in v['nodes'][:3]]}" for v in found]
        assert told == [], state

    return checked


@pytest.mark.parametrize(("scheme", "interface"), [("light", "ja"), ("dark", "en")])
def test_asking(
    browser: Any, driver: ModuleType, site: str, check: Callable[[str], None], scheme: str, interface: str
) -> None:
    browser.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.go(site)
    browser.click(f"[data-interface={interface}]")
    browser.click("#narrow summary")
    check("empty page")
    for question, state in [("invest", "an answer"), ("Who is the king?", "no answer")]:
        browser.run("document.getElementById('question').value = ''")
        browser.type("#question", question + driver.ENTER)
        browser.wait(lambda q=question: browser.text("#asked") == q and browser.visible("#source-list li"))
        check(state)
        browser.click("#source-list .quote")
        browser.wait(lambda: browser.texts("mark.active"))
        check(f"{state}, a source open")
    browser.run("document.getElementById('question').value = ''")
    browser.type("#question", "boom" + driver.ENTER)
    browser.wait(lambda: browser.visible("#notice"))
    check("an error")


@pytest.mark.parametrize(("scheme", "interface"), [("dark", "ja"), ("light", "en")])
def test_the_library(
    browser: Any, serving: Serving, home: Path, check: Callable[[str], None], scheme: str, interface: str
) -> None:
    with serving(None, home) as site:
        httpx.post(f"{site}/api/documents", params={"name": "湖.md"}, content="# 湖\n\n湖の話。".encode())
        browser.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.go(f"{site}/?view=library")
        browser.click(f"[data-interface={interface}]")
        browser.wait(lambda: len(browser.texts(".row")) == 2)
        browser.run(BAD + "i.files = t.files; i.dispatchEvent(new Event('change'));")
        browser.wait(lambda: browser.texts(".upload.failed"))
        check("the list")
        browser.click(".row-title")
        browser.wait(lambda: browser.text("#viewer-text"))
        check("a document open")
        browser.click(".row-delete")
        browser.wait(lambda: browser.visible("#delete-dialog"))
        check("the question before a removal")
        browser.click("#delete-form button[value='']")


@pytest.mark.parametrize(("scheme", "interface"), [("dark", "ja"), ("light", "en")])
def test_the_evaluation_and_a_drawn_page(
    browser: Any, serving: Serving, home: Path, check: Callable[[str], None], scheme: str, interface: str
) -> None:
    shutil.copy(Path(__file__).with_name("evaluation_run.json"), home / "evaluation.json")
    with serving(None, home) as site:
        told = httpx.post(f"{site}/api/documents", params={"name": "手引.pdf"}, content=PAPER.read_bytes(), timeout=60)
        assert told.status_code == 201
        browser.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.go(f"{site}/?view=evaluation")
        browser.click(f"[data-interface={interface}]")
        browser.wait(lambda: browser.visible(".card"))
        check("figures and plots")
        browser.go(f"{site}/?document={told.json()['files'][0]['documents'][0]['id']}&start=0&end=20")
        browser.wait(lambda: browser.visible("#paper"))
        check("a page")
