"""The built-in documents, and the facts they were written from where the shared folder is at hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from corpus_reading import Written, read_document

CORPUS = Path(__file__).parents[2] / "corpus"
DOCUMENTS = CORPUS / "documents"
SOURCES = CORPUS / "sources"


@pytest.fixture(scope="session")
def documents() -> list[Written]:
    return [
        read_document(path) for path in sorted([*DOCUMENTS.glob("*.md"), *SOURCES.glob("*.md")], key=lambda p: p.name)
    ]


@pytest.fixture(scope="session")
def facts(shared: Path) -> dict[str, dict[str, str]]:
    lines = (shared / "facts" / "facts.jsonl").read_text(encoding="utf-8").splitlines()
    return {fact["id"]: fact for fact in map(json.loads, lines)}


@pytest.fixture(scope="session")
def seed(shared: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((shared / "seed").glob("mext-*.txt")))


@pytest.fixture(scope="session")
def glossary(shared: Path) -> str:
    return (shared / "facts" / "glossary.tsv").read_text(encoding="utf-8")
