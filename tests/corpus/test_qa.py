"""The fixed questions: their form, their split, and every quotation against the documents as they are read."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from genesis_rag.documents.registry import discover, load_documents
from genesis_rag.evaluation.dataset import read_questions
from genesis_rag.evaluation.matching import contains_any, polar_form
from genesis_rag.text.normalize import fold
from genesis_rag.text.terms import get_analyser
from genesis_rag.types import Document

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "corpus" / "qa"
SET = FOLDER / "genesis_qa.jsonl"
DOCUMENTS = ROOT / "corpus" / "documents"
KEYS = ["id", "question", "language", "answers", "evidence", "answerable", "type", "direction", "split"]
ANSWERABLE = ["factoid", "numeric", "date", "list", "yesno", "comparison", "paraphrase", "noisy"]
EXTRACTIVE = {"factoid", "numeric", "date", "paraphrase", "noisy"}
DIRECTIONS = ["ja-ja", "en-en", "ja-en", "en-ja"]
Row = dict[str, Any]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return [json.loads(line) for line in SET.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def answerable(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["answerable"]]


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    return {document.source: document for file in discover([DOCUMENTS], ROOT) for document in load_documents(file)}


def forms(entry: str) -> list[str]:
    return [form.strip() for form in entry.split(" | ")]


def topic(row: Row) -> str:
    return str(row["id"]).rpartition("-")[0]


def test_every_line_has_exactly_the_fields_of_the_schema(rows: list[Row]) -> None:
    for row in rows:
        assert list(row) == KEYS, row["id"]
        assert re.fullmatch(r"[a-z]+(?:-[a-z]+)*-\d{3}", row["id"]), row["id"]
        assert row["language"] in ("ja", "en"), row["id"]
        assert row["split"] in ("dev", "test"), row["id"]
        assert row["type"] in ([*ANSWERABLE] if row["answerable"] else ["unanswerable"]), row["id"]
        assert row["direction"] in DIRECTIONS, row["id"]
        assert row["direction"][:2] == row["language"], row["id"]
        assert bool(row["answers"]) is bool(row["evidence"]) is row["answerable"], row["id"]
        assert all(set(one) == {"source", "quote"} for one in row["evidence"]), row["id"]
        texts = [row["question"], *row["answers"], *(one["quote"] for one in row["evidence"])]
        assert all(text and text == text.strip() for text in texts), row["id"]


def test_the_evaluation_reads_every_question(rows: list[Row]) -> None:
    assert [item.id for item in read_questions(SET).items] == [row["id"] for row in rows]


def test_ids_and_questions_are_unique(rows: list[Row]) -> None:
    assert [row["id"] for row in rows] == sorted({row["id"] for row in rows})
    questions = Counter(re.sub(r"\W+", "", fold(row["question"])) for row in rows)
    assert [question for question, count in questions.items() if count > 1] == []


def test_questions_are_written_in_their_language(rows: list[Row]) -> None:
    for row in rows:
        assert bool(re.search("[ぁ-ゖァ-ヺ]", row["question"])) is (row["language"] == "ja"), row["id"]


def test_every_quote_is_an_exact_span_of_its_document(answerable: list[Row], documents: dict[str, Document]) -> None:
    wrong = []
    for row in answerable:
        for one in row["evidence"]:
            document = documents.get(one["source"])
            if document is None or one["quote"] not in document.text:
                wrong.append((row["id"], one["source"], one["quote"]))
            elif len(one["quote"]) > 400 or len(one["quote"]) > len(document.text) / 3:
                wrong.append((row["id"], one["source"], "too long a quote"))
        quotes = [(one["source"], one["quote"]) for one in row["evidence"]]
        if len(set(quotes)) < len(quotes):
            wrong.append((row["id"], "", "the same quote twice"))
    assert wrong == []


def test_directions_tell_where_the_evidence_is(answerable: list[Row], documents: dict[str, Document]) -> None:
    for row in answerable:
        languages = [documents[one["source"]].language for one in row["evidence"]]
        own = row["language"]
        assert row["direction"] == f"{own}-{own if own in languages else languages[0]}", row["id"]
        assert languages == sorted(languages, key=lambda language: language != own), row["id"]


def test_quotes_hold_the_answer(answerable: list[Row]) -> None:
    wrong = []
    for row in answerable:
        entries = [forms(entry) for entry in row["answers"]]
        quotes = [one["quote"] for one in row["evidence"]]
        if row["type"] in EXTRACTIVE:
            accepted = [form for entry in entries for form in entry if polar_form(form) is None]
            wrong += [(row["id"], quote) for quote in quotes if not contains_any(quote, accepted)]
        elif row["type"] == "list":  # each quote alone holds the whole list
            wrong += [(row["id"], quote) for quote in quotes for e in entries if not contains_any(quote, e)]
        elif row["type"] == "comparison":
            wrong += [(row["id"], "") for entry in entries if not contains_any("\n".join(quotes), entry)]
    assert wrong == []


def test_yes_or_no_is_what_yes_or_no_questions_take(answerable: list[Row]) -> None:
    said: Counter[bool] = Counter()
    for row in answerable:
        if row["type"] == "yesno":
            (answer,) = {polar_form(form) for form in row["answers"]}
            assert answer is not None, row["id"]
            said[answer] += 1
        else:
            assert not all(polar_form(form) is not None for form in row["answers"]), row["id"]
    assert min(said[True], said[False]) >= 15


def test_only_lists_and_comparisons_separate_forms(answerable: list[Row]) -> None:
    for row in answerable:
        if row["type"] == "list":
            assert len(row["answers"]) >= 2, row["id"]
        if row["type"] not in ("list", "comparison"):
            assert not any(" | " in entry for entry in row["answers"]), row["id"]
            assert len(set(row["answers"])) == len(row["answers"]), row["id"]


def test_there_are_enough_of_each_kind(rows: list[Row], answerable: list[Row]) -> None:
    for split, least in (("test", 80), ("dev", 25)):
        directions = Counter(row["direction"] for row in answerable if row["split"] == split)
        assert all(directions[direction] >= least for direction in DIRECTIONS), directions
    refused = Counter((row["split"], row["language"]) for row in rows if not row["answerable"])
    assert refused["test", "ja"] + refused["test", "en"] >= 100
    assert min(refused.values()) >= 20
    kinds = Counter((row["type"], row["language"], row["split"]) for row in answerable)
    assert all(kinds[t, lang, split] >= 5 for t in ANSWERABLE for lang in ("ja", "en") for split in ("dev", "test"))
    assert 0.25 <= sum(row["split"] == "dev" for row in rows) / len(rows) <= 0.4


def test_a_topic_is_in_one_split_only(rows: list[Row]) -> None:
    splits: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        splits[topic(row)].add(row["split"])
    assert {name: split for name, split in splits.items() if len(split) > 1} == {}
    assert min(Counter(next(iter(split)) for split in splits.values()).values()) >= 10


def test_many_questions_share_few_words_with_their_evidence(
    answerable: list[Row], documents: dict[str, Document]
) -> None:
    analyser = get_analyser()
    few: dict[bool, list[bool]] = {True: [], False: []}
    for row in answerable:
        own, language = {term.text for term in analyser.content_terms(row["question"])}, row["direction"][-2:]
        assert own, row["id"]
        quotes = [one["quote"] for one in row["evidence"] if documents[one["source"]].language == language]
        shared = max(len(own & {term.text for term in analyser.content_terms(quote)}) for quote in quotes)
        few[language == row["language"]].append(shared / len(own) < 1 / 3)
    everyone = few[True] + few[False]
    assert sum(everyone) / len(everyone) >= 0.4
    assert sum(few[True]) / len(few[True]) >= 0.3  # Japanese and English share few terms anyway


def test_noise_is_noise(rows: list[Row]) -> None:
    """Japanese: full-width or half-width signs or courtesies; English: words that no other question has."""
    noisy = [row for row in rows if row["type"] == "noisy"]
    plain = {word for row in rows if row["type"] != "noisy" for word in re.findall("[a-z]+", row["question"].lower())}
    for row in noisy:
        if row["language"] == "ja":
            assert re.search("[Ａ-Ｚａ-ｚ０-９ｦ-ﾟ]|すみません|でしたっけ|ですよね", row["question"]), row["id"]
        else:
            assert set(re.findall("[a-z]+", row["question"].lower())) - plain, row["id"]


def test_the_set_is_never_indexed() -> None:
    assert not FOLDER.resolve().is_relative_to(DOCUMENTS.resolve())
    assert not any(path.suffix == ".jsonl" for path in DOCUMENTS.rglob("*"))


def test_the_readme_states_the_counts(rows: list[Row]) -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"holds {len(rows)} questions" in readme
    by_direction = Counter((row["direction"], row["answerable"], row["split"]) for row in rows)
    for direction in DIRECTIONS:
        counts = [
            by_direction[direction, answerable, split] for answerable in (True, False) for split in ("dev", "test")
        ]
        assert f"| {direction} | {' | '.join(map(str, counts))} |" in readme
    by_type = Counter((row["type"], row["language"], row["split"]) for row in rows)
    for kind in [*ANSWERABLE, "unanswerable"]:
        counts = [by_type[kind, language, split] for language in ("ja", "en") for split in ("dev", "test")]
        assert f"| {kind} | {' | '.join(map(str, counts))} | {sum(counts)} |" in readme
