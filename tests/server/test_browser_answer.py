"""What can be done with an answer on the page: hints, copying, judging, narrowing; and how doubt looks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytestmark = pytest.mark.browser

Serving = Callable[..., AbstractContextManager[str]]
COPY = "navigator.clipboard.writeText = async (text) => { window.copied = text; };"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def site(assistant: Any, serving: Serving, place: Path) -> Iterator[str]:
    with serving(lambda: assistant, place) as address:
        yield address


def ask(browser: Any, driver: ModuleType, question: str) -> None:
    browser.run("document.getElementById('question').value = ''")
    browser.type("#question", question + driver.ENTER)
    browser.wait(lambda: browser.text("#asked") == question and browser.visible("#source-list li"))


def test_pointing_at_a_marker_shows_the_quotation(
    browser: Any, driver: ModuleType, site: str, fakes: ModuleType
) -> None:
    browser.go(site)
    ask(browser, driver, "invest")
    assert not browser.visible("#hint")
    browser.run("document.querySelectorAll('#text .marker')[1].dispatchEvent(new MouseEvent('mouseenter'))")
    assert browser.text("#hint .hint-quote") == f"“{fakes.ENGLISH_QUOTE}”"
    assert browser.run(
        "const box = document.getElementById('hint').getBoundingClientRect();"
        "return box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight;"
    )
    browser.type("body", driver.ESCAPE)
    assert not browser.visible("#hint")
    ask(browser, driver, "20ページ")
    browser.run("document.querySelector('#text .marker').dispatchEvent(new MouseEvent('mouseenter'))")
    said = "const p = document.querySelector('.hint-place'); return [p.textContent, p.lang, p.firstChild.lang]"
    assert browser.run(said) == ["長い報告書 · p. 20", "", "ja"], "only the document's own words are in its language"


def test_copying_takes_the_citations_along(browser: Any, driver: ModuleType, site: str, fakes: ModuleType) -> None:
    browser.go(site)
    browser.run(COPY)
    ask(browser, driver, "invest")

    def copied(button: str) -> str:
        browser.run("window.copied = null")
        browser.click(button)
        return str(browser.wait(lambda: browser.run("return window.copied")))

    plain = copied("#copy-plain")
    assert plain.startswith("invest\n\n5億ドル 👩‍🔬 𠮟 [1]\n")
    assert "\nSources\n[1] ジェネシス・ミッション (genesis.ja.md)\n    “文科省とDOEはそれぞれ、 今後" in plain
    assert f"    “{fakes.ENGLISH_QUOTE}”" in plain
    markdown = copied("#copy-markdown")
    assert markdown.startswith("**invest**\n\n5億ドル 👩‍🔬 𠮟 \\[1\\]\n")
    assert f"\n\\[2\\] *Genesis Mission* (genesis.en.md)\n\n> {fakes.ENGLISH_QUOTE}\n" in markdown
    assert copied("#copy-link") == f"{site}/?q=invest"
    assert browser.text("#done") == "Copied"


def test_a_judgement_is_kept_in_the_home(browser: Any, driver: ModuleType, site: str, place: Path) -> None:
    browser.go(site)
    ask(browser, driver, "invest")
    browser.click("#bad")
    browser.wait(lambda: browser.text("#done") == "Noted, on this machine only")
    assert browser.run("return document.getElementById('bad').getAttribute('aria-pressed')") == "true"
    line = json.loads((place / "feedback.jsonl").read_text("utf-8"))
    assert (line["verdict"], line["question"], line["answerer"]) == ("bad", "invest", "extractive")


def test_a_judgement_marks_the_turn_that_it_is_about(browser: Any, driver: ModuleType, site: str, place: Path) -> None:
    browser.go(site)
    ask(browser, driver, "invest")
    ask(browser, driver, "投資額は？")
    pressed = (
        "return [...document.querySelectorAll('.judge')]"
        ".map(judge => [...judge.children].map(button => button.getAttribute('aria-pressed')))"
    )
    told = "return [...document.querySelectorAll('.done')].map(done => done.textContent)"
    browser.run("document.querySelector('.turn.earlier [data-part=good]').click()")
    browser.wait(lambda: browser.run(told) == ["Noted, on this machine only", ""])
    assert browser.run(pressed) == [["true", "false"], ["false", "false"]]
    browser.click("#bad")
    browser.wait(lambda: all(browser.run(told)))
    assert browser.run(pressed) == [["true", "false"], ["false", "true"]]
    lines = [json.loads(line) for line in (place / "feedback.jsonl").read_text("utf-8").splitlines()]
    assert [(line["question"], line["verdict"]) for line in lines] == [("invest", "good"), ("投資額は？", "bad")]
    browser.click("[data-interface=ja]")
    assert browser.run(pressed) == [["true", "false"], ["false", "true"]], "another language changes no judgement"


@pytest.mark.parametrize(
    ("page", "told"), [("en", "The browser does not allow copying"), ("ja", "ブラウザーがコピーを許可していません")]
)
def test_a_browser_that_refuses_to_copy_is_told(
    browser: Any, driver: ModuleType, site: str, page: str, told: str
) -> None:
    browser.go(site)
    browser.click(f"[data-interface={page}]")
    browser.run("navigator.clipboard.writeText = async () => { throw new DOMException('no', 'NotAllowedError'); };")
    ask(browser, driver, "invest")
    browser.run("window.commands = []; document.execCommand = (name) => { commands.push(name); return true; };")
    browser.click("#copy-plain")
    browser.wait(lambda: browser.text("#done") in ("Copied", "コピーしました"))
    assert browser.run("return window.commands") == ["copy"], "the old way is tried where the new one is refused"
    browser.run("document.execCommand = () => false")
    browser.click("#copy-link")
    browser.wait(lambda: browser.text("#done") == told)
    assert browser.run("return document.activeElement.id") == "copy-link"


def test_the_search_can_be_narrowed_and_the_address_says_how(
    browser: Any, driver: ModuleType, site: str, assistant: Any
) -> None:
    browser.go(site)
    browser.click("#narrow summary")
    browser.run("document.getElementById('narrow-language').value = 'ja'")
    browser.type("#narrow-source", "reports/*")
    ask(browser, driver, "invest & more?")
    browser.go("about:blank")
    address = f"{site}/?q=invest+%26+more%3F&in=ja&source=reports%2F*"
    browser.run("history.length")
    browser.go(address)
    browser.wait(lambda: browser.visible("#source-list li"))
    for question, options in assistant.calls[-2:]:
        assert question == "invest & more?"
        assert (options.search_filter.language, options.search_filter.source_glob) == ("ja", "reports/*")
    assert browser.run("return location.href") == address
    assert browser.visible("#narrow-source")


def test_what_no_source_supports_looks_different(
    browser: Any, driver: ModuleType, site: str, assistant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = assistant._answer("投資")
    text = f"𠮟られた。{plain.text}根拠のない文。"
    moved = replace(plain.citations[0], answer_start=5, answer_end=5 + len(plain.text))
    answer = replace(plain, text=text, citations=(moved,))
    monkeypatch.setattr(assistant, "_answer", lambda question: answer)
    browser.go(site)
    ask(browser, driver, "投資")
    assert browser.texts("#text .unsupported") == ["𠮟られた。", "根拠のない文。"]
    assert browser.text("#text") == text.replace("[1]", "1")


def test_errors_are_told_in_the_language_of_the_page(browser: Any, driver: ModuleType, site: str) -> None:
    browser.go(site)
    browser.click("[data-interface=ja]")
    browser.type("#question", "boom" + driver.ENTER)
    browser.wait(lambda: browser.visible("#notice"))
    assert browser.texts("#notice > *") == [
        "回答の途中でエンジンが止まりました。",
        "The engine stopped.",
        "Start it again.",
        "もう一度",
    ]


def test_a_server_that_is_gone(
    browser: Any, driver: ModuleType, assistant: Any, serving: Serving, tmp_path: Path
) -> None:
    with serving(lambda: assistant, tmp_path) as address:
        browser.go(address)
        ask(browser, driver, "invest")
    browser.run("document.getElementById('question').value = ''")
    browser.type("#question", "invest" + driver.ENTER)
    browser.wait(lambda: browser.visible("#notice"))
    assert browser.texts("#notice > *")[:2] == ["The server cannot be reached.", "Is genesis-rag still running?"]
    browser.click("#to-library")
    browser.wait(lambda: browser.visible("#notice"))
    assert browser.text("#count") == ""
