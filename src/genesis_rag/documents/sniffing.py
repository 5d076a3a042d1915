"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import zipfile
from pathlib import Path

from genesis_rag.documents.containers import directory_is_sane
from genesis_rag.errors import UnreadableDocumentError

_SIGNATURES = (
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"{\\rtf", "rtf"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"(\xb5/\xfd", "zstd"),
    (b"7z\xbc\xaf'\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"\x89PNG", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
    (b"II*\x00", "TIFF image"),
    (b"MM\x00*", "TIFF image"),
    (b"\x7fELF", "program"),
    (b"MZ\x90\x00", "program"),
    (b"SQLite format 3\x00", "SQLite database"),
    (b"%!PS", "PostScript"),
)
_CONTAINERS = (("word/", "docx"), ("ppt/", "pptx"), ("xl/", "xlsx"), ("META-INF/container.xml", "epub"))

NAMES = {
    "text": "plain text",
    "pdf": "a PDF",
    "zip": "a zip archive",
    "ole": "an old Office file",
    "rtf": "an RTF file",
    "docx": "a Word document (docx)",
    "pptx": "a PowerPoint file (pptx)",
    "xlsx": "an Excel file (xlsx)",
    "epub": "an EPUB book",
    "encrypted": "an encrypted Office file",
}


def kind_of(path: Path) -> str:
    """Return the kind of a file by its content: pdf, docx, pptx, xlsx, epub, zip, ole, encrypted, …, or text.

    Text means: none of the known binary formats.
    """
    with path.open("rb") as stream:
        head = stream.read(1024)
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return _container(path) if kind == "zip" else _ole(path) if kind == "ole" else kind
    if b"%PDF-" in head:  # some programs write other bytes first, which readers accept
        return "pdf"
    return "text"


def _container(path: Path) -> str:
    if not directory_is_sane(path):
        return "zip"
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "zip"
    for prefix, kind in _CONTAINERS:
        if any(name.startswith(prefix) for name in names):
            return kind
    return "zip"


def _ole(path: Path) -> str:
    """Tell an encrypted docx, pptx or xlsx (it is wrapped in the old container) from a file of the old formats."""
    with path.open("rb") as stream:
        return "encrypted" if "EncryptedPackage".encode("utf-16-le") in stream.read(2**20) else "ole"


def require_kind(path: Path, expected: str, suffix: str) -> None:
    """Raise UnreadableDocumentError, with what to do, unless the content of ``path`` is of the ``expected`` kind."""
    found = kind_of(path)
    if found == expected:
        return
    name = NAMES.get(found, f"a {found} file")
    if found == "encrypted":
        raise UnreadableDocumentError(
            "It is encrypted with a password.", "Save it without a password and index it again."
        )
    if found == "ole":
        raise UnreadableDocumentError(
            f"It is an old Office file (doc, xls or ppt), not {NAMES[expected]}.",
            "Open it in its program and save it as docx, xlsx or pptx.",
        )
    if found == "zip" and expected != "text":
        raise UnreadableDocumentError(
            f"It is damaged, or a zip archive that is not {NAMES[expected]}.", "Get a new copy, or unpack the archive."
        )
    if found == "text" and expected != "text":
        raise UnreadableDocumentError(
            f"It is not {NAMES[expected]}, or it is damaged: its first bytes are wrong.",
            "Get a new copy, or give the file the ending of what it is.",
        )
    hint = f"Rename it to end in .{found}." if found in _LOADED else "Convert it to a supported format."
    raise UnreadableDocumentError(f"It is {name}, although its name ends in {suffix}.", hint)


_LOADED = ("pdf", "docx", "pptx", "xlsx", "epub")
