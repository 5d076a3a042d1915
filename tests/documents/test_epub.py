"""EPUB books made by hand."""

# ruff: noqa: E501 (markup and tables of cases are easier to read on long lines)

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OEBPS/c.opf" '
    'media-type="application/oebps-package+xml"/></rootfiles></container>'
)
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


def chapter(body: str) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?><html {XHTML}><head><title/></head><body>{body}</body></html>'


def package(items: str, spine: str, extra: str = "") -> str:
    return (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>本の題</dc:title>'
        "<dc:language>ja</dc:language><dc:creator>著者</dc:creator><dc:creator>訳者</dc:creator><dc:date>2026-06-04</dc:date></metadata>"
        f"<manifest>{items}</manifest><spine {extra}>{spine}</spine></package>"
    )


def book(**parts: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, text in parts.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def item(identifier: str, href: str, more: str = "") -> str:
    return f'<item id="{identifier}" href="{href}" media-type="application/xhtml+xml" {more}/>'


PARTS = {
    "META-INF/container.xml": CONTAINER,
    "OEBPS/c.opf": package(
        item("n", "nav.xhtml", 'properties="nav"') + item("b", "text/b.xhtml") + item("a", "text/%E7%AC%AC.xhtml") + item("x", "gone.xhtml")
        + '<item id="s" href="style.css" media-type="text/css"/>',
        '<itemref idref="n"/><itemref idref="b"/><itemref idref="a"/><itemref idref="x"/><itemref idref="s"/><itemref idref="?"/>',
    ),
    "OEBPS/nav.xhtml": chapter('<nav><ol><li><a href="text/b.xhtml#p1">第二章</a></li><li><a href="text/%E7%AC%AC.xhtml">目次の題</a></li></ol></nav>'),
    "OEBPS/text/b.xhtml": chapter('<script src="x"/><p>ここは<ruby>本文<rt>ほんぶん</rt></ruby>&nbsp;です。</p><ul><li>点</li></ul>'),
    "OEBPS/text/第.xhtml": chapter("<h2>第一章 始まり</h2><p>次の章。</p><h3>節</h3><p>終わり。</p>"),
}  # fmt: skip


def test_chapters_in_the_order_of_the_spine(one: Any, outline_of: Any) -> None:
    document = one("a.epub", book(**PARTS))
    assert document.title == "本の題" and document.metadata == {"author": "著者", "date": "2026-06-04"}
    assert outline_of(document) == [
        (("第二章",), None, "prose", "第二章\n\nここは本文 です。"),
        (("第二章",), None, "list", "- 点"),
        (("第一章 始まり",), None, "prose", "第一章 始まり\n\n次の章。"),
        (("第一章 始まり", "節"), None, "prose", "節\n\n終わり。"),
    ]


def test_titles_of_an_epub_2_table_of_contents(one: Any) -> None:
    ncx = (
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>旧い目次</text></navLabel>'
        '<content src="b.xhtml"/></navPoint></navMap></ncx>'
    )
    opf = package(
        item("b", "b.xhtml") + '<item id="t" href="t.ncx" media-type="x"/>', '<itemref idref="b"/>', 'toc="t"'
    )
    parts = {
        "META-INF/container.xml": CONTAINER,
        "OEBPS/c.opf": opf,
        "OEBPS/t.ncx": ncx,
        "OEBPS/b.xhtml": chapter("<p>本文。</p>"),
    }
    assert one("a.epub", book(**parts)).text == "旧い目次\n\n本文。"


def encryption(algorithm: str) -> str:
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:e="http://www.w3.org/2001/04/xmlenc#">'
        f'<e:EncryptedData><e:EncryptionMethod Algorithm="{algorithm}"/></e:EncryptedData></encryption>'
    )


def test_protected_books_are_refused_and_scrambled_fonts_do_not_matter(one: Any, reason: Any) -> None:
    protected = PARTS | {"META-INF/encryption.xml": encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc")}
    assert "protected against copying (DRM)" in reason("a.epub", book(**protected))
    fonts = PARTS | {"META-INF/encryption.xml": encryption("http://www.idpf.org/2008/embedding")}
    assert one("a.epub", book(**fonts)).title == "本の題"


@pytest.mark.parametrize("missing", ["OEBPS/c.opf", "META-INF/container.xml"])
def test_a_book_without_its_package_is_refused(missing: str, reason: Any) -> None:
    parts = {name: text for name, text in PARTS.items() if name != missing}
    parts.setdefault("META-INF/container.xml.bak", "x")
    assert reason("a.epub", book(**parts)).startswith("It is damaged")


def test_no_path_leads_out_of_the_book(reason: Any) -> None:
    opf = package(item("b", "../../../../etc/passwd"), '<itemref idref="b"/>')
    assert "holds no text" in reason("a.epub", book(**PARTS | {"OEBPS/c.opf": opf}))
