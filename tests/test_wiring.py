"""Profiles turned into objects: local models named in a home's models.toml, given as arguments, or missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from genesis_rag.errors import IndexMismatchError, ModelError, SettingsError, UserError
from genesis_rag.settings import Settings, load_settings
from genesis_rag.wiring import check_model, open_assistant, run_ingest

TEXTS = {
    "budget.md": "# 予算\n\n研究開発の予算は五億ドルである。投資は五年間続く。\n",
    "school.md": "# 大学\n\n東京大学は東京にある。情報の研究が進む。\n",
    "plan.md": "# Plan\n\nThe budget of the research plan grew.\n",
}
TOML = """
[models.embed]
task = "embedding"
backend = "{backend}"
path = "weights"
{file}
licence = "ours"

[models.rank]
task = "reranking"
backend = "onnx"
path = "ranker"
file = "model.onnx"
max_tokens = 64
licence = "ours"

[models.writer]
task = "generation"
backend = "scripted"
path = "script.json"
licence = "ours"

[models.far]
task = "embedding"
backend = "openai_server"
url = "{url}"
model = "bge"
licence = "ours"

[profiles.mine]
embedder = "embed"
reranker = "rank"
generator = "writer"
analyser = "bigram"
answerer = "generative"

[profiles.far]
embedder = "far"
analyser = "bigram"
answerer = "extractive"

[profiles.hashing]
embedder = "hash"
analyser = "bigram"
answerer = "extractive"

[profiles.wrong]
embedder = "rank"
analyser = "bigram"
answerer = "extractive"

[models.hash]
task = "embedding"
backend = "hashing"
path = "none"
licence = "ours"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    place = tmp_path / "home"
    (place / "docs").mkdir(parents=True)
    for name, text in TEXTS.items():
        (place / "docs" / name).write_text(text, encoding="utf-8")
    (place / "script.json").write_text(json.dumps(["予算は五億ドルです。[1]"]), encoding="utf-8")
    configure(place)
    return place


def configure(home: Path, backend: str = "onnx", file: str = 'file = "model.onnx"', url: str = "http://x/v1") -> None:
    (home / "models.toml").write_text(TOML.format(backend=backend, file=file, url=url), encoding="utf-8")


def settings(home: Path, profile: str, **more: object) -> Settings:
    return load_settings(home=home, environ={"XDG_DATA_HOME": str(home / "data")}, profile=profile, **more)


def indexed(chosen: Settings) -> Settings:
    report = run_ingest(chosen, [chosen.home / "docs"], rebuild=True)
    assert report.added + report.updated + report.unchanged == 3 and not report.skipped
    return chosen


@pytest.mark.torch
def test_a_profile_of_local_models_indexes_searches_reranks_and_answers(
    home: Path, bert_folder: Path, reranker_folder: Path
) -> None:
    shutil.copytree(bert_folder, home / "weights")
    shutil.copytree(reranker_folder, home / "ranker")
    chosen = indexed(settings(home, "mine"))
    with open_assistant(chosen) as assistant:
        hits = assistant.search("研究開発の予算", 3, rerank=True)
        assert len(hits) == 3
        found = [hit.scores["reranked"] for hit in hits]
        assert found == sorted(found, reverse=True)
        answer = assistant.ask("研究開発の予算はいくらですか？")
        assert (answer.answerer, answer.text.replace(" ", "")) == ("generative", "予算は五億ドルです。[1]")
        assert answer.passages[0].scores["reranked"] == max(p.scores["reranked"] for p in answer.passages)
    assert (home / "cache" / "embeddings.sqlite").is_file()
    again = run_ingest(chosen, [home / "docs"])
    assert again.unchanged == 3
    # The same weights in another engine are another model for an index.
    configure(home, "sentence_transformers", "")
    with pytest.raises(IndexMismatchError) as caught:
        open_assistant(settings(home, "mine"))
    assert "genesis-rag index" in caught.value.hint


@pytest.mark.torch
def test_a_folder_given_as_an_argument_takes_the_embedders_place(home: Path, bert_folder: Path) -> None:
    chosen = indexed(settings(home, "hashing", embedder=str(bert_folder)))
    with open_assistant(chosen) as assistant:
        assert assistant.search("研究開発の予算", 1)[0].document.source.endswith(".md")
    with pytest.raises(IndexMismatchError):
        open_assistant(settings(home, "hashing"))
    with pytest.raises(ModelError, match="no embedding model"):
        open_assistant(settings(home, "hashing", embedder=str(home / "docs")))


def test_a_profile_behind_a_server(home: Path, model_server: object) -> None:
    configure(home, url=model_server.url)  # type: ignore[attr-defined]
    chosen = indexed(settings(home, "far"))
    with open_assistant(chosen) as assistant:
        assert assistant.search("budget plan", 1)[0].document.source == "docs/plan.md"
        with pytest.raises(UserError, match="no reranker"):
            assistant.search("budget", 1, rerank=True)
    asked = len(model_server.requests)  # type: ignore[attr-defined]
    run_ingest(chosen, [home / "docs"], rebuild=True)
    sent = [body["input"] for _, body, _ in model_server.requests[asked:]]  # type: ignore[attr-defined]
    assert len(sent) == len(sent[0]) == 1, "a rebuild takes the vectors from the cache; only a sample is asked for"
    with pytest.raises(SettingsError, match="GENESIS_OFFLINE"):
        open_assistant(settings(home, "far", offline="yes"))


def test_wrong_parts_are_told(home: Path) -> None:
    with pytest.raises(SettingsError, match="is for reranking, not for embedding"):
        run_ingest(settings(home, "wrong"), [home / "docs"])
    with pytest.raises(ModelError, match="laptop"):
        open_assistant(settings(home, "laptop"))
    with pytest.raises(ModelError, match=r"no model\.onnx"):
        check_model(settings(home, "hashing"), "embed")


@pytest.mark.torch
def test_indexing_needs_the_embedder_only(home: Path, bert_folder: Path) -> None:
    shutil.copytree(bert_folder, home / "weights")
    assert run_ingest(settings(home, "mine"), [home / "docs"]).added == 3
    with pytest.raises(ModelError, match="ranker"):
        open_assistant(settings(home, "mine"))


def test_the_hashing_model_passes_the_canary(home: Path) -> None:
    check_model(settings(home, "hashing"), "hash")
