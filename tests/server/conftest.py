from __future__ import annotations

import importlib.util
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import uvicorn
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


QUICK = "embedded-static"
MODELS = """schema = 1
[models.genesis-embed-static]
task = "embedding"
backend = "hashing"
path = "none"
licence = "Apache-2.0"
"""


@pytest.fixture(scope="session")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("filled")
    notes = place / "corpus" / "documents" / "first.md"
    notes.parent.mkdir(parents=True)
    (place / "models.toml").write_text(MODELS, encoding="utf-8")
    notes.write_text("---\ndate: 2026-05-01\n---\n# First\n\nThe first document is about rivers.\n", encoding="utf-8")
    run_ingest(Settings(home=place, profile=QUICK), [notes.parent])
    return place


@pytest.fixture
def home(tmp_path: Path, filled_home: Path) -> Path:
    """A home whose index holds one document and is filled with hashed words, which takes no time."""
    return Path(shutil.copytree(filled_home, tmp_path / "home"))


@pytest.fixture
def library(home: Path) -> Iterator[TestClient]:
    """The server over ``home``."""
    with opened_library(home) as client:
        yield client


@pytest.fixture(scope="session")
def open_library() -> Any:
    return opened_library


def opened_library(home: Path, **options: Any) -> TestClient:
    settings = Settings(**{"home": home, "profile": QUICK} | options)
    workshop = Workshop(settings)
    app = create_app(workshop.open_assistant, settings, workshop=workshop)
    return TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)


ARGUMENTS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--force-prefers-reduced-motion"),
]


@pytest.fixture(scope="session")
def driver() -> ModuleType:
    path = Path(__file__).resolve().parent / "webdriver.py"
    spec = importlib.util.spec_from_file_location("webdriver", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def window(driver: ModuleType) -> Iterator[Any]:
    program = shutil.which("chromedriver")
    if program is None or not (shutil.which("chromium") or shutil.which("google-chrome")):
        pytest.skip("chromium and chromedriver are not installed")
    with driver.running_driver(program) as address:
        opened = driver.Browser(address, ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def browser(window: Any) -> Iterator[Any]:
    """The window as new: desktop size, nothing remembered. Afterwards the console must be free of complaints."""
    window.devtools("Emulation.setEmulatedMedia", features=[])
    window.resize(1280, 800)
    window.console()
    yield window
    assert [line for line in window.console() if "Failed to load resource" not in line] == []
    window.run("localStorage.clear(); sessionStorage.clear()")
    window.go("about:blank")


@pytest.fixture(scope="session")
def serving() -> Any:
    return served


@contextmanager
def served(open_assistant: Callable[[], Any] | None, home: Path, **options: Any) -> Iterator[str]:
    """Serve the page on a free port; over the index of ``home`` where no assistant is given."""
    listener = socket.create_server(("127.0.0.1", 0))
    settings = Settings(**{"home": home} | ({} if open_assistant else {"profile": QUICK}) | options)
    workshop = Workshop(settings)
    app = create_app(open_assistant or workshop.open_assistant, settings, workshop=workshop)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
