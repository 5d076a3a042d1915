from __future__ import annotations

import importlib.util
import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.errors import UserError
from genesis_rag.evaluation import plots
from genesis_rag.evaluation.items import Evidence, QuestionSet
from genesis_rag.evaluation.markup import Markup, element
from genesis_rag.evaluation.report import report, write_report
from genesis_rag.evaluation.runner import FAILURES, RunOptions
from genesis_rag.evaluation.session import measure

JA = "corpus/genesis.ja.md"
MONEY = "両者は今後5年間で5億ドルを投資する。"
EVIL = '</style></script><script>alert(1)</script><img src=x onerror="alert(2)"> \x00\ud800'


def run_of(make: Any, *items: Any, **known: Any) -> dict[str, Any]:
    questions = QuestionSet(known.pop("name", "set.jsonl"), "0" * 64, items)
    return measure(make.assistant(**known), questions, RunOptions(), "test")


@pytest.fixture
def run(make: Any) -> dict[str, Any]:
    return run_of(
        make,
        make.item("right", question="right"),
        make.item("english", question="en", language="en", direction="en-ja", type="date"),
        make.item("odd", question="odd", direction="zh-zh"),
        make.item("missing", question="missing", evidence=(Evidence("gone.md", "gone"),)),
        make.item("refused", question="none", answerable=False, evidence=()),
        make.item("boom", question="boom"),
        hits={"right": [make.hit_of(JA, MONEY)], "en": [make.hit_of(JA, "署名", 1), make.hit_of(JA, MONEY, 2)]},
        answers={"right": make.answer((MONEY, JA, MONEY)), "en": make.answer(("No idea.", JA, "署名"), language="en")},
    )


def parsed(html: str) -> ElementTree.Element:
    """The report read as XML, which its void elements are closed for; anything not well-formed fails."""
    body = re.sub(r"<(meta|input|br)([^>]*)>", r"<\1\2/>", html.removeprefix("<!doctype html>\n"))
    body = re.sub(r" (checked|open)(?=[ />])", r' \1=""', body)
    return ElementTree.fromstring(body)


def test_shows_the_figures_and_every_failed_question(run: dict[str, Any]) -> None:
    html = report(run)
    tree = parsed(html)
    text = "".join(tree.itertext())
    for head in ("Search", "What each part of the search is worth", "Answers and citations", "Time"):
        assert head in text
    assert len(tree.findall(".//svg")) > 8
    assert len(tree.findall(".//details[@class]")) == 5, "four questions and the evidence that is missing"
    assert "gone.md – no such document in the index" in text
    assert "The engine stopped." in text
    assert "5億ドル / $500 million" in text
    assert f"{run['metrics']['recall@5']['value']:.3f}" in text
    assert run["versions"]["code"] in text
    kinds = {kind for one in run["questions"] for kind in one["failures"]}
    assert {node.get("id") for node in tree.iter("input")} == {"show-all", *(f"show-{kind}" for kind in kinds)}
    assert kinds <= set(FAILURES)


def test_loads_nothing_and_runs_nothing(run: dict[str, Any]) -> None:
    html = report(run)
    assert "<script" not in html
    assert not re.search(r"""(?:src|href|action|srcset)\s*=|url\(|@import|https?://""", html)
    assert "default-src &#x27;none&#x27;" in html
    assert not re.search(r"\son\w+=", html)


