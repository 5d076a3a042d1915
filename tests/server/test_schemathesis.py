"""schemathesis makes requests from the description of the API, fitting ones and unfitting ones: none ends in a 5xx."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from starlette.testclient import TestClient

pytestmark = pytest.mark.slow

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "openapi.json").read_text("utf-8"))
LABELS = [f"{method.upper()} {path}" for path, methods in SCHEMA["paths"].items() for method in methods]


@pytest.fixture(scope="module")
def operations() -> dict[str, Any]:
    """The operations by label. Imported here: it takes a second, which a run without these tests need not wait."""
    schemathesis = pytest.importorskip("schemathesis")
    found = schemathesis.openapi.from_dict(SCHEMA).get_all_operations()
    return {result.ok().label: result.ok() for result in found}


def as_content(value: Any) -> Any:
    """A file of a form as the client takes it: schemathesis gives numbers too."""
    if isinstance(value, tuple):
        return (value[0], as_content(value[1]), *value[2:])
    return value if isinstance(value, bytes | str) else str(value)


def send(client: TestClient, case: Any) -> Any:
    """Send a case, over the in-process client."""
    arguments = case.as_transport_kwargs(base_url="http://127.0.0.1:8000")
    files = [(name, as_content(value)) for name, value in arguments.get("files") or ()]
    return client.request(
        arguments["method"],
        arguments["url"],
        params=arguments.get("params"),
        headers={k: v for k, v in dict(arguments.get("headers") or {}).items() if k.lower() != "user-agent"},
        json=arguments.get("json"),
        content=arguments.get("data") if isinstance(arguments.get("data"), bytes | str) else None,
        files=files or None,
    )


def test_every_operation_is_tried(operations: dict[str, Any]) -> None:
    assert sorted(operations) == sorted(LABELS)


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize("label", LABELS)
def test_no_request_ends_in_a_fault(library: TestClient, operations: dict[str, Any], label: str, mode: str) -> None:
    from schemathesis import GenerationMode

    strategy = operations[label].as_strategy(generation_mode=GenerationMode(mode))
    told: list[int] = []

    @settings(max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def check(case: Any) -> None:
        response = send(library, case)
        assert response.status_code < 500, (case.method, case.path, response.text[:300])
        if response.status_code >= 400:
            assert set(response.json()["error"]) == {"type", "message", "hint"}
        told.append(response.status_code)

    try:
        check()
    except Exception as error:
        if type(error).__name__ in ("Unsatisfiable", "SkipTest"):
            pytest.skip("nothing of this kind can be made for it")
        raise
    assert told
