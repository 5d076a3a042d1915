"""Passages files: a line a document, bad lines told and left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from genesis_rag.documents.limits import LoadLimits
from genesis_rag.documents.registry import SourceFile, load_documents
from genesis_rag.errors import UnreadableDocumentError


def lines(*rows: object) -> str:
    return "\n".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows) + "\n"


def test_each_line_is_a_document(load: Any) -> None:
    first, second, third = load(
        "p.jsonl",
        "\ufeff"
        + lines(
            {
                "id": "a",
                "title": "題",
                "text": "  本文。\n続き。",
                "url": "https://x",
                "date": "2026-06-04",
                "tags": ["x", "y"],
                "n": 3,
            },
            "",
            {"id": 7, "text": "Second text here.", "language": "en"},
            {"text": "名前のない文。", "title": None},
        ),
    )
    assert (first.source, first.title, first.text) == ("p.jsonl#a", "題", "  本文。\n続き。")
    assert first.metadata == {"url": "https://x", "date": "2026-06-04", "tags": "x, y", "n": "3"}
    assert (second.source, second.language, second.title) == ("p.jsonl#7", "en", "7")
    assert third.source == "p.jsonl#L4"


def test_a_line_keeps_its_id_when_others_change(load: Any) -> None:
    row = {"id": "b", "text": "同じ文。"}
    (before,) = load("p.jsonl", lines(row))
    _, after = load("p.jsonl", lines({"id": "a", "text": "新しい文。"}, row))
    assert before.id == after.id


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"id": "q", "question": "何ですか？"}, 'is a question, not a passage (it has "question" and no "text")'),
        ({"id": "q", "title": "x"}, 'has no "text"'),
        ({"id": "q", "text": "  "}, 'has an empty "text"'),
        ({"id": "q", "text": 5}, "not a string"),
        ("[1, 2]", "is not a JSON object"),
        ("{broken", "is not JSON"),
        ("[" * 100_000, "is not JSON that can be read"),
        ('{"text": "x", "n": ' + "9" * 5_000 + "}", "is not JSON that can be read"),
        ({"id": "good", "text": "again"}, 'repeats the id "good" of a line above'),
        ({"id": "q", "text": "\u200b\u2060"}, "It holds no text"),
    ],
)
def test_a_bad_line_is_told_and_the_others_are_read(line: Any, told: str, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(
        lines({"id": "good", "text": "良い文。"}, line, {"id": "last", "text": "最後の文。"}), encoding="utf-8"
    )
    documents = load_documents(SourceFile(path, "p.jsonl"))
    assert [next(documents).source, next(documents).source] == ["p.jsonl#good", "p.jsonl#last"]
    with pytest.raises(UnreadableDocumentError) as caught:
        next(documents)
    assert caught.value.message.startswith("1 of 3 lines were left out: line 2 ") and told in caught.value.message


def test_a_question_set_is_refused_as_a_whole(reason: Any) -> None:
    told = reason("q.jsonl", lines(*({"id": str(n), "question": "何？"} for n in range(9))))
    assert told.startswith("No line is a passage: line 1 is a question") and "and 4 more" in told


def test_long_lines_and_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    limits = LoadLimits(line_bytes=2**20)
    path = tmp_path / "p.jsonl"
    path.write_bytes(
        lines({"id": "a", "text": "x" * 2**20}).encode()
        + b'{"text": "\xff"}\n'
        + lines({"id": "b", "text": "良い文。"}).encode()
    )
    documents = load_documents(SourceFile(path, "p.jsonl"), limits)
    assert next(documents).source == "p.jsonl#b"
    with pytest.raises(UnreadableDocumentError, match="line 1 is longer than 1 MiB; line 2 is not UTF-8"):
        next(documents)
