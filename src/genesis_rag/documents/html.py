"""Web pages: the main content, as a reader sees it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genesis_rag.documents.assembly import Draft, assemble, origin_of, plain_line
from genesis_rag.documents.base import DocumentLoader
from genesis_rag.documents.builder import DocumentBuilder
from genesis_rag.documents.encoding import decode
from genesis_rag.documents.html_blocks import add_blocks
from genesis_rag.documents.html_cleaning import hidden_names, link_blocks, main_content
from genesis_rag.documents.limits import LoadLimits, too_big
from genesis_rag.text.normalize import nfc
from genesis_rag.types import Document

_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_:.-]+)""", re.IGNORECASE)
_CODECS = {"shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "sjis": "cp932", "windows-31j": "cp932"}
_CODECS |= {"iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "x-euc-jp": "euc-jp"}
MAX_BROKEN = 0.001
_SHORT = re.compile(
    r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)\b)([a-zA-Z][\w:-]*)(\s[^<>]*)?/>"
)
_META = {
    "date": ("article:published_time", "date", "dc.date", "dcterms.date", "pubdate", "datepublished"),
    "modified": ("article:modified_time", "dcterms.modified", "last-modified"),
    "author": ("author", "dc.creator", "article:author"),
    "publisher": ("og:site_name", "dc.publisher", "publisher"),
    "licence": ("dcterms.license", "dc.rights", "copyright"),
}


def decode_page(data: bytes) -> str:
    """Return the text of a page in the charset that it states, or that fits.

    A page in its stated charset may hold a few broken characters (one in a thousand), which become U+FFFD.
    """
    marked = data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    match = None if marked else _CHARSET.search(data[:4096])
    name = match[1].decode("ascii").lower() if match else ""
    name = _CODECS.get(name, name)
    if not name or name.startswith("utf-16"):
        return decode(data)
    try:
        text = data.decode(name, "replace")
    except LookupError:
        return decode(data)
    if "\ufffd" not in text or text.count("\ufffd") <= MAX_BROKEN * len(text):
        return text
    return decode(data)


def parse(text: str, *, is_xml: bool = False) -> Any | None:
    """Return the root element of a page, or None when it holds nothing.

    ``is_xml``: empty elements may be written short in it (``<title/>``), which web pages may not do.
    Raises UnreadableDocumentError when it is nested too deeply. Nothing is fetched and no entity is expanded.
    """
    import lxml.html

    text = nfc(text)
    if is_xml or text[:200].lstrip().startswith("<?xml"):
        text = _SHORT.sub(r"<\1\2></\1>", text)
    data = text.encode("utf-8", "replace")
    for huge in (False, True):  # the second time with limits that old and very long pages stay within
        parser = lxml.html.HTMLParser(
            encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, recover=True, huge_tree=huge
        )
        try:
            root = lxml.html.document_fromstring(data, parser=parser)
        except lxml.etree.ParserError:
            return None
        if not any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
            return root
    raise too_big("its elements are nested too deeply")


def add_page(root: Any, builder: DocumentBuilder, *, whole: bool = False, page: int | None = None) -> None:
    """Append the text of a parsed page. ``whole``: a chapter of a book, which has no menus to leave out."""
    body = root.find("body")
    body = root if body is None else body
    hidden = hidden_names(root)
    if whole:
        add_blocks(body, builder, hidden=hidden, dropped=frozenset(), page=page)
        return
    content = main_content(body)
    add_blocks(content, builder, hidden=hidden, dropped=link_blocks(content), page=page)


def page_title(root: Any, first_heading: str) -> str:
    """Return the page's title: its first heading when the title element repeats that with the site's name."""
    found = root.find(".//title")
    title = plain_line(found.text_content()) if found is not None else ""
    return first_heading if first_heading and first_heading in title else title


def page_metadata(root: Any) -> dict[str, str]:
    """Return date, author, publisher, licence and address as far as the page states them."""
    stated: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        stated.setdefault(name, plain_line(meta.get("content") or ""))
    metadata = {key: next((stated[name] for name in names if stated.get(name)), "") for key, names in _META.items()}
    for link in root.iter("link"):
        if (link.get("rel") or "").lower() in ("canonical", "license"):
            metadata["url" if link.get("rel").lower() == "canonical" else "licence"] = plain_line(
                link.get("href") or ""
            )
    return {key: value for key, value in metadata.items() if value}


class HtmlLoader(DocumentLoader):
    """html and xhtml: main content without scripts, menus, comments, hidden text and readings of ruby."""

    name = "html"
    version = "1"
    suffixes = (".html", ".htm", ".xhtml")
    label = "a web page"

    def load(self, path: Path, source: str) -> Iterator[Document]:
        """Yield one document."""
        yield assemble(
            html_draft(decode_page(path.read_bytes()), self.limits), origin_of(path, source, self.identity())
        )


def html_draft(text: str, limits: LoadLimits) -> Draft:
    """Return what a page holds."""
    builder = DocumentBuilder(limits)
    root = parse(text)
    if root is None:
        return Draft(builder.finish())
    metadata = page_metadata(root)
    add_page(root, builder)
    body = builder.finish()
    title = page_title(root, body.first_heading)
    return Draft(body, title, _stated_language(root, body.text), metadata)


def _stated_language(root: Any, text: str) -> str:
    """Return the language of the page's lang attribute when the text bears it out: many templates state a wrong one."""
    from genesis_rag.text.language import detect_language

    stated = (root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or "").lower()
    detected = detect_language(text)
    if detected == "ja" and stated.startswith("zh"):
        return ""
    return stated if detected == "other" else detected
