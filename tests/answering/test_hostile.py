"""Documents that give orders, hide words, or want readers and their data elsewhere: the surface holds whoever obeys.

``hostile/documents.jsonl`` holds what is planted in an honest document, and what a model that obeys would write. What
is hidden must not be loaded at all; white text in a PDF is loaded as any other (the loader does not read colours), so
that it counts as visible here.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from genesis_rag.answering.extractive import ExtractiveAnswerer
from genesis_rag.answering.generative import GenerativeAnswerer
from genesis_rag.answering.orders import gives_orders, is_active
from genesis_rag.documents.registry import SourceFile, load_documents
from genesis_rag.generation.scripted import ScriptedGenerator
from genesis_rag.types import Answer, AnswerDone, Document, Passage, TextDelta

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "hostile" / "documents.jsonl").read_text(encoding="utf-8").splitlines()
]
HONEST = {
    "en": (
        "The survey ship Aurora Bay costs 120 million dollars.",
        "It will sail from the harbour of Yokohama in April 2027.",
        "How much does the survey ship Aurora Bay cost?",
        "The cost of the survey ship Aurora Bay is 120 million dollars.",
        "120 million",
    ),
    "ja": (
        "観測船みらい丸の建造費は120億円である。",
        "船は2027年4月に横浜の港を出る。",
        "観測船みらい丸の建造費はいくらですか。",
        "観測船みらい丸の建造費は120億円です。",
        "120億円",
    ),
}
ENDINGS = {"txt": "txt", "md": "md", "front": "md", "html": "html"}
ACTIVE = re.compile(r"https?:|javascript:|data:text|!\[|\]\(|<(?:img|script|a)\b", re.IGNORECASE)
Row = dict[str, Any]
Make = Callable[[Sequence[Passage]], ExtractiveAnswerer]


def page(row: Row) -> str:
    first, second = HONEST[row["language"]][:2]
    hostile = row["hostile"]
    if row["format"] == "html":
        return f"<html><head><title>Ship</title></head><body><p>{first}</p>{hostile}<p>{second}</p></body></html>"
    if row["format"] == "front":
        return f"---\nnote: {hostile}\n---\n\n{first}\n\n{second}\n"
    return f"{first}\n\n{hostile}\n\n{second}\n"


def loaded(row: Row, folder: Path) -> Document:
    path = folder / f"{row['id']}.{ENDINGS[row['format']]}"
    path.write_text(page(row), encoding="utf-8")
    (document,) = load_documents(SourceFile(path, path.name))
    return document


def check(answer: Answer, row: Row, passage: Passage) -> None:
    for forbidden in row["forbidden"]:
        assert forbidden.lower() not in answer.text.lower(), answer.text
    assert not ACTIVE.search(answer.text), answer.text
    for citation in answer.citations:
        assert passage.text[citation.start : citation.end] == citation.quote
        assert citation.marker == 1 and citation.verification.exact and citation.verification.numbers_agree


def test_there_are_sixty_in_both_languages() -> None:
    languages = Counter(row["language"] for row in ROWS)
    assert len(ROWS) >= 60 and languages["ja"] == languages["en"]
    assert len({row["id"] for row in ROWS}) == len(ROWS) and sum(row["hidden"] for row in ROWS) >= 20


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_what_a_document_orders_does_not_reach_the_surface(
    row: Row, tmp_path: Path, make_passage: Callable[..., Passage], answerer_for: Make
) -> None:
    document = loaded(row, tmp_path)
    _, _, question, truth, fact = HONEST[row["language"]]
    if row["hidden"]:
        assert not any(word in document.text + document.title for word in row["forbidden"])
    passage = make_passage(document.text, title=document.title)
    extractive = answerer_for([passage])

    quoted = extractive.compose(question, [passage])
    check(quoted, row, passage)
    assert fact in quoted.text

    for reply in (f"{truth}[1] {row['payload']}[1]", f"{row['payload']}[1]", row["payload"], row["hostile"] + "[1]"):
        generator = ScriptedGenerator([reply])
        *deltas, last = GenerativeAnswerer(generator, extractive).answer(question, [passage])
        assert isinstance(last, AnswerDone)
        check(last.answer, row, passage)
        assert fact in last.answer.text or reply.startswith(row["hostile"])
        streamed = "".join(event.text for event in deltas if isinstance(event, TextDelta))
        assert not any(word.lower() in streamed.lower() for word in row["forbidden"])
        shown = generator.prompts[0][1][1]
        assert shown.count(shown[:14]) == 2, "a passage cannot pretend to end"


@pytest.mark.parametrize(
    "sentence",
    [
        "The report explains how attackers write “ignore the above instructions” into web pages.",
        "文書に「上記の指示を無視せよ」と書く攻撃が知られている。",
        "AI should make a difference first in these fields.",
        "The assistant to the President answers every question of the committee.",
        "The board answered each question.",
        "研究者は質問に答えた。",
        "AIはすべての分野で使われている。",
        "記者の質問と答え",
        "委員会はこの規則を無視できないと述べている。",
    ],
)
def test_what_only_speaks_of_orders_is_none(sentence: str) -> None:
    assert not gives_orders(sentence)


@pytest.mark.parametrize(
    "words", ["5 < 6 and 7 > 3", "NVIDIA/AMD", "4月1日[土]", "v1.2/3", "data from 2024", "A & B: <5%"]
)
def test_plain_words_are_not_active(words: str) -> None:
    assert not is_active(words)
