"""A source as a web page: language, date and licence in its head, the text in its main part."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from forms.reading import Block, Source


def html_bytes(source: Source) -> bytes:
    """Return the page in UTF-8."""
    site = "genesis-ragの文書" if source.language == "ja" else "Documents of genesis-rag"
    lines = [
        "<!DOCTYPE html>",
        f'<html lang="{source.language}">',
        "<head>",
        '<meta charset="utf-8">',
        f"<title>{escape(source.title)}</title>",
        '<meta name="author" content="the genesis-rag authors">',
        f'<meta name="date" content="{source.date.isoformat()}">',
        f'<meta name="keywords" content="{escape(source.topics)}">',
        f'<meta name="dcterms.license" content="{escape(source.licence)}">',
        "</head>",
        "<body>",
        f"<header><p>{site}</p></header>",
        "<main><article>",
        *(line for block in source.blocks for line in _lines(block)),
        "</article></main>",
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(lines).encode("utf-8")


def _lines(block: Block) -> Iterator[str]:
    if block.kind == "heading":
        yield f"<h{block.level}>{escape(block.text)}</h{block.level}>"
    elif block.kind == "prose":
        yield f"<p>{escape(block.text)}</p>"
    elif block.kind == "table":
        yield "<table>"
        yield _row(block.rows[0], "th")
        yield from (_row(row, "td") for row in block.rows[1:])
        yield "</table>"
    else:
        name = "ul" if block.kind == "bullets" else "ol"
        yield f"<{name}>"
        yield from (f"<li>{escape(item)}</li>" for (item,) in block.rows)
        yield f"</{name}>"


def _row(cells: tuple[str, ...], name: str) -> str:
    return "<tr>" + "".join(f"<{name}>{escape(cell)}</{name}>" for cell in cells) + "</tr>"
