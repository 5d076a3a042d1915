"""What a document may cost: documents come from anywhere, and one hostile file must not stop the rest."""

from __future__ import annotations

import time

from genesis_rag.errors import UnreadableDocumentError
from genesis_rag.values import dataclass

MIB = 2**20


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """Upper bounds for one file.

    Attributes:
        file_bytes: size of a file that is read piece by piece (pdf and office files); passages files have no bound.
        text_file_bytes: size of a file that is read whole (txt, md, html, csv).
        line_bytes: length of one line of a passages file.
        unpacked_bytes: what all parts of a zip container (docx, pptx, xlsx, epub) say they hold.
        part_bytes: what one part of a zip container really holds.
        unpacked_ratio: unpacked to packed size of a container's parts of more than a few MiB.
        characters: length of one document's text.
        pages: pages, slides or sheets of one document.
        cells: table cells of one document.
        seconds: time to read one document.
    """

    file_bytes: int = 1024 * MIB
    text_file_bytes: int = 64 * MIB
    line_bytes: int = 16 * MIB
    unpacked_bytes: int = 1024 * MIB
    part_bytes: int = 128 * MIB
    unpacked_ratio: float = 250.0
    characters: int = 50_000_000
    pages: int = 20_000
    cells: int = 5_000_000
    seconds: float = 600.0


DEFAULT_LIMITS = LoadLimits()


class Meter:
    """Counts what one document has cost so far."""

    def __init__(self, limits: LoadLimits) -> None:
        self._limits = limits
        self._deadline = time.monotonic() + limits.seconds
        self._characters = self._pages = self._cells = 0

    def characters(self, number: int) -> None:
        """Count characters of text. Raises UnreadableDocumentError above the limit."""
        self._characters += number
        if self._characters > self._limits.characters:
            raise too_big(f"more than {self._limits.characters:,} characters of text")
        self._time()

    def page(self) -> None:
        """Count a page. Raises UnreadableDocumentError above the limit."""
        self._pages += 1
        if self._pages > self._limits.pages:
            raise too_big(f"more than {self._limits.pages:,} pages")
        self._time()

    def cells(self, number: int) -> None:
        """Count table cells. Raises UnreadableDocumentError above the limit."""
        self._cells += number
        if self._cells > self._limits.cells:
            raise too_big(f"more than {self._limits.cells:,} table cells")
        self._time()

    def _time(self) -> None:
        if time.monotonic() > self._deadline:
            raise UnreadableDocumentError(
                f"Reading it takes longer than {self._limits.seconds:g} seconds.", "Split it into smaller files."
            )


def too_big(what: str) -> UnreadableDocumentError:
    """Return the error for a document that is over a limit."""
    return UnreadableDocumentError(f"It is too big: {what}.", "Split it into smaller files.")
