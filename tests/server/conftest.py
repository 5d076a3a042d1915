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
from genesis_rag.server.workshop import Workshop
from genesis_rag.settings import Settings
from genesis_rag.wiring import run_ingest


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


MODELS = """schema = 1
[models.genesis-embed-static]
task = "embedding"
backend = "hashing"
path = "none"
licence = "Apache-2.0"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose index holds one document and is filled with hashed words, which takes no time."""
    place = tmp_path / "home"
    notes = place / "corpus" / "documents" / "first.md"
    notes.parent.mkdir(parents=True)
    (place / "models.toml").write_text(MODELS, encoding="utf-8")
    notes.write_text("---\ndate: 2026-05-01\n---\n# First\n\nThe first document is about rivers.\n", encoding="utf-8")
    run_ingest(Settings(home=place), [notes.parent])
    return place


@pytest.fixture
def library(home: Path) -> Iterator[TestClient]:
    """The server over ``home``."""
    with opened_library(home) as client:
        yield client


@pytest.fixture(scope="session")
def open_library() -> Any:
    return opened_library


def opened_library(home: Path, **options: Any) -> TestClient:
    settings = Settings(home=home, **options)
    workshop = Workshop(settings)
    app = create_app(workshop.open_assistant, settings, workshop=workshop)
    return TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
