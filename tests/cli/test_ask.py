from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from genesis_rag.errors import BackendError
from genesis_rag.types import SearchFilter

JAPANESE = "日本はいくら投資しますか？"


def pipe(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_japanese_answer_in_plain_text(genesis: Any, assistant: Any) -> None:
    run = genesis(JAPANESE, program="ask")
    assert run.code == 0
    assert run.out == (
        "今後5年間で5億ドルを投資する。[1]\n"
        "\n"
        "出典\n"
        "[1] ジェネシス・ミッション\n"
        "    genesis.ja.md\n"
        "    「文科省とDOEはそれぞれ、 今後5年間で5億ドルを投資する。」\n"
        "\n"
        "内蔵の読み取り器が原文から選んだ引用です。ローカル LLM による文章の回答は ask --llm モデル.gguf\n"
    )
    assert run.err == ""
    assert assistant.closed


def test_english_answer_has_notes_and_sources_in_order(genesis: Any, assistant: Any) -> None:
    run = genesis("ask", "How", "much", "to", "invest?")
    assert run.code == 0
    assert assistant.calls[0][0] == "How much to invest?"
    lines = run.out.splitlines()
    assert lines[2] == "Note: One source is in Japanese."
    assert lines[4] == "Sources"
    assert [line for line in lines if line.startswith("[")] == ["[1] ジェネシス・ミッション", "[2] Genesis Mission"]
    assert "    “Japan and the United States will each invest $500 million.”" in lines
    assert lines[-1].startswith("Quotations chosen by the built-in reader.") and "--llm" in lines[-1]


def test_page_is_shown(genesis: Any, assistant: Any) -> None:
    assert "[1] 長い報告書 — 20ページ\n" in genesis("20ページ", program="ask").out


def test_quiet_leaves_out_the_closing_line(genesis: Any, assistant: Any) -> None:
    assert "内蔵" not in genesis("-q", JAPANESE, program="ask").out


def test_abstaining_exits_0_and_cites_nothing(genesis: Any, assistant: Any) -> None:
    run = genesis("Who is the king?", program="ask")
    assert (run.code, run.out) == (0, "The documents do not say.\n")


def test_json_is_one_line_in_real_characters(genesis: Any, assistant: Any, fakes: ModuleType) -> None:
    run = genesis("--json", JAPANESE, program="ask")
    assert run.out.count("\n") == 1
    assert "投資" in run.out
    answer = json.loads(run.out)
    assert answer["schema"] == "genesis-rag/answer/1"
    assert "id" not in answer
    (citation,) = answer["citations"]
    document = fakes.JAPANESE
    assert document.text[citation["start"] : citation["end"]] == citation["quote"] == fakes.JAPANESE_QUOTE
    assert (citation["source"], citation["marker"], citation["page"]) == ("genesis.ja.md", 1, None)
    assert answer["confidence"] == 0.875


def test_questions_file_answers_each_with_its_id(genesis: Any, assistant: Any, tmp_path: Path) -> None:
    rows = [{"id": "a", "question": JAPANESE, "answers": ["x"]}, {"id": 7, "question": "invest?", "type": "list"}]
    path = tmp_path / "qa.jsonl"
    path.write_text("\ufeff" + "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", "utf-8")
    run = genesis("--json", "--questions", str(path), program="ask")
    answers = [json.loads(line) for line in run.out.splitlines()]
    assert [(a["id"], a["question"]) for a in answers] == [("a", JAPANESE), (7, "invest?")]
    human = genesis("--questions", str(path), program="ask").out
    assert f"a: {JAPANESE}\n今後" in human
    assert "\n\n7: invest?\n" in human


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"id": 1}\n', ":1 lacks"),
        ('{"id": 1, "question": "x"}\n{"question": "x"}\n', ":2 lacks"),
        ('{"id": 1, "question": "x"}\n\nnot json\n', ":3 is not JSON"),
        ('{"id": 1, "question": 5}\n', ":1 lacks"),
        ("[1, 2]\n", ":1 lacks"),
        ("\n", "holds no questions"),
    ],
)
def test_bad_questions_files_name_the_line(
    genesis: Any, assistant: Any, tmp_path: Path, content: str, told: str
) -> None:
    path = tmp_path / "qa.jsonl"
    path.write_text(content, "utf-8")
    run = genesis("--json", "--questions", str(path), program="ask")
    assert run.code == 2
    assert told in run.err and '"question"' in run.err
    assert run.out == ""
    assert assistant.calls == []


def test_missing_or_undecodable_questions_file(genesis: Any, tmp_path: Path) -> None:
    assert genesis("--questions", str(tmp_path / "none.jsonl"), program="ask").code == 2
    (tmp_path / "sjis.jsonl").write_bytes('{"id": 1, "question": "質問"}'.encode("cp932"))
    assert genesis("--questions", str(tmp_path / "sjis.jsonl"), program="ask").code == 2


