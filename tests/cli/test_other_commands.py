from __future__ import annotations

import json
import socket
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from genesis_rag.errors import UserError
from genesis_rag.index.doctor import DoctorReport, Finding
from genesis_rag.types import SearchFilter


def test_search_shows_hits_with_rank_title_page_and_score(genesis: Any, assistant: Any) -> None:
    run = genesis("search", "投資", "とは", "-k", "2", "--in", "ja")
    assert run.code == 0
    assert assistant.calls == [("投資 とは", 2, SearchFilter(language="ja"))]
    assert run.out == (
        " 1  ジェネシス・ミッション  1.000\n    genesis.ja.md:0-12\n    ジェネシス・ミッション\n"
        " 2  長い報告書 — p. 1  0.500\n    reports/long.pdf:0-12\n    1ページの𠮟文。本文。本\n"
    )
    assert "dense 0.5000  lexical 3.0000" in genesis("search", "x", "--explain").out


def test_search_json_has_the_documented_hits(genesis: Any, assistant: Any) -> None:
    found = json.loads(genesis("search", "--json", "投資").out)
    assert (found["schema"], found["id"], found["query"]) == ("genesis-rag/search/1", None, "投資")
    assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3]
    assert found["hits"][0]["scores"] == {"dense": 0.5, "lexical": 3.0, "fused": 1.0}


def test_search_reads_many_queries_by_either_key(genesis: Any, assistant: Any, tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text('{"id": "q1", "query": "甲"}\n{"id": "q2", "question": "乙", "answers": []}\n', "utf-8")
    rows = [json.loads(line) for line in genesis("search", "--json", "--queries", str(path)).out.splitlines()]
    assert [(row["id"], row["query"]) for row in rows] == [("q1", "甲"), ("q2", "乙")]
    assert genesis("search", "--queries", str(path), "x").code == 2


def test_documents_list_is_the_default(genesis: Any, assistant: Any) -> None:
    run = genesis("documents", "list")
    assert run.out.splitlines()[0].startswith("genesis.ja.md  ジェネシス・ミッション  ja  1 chunks  ")
    assert run.err == "3 documents\n"
    assert genesis("documents").out == run.out
    rows = [json.loads(line) for line in genesis("documents", "list", "--json").out.splitlines()]
    assert [row["source"] for row in rows] == ["genesis.ja.md", "genesis.en.md", "reports/long.pdf"]


def test_documents_show_prints_the_text_by_source_or_id(genesis: Any, assistant: Any, fakes: ModuleType) -> None:
    assert genesis("documents", "show", "genesis.ja.md").out == fakes.JAPANESE.text
    payload = json.loads(genesis("documents", "show", "--json", fakes.LONG.id).out)
    assert payload["text"] == fakes.LONG.text
    assert payload["length"] == payload["end"] == len(fakes.LONG.text)
    assert payload["sections"][29]["page"] == 30


def test_unknown_sources_are_refused_with_the_nearest(
    genesis: Any, assistant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed: list[Any] = []
    monkeypatch.setattr("genesis_rag.wiring.remove_documents", lambda _, sources: removed.append(sources))
    run = genesis("documents", "show", "genesis.jp.md")
    assert run.code == 2 and "Did you mean genesis.ja.md" in run.err
    run = genesis("documents", "remove", "genesis.ja.md", "no-such")
    assert run.code == 2 and "'no-such'" in run.err
    assert removed == []


def test_documents_remove(genesis: Any, assistant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis_rag.wiring.remove_documents", lambda _, sources: len(sources))
    run = genesis("documents", "remove", "genesis.ja.md", "genesis.en.md")
    assert (run.code, run.out) == (0, "2 removed\n")


def test_doctor_on_a_sound_index(genesis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis_rag.wiring.run_doctor", lambda _: DoctorReport(findings=()))
    assert genesis("doctor").out == "The index is sound.\n"
    assert json.loads(genesis("doctor", "--json").out) == {
        "schema": "genesis-rag/doctor/1",
        "sound": True,
        "findings": [],
    }


def test_doctor_exits_1_only_if_something_stays_broken(genesis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mended = Finding(kind="stale", what="vectors are of generation 3", repaired=True, hint="")
    broken = Finding(kind="damaged", what="a page of the store", repaired=False, hint="Restore a backup.")
    monkeypatch.setattr("genesis_rag.wiring.run_doctor", lambda _: DoctorReport(findings=(mended,)))
    run = genesis("doctor")
    assert (run.code, run.out) == (0, "repaired  stale: vectors are of generation 3\n")
    monkeypatch.setattr("genesis_rag.wiring.run_doctor", lambda _: DoctorReport(findings=(mended, broken)))
    run = genesis("doctor")
    assert run.code == 1
    assert "BROKEN    damaged: a page of the store\n          Restore a backup.\n" in run.out
    payload = json.loads(genesis("doctor", "--json").out)
    assert payload["sound"] is False and payload["findings"][1]["hint"] == "Restore a backup."


def test_serve_refuses_other_machines_without_a_key(genesis: Any, assistant: Any) -> None:
    run = genesis("serve", "--host", "0.0.0.0")
    assert run.code == 2
    assert "GENESIS_API_KEY" in run.err


def test_serve_says_that_a_port_is_taken(genesis: Any, assistant: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        run = genesis("serve", "--port", str(busy.getsockname()[1]))
    assert run.code == 2
    assert "cannot be used" in run.err and "--port" in run.err


def test_unknown_command_exits_2_and_no_command_shows_help(genesis: Any) -> None:
    run = genesis("indx", "x")
    assert run.code == 2 and "index" in run.err
    assert "Commands:" in genesis().out + genesis().err


COMMANDS = (("documents", "list"), ("documents", "show", "a.md"), ("documents", "remove", "a.md"), ("doctor",))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_another_embedder_may_be_named(
    genesis: Any, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The index of `index --embedder DIR` can be looked at, changed and checked as it can be asked."""
    chosen: list[str] = []

    def note(settings: Any, *_: object) -> None:
        chosen.append(settings.embedder)
        raise UserError("seen")

    for name in ("open_assistant", "run_doctor", "remove_documents"):
        monkeypatch.setattr(f"genesis_rag.wiring.{name}", note)
    assert "seen" in genesis(*command, "--embedder", str(tmp_path / "model")).err
    assert chosen == [str(tmp_path / "model")]
