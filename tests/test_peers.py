"""The comparison with other libraries: what is sampled, how figures are worked out, and what the page says of them."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks._machine import RESULTS, read_result  # noqa: E402
from benchmarks.peers.__main__ import TABLES, engines  # noqa: E402
from benchmarks.peers.measuring import recalls  # noqa: E402
from benchmarks.peers.page import PAGE, behind, overhead, page  # noqa: E402
from benchmarks.peers.sampling import sampled  # noqa: E402
from benchmarks.peers.shape import Question, fused  # noqa: E402

GOOD = {
    "passages_a_second": 100.0,
    "query_p50_ms": 5.0,
    "query_p95_ms": 6.0,
    "cold_start_s": 1.0,
    "indexing_peak_mb": 100.0,
    "searching_peak_mb": 100.0,
    "disk_mb": 1.0,
    **{f"{language}_recall@{depth}": 0.9 for language in ("ja", "en") for depth in (1, 5, 10)},
}


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twenty passages a language, of which the last two are equal, and eight questions."""
    for language in ("ja", "en"):
        rows = [{"id": f"{language}-{i}", "title": "t", "text": f"{language} {min(i, 18)}"} for i in range(20)]
        write(tmp_path / f"passages_{language}.jsonl.gz", rows[8:])
        write(tmp_path / f"passages_{language}_dev.jsonl.gz", rows[:8])
        asked = [{"question": f"{language} {i}?", "passage_id": f"{language}-{i}"} for i in range(8)]
        write(tmp_path / f"qa_{language}_dev.jsonl.gz", asked)
    return tmp_path


def test_a_sample_holds_the_answers_and_is_the_same_every_time(data: Path) -> None:
    passages, questions = sampled(data, 20, 4)
    assert (passages, questions) == sampled(data, 20, 4)
    assert len(passages) == 20 == len({passage.id for passage in passages})
    assert sum(passage.id.startswith("ja") for passage in passages) == 10
    assert [question.language for question in questions].count("en") == 4
    assert {question.passage for question in questions} <= {passage.id for passage in passages}
    assert len(sampled(data, 0, 8)[0]) == 38, "all, without the two that repeat another"


def test_recall_counts_each_language_apart() -> None:
    asked = [Question("a", "ja", "1"), Question("b", "ja", "2"), Question("c", "en", "3")]
    found = recalls([["1"], ["9", "2"], []], asked)
    assert (found["ja_recall@1"], found["ja_recall@5"], found["en_recall@10"]) == (0.5, 1.0, 0.0)


def test_ranks_are_fused_by_their_reciprocals() -> None:
    assert fused([["a", "b"], ["b", "c"]], 3) == ["b", "a", "c"]
    assert fused([["a"], ["b"]], 1) == ["a"]


def test_the_page_says_where_ours_is_behind() -> None:
    found = {"raw": GOOD, "txtai": GOOD, "ours": GOOD | {"disk_mb": 3.0, "query_p50_ms": 4.0}}
    assert behind(found) == ["disk, MB (3.0 against 1.0 of txtai)"]
    assert behind({"raw": GOOD | {"disk_mb": 0.1}, "txtai": GOOD, "ours": GOOD}) == [], "the floor is no peer"
    assert "met" in overhead(found, "ours")
    assert "missed" in overhead({"raw": GOOD, "ours": GOOD | {"passages_a_second": 80.0}}, "ours")


def test_the_page_has_a_row_for_every_engine_of_every_table() -> None:
    models = dict.fromkeys(("minilm", "onnx", "static", "small"), "folder")
    chosen = {table: list(engines(table, models)) for table in TABLES}
    made = page(
        {
            "tables": {
                table: {"passages": 1234, "engines": dict.fromkeys(names, GOOD)} for table, names in chosen.items()
            },
            "machine": {"cores": 2, "processor": "some processor"},
            "questions": {"ja": 30, "en": 40},
            "threads": 2,
            "cold_starts": 3,
            "versions": {"txtai": "9.9"},
        }
    )
    rows = [line for line in made.splitlines() if line.startswith("| ") and not line.startswith("| |")]
    assert len(rows) == 2 * sum(len(names) for names in chosen.values()), "figures and recall"
    assert made.count("1,234 passages") == len(TABLES)
    assert made.count("Nowhere behind the best peer.") == len(TABLES), "as good is not behind"
    assert "txtai hybrid" in made and "**genesis-rag**, ONNX" in made and "Versions: txtai 9.9." in made


@pytest.mark.skipif(not (RESULTS / "peers.json").is_file(), reason="the comparison was not measured yet")
def test_the_page_is_that_of_the_committed_results() -> None:
    assert PAGE.read_text("utf-8") == page(read_result("peers")), "run `python -m benchmarks.peers.page`"
