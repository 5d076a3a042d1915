"""The evaluation view: the latest run in figures, plots and a table, in both languages; and before there is one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from genesis_rag.server.evaluations import keep_latest

pytestmark = pytest.mark.browser
Serving = Callable[..., AbstractContextManager[str]]


RUN: dict[str, Any] = json.loads(Path(__file__).with_name("evaluation_run.json").read_text("utf-8"))


@pytest.fixture
def site(assistant: Any, serving: Serving, tmp_path: Path) -> Iterator[str]:
    with serving(lambda: assistant, tmp_path) as address:
        yield address


def test_a_run_is_shown_in_figures_plots_and_a_table(browser: Any, site: str, tmp_path: Path) -> None:
    keep_latest(tmp_path, RUN)
    browser.go(site)
    browser.click("#to-evaluation")
    browser.wait(lambda: browser.visible(".card"))
    assert browser.run("return location.search") == "?view=evaluation"
    assert "<b>qa</b>.jsonl: 1,300 questions over 84 documents in 4,470 passages" in browser.text("#evaluation-body")
    assert browser.texts(".card-label") == ["recall@5", "contains an accepted answer", "wrong refusals"]
    assert browser.texts(".card-value") == ["0.750", "0.625", "0.250"]
    assert browser.texts(".plot .name") == ["ja → ja 0.88", "en → ja 0.63"]
    points = "return [...document.querySelectorAll('.plot polyline')].map(e => e.points.numberOfItems)"
    assert browser.run(points) == [3, 3]
    rows = browser.texts(".scroll tbody tr")
    assert rows[0] == "search and passages2.03.5100.0"
    assert "recall@10" + "0.875" + "0.875" + "0.625" in rows
    assert browser.texts(".outcome-legend .part-label")[0] == "right answer 6 (75 %)"
    shares = "return [...document.querySelectorAll('.outcome-bar .part')].map(e => getComputedStyle(e).flexGrow)"
    assert browser.run(shares) == ["6", "1", "1", "3", "1"]


def test_what_failed_can_be_chosen_and_asked_again(browser: Any, site: str, tmp_path: Path) -> None:
    keep_latest(tmp_path, RUN)
    browser.go(f"{site}/?view=evaluation")
    browser.wait(lambda: browser.visible("#failed li"))
    assert len(browser.texts("#failed li")) == 50
    browser.click("#more-failed")
    assert len(browser.texts("#failed li")) == 80 and not browser.visible("#more-failed")
    browser.run(
        "const choice = document.querySelector('#evaluation select'); choice.value = 'not_cited';"
        "choice.dispatchEvent(new Event('change'))"
    )
    assert len(browser.texts("#failed li")) == 40
    browser.click(".failed-question")
    browser.wait(lambda: browser.visible("#source-list li"))
    assert browser.text("#asked") == "投資額は？" and not browser.visible("#evaluation")
    browser.run("history.back()")
    browser.wait(lambda: browser.visible(".card"))


def test_before_the_first_run_it_says_how_to_make_one(browser: Any, site: str) -> None:
    browser.go(f"{site}/?view=evaluation")
    browser.wait(lambda: browser.visible(".command"))
    assert browser.text(".command") == "genesis-rag evaluate QA.jsonl"
    assert not browser.visible("#notice")
    browser.click("[data-interface=ja]")
    assert browser.text("#evaluation-title") == "評価" and "まだ評価していません" in browser.text("#evaluation-body")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_it_fits_any_width(browser: Any, site: str, tmp_path: Path, width: int) -> None:
    keep_latest(tmp_path, RUN)
    browser.resize(width, 800)
    browser.go(f"{site}/?view=evaluation")
    browser.wait(lambda: browser.visible(".card"))
    assert browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
