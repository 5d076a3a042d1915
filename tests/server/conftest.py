from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.testclient import TestClient

from genesis_rag.server.app import create_app
from genesis_rag.settings import Settings


@pytest.fixture(scope="session")
def fakes() -> ModuleType:
    path = Path(__file__).resolve().parent.parent / "fake_assistant.py"
    if "fake_assistant" not in sys.modules:
        spec = importlib.util.spec_from_file_location("fake_assistant", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["fake_assistant"] = module
        spec.loader.exec_module(module)
    return sys.modules["fake_assistant"]


@pytest.fixture
def assistant(fakes: ModuleType) -> Any:
    return fakes.FakeAssistant()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def client(assistant: Any, settings: Settings) -> Iterator[TestClient]:
    app = create_app(lambda: assistant, settings)
    with TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as client:
        yield client
