"""`genesis-rag evaluate` from a folder of documents to exit codes, on the real pipeline with the hashing embedder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from genesis_rag.cli import main as cli

MODELS = """
schema = 1
[settings]
profile = "tiny"
[models.hash]
task = "embedding"
backend = "hashing"
path = "none"
licence = "Apache-2.0"
languages = ["ja", "en"]
[profiles.tiny]
summary = "For tests."
embedder = "hash"
analyser = "bigram"
answerer = "extractive"
"""
DOCUMENTS = {
    "tower.ja.md": "# 東京タワー\n\n東京タワーは港区にある電波塔である。高さは333メートルである。1958年に完成した。\n",
    "bridge.en.md": "# Golden Gate Bridge\n\nThe bridge opened in 1937. Its main span is 1,280 metres long.\n",
    "lake.ja.md": "# 琵琶湖\n\n琵琶湖は滋賀県にある日本最大の湖である。面積は約670平方キロメートルである。\n",
}
QUESTIONS: list[dict[str, Any]] = [
    {
        "id": "tower",
        "question": "東京タワーの高さは何メートルですか。",
        "language": "ja",
        "answers": ["333メートル", "333 metres"],
        "evidence": [{"source": "corpus/documents/tower.ja.md", "quote": "高さは333メートルである"}],
        "type": "numeric",
        "direction": "ja-ja",
        "split": "test",
    },
    {
        "id": "bridge",
        "question": "When did the Golden Gate Bridge open?",
        "language": "en",
        "answers": ["1937"],
        "evidence": [{"source": "bridge.en.md", "quote": "opened in 1937"}],
        "type": "date",
        "direction": "en-en",
        "split": "test",
    },
    {"id": "mars", "question": "Who was the first person on Mars?", "answerable": False, "split": "test"},
    {"id": "other", "question": "何ですか。", "evidence": [{"source": "gone.md", "quote": "x"}], "split": "dev"},
]


@dataclass
class Ran:
    code: int
    out: str
    err: str


Runner = Callable[..., Ran]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("home")
    (place / "models.toml").write_text(MODELS)
    (place / "corpus" / "documents").mkdir(parents=True)
    for name, text in DOCUMENTS.items():
        (place / "corpus" / "documents" / name).write_text(text, encoding="utf-8")
    return place


@pytest.fixture
def evaluate(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Runner:
    monkeypatch.setenv("GENESIS_HOME", str(home))
    monkeypatch.delenv("GENESIS_PROFILE")  # the home names its own

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = cli.run(cli.genesis_rag, "genesis-rag", ["evaluate", *map(str, arguments)])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def qa(tmp_path: Path) -> Path:
    path = tmp_path / "qa.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in QUESTIONS), encoding="utf-8")
    return path


def test_measures_prints_and_writes(evaluate: Runner, qa: Path, tmp_path: Path) -> None:
    ran = evaluate(qa, "--split", "test", "--out", tmp_path / "run.json", "--html", tmp_path / "report.html")
    assert ran.code == 0, ran.err
    assert re.search(r"^all +1\.000 \(.*\) ", ran.out, re.M)
    for words in ("By type", "Parts of the search", "BM25 alone", "ja→ja", "Citations", "Refusals", "Milliseconds"):
        assert words in ran.out
    run = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert [one["id"] for one in run["questions"]] == ["tower", "bridge", "mars"]
    tower = run["questions"][0]
    assert tower["values"]["recall@1"] == tower["values"]["contained"] == tower["values"]["citation_precision"] == 1.0
    assert set(run["ablation"]["overall"]) == {"bm25", "keyword", "dense", "whole"}
    assert (tmp_path / "report.html").read_text("utf-8").count("<svg") > 5


def test_json_is_one_object_a_run(evaluate: Runner, qa: Path) -> None:
    ran = evaluate(qa, "--json", "-q", "--retrieval-only", "-k", 5)
    assert ran.code == 0
    assert ran.err == ""
    run = json.loads(ran.out)
    assert ran.out.count("\n") == 1
    assert run["abstention"] is None
    assert run["metrics"]["recall@5"]["n"] == 3
    assert run["dataset"]["problems"][0]["source"] == "gone.md"


def test_evidence_outside_of_the_index_is_listed(evaluate: Runner, qa: Path) -> None:
    ran = evaluate(qa)
    assert "1 piece of evidence is not in the index and counted as not found:" in ran.out
    assert "other: gone.md: no such document in the index" in ran.out


def test_the_gate(evaluate: Runner, qa: Path, tmp_path: Path) -> None:
    base = tmp_path / "base.json"
    many = [QUESTIONS[0] | {"id": f"t{n}"} for n in range(40)]
    qa.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in many), encoding="utf-8")
    assert evaluate(qa, "-q", "--no-ablation", "--save-baseline", base).code == 0
    same = evaluate(qa, "--no-ablation", "--baseline", base)
    assert same.code == 0
    assert "No measure fell" in same.err

    better = json.loads(base.read_text("utf-8"))
    for one in better["questions"]:
        one["values"]["exact"] = 1.0
        one["values"]["char_f1"] = 1.0
    base.write_text(json.dumps(better), encoding="utf-8")
    fallen = evaluate(qa, "-q", "--no-ablation", "--baseline", base)
    assert fallen.code == 1
    assert "FELL: character F1 1.000 → " in fallen.err
    assert "exact answer" not in fallen.err, "it is not gated"
    assert evaluate(qa, "-q", "--no-ablation", "--baseline", base, "--tolerance", 1).code == 0


def test_two_runs_side_by_side(evaluate: Runner, qa: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    evaluate(qa, "-q", "--no-ablation", "--out", first)
    changed = json.loads(first.read_text("utf-8"))
    changed["questions"][0]["failures"] = ["not_retrieved"]
    second.write_text(json.dumps(changed), encoding="utf-8")
    ran = evaluate("--compare", first, second)
    assert ran.code == 0
    assert "a.json → b.json" in ran.out
    assert re.search(r"recall@5 +\d\.\d+ → \d\.\d+", ran.out)
    assert "東京タワーの高さ" in ran.out
    assert "+ evidence not retrieved" in ran.out
    assert json.loads(evaluate("--compare", first, second, "--json").out)["changed"][0]["id"] == "tower"


def test_mistakes_are_named(evaluate: Runner, qa: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": "a", "question": "?"}\nnot json\n', encoding="utf-8")
    assert (evaluate(bad).code, f"{bad}:2 is not JSON" in evaluate(bad).err) == (2, True)
    assert evaluate().code == 2
    assert evaluate(qa, "--split", "none").code == 2
    assert evaluate(qa, "--baseline", bad).code == 2
    assert evaluate(qa, "--documents", tmp_path / "nowhere").code == 2
    assert evaluate(qa, "--compare", qa, qa).code == 2
    assert evaluate(qa, "--out", tmp_path).code == 2
    assert evaluate("--compare", qa, qa).code == 2


def test_measures_on_other_documents_and_leaves_the_index_alone(evaluate: Runner, home: Path, tmp_path: Path) -> None:
    evaluate_first = evaluate  # the home has an index or gets one; either way it must not change below
    passages, qa = tmp_path / "p.jsonl", tmp_path / "q.jsonl"
    rows = [{"id": f"p{n}", "title": "", "text": f"Fact number {n} is about topic{n}."} for n in range(30)]
    passages.write_text("".join(json.dumps(row) + "\n" for row in rows))
    asked = [{"id": f"q{n}", "question": f"What is said of topic{n}?", "passage_id": f"p{n}"} for n in range(30)]
    qa.write_text("".join(json.dumps(row) + "\n" for row in asked))
    before = sorted(path.name for path in (home / "index").glob("*")) if (home / "index").is_dir() else []
    ran = evaluate_first(qa, "--documents", passages, "--json", "-q", "--retrieval-only")
    run = json.loads(ran.out)
    assert run["system"]["documents"] == 30
    assert run["metrics"]["recall@1"]["value"] == 1.0
    after = sorted(path.name for path in (home / "index").glob("*")) if (home / "index").is_dir() else []
    assert before == after


def test_a_beir_folder_is_indexed_and_searched(evaluate: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "mini"
    (folder / "qrels").mkdir(parents=True)
    corpus = [{"_id": f"d{n}", "title": f"Title {n}", "text": f"Words about subject{n} only."} for n in range(20)]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in corpus))
    queries = [{"_id": f"q{n}", "text": f"subject{n}"} for n in range(10)]
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
    lines = ["query-id\tcorpus-id\tscore", *(f"q{n}\td{n}\t1" for n in range(10)), "q3\td15\t1"]
    (folder / "qrels" / "test.tsv").write_text("\n".join(lines) + "\n")
    run = json.loads(evaluate(folder, "--json", "-q").out)
    assert run["options"]["retrieval_only"]
    assert run["dataset"]["documents_ranked"]
    assert run["metrics"]["recall@1"]["value"] == pytest.approx(0.95)
    assert run["metrics"]["recall@1"]["n"] == 10
    with (folder / "corpus.jsonl").open("a") as stream:
        stream.write("{}\n")
    assert "corpus.jsonl:21" in evaluate(folder, "-q").err
