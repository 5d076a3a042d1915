"""EPUB books: the chapters in the order of the spine, read as web pages."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genesis_rag.documents.assembly import Draft, assemble, origin_of, plain_line
from genesis_rag.documents.base import DocumentLoader
from genesis_rag.documents.builder import DocumentBuilder
from genesis_rag.documents.containers import Container, Element, child, local, resolved
from genesis_rag.documents.html import add_page, decode_page, parse
from genesis_rag.documents.html_cleaning import tag_of
from genesis_rag.errors import UnreadableDocumentError
from genesis_rag.types import Document

_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})
_FONTS_ONLY = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_METADATA = {"creator": "author", "date": "date", "publisher": "publisher", "rights": "licence"}


class EpubLoader(DocumentLoader):
    """epub 2 and 3."""

    name = "epub"
    version = "1"
    suffixes = (".epub",)
    label = "an EPUB book"
    content = "epub"

    def load(self, path: Path, source: str) -> Iterator[Document]:
        """Yield one document; chapters without a heading of their own have the one of the table of contents."""
        with Container(path, self.limits) as container:
            _refuse_protected(container)
            book = _Book(container)
            builder = DocumentBuilder(self.limits)
            for part in book.chapters:
                builder.meter.page()
                self._chapter(container, part, builder, book.contents.get(part, ""))
        metadata = {name: value for key, name in _METADATA.items() if (value := book.stated.get(key, ""))}
        draft = Draft(builder.finish(), book.stated.get("title", ""), book.stated.get("language", ""), metadata)
        yield assemble(draft, origin_of(path, source, self.identity()))

    @staticmethod
    def _chapter(container: Container, part: str, builder: DocumentBuilder, title: str) -> None:
        root = parse(decode_page(container.bytes(part)), is_xml=True)
        if root is None:
            return
        builder.leave(1)
        if title and not _begins_with_heading(root):
            builder.heading(1, title)
        add_page(root, builder, whole=True)


def _begins_with_heading(root: Any) -> bool:
    """Tell whether a heading comes before any other text."""
    body = root.find("body")
    for element in [] if body is None else body.iter():
        if tag_of(element) in _HEADINGS and "".join(element.itertext()).strip():
            return True
        if (element.text or "").strip() and tag_of(element) not in ("script", "style"):
            return False
    return False


def _refuse_protected(container: Container) -> None:
    """Raise UnreadableDocumentError when more than fonts is encrypted (digital rights management)."""
    part = "META-INF/encryption.xml"
    if part not in container:
        return
    for element in container.xml(part).iter():
        method = element.get("Algorithm", "") if local(element) == "EncryptionMethod" else ""
        if method and local(element.getparent()) == "EncryptedData" and method not in _FONTS_ONLY:
            raise UnreadableDocumentError(
                "It is protected against copying (DRM).", "Only books without protection can be indexed."
            )


class _Book:
    """The package document: metadata, chapters in reading order, and their titles in the table of contents."""

    def __init__(self, container: Container) -> None:
        part = _package(container)
        root = container.xml(part)
        self.stated: dict[str, str] = {}
        for element in _children(child(root, "metadata")):
            name, words = local(element), plain_line("".join(element.itertext()))
            if words:
                self.stated.setdefault(name, words)
        items = {item.get("id", ""): item for item in _children(child(root, "manifest"))}
        spine = child(root, "spine")
        self.chapters: list[str] = []
        navigation = ""
        for item in items.values():
            if "nav" in item.get("properties", "").split():
                navigation = resolved(part, item.get("href", ""))
        for entry in _children(spine):
            item = items.get(entry.get("idref", ""))
            if item is None or item.get("media-type", "") not in _PAGES:
                continue
            chapter = resolved(part, item.get("href", ""))
            if chapter in container and chapter != navigation and chapter not in self.chapters:
                self.chapters.append(chapter)
        toc = items.get(spine.get("toc", "")) if spine is not None else None
        self.contents = _contents(container, navigation, resolved(part, toc.get("href", "")) if toc is not None else "")


def _package(container: Container) -> str:
    for element in container.xml("META-INF/container.xml").iter():
        if (
            local(element) == "rootfile"
            and (part := posixpath.normpath(str(element.get("full-path", "")))) in container
        ):
            return part
    raise UnreadableDocumentError("It is damaged: it does not say where its chapters are.", "Get a new copy.")


def _children(element: Element | None) -> Iterator[Element]:
    """Yield the elements right below one, those in the old dc-metadata wrapper too."""
    for inner in [] if element is None else element:
        if local(inner) in ("dc-metadata", "x-metadata"):
            yield from inner
        elif local(inner):
            yield inner


def _contents(container: Container, navigation: str, ncx: str) -> dict[str, str]:
    """Return chapter -> its first title in the table of contents (epub 3, else epub 2)."""
    titles: dict[str, str] = {}
    if navigation in container:
        root = parse(decode_page(container.bytes(navigation)), is_xml=True)
        for link in [] if root is None else root.iter("a"):
            titles.setdefault(resolved(navigation, link.get("href", "")), plain_line("".join(link.itertext())))
    if not titles and ncx in container:
        for point in container.xml(ncx).iter():
            label, content = child(point, "navLabel", "text"), child(point, "content")
            if local(point) == "navPoint" and label is not None and content is not None:
                titles.setdefault(resolved(ncx, content.get("src", "")), plain_line(label.text or ""))
    return titles
