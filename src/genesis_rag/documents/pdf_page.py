"""One page of a PDF as a picture, and where on it quoted words stand. Runs in a process of its own.

Drawing is the riskiest thing to do with a stranger's file: PDFium is not thread-safe, a hostile page may crash it or
take minutes. A process that is started for one page and ended by the clock keeps all of that away from the server.

python -m genesis_rag.documents.pdf_page < request.json > page.png | marks.json
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from genesis_rag.errors import GenesisError, UnreadableDocumentError
from genesis_rag.values import dataclass

MOST_SECONDS = 20.0
MOST_MEMORY = 2 * 2**30
MOST_PIXELS = 6_000_000
LEAST_PART = 6
"""Signs in a row that a part of a quotation must have to be marked, where the page does not hold all of it."""

LEAST_SHARE = 0.5
"""Share of a quotation that the page must hold; the rest may stand on the next page."""

_NO_SIGNS = frozenset({"Cc", "Cf", "Cn", "Zs", "Zl", "Zp"})
_GRAIN = 10_000  # places are computed on a page of this many units each way

Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the page's width and height, from its upper left corner."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """Words to find on a page, and the text that stands before them, which tells two occurrences apart."""

    before: str
    words: str


@dataclass(frozen=True, slots=True)
class Marks:
    """The places of quoted words on a page.

    Attributes:
        pages: how many pages the file has.
        width: of the page in points.
        height: of the page in points.
        boxes: for each quotation its boxes, none where the page does not hold it.
    """

    pages: int
    width: float
    height: float
    boxes: tuple[tuple[Box, ...], ...]


def draw_page(path: Path, page: int, width: int) -> bytes:
    """Return a page (from 1) as PNG, at most ``width`` pixels wide.

    Raises:
        UnreadableDocumentError: there is no such page, or it cannot be drawn within the limits.
    """
    return _run({"path": str(path), "page": page, "width": width})


def find_marks(path: Path, page: int, quoted: Sequence[Quoted]) -> Marks:
    """Return where quoted words stand on a page (from 1).

    Raises:
        UnreadableDocumentError: there is no such page, or it cannot be read within the limits.
    """
    found = json.loads(_run({"path": str(path), "page": page, "quoted": [asdict(one) for one in quoted]}))
    boxes = tuple(tuple((b[0], b[1], b[2], b[3]) for b in some) for some in found["boxes"])
    return Marks(found["pages"], found["width"], found["height"], boxes)


def _run(request: dict[str, Any]) -> bytes:
    command = [sys.executable, "-P", "-m", __spec__.name if __spec__ else __name__]
    try:
        ended = subprocess.run(
            command, input=json.dumps(request).encode(), capture_output=True, timeout=MOST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise UnreadableDocumentError("Drawing the page takes too long.", "Open the file itself.") from None
    if ended.returncode != 0 or not ended.stdout:
        raise UnreadableDocumentError("The page cannot be drawn.", "Open the file itself.")
    return ended.stdout


def _main() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(MOST_SECONDS), int(MOST_SECONDS)))
    request = json.load(sys.stdin)
    from genesis_rag.documents.pdf import open_pdf

    with closing(open_pdf(Path(request["path"]))) as pdf:
        number = request["page"]
        if not 1 <= number <= len(pdf):
            raise UnreadableDocumentError(f"There is no page {number}.")
        with closing(pdf[number - 1]) as page:
            if "width" in request:
                answer = _picture(page, request["width"])
            else:
                quoted = [Quoted(**one) for one in request["quoted"]]
                answer = json.dumps(asdict(_marks(page, len(pdf), quoted))).encode()
    sys.stdout.buffer.write(answer)


def _picture(page: Any, width: int) -> bytes:
    across, down = page.get_size()
    scale = min(width / max(across, 1.0), (MOST_PIXELS / max(across * down, 1.0)) ** 0.5)
    with closing(page.render(scale=scale, rev_byteorder=True)) as bitmap:
        seen, length = memoryview(bitmap.buffer).cast("B"), bitmap.width * bitmap.n_channels
        rows = (seen[start : start + length] for start in range(0, bitmap.stride * bitmap.height, bitmap.stride))
        return png(bitmap.width, bitmap.height, bitmap.n_channels, rows)


def png(width: int, height: int, channels: int, rows: Iterable[memoryview]) -> bytes:
    """Return rows of grey (1 channel) or RGB (3 channels) bytes as a PNG file (ISO/IEC 15948), no row filtered."""

    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer = zlib.compressobj(6)
    packed = [packer.compress(b"\x00" + bytes(row)) for row in rows]
    head = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2}[channels], 0, 0, 0)
    body = b"".join([*packed, packer.flush()])
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", body) + part(b"IEND", b"")


def _marks(page: Any, pages: int, quoted: Sequence[Quoted]) -> Marks:
    width, height = page.get_size()
    with closing(page.get_textpage()) as text:
        signs = list(_signs(text))
        letters = "".join(letter for letter, _ in signs)
        boxes = []
        for one in quoted:
            ranges = places_of(letters, squeezed(one.words), squeezed(one.before))
            indices = [sorted({signs[k][1] for k in range(start, end)}) for start, end in ranges]
            boxes.append(tuple(box for some in indices for box in _boxes(page, text, some)))
    return Marks(pages, width, height, tuple(boxes))


def _signs(text: Any) -> Iterator[tuple[str, int]]:
    """Yield the squeezed signs of a page, each with the number that PDFium gives its character."""
    from pypdfium2 import raw

    high = 0
    for index in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text, index)
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        if 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00) if high else 0xFFFD
        high = 0
        for letter in squeezed(chr(code)):
            yield letter, index


def squeezed(text: str) -> str:
    """Return a text as it is compared: taken apart and folded sign by sign, without white space and hyphens.

    The stored text is composed, and has none of the line breaks, hyphens and spaces between characters of the page.
    """
    folded = "".join(unicodedata.normalize("NFKD", c) for c in text).casefold()
    return "".join(
        c for c in folded if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf", "Cn") and c != "-"
    )


def places_of(page: str, words: str, before: str) -> list[tuple[int, int]]:
    """Return the ranges of ``page`` that hold ``words``, all of them squeezed: one, or the parts that the page holds.

    Of several occurrences it is the one before which the page is most like ``before``.
    """
    if not words:
        return []
    found, at = [], page.find(words)
    while at >= 0:
        found.append(at)
        at = page.find(words, at + 1)
    if found:
        best = max(found, key=lambda start: _common_end(page[:start], before))
        return [(best, best + len(words))]
    parts = list(_parts(page, words))
    held = sum(end - start for start, end in parts)
    return sorted(parts) if held >= LEAST_SHARE * len(words) else []


def _parts(page: str, words: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of ``page`` that hold parts of ``words``; one that stands out of order is found as a whole."""
    done = 0
    for block in SequenceMatcher(None, page, words, autojunk=False).get_matching_blocks():
        if block.size < LEAST_PART and block.size:
            continue
        missing = words[done : block.b]
        if len(missing) >= LEAST_PART and (at := page.find(missing)) >= 0:
            yield at, at + len(missing)
        if block.size:
            yield block.a, block.a + block.size
        done = block.b + block.size