@pytest.mark.browser
def test_a_browser_shows_it_without_complaint_and_chooses_by_failure(run: dict[str, Any], tmp_path: Path) -> None:
    program = shutil.which("chromedriver")
    if program is None or not (shutil.which("chromium") or shutil.which("google-chrome")):
        pytest.skip("chromium and chromedriver are not installed")
    place = Path(__file__).resolve().parents[1] / "server" / "webdriver.py"
    spec = importlib.util.spec_from_file_location("webdriver", place)
    assert spec is not None
    assert spec.loader is not None
    driver = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(driver)
    write_report(tmp_path / "report.html", run)
    with driver.running_driver(program) as address:
        browser = driver.Browser(
            address, ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        try:
            browser.go((tmp_path / "report.html").as_uri())
            count = "return [...document.querySelectorAll('details.failed')].filter(e => e.checkVisibility()).length"
            assert browser.run(count) == 4
            browser.run("document.querySelector('#show-error').click()")
            assert browser.run(count) == 1
            browser.resize(400, 900)
            assert browser.run("return document.documentElement.scrollWidth <= 400")
            assert browser.console() == []
        finally:
            browser.close()


def test_untrusted_text_stays_text(make: Any) -> None:
    evil = make.item(
        EVIL,
        question=EVIL,
        answers=((EVIL,),),
        evidence=(Evidence(EVIL, EVIL),),
        type=EVIL,
        direction=EVIL,
        language=EVIL,
    )
    given_answer = make.answer((EVIL, "", ""), confidence=0.5)
    run = run_of(make, evil, answers={EVIL: given_answer}, hits={EVIL: [make.hit_of(JA, MONEY)]}, name=EVIL)
    run["questions"][0]["hits"][0]["text"] = EVIL
    html = report(run)
    tree = parsed(html)
    assert not tree.findall(".//script")
    assert not tree.findall(".//img")
    assert html.count("&lt;script&gt;") > 5
    assert "\x00" not in html
    html.encode("utf-8")


def test_a_run_of_the_search_alone_and_an_empty_one(make: Any) -> None:
    questions = QuestionSet("set.jsonl", "0", (make.item(question="right"),))
    subject = make.assistant(hits={"right": [make.hit_of(JA, MONEY)]})
    text = report(measure(subject, questions, RunOptions(retrieval_only=True, ablation=False), "p"))
    assert "Nothing failed" in text
    assert "Answers and citations" not in text
    assert "Knowing" not in text
    bare = QuestionSet("bare", "0", (make.item(answers=(), evidence=(), direction="", type=""),))
    parsed(report(measure(make.assistant(), bare, RunOptions(), "p")))


def test_says_where_it_cannot_be_written(run: dict[str, Any], tmp_path: Path) -> None:
    write_report(tmp_path / "new" / "report.html", run)
    assert (tmp_path / "new" / "report.html").read_text("utf-8").startswith("<!doctype html>")
    with pytest.raises(UserError, match="cannot be written"):
        write_report(tmp_path, run)


def test_points_stand_where_their_values_are() -> None:
    estimate = {"value": 0.5, "low": 0.25, "high": 0.75, "n": 10}
    svg = ElementTree.fromstring(plots.dots([("name", "accent", estimate)], "title", 400))
    width = float((svg.get("viewBox") or "").split()[2])
    frame = plots.Frame(width, 0, 118, 66)
    circle = svg.find(".//circle")
    assert circle is not None
    assert float(circle.get("cx", 0)) == pytest.approx(frame.x(0.5), abs=0.01)
    whisker = svg.find(".//line[@class='whisker']")
    assert whisker is not None
    assert [float(whisker.get(k, 0)) for k in ("x1", "x2")] == pytest.approx([frame.x(0.25), frame.x(0.75)], abs=0.01)


def test_labels_keep_apart() -> None:
    places = [("a", 10.0), ("b", 11.0), ("c", 12.0), ("d", 90.0)]
    moved = plots._apart(dict(places))
    ordered = sorted(moved.values())
    assert all(second - first >= 15 for first, second in pairwise(ordered))
    assert moved["d"] == 90.0


@given(st.text(), st.text())
def test_markup_never_lets_text_out(text: str, value: str) -> None:
    node = ElementTree.fromstring(element("p", text, Markup("<b>x</b>"), title=value))
    assert [child.tag for child in node] == ["b"]
    assert set(node.attrib) == {"title"}
