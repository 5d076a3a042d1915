from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from genesis_rag.cli import main as cli


def _load_fakes() -> ModuleType:
    path = Path(__file__).resolve().parent.parent / "fake_assistant.py"
    if "fake_assistant" not in sys.modules:
        spec = importlib.util.spec_from_file_location("fake_assistant", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["fake_assistant"] = module
        spec.loader.exec_module(module)
    return sys.modules["fake_assistant"]


@pytest.fixture(scope="session")
def fakes() -> ModuleType:
    return _load_fakes()


@dataclass
class Run:
    code: int
    out: str
    err: str


Runner = Callable[..., Run]


@pytest.fixture
def assistant(fakes: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The assistant that every command opens."""
    fake = fakes.FakeAssistant()
    monkeypatch.setattr("genesis_rag.wiring.open_assistant", lambda settings: fake)
    return fake


@pytest.fixture
def genesis(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runner:
    """Runs `ask …` or `genesis-rag …` in an empty home; returns exit code, stdout and stderr."""
    monkeypatch.setenv("GENESIS_HOME", str(tmp_path / "home"))

    def run(*arguments: str, program: str = "genesis-rag") -> Run:
        application = cli.ask if program == "ask" else cli.genesis_rag
        capsys.readouterr()
        code = cli.run(application, program, _checked(arguments))
        captured = capsys.readouterr()
        return Run(code, captured.out, captured.err)

    return run


def _checked(arguments: Sequence[str]) -> list[str]:
    assert all(isinstance(argument, str) for argument in arguments)
    return list(arguments)
