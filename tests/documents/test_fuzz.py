"""Random and broken files: every loader gives documents or one line, never anything else, and soon."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from functools import cache
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from genesis_rag.documents.limits import LoadLimits
from genesis_rag.documents.registry import SUFFIXES, SourceFile, load_documents
from genesis_rag.errors import UnreadableDocumentError

pytestmark = pytest.mark.slow

LIMITS = LoadLimits(seconds=5.0)
SECONDS = 6.0
WORDS = "日本は初の国際パートナーとなる。The plan runs for five years."


@cache
def valid(suffix: str) -> bytes:
    """Return a good file of a format."""
    buffer = io.BytesIO()
    if suffix == ".pdf":
        canvas = Canvas(buffer)
        canvas.drawString(60, 700, "The plan runs for five years.")
        canvas.save()
    elif suffix == ".docx":
        document = docx.Document()
        document.add_heading("Title", 1)
        document.add_paragraph(WORDS, style="List Number")
        document.add_table(2, 2).cell(0, 0).text = WORDS
        document.save(buffer)
    elif suffix == ".pptx":
        deck = pptx.Presentation()
        deck.slides.add_slide(deck.slide_layouts[1]).shapes.title.text = WORDS
        deck.save(buffer)
    elif suffix == ".xlsx":
        book = openpyxl.Workbook()
        book.active.append(["Name", "Value"])
        book.active.append([WORDS, 5.5])
        book.save(buffer)
    elif suffix == ".epub":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("META-INF/container.xml", '<c><rootfiles><rootfile full-path="c.opf"/></rootfiles></c>')
            item = '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
            opf = f'<package><manifest>{item}</manifest><spine><itemref idref="a"/></spine></package>'
            archive.writestr("c.opf", opf)
            archive.writestr("a.xhtml", f"<html><body><h1>Title</h1><p>{WORDS}</p></body></html>")
    else:
        return f'{{"text": "{WORDS}"}}\n# Title\n\n- item\n\n| a | b |\n<p>"x"</p>,1\t2\n'.encode()
    return buffer.getvalue()


def repacked(data: bytes, choice: int, change: bytes, at: float) -> bytes:
    """Return a container with one part changed and packed well, so that the damage reaches the parser behind zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        infos = source.infolist()
        for index, info in enumerate(infos):
            part = source.read(info)
            if index == choice % len(infos):
                place = int(at * len(part))
                part = part[:place] + change + part[place + len(change) :]
            target.writestr(info.filename, part)
    return buffer.getvalue()


def only_known_errors(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    started = time.monotonic()
    try:
        for document in load_documents(SourceFile(path, path.name), LIMITS):
            assert document.text.strip()
            assert all(0 <= section.start < section.end <= len(document.text) for section in document.sections)
    except UnreadableDocumentError as error:
        assert error.message and error.hint and "\n" not in error.message  # noqa: PT017
    assert time.monotonic() - started < SECONDS


FORMATS = (".txt", ".md", ".html", ".jsonl", ".pdf", ".docx", ".pptx", ".xlsx", ".csv", ".epub")
QUIET = settings(
    max_examples=settings.default.max_examples // 2, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def test_every_loader_is_here() -> None:
    assert {SUFFIXES[suffix] for suffix in FORMATS} == set(SUFFIXES.values())


@pytest.mark.parametrize("suffix", FORMATS)
@given(data=st.binary(min_size=1, max_size=300))
@QUIET
def test_random_bytes(suffix: str, data: bytes, tmp_path: Path) -> None:
    only_known_errors(tmp_path / f"a{suffix}", data)


@pytest.mark.parametrize("suffix", FORMATS)
@given(share=st.floats(0.0, 1.0))
@QUIET
def test_truncated_files(suffix: str, share: float, tmp_path: Path) -> None:
    data = valid(suffix)
    only_known_errors(tmp_path / f"a{suffix}", data[: max(1, int(share * len(data)))])


@pytest.mark.parametrize("suffix", FORMATS)
@given(change=st.binary(min_size=1, max_size=12), at=st.floats(0.0, 1.0))
@QUIET
def test_damaged_files(suffix: str, change: bytes, at: float, tmp_path: Path) -> None:
    data = valid(suffix)
    place = int(at * len(data))
    only_known_errors(tmp_path / f"a{suffix}", data[:place] + change + data[place + len(change) :])


XML_PIECES = st.sampled_from(
    [
        b"<",
        b">",
        b"/>",
        b"&x;",
        b"]]>",
        b"<!--",
        b'"',
        b"\x00",
        b"-1",
        b"99999999999",
        b"w:",
        b"<a>" * 300,
        b"\xff\xfe",
        b"1e999",
    ]
)


@pytest.mark.parametrize("suffix", [".docx", ".pptx", ".xlsx", ".epub"])
@given(choice=st.integers(0, 200), change=XML_PIECES, at=st.floats(0.0, 1.0))
@QUIET
def test_damaged_parts(suffix: str, choice: int, change: bytes, at: float, tmp_path: Path) -> None:
    only_known_errors(tmp_path / f"a{suffix}", repacked(valid(suffix), choice, change, at))


MARKUP = st.lists(
    st.sampled_from(
        "<p> </p> <div> <table> <tr> <td> <ul> <li> <ruby> <rt> <pre> <h1> </h1> <!-- --> <script> </script> <style> "
        "</style> <a href=x> hidden & &amp; &#0; ** __ [ ]( ) | - > # ``` --- 日本 word \n \n\n 。".split(" ")
    ),
    max_size=60,
).map(" ".join)


@pytest.mark.parametrize("suffix", [".html", ".md", ".txt"])
@given(text=MARKUP)
@QUIET
def test_broken_markup(suffix: str, text: str, tmp_path: Path) -> None:
    only_known_errors(tmp_path / f"a{suffix}", text.encode() or b" ")


@given(rows=st.lists(st.lists(st.text(max_size=6), max_size=4), max_size=8), end=st.sampled_from(["\n", "\r", "\r\n"]))
@QUIET
def test_any_table(rows: list[list[str]], end: str, tmp_path: Path) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator=end, escapechar="\\").writerows(rows)
    only_known_errors(tmp_path / "a.csv", buffer.getvalue().encode("utf-8", "replace") or b" ")
