"""From what a loader found to a Document: identity, title, language."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from genesis_rag.documents.builder import Body
from genesis_rag.errors import UnreadableDocumentError
from genesis_rag.text.language import detect_language
from genesis_rag.text.normalize import nfc
from genesis_rag.types import Document, Language
from genesis_rag.values import dataclass

MAX_TITLE = 300


@dataclass(frozen=True, slots=True)
class Draft:
    """What a loader found in a file. ``title`` and ``language`` are what the file says of itself, or empty."""

    body: Body
    title: str = ""
    language: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document comes from. ``loader`` names the loader and its version."""

    loader: str
    source: str
    content_sha256: str
    fallback_title: str
    modified_at: float | None


def content_sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes in hexadecimal, read piece by piece."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def origin_of(path: Path, source: str, loader: str) -> Origin:
    """Return the origin of a file that is one document."""
    return Origin(loader, source, content_sha256_of(path), path.stem, path.stat().st_mtime)


def document_id(loader: str, content_sha256: str) -> str:
    """Return 16 hexadecimal digits that change with the content and with the loader's version, not with the name."""
    return hashlib.sha256(f"{loader}\n{content_sha256}".encode()).hexdigest()[:16]


def assemble(draft: Draft, origin: Origin) -> Document:
    """Return the Document. Raises UnreadableDocumentError when there is no text."""
    body = draft.body
    if not body.text.strip():
        raise UnreadableDocumentError("It holds no text.", "Remove it, or fill it and index again.")
    title = plain_line(draft.title) or body.first_heading or plain_line(origin.fallback_title)
    return Document(
        id=document_id(origin.loader, origin.content_sha256),
        source=origin.source,
        title=title[:MAX_TITLE].rstrip() or "?",
        text=body.text,
        language=language_of(draft.language, body.text),
        content_sha256=origin.content_sha256,
        sections=body.sections,
        modified_at=origin.modified_at,
        metadata={key: value for key, value in draft.metadata.items() if value},
    )


def language_of(stated: str, text: str) -> Language:
    """Return the language that a file states when it is one of ours, else what its text looks like."""
    code = stated.strip().lower().replace("_", "-").partition("-")[0]
    if code in ("ja", "jp", "jpn", "japanese"):
        return "ja"
    if code in ("en", "eng", "english"):
        return "en"
    return detect_language(text)


def plain_line(text: str) -> str:
    """Return a text as one line in storage form."""
    return " ".join(nfc(text).split())
