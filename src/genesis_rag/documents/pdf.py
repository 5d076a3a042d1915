"""PDF, page by page with PDFium: the lines of a page with their place, size and weight.

Pages are opened one at a time and the file is opened anew every few hundred pages, because PDFium keeps what it has
parsed; memory then grows with the text alone. PDFium is not thread-safe, so only one thread may read PDFs at a time.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from genesis_rag.documents.assembly import Draft, assemble, origin_of, plain_line
from genesis_rag.documents.base import DocumentLoader
from genesis_rag.documents.pdf_layout import Bookmark, Line, Page, PdfLayout
from genesis_rag.documents.titles import stated_title
from genesis_rag.errors import UnreadableDocumentError
from genesis_rag.types import Document

PAGES_AT_ONCE = 100
MAX_BOOKMARKS = 20_000
MIN_SIZE = 1.0
"""Text smaller than this many points is there to be found, not to be read."""

_BOLD = re.compile(rb"bold|black|heavy|demi|-W[6-9]\b", re.IGNORECASE)
_NO_AUTHORS = ("anonymous", "unspecified", "(anonymous)", "(unspecified)")
_DATE = re.compile(r"D:(\d{4})(\d{2})?(\d{2})?")


class PdfLoader(DocumentLoader):
    """pdf with a text layer."""

    name = "pdf"
    version = "1"
    suffixes = (".pdf",)
    label = "a PDF"
    content = "pdf"

    def load(self, path: Path, source: str) -> Iterator[Document]:
        """Yield one document; its sections know their pages."""
        with closing(open_pdf(path)) as pdf:
            information = pdf.get_metadata_dict(skip_empty=True)
            bookmarks = _bookmarks(pdf)
            count = len(pdf)
        layout = PdfLayout(self.limits, bookmarks)
        for page in _pages(path, count):
            layout.add(page)
        layout.end()
        _check_text(layout, count)
        author = information.get("Author", "")
        metadata = {
            "author": "" if author in _NO_AUTHORS else author,
            "date": _date(information.get("CreationDate", "")),
        }
        metadata["pages"] = str(count)
        if layout.empty_pages:
            metadata["pages_without_text"] = str(layout.empty_pages)
        draft = Draft(layout.body, stated_title(information.get("Title")), "", metadata)
        yield assemble(draft, origin_of(path, source, self.identity()))


def _check_text(layout: PdfLayout, count: int) -> None:
    if not count:
        raise UnreadableDocumentError("It has no pages.", "Get a new copy.")
    if not layout.body.text.strip():
        raise UnreadableDocumentError(
            "It has no text layer (scanned pages?).", "Run text recognition (OCR) on it and index the result."
        )
    if layout.unmapped_share > 0.3:
        raise UnreadableDocumentError(
            "Its fonts do not say which characters they show, so no text can be read from it.",
            "Run text recognition (OCR) on it, or get it in another format.",
        )


def open_pdf(path: Path) -> Any:
    """Return a file opened by PDFium.

    Raises:
        UnreadableDocumentError: it is damaged or protected.
    """
    import pypdfium2
    from pypdfium2 import raw

    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise UnreadableDocumentError(
                "It is protected with a password.", "Save it without a password and index it again."
            ) from None
        raise UnreadableDocumentError("It is damaged: no PDF reader could open it.", "Get a new copy.") from None


def _bookmarks(pdf: Any) -> list[Bookmark]:
    found = []
    for bookmark in pdf.get_toc(max_depth=8):
        destination = bookmark.get_dest()
        title, page = plain_line(bookmark.get_title() or ""), destination.get_index() if destination else None
        if title and page is not None and page >= 0:
            found.append(Bookmark(page + 1, bookmark.level + 1, title))
        if len(found) >= MAX_BOOKMARKS:
            break
    return found


def _pages(path: Path, count: int) -> Iterator[Page]:
    for start in range(0, count, PAGES_AT_ONCE):
        with closing(open_pdf(path)) as pdf:
            for index in range(start, min(start + PAGES_AT_ONCE, count)):
                yield _page(pdf, index)


def _page(pdf: Any, index: int) -> Page:
    import pypdfium2

    try:
        page = pdf[index]
    except pypdfium2.PdfiumError:
        return Page(index + 1, 0.0, ())  # one broken page; it counts as a page without text
    with closing(page):
        left, bottom, right, top = page.get_cropbox()
        with closing(page.get_textpage()) as text:
            lines = [line for line in _lines(text) if _is_visible(line, left, bottom, right, top)]
        return Page(index + 1, max(1.0, top - bottom), tuple(_above(line, bottom) for line in lines))


def _above(line: Line, bottom: float) -> Line:
    """Return a line with its height measured from the lower edge of the page."""
    return line if not bottom else line._replace(bottom=line.bottom - bottom, top=line.top - bottom)


def _is_visible(line: Line, left: float, bottom: float, right: float, top: float) -> bool:
    inside = line.right > left and line.left < right and line.top > bottom and line.bottom < top
    return inside and line.size >= MIN_SIZE


def _lines(page: Any) -> Iterator[Line]:
    """Yield the written lines of a page in PDFium's reading order."""
    text = page.get_text_range()
    start = 0
    for raw_line in text.split("\n"):
        words = raw_line.rstrip("\r ")
        lead = len(words) - len(words.lstrip(" "))
        if words.strip():
            first, last = start + lead, start + len(words) - 1
            yield _line(page, words.strip(" "), first, last)
        start += len(raw_line) + 1


