"""schemathesis makes requests from the description of the API, fitting ones and unfitting ones: none ends in a 5xx."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from starlette.testclient import TestClient

pytestmark = pytest.mark.slow

schemathesis = pytest.importorskip("schemathesis")

PATH = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
SCHEMA = schemathesis.openapi.from_dict(json.loads(PATH.read_text("utf-8")))
OPERATIONS = {result.ok().label: result.ok() for result in SCHEMA.get_all_operations()}
MODES = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]


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


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("label", OPERATIONS)
def test_no_request_ends_in_a_fault(library: TestClient, label: str, mode: Any) -> None:
    strategy = OPERATIONS[label].as_strategy(generation_mode=mode)
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
