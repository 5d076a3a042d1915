"""The page in a real browser: what a person sees after typing, clicking and pressing keys."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from genesis_rag.errors import IndexNotFoundError

pytestmark = pytest.mark.browser

Serving = Callable[..., AbstractContextManager[str]]
JAPANESE = "日本はいくら投資しますか？"


@pytest.fixture(scope="module")
def site(fakes: ModuleType, serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    fake = fakes.FakeAssistant()
    with serving(lambda: fake, tmp_path_factory.mktemp("home")) as address:
        yield address


def ask(browser: Any, driver: ModuleType, question: str) -> None:
    browser.type("#question", question + driver.ENTER)
    browser.wait(lambda: browser.text("#asked") == question and browser.visible("#source-list li"))


def highlighted(browser: Any) -> str:
    return "".join(browser.wait(lambda: browser.texts("#viewer-text mark.active")))


def in_sight(browser: Any) -> bool:
    return browser.run(
        "const mark = document.querySelector('mark.active').getBoundingClientRect();"
        "const body = document.getElementById('viewer-body').getBoundingClientRect();"
        "return mark.top >= body.top && mark.bottom <= body.bottom && mark.bottom <= innerHeight;"
    )


def test_a_click_on_a_citation_highlights_exactly_the_quoted_words(
    browser: Any, driver: ModuleType, site: str, fakes: ModuleType
) -> None:
    browser.go(site)
    ask(browser, driver, JAPANESE)
    assert browser.text("#text") == "今後5年間で5億ドルを投資する。1"
    assert browser.run("return document.getElementById('text').lang") == "ja"
    browser.click("#text .marker")
    assert highlighted(browser) == fakes.JAPANESE_QUOTE
    assert browser.text("#viewer-text") == fakes.JAPANESE.text
    assert in_sight(browser)


def test_every_citation_of_an_answer_opens_its_own_words(
    browser: Any, driver: ModuleType, site: str, fakes: ModuleType
) -> None:
    browser.go(site)
    ask(browser, driver, "How much to invest?")
    quotes = [c.quote for c in fakes.FakeAssistant().ask("invest").citations]
    shown = []
    for index in range(len(quotes)):
        browser.click(f"#source-list .quote[data-quote='{index}']")
        browser.wait(lambda: browser.texts("mark.active"))
        shown.append(highlighted(browser))
        assert browser.texts("#result [aria-current]") == [str(index + 1), " ".join(quotes[index].split())]
    assert shown == quotes
    browser.click("#viewer-next")
    assert browser.wait(lambda: highlighted(browser) == quotes[0])
    assert "[9] stay." in browser.text("#text")  # a number in brackets that cites nothing stays text
    assert browser.texts("#text .marker") == ["1", "2"]


def test_a_long_document_is_loaded_around_the_quotation_and_further_on_request(
    browser: Any, driver: ModuleType, site: str, fakes: ModuleType
) -> None:
    browser.go(site)
    ask(browser, driver, "20ページ")
    browser.click("#text .marker")
    assert highlighted(browser) == "20ページの𠮟文。"
    assert in_sight(browser)
    before = browser.run("return Array.from(document.getElementById('viewer-text').textContent).length")
    assert before < len(fakes.LONG.text) / 2
    assert "p. 20" in browser.texts(".page-label")
    browser.click("#viewer-earlier")
    browser.wait(
        lambda: browser.run("return Array.from(document.getElementById('viewer-text').textContent).length") > before
    )
    assert highlighted(browser) == "20ページの𠮟文。"


def test_markup_in_documents_stays_text(browser: Any, driver: ModuleType, site: str) -> None:
    browser.go(site)
    ask(browser, driver, JAPANESE)
    browser.click("#text .marker")
    highlighted(browser)
    assert "<b>太字ではない</b>" in browser.text("#viewer-text")
    assert browser.run("return document.querySelectorAll('#viewer-text b, #result script').length") == 0


def test_enter_while_converting_kana_does_not_ask(browser: Any, site: str) -> None:
    browser.go(site)
    press = (
        "const box = document.getElementById('question'); box.value = '投資';"
        "box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, ...arguments[0]}));"
        "return document.body.classList.contains('asked');"
    )
    assert browser.run(press, {"isComposing": True}) is False
    assert browser.run(press, {"keyCode": 229}) is False
    assert browser.run(press, {"shiftKey": True}) is False
    assert browser.run(press, {}) is True


def test_keyboard_alone_opens_and_closes_a_source(
    browser: Any, driver: ModuleType, site: str, fakes: ModuleType
) -> None:
    browser.go(site)
    browser.run("document.activeElement.blur()")
    browser.type("body", "/")
    assert browser.run("return document.activeElement.id") == "question"
    ask(browser, driver, JAPANESE)
    browser.type("#text .marker", driver.ENTER)
    assert highlighted(browser) == fakes.JAPANESE_QUOTE
    assert browser.run("return document.activeElement.id") == "viewer-title"
    browser.type("#viewer-title", driver.ESCAPE)
    assert not browser.visible("#viewer")
    assert browser.run("return document.activeElement.className") == "marker"


def test_interface_language_follows_the_browser_and_is_remembered(browser: Any, site: str) -> None:
    browser.go(site)
    assert browser.run("return document.documentElement.lang") == "en"
    assert browser.text("h1") == "Ask your documents."
    browser.click("[data-interface=ja]")
    assert browser.text("h1") == "手元の文書に、たずねる。"
    browser.go(site)
    assert browser.run("return document.documentElement.lang") == "ja"
    assert browser.run("return document.getElementById('question').placeholder") == "質問を入力"


def test_abstention_looks_different_and_offers_what_is_near(browser: Any, driver: ModuleType, site: str) -> None:
    browser.go(site)
    ask(browser, driver, "Who is the king?")
    assert browser.visible("#answer.missing")
    assert browser.text("#state") == "Not in these documents"
    assert browser.text("#sources-title") == "Nearest passages"
    assert not browser.visible("#closing")
    browser.click("#source-list .quote")
    assert highlighted(browser)


def test_errors_are_shown_with_their_hint_and_can_be_retried(browser: Any, driver: ModuleType, site: str) -> None:
    browser.go(site)
    browser.type("#question", "boom" + driver.ENTER)
    browser.wait(lambda: browser.visible("#notice"))
    assert browser.texts("#notice > *") == ["The engine stopped.", "Start it again.", "Try again"]
    assert not browser.visible("#result")
    browser.run("document.getElementById('question').value = ''")
    ask(browser, driver, JAPANESE)
    assert not browser.visible("#notice")


def test_failure_in_the_midst_of_an_answer(browser: Any, driver: ModuleType, site: str) -> None:
    browser.go(site)
    browser.type("#question", "midway" + driver.ENTER)
    browser.wait(lambda: browser.visible("#notice"))
    assert "The engine stopped midway." in browser.text("#notice")


def test_the_address_holds_the_question(browser: Any, driver: ModuleType, site: str) -> None:
    browser.go(f"{site}/?q={JAPANESE}")
    browser.wait(lambda: browser.visible("#source-list li"))
    assert browser.text("#asked") == JAPANESE
    browser.run("document.getElementById('question').value = ''")
    ask(browser, driver, "invest")
    assert browser.run("return new URLSearchParams(location.search).get('q')") == "invest"
    browser.run("history.back()")
    browser.wait(lambda: browser.run("return new URLSearchParams(location.search).get('q')") == JAPANESE)
    assert browser.texts(".asked-question") == [JAPANESE, "invest"], "it goes back within the conversation"
    top = "return document.querySelector('.turn').getBoundingClientRect().top"
    browser.wait(lambda: 0 <= browser.run(top) < 200)


def test_a_server_with_a_key_is_asked_with_it(
    browser: Any, driver: ModuleType, serving: Serving, fakes: ModuleType, tmp_path: Path
) -> None:
    fake = fakes.FakeAssistant()
    typed = "return document.getElementById('key').value"
    with serving(lambda: fake, tmp_path, api_key="right") as address:
        browser.go(address)
        browser.type("#question", JAPANESE + driver.ENTER)
        browser.wait(lambda: browser.visible("#key-dialog"))
        browser.type("#key", "wrong" + driver.ENTER)
        browser.wait(lambda: browser.visible("#key-dialog") and browser.run(typed) == "")
        browser.type("#key", "right" + driver.ENTER)
        browser.wait(lambda: browser.visible("#source-list li"))
        assert "投資" in browser.text("#text")


def test_without_an_index_the_page_says_what_to_do(browser: Any, serving: Serving, tmp_path: Path) -> None:
    def nothing() -> Any:
        raise IndexNotFoundError("There is no index.", "Run: genesis-rag index FOLDER")

    with serving(nothing, tmp_path) as address:
        browser.go(address)
        browser.wait(lambda: browser.visible("#notice"))
        assert "genesis-rag index FOLDER" in browser.text("#notice")


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 2200])
def test_nothing_overflows_at_any_width(browser: Any, driver: ModuleType, site: str, width: int) -> None:
    browser.resize(width, 800)
    browser.go(f"{site}/?q=invest")
    browser.wait(lambda: browser.visible("#source-list li"))
    overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.run(overflow) <= 0
    browser.click("#text .marker")
    highlighted(browser)
    assert browser.run(overflow) <= 0
    assert in_sight(browser)
    assert browser.run(
        "const box = document.querySelector('#text .marker').getBoundingClientRect();"
        "const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);"
        "return top.className === 'marker';"
    ), "the open document hides the sentence that it supports"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_at_least_that_of_wcag_aa(browser: Any, site: str, scheme: str) -> None:
    browser.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.go(site)
    pairs = [("ink", "paper"), ("ink", "card"), ("soft", "paper"), ("soft", "card"), ("accent", "paper")]
    pairs += [("accent", "tint"), ("on-accent", "accent"), ("ink", "mark"), ("ink", "mark-active"), ("soft", "tint")]
    colours = browser.run(
        "const style = getComputedStyle(document.documentElement);"
        "return Object.fromEntries(arguments[0].map(name => [name, style.getPropertyValue('--' + name).trim()]))",
        sorted({name for pair in pairs for name in pair}),
    )
    for above, below in pairs:
        light, dark = sorted((luminance(colours[above]), luminance(colours[below])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{above} on {below} in {scheme}"


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_page_loads_from_its_own_server_only(browser: Any, driver: ModuleType, site: str) -> None:
    browser.go(site)
    ask(browser, driver, JAPANESE)
    browser.click("#text .marker")
    highlighted(browser)
    loaded = browser.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert len(loaded) >= 6
    assert all(address.startswith(site) for address in loaded)


def test_offsets_are_code_points_in_the_browser_too(browser: Any, site: str) -> None:
    """cutText against Python's own slicing, over random text with characters beyond the basic plane."""
    browser.go(site)
    seeded = random.Random(11)
    cases = []
    for _ in range(200):
        text = "".join(seeded.choices("aあ。𠮟👩\u200d🔬e\u0301葛\U000e0100\n ", k=seeded.randint(1, 30)))
        base = seeded.randint(0, 5)
        spans = [sorted(seeded.choices(range(base, base + len(text) + 1), k=2)) for _ in range(seeded.randint(1, 4))]
        cases.append({"text": text, "base": base, "ranges": [{"start": s, "end": e} for s, e in spans]})
    results = browser.run(
        "return import('/static/text.js').then(({cutText}) =>"
        " arguments[0].map(({text, base, ranges}) => cutText(text, base, ranges)))",
        cases,
    )
    for case, pieces in zip(cases, results, strict=True):
        assert "".join(piece["text"] for piece in pieces) == case["text"]
        for index, span in enumerate(case["ranges"]):
            covered = "".join(piece["text"] for piece in pieces if index in piece["covers"])
            assert covered == case["text"][span["start"] - case["base"] : span["end"] - case["base"]]


def test_events_are_parsed_however_they_are_cut(browser: Any, site: str) -> None:
    with httpx.Client(base_url=site) as client:
        headers = {"Accept": "text/event-stream"}
        raw = client.post("/api/ask", json={"question": "invest 👩‍🔬"}, headers=headers).content
    script = (
        "const [bytes, size] = arguments;"
        "return import('/static/api.js').then(async ({serverEvents}) => {"
        "  const stream = new ReadableStream({start(controller) {"
        "    for (let i = 0; i < bytes.length; i += size) controller.enqueue(new Uint8Array(bytes.slice(i, i + size)));"
        "    controller.close(); }});"
        "  const found = []; for await (const {event, data} of serverEvents(stream)) found.push([event, data]);"
        "  return found; });"
    )
    browser.go(site)
    whole = browser.run(script, list(raw), len(raw))
    assert whole[-1][0] == "done" and whole[-1][1]["question"] == "invest 👩‍🔬"
    for size in (1, 7):
        assert browser.run(script, list(raw), size) == whole
