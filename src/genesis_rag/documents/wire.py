"""Documents on their way between two processes: one line of JSON each."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from genesis_rag.types import Document, Section


def packed(document: Document) -> bytes:
    """Return a document as a line. Lone surrogates survive, because JSON here is ASCII."""
    fields = asdict(document) | {"metadata": dict(document.metadata)}
    fields["sections"] = [(s.heading_path, s.start, s.end, s.page, s.kind) for s in document.sections]
    return json.dumps({"document": fields}).encode() + b"\n"


def unpacked(fields: dict[str, Any]) -> Document:
    """Return the document of what ``packed`` wrote under "document"."""
    sections = tuple(
        Section(tuple(path), start, end, page, kind) for path, start, end, page, kind in fields.pop("sections")
    )
    return Document(sections=sections, **fields)
