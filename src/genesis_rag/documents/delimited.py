"""csv and tsv: which sign parts the cells is found out, and the header row names them."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from genesis_rag.documents.assembly import Draft, assemble, origin_of
from genesis_rag.documents.base import DocumentLoader
from genesis_rag.documents.builder import DocumentBuilder
from genesis_rag.documents.sheets import add_rows
from genesis_rag.documents.text import read_text
from genesis_rag.types import Document

SIGNS = (",", "\t", ";", "|")
SAMPLE_CHARACTERS = 50_000
SAMPLE_ROWS = 100
LONG_FIELD = 100_000
"""Characters; a longer cell means that a quotation mark was never closed."""


class DelimitedLoader(DocumentLoader):
    """csv and tsv in any encoding that ``encoding`` knows."""

    name = "delimited"
    version = "1"
    suffixes = (".csv", ".tsv", ".tab")
    label = "a csv file"

    def load(self, path: Path, source: str) -> Iterator[Document]:
        """Yield one document; its sections have the header row as their heading."""
        text = read_text(path, self.limits)
        sign = delimiter(text, "," if path.suffix.lower() == ".csv" else "\t")
        builder = DocumentBuilder(self.limits)
        add_rows(_rows(text, sign), builder, 1)
        yield assemble(Draft(builder.finish(), path.stem), origin_of(path, source, self.identity()))


def delimiter(text: str, otherwise: str) -> str:
    """Return the sign that parts the cells: the one by which most rows have the same number of cells, above one.

    ``otherwise`` wins a draw and is the answer when no sign parts anything.
    """
    sample = text[:SAMPLE_CHARACTERS]
    if len(text) > SAMPLE_CHARACTERS:
        sample = sample.rpartition("\n")[0] or sample
    best, found = (0.0, False, 0), otherwise
    for sign in SIGNS:
        counts = Counter(len(row) for row, _ in zip(_rows(sample, sign), range(SAMPLE_ROWS), strict=False) if row)
        width, rows = max(((w, n) for w, n in counts.items() if w > 1), key=lambda pair: pair[1], default=(1, 0))
        score = (rows / max(1, counts.total()), sign == otherwise, width)
        if rows and score > best:
            best, found = score, sign
    return found


def _rows(text: str, sign: str) -> Iterator[Sequence[str]]:
    """Yield the rows; where quotation marks do not pair, they are read as plain characters."""
    lines = io.StringIO(text, newline="")
    if _quotes_close(text, sign):
        return csv.reader(lines, delimiter=sign)
    return csv.reader(lines, delimiter=sign, quoting=csv.QUOTE_NONE)


def _quotes_close(text: str, sign: str) -> bool:
    if '"' not in text:
        return True
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True):
            if any(len(cell) > LONG_FIELD for cell in row):
                return False
    except csv.Error:
        return False
    return True
