from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from genesis_rag.index.doctor import DoctorReport, Finding
from genesis_rag.server import schemas
from genesis_rag.server.problems import STATUS, problem_body

DOCS = Path(__file__).resolve().parents[2] / "docs"

TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "number": (float, int),
    "boolean": (bool,),
    "list": (list, tuple),
    "object": (dict,),
    "null": (type(None),),
    "any": (object,),
}


def documented() -> dict[str, dict[str, str]]:
    """The tables of docs/json.md: heading -> key -> type."""
    tables: dict[str, dict[str, str]] = {}
    for part in (DOCS / "json.md").read_text("utf-8").split("\n## ")[1:]:
        rows = re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", part, re.M)
        tables[part.split("\n", 1)[0]] = dict(rows)
    return tables


def check(name: str, payload: Any, optional: frozenset[str] = frozenset()) -> None:
    table = documented()[name]
    assert list(payload) == [key for key in table if key in payload], f"{name}: order or extra keys"
    assert set(table) - set(payload) <= optional
    for key, value in payload.items():
        allowed = tuple(kind for word in table[key].split(" or ") for kind in TYPES[word])
        assert isinstance(value, allowed), f"{name}.{key} is {value!r}"
        assert isinstance(value, bool) == ("boolean" in table[key]) or "any" in table[key]


def test_answers_are_as_documented(fakes: ModuleType) -> None:
    answer = fakes.FakeAssistant().ask("invest")
    payload = schemas.answer_payload(answer)
    check("Answer", payload, frozenset({"id"}))
    check("Answer", schemas.answer_payload(answer, 7))
    for citation in payload["citations"]:
        check("Citation", citation)
        check("Verification", citation["verification"])
    for passage in payload["passages"]:
        check("Passage", passage)


def test_hits_and_documents_are_as_documented(fakes: ModuleType) -> None:
    fake = fakes.FakeAssistant()
    found = schemas.search_payload("x", fake.search("x"))
    check("Search", found)
    for hit in found["hits"]:
        check("Hit", hit)
    check("Document", schemas.document_payload(fake.documents()[0]), frozenset({"state"}))
    text = schemas.text_payload(fakes.LONG)
    check("Document text", text)
    check("Section", text["sections"][0])


def test_doctor_and_errors_are_as_documented(genesis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = Finding(kind="stale", what="x", repaired=True, hint="")
    monkeypatch.setattr("genesis_rag.wiring.run_doctor", lambda _: DoctorReport(findings=(finding,)))
    payload = json.loads(genesis("doctor", "--json").out)
    check("Doctor", payload)
    check("Finding", payload["findings"][0])
    check("Error", problem_body("t", "m", "h")["error"])


def test_every_schema_is_named_in_the_documentation() -> None:
    text = (DOCS / "json.md").read_text("utf-8")
    for name in ("ANSWER_SCHEMA", "SEARCH_SCHEMA", "DOCUMENT_SCHEMA", "TEXT_SCHEMA"):
        assert f"`{getattr(schemas, name)}`" in text


def test_every_status_that_a_request_can_meet_is_named() -> None:
    text = (DOCS / "json.md").read_text("utf-8")
    for status, kind in STATUS.values():
        if kind not in ("settings", "missing_extra", "index_damaged", "unreadable_document"):
            assert str(status) in text and f"`{kind}`" in text


def test_cli_page_equals_the_help() -> None:
    spec = importlib.util.spec_from_file_location("generate_docs", DOCS / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (DOCS / "cli.md").read_text("utf-8") == module.page(), "run `make docs`"


def test_migrations_are_as_documented() -> None:
    from dataclasses import asdict

    from genesis_rag.cli.migrate import MIGRATION_SCHEMA
    from genesis_rag.migration import MigrationReport

    check("Migration", {"schema": MIGRATION_SCHEMA, **asdict(MigrationReport(1, 2, 3, "f", 4, ()))})
    assert f"`{MIGRATION_SCHEMA}`" in (DOCS / "json.md").read_text("utf-8")


def test_checks_of_saved_answers_are_as_documented() -> None:
    from genesis_rag.cli.saved import _payload
    from genesis_rag.staleness import CitedPlace, PlaceToday

    place = CitedPlace(1, "a.md", 0, 3, "abc", "0" * 64)
    for today in (PlaceToday("unchanged", "a.md", 0, 3), PlaceToday("gone", "", -1, -1)):
        payload = _payload("?", [(place, today)])
        check("Answers check", payload)
        check("Place", payload["citations"][0])