def _line(page: Any, words: str, first: int, last: int) -> Line:
    from pypdfium2 import raw

    start, end = raw.FPDFText_GetCharIndexFromTextIndex(page, first), raw.FPDFText_GetCharIndexFromTextIndex(page, last)
    middle = raw.FPDFText_GetCharIndexFromTextIndex(page, (first + last) // 2)
    size = sorted(_size(page, index) for index in (start, middle, end))[1]  # a bullet may be of another size
    base, base2 = _base_line(page, start), _base_line(page, end)
    (left, right), (left2, right2) = _sides(page, start), _sides(page, end)
    name = ctypes.create_string_buffer(64)
    raw.FPDFText_GetFontInfo(page, middle, name, 64, None)
    return Line(
        text=words,
        size=size,
        left=min(left, left2),
        right=max(right, right2),
        bottom=min(base, base2),
        top=max(base, base2) + size,
        bold=bool(_BOLD.search(name.value)),
    )


def _size(page: Any, index: int) -> float:
    """Return the size of a character in points: that of its font, scaled by the text's matrix."""
    from pypdfium2 import raw

    matrix = raw.FS_MATRIX()
    size = max(0.0, float(raw.FPDFText_GetFontSize(page, index)))
    if not raw.FPDFText_GetMatrix(page, index, matrix):
        return round(size, 1)
    return round(size * math.hypot(matrix.c, matrix.d), 1)


def _base_line(page: Any, index: int) -> float:
    """Return the height of the line that a character stands on, 0 where PDFium knows none."""
    from pypdfium2 import raw

    x, y = ctypes.c_double(), ctypes.c_double()
    return y.value if index >= 0 and raw.FPDFText_GetCharOrigin(page, index, x, y) else 0.0


def _sides(page: Any, index: int) -> tuple[float, float]:
    """Return left and right of a character, both 0 where PDFium has no box."""
    from pypdfium2 import raw

    box = raw.FS_RECTF()
    if index < 0 or not raw.FPDFText_GetLooseCharBox(page, index, box):
        return 0.0, 0.0
    return box.left, box.right


def _date(written: str) -> str:
    """Return D:20260604… as 2026-06-04."""
    match = _DATE.match(written)
    return "-".join(part for part in match.groups() if part) if match else ""
