"""The built-in documents in PDF, Word and HTML: written from their sources, and read back whole by the loaders."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from corpus_reading import Written, read_document

from genesis_rag.documents.registry import discover, load_documents
from genesis_rag.types import Document

CORPUS = Path(__file__).parents[2] / "corpus"
DOCUMENTS = CORPUS / "documents"
SOURCES = sorted((CORPUS / "sources").glob("*.md"))
MARKS = re.compile(r"^(?:#+|-|\d+\.)\s+|\*\*")


def written_from(source: Path) -> Path:
    return DOCUMENTS / f"{source.stem}.{read_document(source).front['form']}"


def read_back(source: Path) -> Document:
    (file,) = discover([written_from(source)], DOCUMENTS)
    (document,) = load_documents(file)
    return document


def members(path: Path) -> list[tuple[str, bytes]]:
    with ZipFile(path) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def phrases(document: Written) -> list[str]:
    """Every paragraph, heading, list item and table cell of a source, without markup."""
    lines = [MARKS.sub("", line) for line in document.body.splitlines() if not re.fullmatch(r"[-| ]*", line)]
    cells = [cell.strip() for line in lines for cell in (line.strip("|").split("|") if line[0] == "|" else [line])]
    return [cell for cell in cells if cell]


def generate(form: str, out: Path) -> None:
    command = [sys.executable, str(CORPUS / "generate.py"), "--form", form, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "--font" in done.stderr:
        pytest.skip("the Japanese font that the PDFs embed is not installed")
    assert done.returncode == 0, done.stderr


def test_every_source_has_its_document_and_every_document_its_source() -> None:
    others = {path for path in DOCUMENTS.iterdir() if path.suffix != ".md"}
    assert others == {written_from(source) for source in SOURCES}
    assert {path.suffix for path in others} == {".pdf", ".docx", ".html"}


@pytest.mark.parametrize("form", ["html", "docx", "pdf"])
def test_documents_are_up_to_date(form: str, tmp_path: Path) -> None:
    generate(form, tmp_path)
    fresh = sorted(tmp_path.iterdir())
    assert [path.name for path in fresh] == sorted(path.name for path in DOCUMENTS.glob(f"*.{form}"))
    for path in fresh:
        committed = DOCUMENTS / path.name
        if form == "docx":  # the bytes of a packed member depend on the zlib at hand
            assert members(path) == members(committed), path.name
        else:
            assert path.read_bytes() == committed.read_bytes(), path.name


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_the_loaders_read_every_phrase(source: Path) -> None:
    text = squeezed(read_back(source).text)
    missing = [phrase for phrase in phrases(read_document(source)) if squeezed(phrase) not in text]
    assert not missing


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_the_loaders_read_the_properties(source: Path) -> None:
    written, document = read_document(source), read_back(source)
    assert document.language == written.language
    assert document.metadata["date"] == written.front["date"]
    assert document.title in (written.front["title"], phrases(written)[0])
    assert written.front["licence"] in document.text
    for entry in written.sources:
        assert squeezed(entry["address"]) in squeezed(document.text), entry["address"]


def test_a_pdf_has_several_pages_and_knows_them() -> None:
    (source,) = [path for path in SOURCES if written_from(path).suffix == ".pdf" and ".ja" in path.name]
    document = read_back(source)
    assert document.metadata["pages"] == "3"
    assert {section.page for section in document.sections} == {1, 2, 3}


def test_tables_stay_tables_in_word_and_on_the_web() -> None:
    for source in SOURCES:
        if written_from(source).suffix != ".pdf":
            assert any(section.kind == "table" for section in read_back(source).sections), source.name
