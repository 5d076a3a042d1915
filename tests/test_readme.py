"""What README.md shows is what the program does and what was measured."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def figures() -> ModuleType:
    spec = importlib.util.spec_from_file_location("figures", ROOT / "docs" / "figures.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("file", ["README.md", "docs/evaluation.md"])
def test_figures_are_those_of_the_committed_results(figures: ModuleType, file: str) -> None:
    assert (ROOT / file).read_text("utf-8") == figures.filled(file), "run `make docs`"


def test_files_that_the_readme_names_are_there() -> None:
    import re

    text = (ROOT / "README.md").read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target


@pytest.mark.slow
@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("日本はジェネシス・ミッションにいくら投資しますか？", "5億ドル"),
        ("How much will Japan and the US invest?", "$500 million"),
    ],
)
def test_the_commands_of_the_readme_answer_as_shown(tmp_path: Path, question: str, wanted: str) -> None:
    home = tmp_path / "home"
    code = "from genesis_rag.cli.main import ask_main; ask_main()"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GENESIS_")}
    run = subprocess.run(
        [sys.executable, "-c", code, "--json", "--home", str(home), question],
        capture_output=True,
        text=True,
        env=environ,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    answer = json.loads(run.stdout)
    assert not answer["abstained"] and wanted in answer["text"]
    shown = (ROOT / "README.md").read_text("utf-8")
    assert all(citation["quote"] in shown for citation in answer["citations"]), "the README shows another answer"
