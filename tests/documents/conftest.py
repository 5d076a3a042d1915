"""Files made for the test, loaded through the only door, every document checked for what all loaders promise."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from genesis_rag.documents.limits import DEFAULT_LIMITS, LoadLimits
from genesis_rag.documents.registry import SourceFile, load_documents
from genesis_rag.errors import UnreadableDocumentError
from genesis_rag.text.normalize import nfc
from genesis_rag.types import Document

Load = Callable[..., list[Document]]


def check(document: Document) -> None:
    """Assert what holds for the documents of every loader."""
    text = document.text
    assert text.strip() and document.title.strip() and document.source
    assert nfc(text) == text, "text is stored in normal form"
    assert nfc(document.title) == document.title and "\n" not in document.title
    assert len(document.id) == 16 and int(document.id, 16) >= 0
    assert len(document.content_sha256) == 64
    done = 0
    for section in document.sections:
        assert done <= section.start < section.end <= len(text), "sections are sorted, disjoint and inside the text"
        assert not text[done : section.start].strip(), "nothing but white space between sections"
        inside = text[section.start : section.end]
        assert inside.strip() == inside.strip("\n").strip()
        assert not inside[0].isspace() or section.kind == "list", "a section begins with its words"
        assert not inside[-1].isspace()
        assert section.kind in ("prose", "list", "table")
        assert all(heading == " ".join(heading.split()) and heading for heading in section.heading_path)
        done = section.end
    assert not text[done:].strip(), "every word is in a section"
    pages = [section.page for section in document.sections if section.page is not None]
    assert pages == sorted(pages)


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Return load(name or path, data, limits): writes the file if data is given, and returns its documents."""

    def run(name: str | Path, data: bytes | str | None = None, limits: LoadLimits = DEFAULT_LIMITS) -> list[Document]:
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data if isinstance(data, bytes) else data.encode())
        documents = list(load_documents(SourceFile(path, path.name), limits))
        for document in documents:
            check(document)
        return documents

    return run


@pytest.fixture
def one(load: Load) -> Callable[..., Document]:
    """Return load for files that are one document."""

    def run(*arguments: object, **named: object) -> Document:
        (document,) = load(*arguments, **named)
        return document

    return run


@pytest.fixture
def reason(load: Load) -> Callable[..., str]:
    """Return reason(name, data, limits): the words with which a file is refused, message and hint on one line."""

    def run(*arguments: object, **named: object) -> str:
        with pytest.raises(UnreadableDocumentError) as caught:
            load(*arguments, **named)
        assert caught.value.hint and "\n" not in caught.value.message + caught.value.hint
        return f"{caught.value.message} {caught.value.hint}"

    return run


@pytest.fixture
def outline_of() -> Callable[[Document], list[tuple[tuple[str, ...], int | None, str, str]]]:
    """Return (heading path, page, kind, text) of every section."""
    return lambda document: [
        (section.heading_path, section.page, section.kind, document.text[section.start : section.end])
        for section in document.sections
    ]


@pytest.fixture
def seed() -> Path:
    """Return the seed deck."""
    place = Path(os.environ.get("GENESIS_SHARED", ""), "seed")
    found = sorted(place.glob("*.txt")) if os.environ.get("GENESIS_SHARED") else []
    if not found:
        pytest.skip("GENESIS_SHARED does not name the shared data")
    return found[0]
