"""`make ask Q=…` hands every character on, and expands none of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")

QUESTIONS = [
    "日本はジェネシス・ミッションにいくら投資しますか？",
    "it costs $5, $HOME, $(HOME), ${HOME} and $$",
    "`touch pwned` $(shell touch pwned) $(touch pwned); touch pwned | cat & true",
    "\"double\" 'single' \\ back\\slash # hash % percent ! bang * ? [x] {a,b} ~ <in> >out",
    "ＡＩ　全角 ﾊﾝｶｸ 𠮟る 👩‍🔬",
    "two\nlines\n\nand a tab\there",
    "",
]


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    """A virtual environment whose `ask` shows what reached it."""
    binaries = tmp_path / "venv" / "bin"
    binaries.mkdir(parents=True)
    ask = binaries / "ask"
    ask.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "import os,sys; sys.stdout.write(os.environ[\'GENESIS_Q\'])"\n'
    )
    ask.chmod(0o755)
    (binaries / "python").symlink_to(sys.executable)
    stamp = tmp_path / "venv" / ".setup"
    stamp.touch()
    later = time.time() + 1000
    os.utime(stamp, (later, later))
    return tmp_path / "venv"


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("way", ["argument", "environment"])
def test_questions_arrive_unharmed(stub: Path, question: str, way: str) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    arguments = ["make", "-s", "-C", str(ROOT), f"VENV={stub}", "ask"]
    if way == "argument":
        arguments.append(f"Q={question}")
    else:
        environ["Q"] = question
    run = subprocess.run(arguments, capture_output=True, env=environ, check=False)
    assert run.returncode == 0, run.stderr.decode()
    assert run.stdout.decode() == question
    assert not (ROOT / "pwned").exists()


def planned(*arguments: str) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "-n", "-C", str(ROOT), "VENV=/nowhere/venv", "ask", "Q=x", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    return run.stdout


@pytest.mark.parametrize(
    ("profile", "extras", "fetched"),
    [
        ("laptop", ".[llama]", True),
        ("gpu", ".[torch,llama]", True),
        ("server", ".[openai]", False),
        ("mine", ".", False),
    ],
)
def test_a_profile_brings_what_it_needs(profile: str, extras: str, fetched: bool) -> None:
    plan = planned(f"PROFILE={profile}")
    assert f"--editable '{extras}'" in plan or (extras == "." and "--editable ." in plan and "--editable '" not in plan)
    assert (f"models pull {profile} && " in plan) is fetched


def test_a_profile_is_a_name_and_no_command() -> None:
    assert "pwned" not in planned("PROFILE=laptop; touch pwned")
    assert "pwned" not in planned("PROFILE=$(shell touch pwned)") and not (ROOT / "pwned").exists()