def _common_end(one: str, other: str) -> int:
    length = 0
    while length < min(len(one), len(other)) and one[-1 - length] == other[-1 - length]:
        length += 1
    return length


def _boxes(page: Any, text: Any, indices: Sequence[int]) -> Iterator[Box]:
    """Yield one box for each line of neighbouring characters, written across or down."""
    line: Box | None = None
    ways: tuple[bool, ...] = (
        True,
        False,
    )  # that the line may go: across, down; its second character tells
    for box in filter(None, (_box(page, text, index) for index in indices)):
        going = tuple(across for across in ways if line is not None and _in_line(line, box, across))
        if line is not None and going:
            line = (min(line[0], box[0]), min(line[1], box[1]), max(line[2], box[2]), max(line[3], box[3]))
            ways = going[:1]
            continue
        if line is not None:
            yield line
        line, ways = box, (True, False)
    if line is not None:
        yield line


def _in_line(line: Box, box: Box, across: bool) -> bool:
    """Tell whether a character lies at the height of a line, or for one written down in its breadth."""
    low, high = (1, 3) if across else (0, 2)
    shared = min(line[high], box[high]) - max(line[low], box[low])
    return shared > 0.5 * min(line[high] - line[low], box[high] - box[low])


def _box(page: Any, text: Any, index: int) -> Box | None:
    import ctypes

    from pypdfium2 import raw

    rect = raw.FS_RECTF()
    if not raw.FPDFText_GetLooseCharBox(text, index, rect) or rect.left == rect.right:
        return None
    corners = []
    for x, y in ((rect.left, rect.top), (rect.right, rect.bottom)):
        across, down = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page, 0, 0, _GRAIN, _GRAIN, 0, x, y, across, down)
        corners.append((across.value / _GRAIN, down.value / _GRAIN))
    (x1, y1), (x2, y2) = corners
    left, top, right, bottom = min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
    return (max(0.0, left), max(0.0, top), min(1.0, right), min(1.0, bottom)) if left < 1 and top < 1 else None


if __name__ == "__main__":
    try:
        _main()
    except (GenesisError, OSError, ValueError, RuntimeError, MemoryError):  # PdfiumError is a RuntimeError
        sys.exit(1)
