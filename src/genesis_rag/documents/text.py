"""Plain text. The document's text is the file's text in storage form, so its offsets are those of the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from genesis_rag.documents.assembly import Draft, assemble, origin_of
from genesis_rag.documents.base import DocumentLoader
from genesis_rag.documents.builder import Body
from genesis_rag.documents.encoding import decode
from genesis_rag.documents.limits import LoadLimits, Meter, too_big
from genesis_rag.documents.plain import outline
from genesis_rag.text.normalize import nfc
from genesis_rag.types import Document


def read_text(path: Path, limits: LoadLimits) -> str:
    """Return the decoded text of a file. Raises UnreadableDocumentError when it is too big or cannot be decoded."""
    with path.open("rb") as stream:
        data = stream.read(limits.text_file_bytes + 1)
    if len(data) > limits.text_file_bytes:
        raise too_big(f"more than {limits.text_file_bytes // 2**20:,} MiB of text")
    return decode(data)


def plain_body(text: str, limits: LoadLimits) -> tuple[Body, str]:
    """Return the text as it stands with the sections found in it, and its title when it begins with one."""
    stored = nfc(text)
    Meter(limits).characters(len(stored))
    found = outline(stored)
    return Body(stored, found.sections), found.title


class TextLoader(DocumentLoader):
    """txt in utf-8, utf-16, cp932, euc-jp, iso-2022-jp or windows-1252. Not a character is moved."""

    name = "text"
    version = "1"
    suffixes = (".txt", ".text")
    label = "plain text"

    def load(self, path: Path, source: str) -> Iterator[Document]:
        """Yield one document."""
        body, title = plain_body(read_text(path, self.limits), self.limits)
        yield assemble(Draft(body, title), origin_of(path, source, self.identity()))
