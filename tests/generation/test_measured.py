"""`evaluate` with a real llama.cpp over a made model: what it babbles is counted, and never shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from genesis_rag.conversation import RuleRewriter
from genesis_rag.conversation.written import GeneratedRewriter
from genesis_rag.evaluation.dataset import read_questions
from genesis_rag.evaluation.runner import RunOptions
from genesis_rag.evaluation.session import measure
from genesis_rag.generation import open_generator
from genesis_rag.settings import Settings
from genesis_rag.types import Conversation, Turn
from genesis_rag.wiring import open_assistant, run_ingest

pytestmark = pytest.mark.llama
COST = "The construction cost of the research vessel Mirai is $80 million."


def test_what_a_made_model_babbles_never_becomes_a_search(tiny_gguf: Path) -> None:
    pytest.importorskip("llama_cpp")
    generator = open_generator("llama_cpp", tiny_gguf)
    before = Conversation((Turn("Who leads the Genesis Mission?", "Who leads the Genesis Mission?"),))
    turn = GeneratedRewriter(generator).turn("and its budget in 2027?", before)
    assert turn == RuleRewriter().turn("and its budget in 2027?", before)
    assert turn.searched == "The Genesis Mission's budget in 2027?"


def test_a_made_model_is_measured(tiny_gguf: Path, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    (tmp_path / "plan.md").write_text(f"# Plan\n\n{COST}\n", encoding="utf-8")
    question = {
        "id": "cost",
        "question": "What is the construction cost of the research vessel Mirai?",
        "answers": ["$80 million"],
        "evidence": [{"source": "plan.md", "quote": COST}],
        "answerable": True,
        "type": "numeric",
        "language": "en",
        "direction": "en-en",
        "split": "dev",
    }
    (tmp_path / "qa.jsonl").write_text(json.dumps(question) + "\n", encoding="utf-8")
    settings = Settings(home=tmp_path, profile="embedded-static", llm=str(tiny_gguf))
    run_ingest(settings, [tmp_path / "plan.md"])
    with open_assistant(settings) as assistant:
        run = measure(assistant, read_questions(tmp_path / "qa.jsonl"), RunOptions(ablation=False), "llama")
    one = run["questions"][0]
    assert one["error"] == "" and one["values"]["unsupported_sentences"] == 1.0
    assert one["values"]["contained"] == 1.0 and "80 million" in one["answer"]["text"]
    latency = run["latency"]
    assert latency["first token"]["mean"] > 0 and 0 < latency["each token"]["mean"] < 1
