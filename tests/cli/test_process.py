"""What only a real process shows: pipes, terminals, encodings and what gets imported."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

HIGHLIGHT = "\x1b[38;5;16;48;5;221m"
ROOT = Path(__file__).resolve().parents[2]
FAKES = ROOT / "tests" / "fake_assistant.py"

PROGRAM = textwrap.dedent(
    f"""
    import importlib.util, sys
    spec = importlib.util.spec_from_file_location("fake_assistant", {str(FAKES)!r})
    fakes = importlib.util.module_from_spec(spec)
    sys.modules["fake_assistant"] = fakes
    spec.loader.exec_module(fakes)
    import genesis_rag.wiring
    genesis_rag.wiring.open_assistant = lambda settings: fakes.FakeAssistant()
    from genesis_rag.cli.main import ask_main
    sys.argv[0] = "ask"
    ask_main()
    """
)


def environment(**extra: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    return kept | {"TERM": "xterm-256color"} | extra


def ask(*arguments: str, **extra: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env=environment(**extra),
        check=False,
    )


def on_terminal(*arguments: str, **extra: str) -> str:
    """Run with stdout and stderr on a pseudo-terminal and return what it shows."""
    reader, writer = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=writer,
        env=environment(COLUMNS="80", LINES="24", **extra),
    )
    os.close(writer)
    shown = b""
    while select.select([reader], [], [], 30)[0]:
        try:
            piece = os.read(reader, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(reader)
    assert process.wait(10) == 0, shown.decode()
    return shown.decode().replace("\r\n", "\n")


def test_terminal_has_colours_and_highlights_the_quote_in_its_context() -> None:
    shown = on_terminal("日本はいくら投資しますか？")
    quote = "文科省とDOEはそれぞれ、 今後5年間で5億ドルを投資する。"
    assert "\x1b[1;36m[1]\x1b[0m" in shown
    begin = shown.index(HIGHLIGHT) + len(HIGHLIGHT)
    assert shown[begin:].startswith(quote[:8])
    plain = "".join(part.partition("m")[2] if i else part for i, part in enumerate(shown.split("\x1b[")))
    assert "これは前置き。" in plain and "その後の文。" in plain
    assert "内蔵の読み取り器が原文から選んだ引用です。" in plain
    assert plain.startswith(
        "今後5年間で5億ドルを投資する。[1]\n\n出典\n[1] ジェネシス・ミッション\n    genesis.ja.md\n"
    )


def test_no_color_and_dumb_terminals_get_plain_text() -> None:
    for extra in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in on_terminal("投資は？", **extra)


def test_streamed_and_whole_answers_show_the_same() -> None:
    assert on_terminal("invest?") == on_terminal("--no-stream", "invest?")


def test_piped_output_has_no_escape_codes() -> None:
    assert b"\x1b" not in ask("投資は？").stdout


def test_json_is_utf8_and_people_get_question_marks_in_a_narrow_locale() -> None:
    run = ask("--json", "投資は？", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert json.loads(run.stdout.decode("utf-8"))["question"] == "投資は？"
    run = ask("投資は？", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert run.returncode == 0 and run.stdout.startswith(b"??5???5")


def test_a_closed_pipe_is_met_quietly(tmp_path: Path) -> None:
    questions = tmp_path / "q.jsonl"
    questions.write_text('{"id": 1, "question": "投資は？"}\n' * 2000, "utf-8")
    for arguments in (["--json", "--questions", str(questions)], ["投資は？"]):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
        process.stderr.close()
        assert process.wait(30) == 1
        assert told == b""


@pytest.mark.parametrize("arguments", [["ask", "--help"], ["--help"], ["index", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom genesis_rag.cli.main import genesis_rag, run\n"
        f"code = run(genesis_rag, 'genesis-rag', {arguments!r})\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)\nsys.exit(code)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True)
    heavy = {
        *("torch", "transformers", "sentence_transformers", "llama_cpp", "faiss", "onnxruntime", "fastapi"),
        *("numpy", "pydantic", "tantivy", "tokenizers", "uvicorn", "rich"),
    }
    assert not heavy & set(run.stderr.split())
    assert run.stdout
