"""Pages as pictures, and quoted words found on them: PDFs made with reportlab, drawn in a process of its own."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.documents.pdf_page import Quoted, draw_page, find_marks, places_of, squeezed
from genesis_rag.errors import UnreadableDocumentError

pytest.importorskip("reportlab")
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
WIDTH, HEIGHT, SIZE, LEFT = 600, 800, 10, 60
LINES = {
    700: "計画は五年間続く。投資額は",
    680: "五億ドルである。計画は五年間続く。",
    660: "It is open to coun-",
    640: "tries.",
}


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "a.pdf"
    canvas = Canvas(str(path), pagesize=(WIDTH, HEIGHT))
    canvas.drawString(LEFT, 700, "Another page.")
    canvas.showPage()
    for height, text in LINES.items():
        canvas.setFont("HeiseiMin-W3", SIZE)
        canvas.drawString(LEFT, height, text)
    canvas.setFillColorRGB(1, 0, 0)
    canvas.rect(300, 100, 200, 50, stroke=0, fill=1)
    canvas.save()
    return path


def pixels(data: bytes) -> tuple[int, int, bytes]:
    """Decode what ``png`` writes: width, height and RGB rows."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    at, packed, size = 8, b"", (0, 0)
    while at < len(data):
        (length,), name = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(name + body)
        size = struct.unpack(">II", body[:8]) if name == b"IHDR" else size
        packed += body if name == b"IDAT" else b""
        at += 12 + length
    raw, row = zlib.decompress(packed), 1 + 3 * size[0]
    assert len(raw) == row * size[1] and set(raw[::row]) == {0}
    return size[0], size[1], b"".join(raw[start + 1 : start + row] for start in range(0, len(raw), row))


def test_a_page_is_drawn_as_it_is(paper: Path) -> None:
    width, height, colours = pixels(draw_page(paper, 2, 300))
    assert (width, height) == (300, 400)

    def at(x: float, y: float) -> tuple[int, ...]:
        start = 3 * (int((HEIGHT - y) / 2) * width + int(x / 2))
        return tuple(colours[start : start + 3])

    assert at(400, 125) == (255, 0, 0) and at(400, 300) == (255, 255, 255)


def test_the_quoted_words_are_found_where_they_stand(paper: Path) -> None:
    first, second = "計画は五年間続く。", "投資額は五億ドルである。"
    quoted = [
        Quoted("", first),
        Quoted(f"{first}{second}", first),
        Quoted("", second),
        Quoted("", "open to countries."),
        Quoted("", "この紙にはどこにもない言葉である。"),
    ]
    marks = find_marks(paper, 2, quoted)
    assert (marks.pages, marks.width, marks.height) == (2, WIDTH, HEIGHT)

    def inside(box: Any, left: float, right: float, base: float) -> bool:
        """Whether a box in shares covers the characters from left to right (in points) on a base line, and no more."""
        x1, y1, x2, y2 = box[0] * WIDTH, HEIGHT * (1 - box[3]), box[2] * WIDTH, HEIGHT * (1 - box[1])
        across = abs(x1 - left) < 2 and abs(x2 - right) < 2
        return across and y1 < base + 2 and base + 5 < y2 and y2 - y1 < 2 * SIZE

    one, again, over_two, hyphen, nowhere = marks.boxes
    assert len(one) == 1 and inside(one[0], 60, 150, 700)
    assert len(again) == 1 and inside(again[0], 140, 230, 680), "the words before tell the second from the first"
    assert len(over_two) == 2 and inside(over_two[0], 150, 190, 700) and inside(over_two[1], 60, 140, 680)
    assert len(hyphen) == 2 and hyphen[0][1] < hyphen[1][1]
    assert nowhere == ()


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("cropped", [False, True])
def test_marks_lie_on_the_ink_however_the_page_is_turned_and_cut(tmp_path: Path, rotation: int, cropped: bool) -> None:
    upright, path = tmp_path / "upright.pdf", tmp_path / "turned.pdf"
    canvas = Canvas(str(upright), pagesize=(WIDTH, HEIGHT))
    if cropped:
        canvas.setCropBox((40, 300, 500, 780))
    canvas.setFont("HeiseiMin-W3", 24)
    canvas.drawString(100, 600, "計画は五年間続く。")
    canvas.drawString(100, 560, "全部である。")
    canvas.save()
    with closing(pypdfium2.PdfDocument(upright)) as pdf:
        pdf[0].set_rotation(rotation)
        pdf.save(path)
    width, height, colours = pixels(draw_page(path, 1, 400))
    (boxes,) = find_marks(path, 1, [Quoted("", "計画は五年間続く。全部である。")]).boxes
    inked = [at // 3 for at in range(0, len(colours), 3) if colours[at] < 128]
    margin = 0.005

    def marked(place: int) -> bool:
        x, y = (place % width + 0.5) / width, (place // width + 0.5) / height
        return any(
            left - margin <= x <= right + margin and top - margin <= y <= bottom + margin
            for left, top, right, bottom in boxes
        )

    assert len(inked) > 200 and len(boxes) == 2
    assert sum(map(marked, inked)) == len(inked)
    assert sum((box[2] - box[0]) * (box[3] - box[1]) for box in boxes) < 0.1


def test_what_goes_on_overleaf_is_marked_as_far_as_it_goes() -> None:
    page = squeezed("前の文。計画は五年間にわたり、大学と企業が")
    words = squeezed("計画は五年間にわたり、大学と企業が共同で進める。")
    assert places_of(page, words, "") == [(4, len(page))]
    turned = squeezed("共同で進める計画である。前の文。大学と企業が")
    assert places_of(turned, squeezed("大学と企業が共同で進める計画である。"), "") == [(0, 14), (18, 25)]
    assert places_of(page, squeezed("大学と企業がまったく別のことを述べた長い長い文である。"), "") == []


@given(st.text(max_size=60), st.text(min_size=1, max_size=20), st.text(max_size=60))
def test_words_that_are_there_are_found(before: str, words: str, after: str) -> None:
    page, wanted = squeezed(before) + squeezed(words) + squeezed(after), squeezed(words)
    found = places_of(page, wanted, squeezed(before))
    assert [page[start:end] for start, end in found] == ([wanted] if wanted else [])
    assert wanted == "".join(map(squeezed, words)), "a page is squeezed sign by sign"


@pytest.mark.parametrize(("page", "data"), [(0, None), (4, None), (1, b"%PDF-1.4 nothing"), (1, b"")])
def test_what_cannot_be_drawn_is_told(paper: Path, tmp_path: Path, page: int, data: bytes | None) -> None:
    path = paper
    if data is not None:
        path = tmp_path / "b.pdf"
        path.write_bytes(data)
    with pytest.raises(UnreadableDocumentError):
        draw_page(path, page, 300)


def test_a_page_that_takes_too_long_is_given_up(paper: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis_rag.documents.pdf_page.MOST_SECONDS", 0.001)
    with pytest.raises(UnreadableDocumentError, match="too long"):
        draw_page(paper, 1, 300)


def test_a_huge_page_is_drawn_small(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(100, 14_000))
    canvas.drawString(10, 10, "far down")
    canvas.save()
    path = tmp_path / "long.pdf"
    path.write_bytes(buffer.getvalue())
    width, height, _ = pixels(draw_page(path, 1, 2_000))
    assert width * height <= 6_100_000
