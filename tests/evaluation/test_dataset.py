from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from genesis_rag.errors import UserError
from genesis_rag.evaluation.dataset import read_questions
from genesis_rag.evaluation.items import Evidence

FULL = {
    "id": "q1",
    "question": "連携領域を二つ挙げてください。",
    "language": "ja",
    "answers": ["量子 | quantum", "核融合"],
    "evidence": [{"source": "a.md", "quote": "量子と核融合"}],
    "answerable": True,
    "type": "list",
    "direction": "ja-ja",
    "split": "dev",
}


def write(path: Path, *rows: object) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def refused(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_questions(path)
    return caught.value.message


def test_reads_every_field(tmp_path: Path) -> None:
    path = write(tmp_path / "qa.jsonl", FULL, "", {"id": 7, "question": "Who?"})
    questions = read_questions(path)
    assert questions.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert questions.name == "qa.jsonl"
    first, second = questions.items
    assert first.answers == (("量子", "quantum"), ("核融合",))
    assert first.evidence == (Evidence("a.md", "量子と核融合"),)
    assert (first.all_answers_needed, first.answerable, first.split) == (True, True, "dev")
    assert (second.id, second.language, second.answers, second.type) == ("7", "en", (), "")


def test_reads_passage_ids_and_answers_of_extractive_sets(tmp_path: Path) -> None:
    row = {"id": "a", "question": "何？", "answers": [{"text": "東京", "start": 3}], "passage_id": "p7"}
    several = {"id": "b", "question": "何？", "passage_id": ["p7", "p8"], "answers": [1955]}
    first, second = read_questions(write(tmp_path / "qa.jsonl", row, several)).items
    assert first.evidence == (Evidence("p7", passage=True),)
    assert first.answers == (("東京",),)
    assert [one.source for one in second.evidence] == ["p7", "p8"]
    assert second.forms == ("1955",)


def test_unanswerable_questions_need_no_evidence(tmp_path: Path) -> None:
    row = FULL | {"answerable": False, "answers": []}
    (one,) = read_questions(write(tmp_path / "qa.jsonl", row)).items
    assert not one.answerable
    assert one.evidence == ()


def test_chooses_a_split(tmp_path: Path) -> None:
    path = write(tmp_path / "qa.jsonl", FULL, FULL | {"id": "q2", "split": "test"})
    assert [one.id for one in read_questions(path, "test").items] == ["q2"]
    with pytest.raises(UserError) as caught:
        read_questions(path, "tset")
    assert "'tset'" in caught.value.message
    assert "dev, test" in caught.value.hint


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"id": "x"', "is not JSON"),
        ("[]", "is not a JSON object"),
        ({"question": "?"}, 'lacks "id"'),
        ({"id": "x"}, 'lacks "question"'),
        ({"id": "x", "question": "  "}, '"question" that is not a text'),
        ({"id": "x", "question": ["?"]}, '"question" that is not a text'),
        ({"id": "x", "question": "?", "answers": "five"}, '"answers" that is not a list'),
        ({"id": "x", "question": "?", "answers": [None]}, '"answers" that is not a text'),
        ({"id": "x", "question": "?", "answers": ["a | "]}, 'empty entry in "answers"'),
        ({"id": "x", "question": "?", "evidence": ["quote"]}, '"source" and "quote"'),
        ({"id": "x", "question": "?", "evidence": [{"source": "a"}]}, 'lacks "quote"'),
        ({"id": "x", "question": "?", "answerable": "no"}, "neither true nor false"),
        (FULL, 'has the "id" of line 1'),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_names_the_line_that_is_wrong(tmp_path: Path, line: object, words: str) -> None:
    path = write(tmp_path / "qa.jsonl", FULL, "", line)
    assert f"{path}:3 " in refused(path)
    assert words in refused(path)


def test_names_the_first_wrong_lines_and_counts_the_rest(tmp_path: Path) -> None:
    message = refused(write(tmp_path / "qa.jsonl", *["?"] * 8))
    assert [f"jsonl:{n} " in message for n in range(1, 7)] == [True] * 5 + [False]
    assert "3 more lines" in message


def test_empty_missing_and_undecodable_files(tmp_path: Path) -> None:
    assert "holds no questions" in refused(write(tmp_path / "empty.jsonl", ""))
    assert "cannot be read" in refused(tmp_path / "missing.jsonl")
    (tmp_path / "wide.jsonl").write_bytes(b'{"id": "1", "question": "a"}\n\xff\xfe')
    assert "wide.jsonl:2 is not UTF-8" in refused(tmp_path / "wide.jsonl")


def test_lone_surrogates_do_no_harm(tmp_path: Path) -> None:
    (one,) = read_questions(write(tmp_path / "qa.jsonl", r'{"id": "a", "question": "x\ud800y?"}')).items
    assert one.question == "x\ufffdy?"
    assert len(one.fingerprint) == 16


def test_the_fingerprint_follows_what_is_judged(tmp_path: Path) -> None:
    rows = [FULL, FULL | {"id": "b"}, FULL | {"id": "c", "answers": ["量子"]}, FULL | {"id": "d", "question": "?"}]
    prints = [one.fingerprint for one in read_questions(write(tmp_path / "qa.jsonl", *rows)).items]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


# --- BEIR -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "scifact"
    (folder / "qrels").mkdir(parents=True)
    write(folder / "corpus.jsonl", {"_id": "d1", "title": "T", "text": "one"}, {"_id": "d2", "text": "two"})
    write(folder / "queries.jsonl", {"_id": "q1", "text": "first?"}, {"_id": "q2", "text": "second?"})
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq9\td1\t1\n")
    (folder / "qrels" / "dev.tsv").write_text("q2\t0\td2\t1\n")
    return folder


def test_reads_a_beir_folder(beir: Path) -> None:
    questions = read_questions(beir)
    assert questions.documents_ranked
    (one,) = questions.items
    assert (one.id, one.split) == ("q1", "test")
    assert one.evidence == (Evidence("d1", grade=2, passage=True, part="d1"),)
    assert [text.split()[0] for text in questions.remarks] == ["1", "1"]
    assert [item.id for item in read_questions(beir, "dev").items] == ["q2"], "TREC's form is read as well"


def test_names_what_is_wrong_with_a_beir_folder(beir: Path) -> None:
    with pytest.raises(UserError, match=r"no train\.tsv"):
        read_questions(beir, "train")
    with (beir / "qrels" / "test.tsv").open("a") as stream:
        stream.write("q1\td2\n")
    assert "test.tsv:5" in refused(beir)
    (beir / "corpus.jsonl").unlink()
    assert "without corpus.jsonl" in refused(beir)
