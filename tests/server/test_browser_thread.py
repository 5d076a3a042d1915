"""A conversation on the page: follow-up questions, what they were understood as, and a new beginning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from genesis_rag.types import AnswerDone, PassagesFound

pytestmark = pytest.mark.browser
Serving = Callable[..., AbstractContextManager[str]]
SEARCHED = "How much will Japan invest in 2027?"


@pytest.fixture
def site(assistant: Any, serving: Serving, tmp_path: Path) -> Iterator[str]:
    with serving(lambda: assistant, tmp_path) as address:
        yield address


def ask(browser: Any, driver: ModuleType, question: str) -> None:
    browser.type("#question", question + driver.ENTER)
    browser.wait(lambda: browser.text("#asked") == question and browser.visible("#source-list li"))


def said_before(assistant: Any) -> list[list[str]]:
    """For each question what had been asked before in its conversation."""
    return [[turn.asked for turn in options.conversation.turns] for _, options in assistant.calls]


def test_answers_stay_and_each_opens_its_own_sources(
    browser: Any, driver: ModuleType, site: str, assistant: Any, fakes: ModuleType
) -> None:
    browser.go(site)
    ask(browser, driver, "投資額は？")
    assert browser.run("return document.getElementById('question').value") == ""
    ask(browser, driver, "and how much to invest?")
    ask(browser, driver, "20ページ")
    assert browser.texts(".asked-question") == ["投資額は？", "and how much to invest?", "20ページ"]
    assert browser.run("return [...document.querySelectorAll('.asked-question')].map(e => e.tagName)") == [
        *("H1", "H2", "H2"),
    ]
    assert said_before(assistant) == [[], ["投資額は？"], ["投資額は？", "and how much to invest?"]]
    shown = "return [...document.querySelectorAll('.sources')].map(e => e.open)"
    assert browser.run(shown) == [False, False, True]
    quotes = {1: fakes.JAPANESE_QUOTE, 2: fakes.JAPANESE_QUOTE, 3: "20ページの𠮟文。"}
    for turn, quote in [(1, quotes[1]), (3, quotes[3]), (2, quotes[2])]:
        browser.run(f"document.querySelectorAll('.turn')[{turn - 1}].querySelector('.marker').click()")
        browser.wait(lambda quote=quote: "".join(browser.texts("mark.active")) == quote)
        current = "return [...document.querySelectorAll('.turn')].map(e => !!e.querySelector('[aria-current]'))"
        assert browser.run(current) == [place == turn for place in (1, 2, 3)]
    assert browser.run("return document.querySelectorAll('#text').length") == 1, "only the last turn has the ids"


def test_what_a_follow_up_was_understood_as_is_shown_and_shared(
    browser: Any, driver: ModuleType, site: str, assistant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = assistant.stream

    def stream(question: str, options: Any) -> Iterator[Any]:
        for event in whole(question, options):
            if question.startswith("and") and isinstance(event, PassagesFound):
                yield PassagesFound(event.passages, SEARCHED)
            elif question.startswith("and") and isinstance(event, AnswerDone):
                yield AnswerDone(replace(event.answer, searched=SEARCHED))
            else:
                yield event

    monkeypatch.setattr(assistant, "stream", stream)
    browser.go(site)
    browser.run("navigator.clipboard.writeText = async (text) => { window.copied = text; };")
    ask(browser, driver, "invest")
    assert not browser.visible("#searched")
    ask(browser, driver, "and in 2027, to invest?")
    assert browser.visible("#searched") and browser.text("#searched") == f"Searched for: “{SEARCHED}”"
    browser.click("[data-interface=ja]")
    assert browser.text("#searched") == f"「{SEARCHED}」として検索しました"
    browser.click("#copy-link")
    address = f"{site}/?q=How+much+will+Japan+invest+in+2027%3F"
    assert browser.wait(lambda: browser.run("return window.copied")) == address
    assert browser.run("return location.href") == address, "the address makes sense without the conversation"


def test_a_new_conversation_knows_nothing_of_the_old_one(
    browser: Any, driver: ModuleType, site: str, assistant: Any
) -> None:
    browser.go(site)
    assert not browser.visible("#new-conversation")
    ask(browser, driver, "invest")
    browser.run("document.getElementById('new-conversation').focus()")
    browser.type("#new-conversation", driver.ENTER)
    assert browser.visible("h1[data-text=title]") and not browser.visible(".turn")
    assert browser.run("return [location.pathname + location.search, document.activeElement.id]") == ["/", "question"]
    ask(browser, driver, "20ページ")
    assert said_before(assistant) == [[], []]
    assert browser.texts(".asked-question") == ["20ページ"]


def test_a_question_that_fails_leaves_the_conversation_as_it_was(
    browser: Any, driver: ModuleType, site: str, assistant: Any
) -> None:
    browser.go(site)
    ask(browser, driver, "invest")
    browser.type("#question", "boom" + driver.ENTER)
    browser.wait(lambda: browser.visible("#notice"))
    assert browser.texts(".asked-question") == ["invest"] and browser.visible("#result")
    assert browser.run("return document.getElementById('question').value") == "boom"
    browser.run("document.getElementById('question').value = ''")
    ask(browser, driver, "20ページ")
    assert said_before(assistant)[-1] == ["invest"] and not browser.visible("#notice")


def test_the_conversation_is_still_there_after_a_look_at_the_documents(
    browser: Any, driver: ModuleType, site: str
) -> None:
    browser.go(site)
    ask(browser, driver, "invest")
    browser.click("#to-evaluation")
    browser.wait(lambda: browser.visible("#evaluation"))
    assert not browser.visible("#question")
    browser.click("#to-ask")
    browser.wait(lambda: browser.visible("#text .marker"))
    assert browser.run("return location.search") == "?q=invest"


def test_a_number_in_brackets_within_quoted_words_is_no_marker(
    browser: Any, driver: ModuleType, site: str, assistant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = assistant._answer("投資")
    text = "参考文献 [1] を見よ。 [1]"
    moved = replace(plain.citations[0], answer_start=0, answer_end=len(text))
    monkeypatch.setattr(assistant, "_answer", lambda question: replace(plain, text=text, citations=(moved,)))
    browser.go(site)
    ask(browser, driver, "投資")
    assert browser.text("#text") == "参考文献 [1] を見よ。 1"
    assert browser.texts("#text .marker") == ["1"]


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_box_stays_in_sight_at_any_width(browser: Any, driver: ModuleType, site: str, width: int) -> None:
    browser.resize(width, 760)
    browser.go(site)
    for question in ("invest", "投資額は？", "20ページ"):
        ask(browser, driver, question)
        top, box, below = browser.run(
            "const place = (e) => e.getBoundingClientRect();"
            "return [place(document.getElementById('asked')).top, place(document.getElementById('ask')).bottom,"
            " place(document.getElementById('asked')).bottom < place(document.getElementById('ask')).top];"
        )
        assert 0 <= top < 300 and box <= 760 and below
    assert browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    order = []
    browser.run("document.getElementById('question').focus()")
    for _ in range(3):
        browser.type(":focus", driver.TAB)
        order.append(browser.run("return document.activeElement.id || document.activeElement.tagName"))
    assert order == ["submit", "SUMMARY", "new-conversation"]
