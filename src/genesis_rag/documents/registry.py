"""Reads files as documents: the only door into this room.

Whatever a parser throws ends here as an UnreadableDocumentError of one line that says what to do. PDFium, the engine
behind the pdf loader, is not thread-safe: read documents in one thread of a process at a time.
"""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from genesis_rag.documents.base import DocumentLoader
from genesis_rag.documents.delimited import DelimitedLoader
from genesis_rag.documents.discovery import SourceFile, files_under
from genesis_rag.documents.docx import DocxLoader
from genesis_rag.documents.epub import EpubLoader
from genesis_rag.documents.html import HtmlLoader
from genesis_rag.documents.jsonl import JsonlLoader
from genesis_rag.documents.limits import DEFAULT_LIMITS, LoadLimits, too_big
from genesis_rag.documents.markdown import MarkdownLoader
from genesis_rag.documents.pdf import PdfLoader
from genesis_rag.documents.pptx import PptxLoader
from genesis_rag.documents.sniffing import require_kind
from genesis_rag.documents.text import TextLoader
from genesis_rag.documents.xlsx import XlsxLoader
from genesis_rag.errors import GenesisError, UnreadableDocumentError
from genesis_rag.types import Document

__all__ = ["LOADERS", "SUFFIXES", "SourceFile", "discover", "load_documents", "loader_id", "require_readable"]

LOADERS: tuple[type[DocumentLoader], ...] = (
    TextLoader,
    MarkdownLoader,
    HtmlLoader,
    JsonlLoader,
    PdfLoader,
    DocxLoader,
    PptxLoader,
    XlsxLoader,
    DelimitedLoader,
    EpubLoader,
)
SUFFIXES: dict[str, type[DocumentLoader]] = {suffix: loader for loader in LOADERS for suffix in loader.suffixes}
"""Supported file name endings, lower case, with their dot."""

_INSTEAD = {
    ".doc": "Open it in Word or LibreOffice and save it as docx.",
    ".xls": "Open it in Excel or LibreOffice and save it as xlsx.",
    ".ppt": "Open it in PowerPoint or LibreOffice and save it as pptx.",
    ".xlsb": "Open it in Excel and save it as xlsx.",
    ".rtf": "Open it in Word or LibreOffice and save it as docx.",
    ".odt": "Open it in LibreOffice and save it as docx.",
    ".ods": "Open it in LibreOffice and save it as xlsx.",
    ".odp": "Open it in LibreOffice and save it as pptx.",
    ".json": "Passages are read as JSON Lines: one object a line, in a file that ends in .jsonl.",
    ".zip": "Unpack it and index the folder.",
}


def discover(
    paths: Sequence[Path], base: Path, *, on_skip: Callable[[Path], None] | None = None
) -> Iterator[SourceFile]:
    """Yield the files to read among ``paths``, folders searched through, in an order that never changes.

    A source is the POSIX path relative to ``base``, or the absolute one outside of it. In folders, hidden files and
    files of other formats are passed over (``on_skip`` is told of the latter); a file that is named itself is always
    yielded, and ``load_documents`` says why it cannot be read. A folder that may not be listed is yielded as well.

    Raises:
        UserError: a path is neither a file nor a folder, or is not there.
    """
    return files_under(paths, base, frozenset(SUFFIXES), on_skip)


def loader_id(path: Path) -> str:
    """Return what reads a file, with its version: a change means that the file has to be read anew."""
    loader = SUFFIXES.get(path.suffix.lower())
    if loader is not None:
        return loader.identity()
    if path.is_dir():
        os.scandir(path).close()  # raises what is wrong with a folder that may not be listed
    return "none"


def require_readable(path: Path, limits: LoadLimits = DEFAULT_LIMITS) -> None:
    """Raise UnreadableDocumentError unless name, size and first bytes of a file are of a supported format."""
    loader = SUFFIXES.get(path.suffix.lower())
    if loader is None:
        raise _unsupported(path)
    _check_file(path, loader, limits)


def load_documents(file: SourceFile, limits: LoadLimits = DEFAULT_LIMITS) -> Iterator[Document]:
    """Yield the documents of one file: one, or one a line of a passages file.

    A passages file with bad lines yields its good ones first and then raises.

    Raises:
        UnreadableDocumentError: why the file, or a part of it, cannot be read; nothing else escapes but
            MissingExtraError.
    """
    loader = SUFFIXES.get(file.path.suffix.lower())
    if loader is None:
        raise _unsupported(file.path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # parsers warn of what they repair
            _check_file(file.path, loader, limits)
            documents = loader(limits).load(file.path, file.source)
        while True:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                document = next(documents, None)
            if document is None:
                return
            yield document
    except GenesisError:
        raise
    except (MemoryError, RecursionError):
        raise too_big("reading it takes more memory than there is") from None
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise UnreadableDocumentError(
            f"It cannot be opened: {reason}.", "Check the file and its permissions."
        ) from None
    except Exception as error:
        raise UnreadableDocumentError(
            f"It is damaged, or not really {loader.label} ({_told(error)}).", "Open it in its program and save it anew."
        ) from error


def _check_file(path: Path, loader: type[DocumentLoader], limits: LoadLimits) -> None:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableDocumentError("It is not a regular file.", "Give a file or a folder.")
    if status.st_size == 0:
        raise UnreadableDocumentError("It is empty (0 bytes).", "Remove it, or get a new copy.")
    if not loader.streamed:
        most = limits.text_file_bytes if loader.content == "text" else limits.file_bytes
        if status.st_size > most:
            raise too_big(f"{status.st_size / 2**20:,.0f} MiB, more than {most / 2**20:,.0f} MiB")
    require_kind(path, loader.content, path.suffix)


def _unsupported(path: Path) -> UnreadableDocumentError:
    suffix = path.suffix.lower()
    if path.is_dir():
        return UnreadableDocumentError("This folder cannot be listed.", "Check its permissions.")
    known = ", ".join(sorted(name.lstrip(".") for name in SUFFIXES))
    what = f"Files that end in {suffix}" if suffix else "Files without an ending"
    return UnreadableDocumentError(f"{what} are not supported.", _INSTEAD.get(suffix, f"Supported: {known}."))


def _told(error: Exception) -> str:
    """Return an error of a library in a few words on one line."""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words[:120]}" if words else type(error).__name__
