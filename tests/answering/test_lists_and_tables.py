"""Lists and tables of made-up documents, asked as a reader would: the right items or the right row, and no others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from genesis_rag import Assistant, load_settings, open_assistant, run_ingest

DATA = json.loads((Path(__file__).parent / "lists.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    """An assistant over all the documents."""
    home = tmp_path_factory.mktemp("lists")
    for name, document in DATA["documents"].items():
        (home / f"{name}.md").write_text(document["text"], encoding="utf-8")
    settings = load_settings(home=home, environ={}, profile="embedded-static")
    run_ingest(settings, [home])
    return open_assistant(settings)


CASES = [
    pytest.param(case, id=case["q"], marks=[pytest.mark.xfail(strict=True)] if case.get("missed") else [])
    for case in DATA["cases"]
]


@pytest.mark.parametrize("case", CASES)
def test_lists_and_tables_are_quoted_as_asked(assistant: Assistant, case: dict[str, Any]) -> None:
    answer = assistant.ask(case["q"])
    if "lacks" in case:
        assert case["lacks"] not in answer.text
        return
    assert not answer.abstained
    assert all(words in answer.text for words in case.get("has", ()))
    assert not any(words in answer.text for words in case.get("not", ()))
    if "items" in case:
        assert case["items"] <= len(answer.citations) <= case["items"] + 1