@pytest.mark.parametrize(
    "question", ["\"double\" 'single' `x` $HOME $$ \\", "ＡＩ　全角 𠮟 👩‍🔬", "two\nlines\n", "--json", "   "]
)
def test_question_comes_from_the_environment_unharmed(
    genesis: Any, assistant: Any, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    monkeypatch.setenv("GENESIS_Q", question)
    run = genesis("--json", program="ask")
    assert json.loads(run.out)["question"] == question
    assert genesis("--json", "given", program="ask").out.count('"question": "given"') == 1


def test_question_comes_from_a_pipe(genesis: Any, assistant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, "\ufeff投資は？\n".encode())
    assert json.loads(genesis("--json", program="ask").out)["question"] == "投資は？"


def test_no_question_at_all_is_a_users_mistake(genesis: Any, assistant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESIS_Q", "")
    pipe(monkeypatch, b"")
    run = genesis(program="ask")
    assert run.code == 2
    assert run.err.startswith("ask: There is no question.\n  Ask one:")
    assert run.out == ""


def test_empty_argument_reaches_the_assistant(genesis: Any, assistant: Any) -> None:
    assert genesis("", program="ask").code == 0
    assert assistant.calls[0][0] == ""


def test_undecodable_bytes_become_replacement_characters(genesis: Any, assistant: Any) -> None:
    broken = b"invest \xff\xe3\x81\x82 \xe3\x81".decode("utf-8", "surrogateescape")
    assert json.loads(genesis("--json", broken, program="ask").out)["question"] == "invest \ufffdあ \ufffd"
    assert json.loads(genesis("--json", "x\ud800y", program="ask").out)["question"] == "x\ufffdy"


def test_options_reach_the_assistant(genesis: Any, assistant: Any) -> None:
    genesis("-k", "3", "--language", "ja", "--in", "en", "--source", "genesis.*", "invest?", program="ask")
    options = assistant.calls[0][1]
    assert (options.passages, options.language) == (3, "ja")
    assert options.search_filter == SearchFilter(language="en", source_glob="genesis.*")
    genesis("invest?", program="ask")
    assert assistant.calls[1][1].search_filter is None
    genesis("--since", "2026-04", "--until", "2026", "invest?", program="ask")
    assert assistant.calls[2][1].search_filter == SearchFilter(dated_from="2026-04", dated_to="2026")


@pytest.mark.parametrize("date", ["yesterday", "2026-13", "26-04-01", "2026-04-01T00:00", "令和8年"])
def test_only_dates_that_can_be_compared_are_taken(genesis: Any, assistant: Any, date: str) -> None:
    run = genesis("--since", date, "invest?", program="ask")
    assert run.code == 2 and "is not a date such as 2026-04-01" in run.err and assistant.calls == []


def test_profile_and_home_reach_the_settings(genesis: Any, fakes: ModuleType, monkeypatch: Any, tmp_path: Path) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(
        "genesis_rag.wiring.open_assistant", lambda settings: seen.append(settings) or fakes.FakeAssistant()
    )
    assert genesis("--home", str(tmp_path / "h"), "--profile", "embedded-static", "x", program="ask").code == 0
    assert (seen[0].home, seen[0].profile) == (tmp_path / "h", "embedded-static")
    run = genesis("--profile", "none-such", "x", program="ask")
    assert run.code == 2 and "embedded-static" in run.err


@pytest.mark.parametrize("arguments", [["-k", "0", "x"], ["-k", "x", "x"], ["--in", "fr", "x"], ["--no-such", "x"]])
def test_wrong_options_exit_2(genesis: Any, assistant: Any, arguments: list[str]) -> None:
    run = genesis(*arguments, program="ask")
    assert run.code == 2
    assert "Error" in run.err and run.out == ""


def test_question_and_file_together_are_refused(genesis: Any, assistant: Any, tmp_path: Path) -> None:
    assert genesis("--questions", str(tmp_path), "x", program="ask").code == 2


def test_explain_shows_stages_times_and_fingerprints(genesis: Any, assistant: Any) -> None:
    out = genesis("--explain", JAPANESE, program="ask").out
    assert "dense 0.500  lexical 12.250  fused 0.750" in out
    assert "extractive  confidence 0.88" in out
    assert "retrieval 2.0 ms  answering 1.0 ms" in out
    assert "model mmmmmmmm  index iiiiiiii" in out


def test_engine_failure_exits_1_with_its_hint(genesis: Any, assistant: Any) -> None:
    run = genesis("boom", program="ask")
    assert (run.code, run.err) == (1, "ask: The engine stopped.\n  Start it again.\n")


def test_fault_of_ours_is_one_line_and_how_to_report(genesis: Any, assistant: Any) -> None:
    run = genesis("crash", program="ask")
    assert run.code == 1
    assert run.err.startswith("ask: unexpected ZeroDivisionError: secret detail\n")
    assert "--debug" in run.err and "Traceback" not in run.err
    with pytest.raises(ZeroDivisionError):
        genesis("--debug", "crash", program="ask")
    with pytest.raises(BackendError):
        genesis("--debug", "boom", program="ask")


def test_version(genesis: Any) -> None:
    run = genesis("--version", program="ask")
    assert (run.code, run.out) == (0, "genesis-rag 0.1.0\n")
    assert genesis("--version").out == "genesis-rag 0.1.0\n"


def test_ctrl_c_exits_130(genesis: Any, assistant: Any) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    assistant.ask = stop
    run = genesis("x", program="ask")
    assert run.code == 130 and "Traceback" not in run.err


def test_json_numbers_are_finite(genesis: Any, assistant: Any, fakes: ModuleType) -> None:
    from dataclasses import replace

    answer = fakes.FakeAssistant().ask("invest")
    assistant.ask = lambda *_: replace(answer, confidence=float("nan"), timings={"total": float("inf")})
    payload = json.loads(genesis("--json", "x", program="ask").out, parse_constant=lambda name: pytest.fail(name))
    assert payload["confidence"] is None and payload["timings"] == {"total": None}


def test_same_place_cited_twice_is_quoted_once(fakes: ModuleType) -> None:
    from genesis_rag.cli.answers import source_lines

    answer = fakes.FakeAssistant().ask("投資")
    doubled = SimpleNamespace(language="ja", notes=(), citations=answer.citations * 2, passages=answer.passages)
    lines = ["".join(s if isinstance(s, str) else s[0] for s in line.segments) for line in source_lines(doubled, False)]  # type: ignore[arg-type]
    assert sum("5億ドル" in line for line in lines) == 1
