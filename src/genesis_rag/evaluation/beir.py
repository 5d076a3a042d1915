"""Reads a folder in BEIR's layout: corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv (github.com/beir-cellar/beir)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from genesis_rag.errors import UserError
from genesis_rag.evaluation.dataset import parse_lines, read_bytes, text_of
from genesis_rag.evaluation.items import Evidence, Item, QuestionSet
from genesis_rag.text.language import detect_language
from genesis_rag.values import dataclass

HINT = "A BEIR folder holds corpus.jsonl, queries.jsonl and qrels/test.tsv (query-id, corpus-id, score)."
CORPUS, QUERIES = "corpus.jsonl", "queries.jsonl"
_PREFERRED = ("test", "dev", "train")


@dataclass(frozen=True, slots=True)
class _Query:
    id: str
    text: str


def read_beir(folder: Path, split: str | None = None) -> QuestionSet:
    """Read the queries of a folder that have judgements in ``qrels/<split>.tsv``; by default the test split.

    Raises:
        UserError: a file is missing or malformed (named as file:line).
    """
    if not (folder / CORPUS).is_file() or not (folder / QUERIES).is_file():
        raise UserError(f"{folder} is a folder without {CORPUS} and {QUERIES}.", HINT)
    qrels = _qrels_path(folder, split)
    queries_data, qrels_data = read_bytes(folder / QUERIES), read_bytes(qrels)
    judged = _judgements(qrels, qrels_data)
    queries: list[_Query] = parse_lines(folder / QUERIES, queries_data, _query)
    items = tuple(
        Item(
            id=query.id,
            question=query.text,
            language=detect_language(query.text),
            evidence=tuple(
                Evidence(corpus_id, grade=grade, passage=True, part=corpus_id) for corpus_id, grade in relevant.items()
            ),
            split=qrels.stem,
        )
        for query in queries
        if (relevant := judged.get(query.id))
    )
    if not items:
        raise UserError(f"No query of {folder / QUERIES} has a judgement in {qrels}.", HINT)
    digest = hashlib.sha256(queries_data + b"\0" + qrels_data).hexdigest()
    return QuestionSet(folder.name, digest, items, documents_ranked=True, remarks=_remarks(queries, judged))


def passages_of(corpus: Path) -> Iterator[str]:
    """Yield the lines of ``corpus.jsonl`` as lines of a passages file ({"id", "title", "text"})."""
    with corpus.open(encoding="utf-8-sig") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                passage = {"id": str(row["_id"]), "title": row.get("title") or "", "text": row["text"]}
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise UserError(f'{corpus}:{number} is not an object with "_id" and "text".', HINT) from error
            yield json.dumps(passage, ensure_ascii=True)


def _qrels_path(folder: Path, split: str | None) -> Path:
    present = sorted(path.stem for path in (folder / "qrels").glob("*.tsv"))
    for name in (split,) if split else (*_PREFERRED, *present):
        if name in present:
            return folder / "qrels" / f"{name}.tsv"
    raise UserError(f"{folder / 'qrels'} has no {split or 'test'}.tsv.", f"It has: {', '.join(present) or 'nothing'}.")


def _query(row: Mapping[str, Any]) -> _Query:
    return _Query(text_of(row, "_id", needed=True), text_of(row, "text", needed=True))


def _judgements(path: Path, data: bytes) -> dict[str, dict[str, int]]:
    """Return query id -> document id -> grade, of grades above 0."""
    judged: dict[str, dict[str, int]] = {}
    for number, line in enumerate(data.decode("utf-8-sig", "replace").splitlines(), start=1):
        cells = line.split("\t")
        if not line.strip() or (number == 1 and cells[-1].strip() == "score"):
            continue
        if len(cells) == 4:  # TREC's own form: query, iteration, document, grade
            cells = [cells[0], cells[2], cells[3]]
        try:
            query, document, grade = cells[0].strip(), cells[1].strip(), int(cells[2])
        except (IndexError, ValueError) as error:
            raise UserError(f"{path}:{number} is not: query-id, tab, corpus-id, tab, whole number.", HINT) from error
        if grade > 0:
            judged.setdefault(query, {})[document] = grade
    return judged


def _remarks(queries: list[_Query], judged: Mapping[str, object]) -> tuple[str, ...]:
    known = {query.id for query in queries}
    without = sum(query.id not in judged for query in queries)
    unknown = sum(query not in known for query in judged)
    remarks = []
    if without:
        remarks.append(f"{without:,} queries have no relevant document in this split and are left out, as BEIR does")
    if unknown:
        remarks.append(f"{unknown:,} judged queries are not in {QUERIES}")
    return tuple(remarks)
