"""Markdown: parsed as CommonMark with tables and read as the page that it describes.

The text is what a reader of the page sees: no signs for emphasis, links or headings, no comments, no hidden HTML. List
markers and numbers stay, tables become lines "a | b".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from genesis_rag.documents.assembly import Draft, assemble, origin_of
from genesis_rag.documents.base import DocumentLoader
from genesis_rag.documents.builder import DocumentBuilder
from genesis_rag.documents.front_matter import split_front_matter, text_metadata
from genesis_rag.documents.html import add_page, parse
from genesis_rag.documents.text import read_text
from genesis_rag.text.normalize import nfc
from genesis_rag.types import Document

MAX_NESTING = 50
MAX_BRACKETS = 1000
"""Opening brackets in one paragraph."""


class MarkdownLoader(DocumentLoader):
    """md with front matter."""

    name = "markdown"
    version = "1"
    suffixes = (".md", ".markdown", ".mdown", ".mkd")
    label = "a Markdown file"

    def load(self, path: Path, source: str) -> Iterator[Document]:
        """Yield one document."""
        front, text = split_front_matter(nfc(read_text(path, self.limits)))
        builder = DocumentBuilder(self.limits)
        root = parse(_page_of(text))
        if root is not None:
            add_page(root, builder, whole=True)
        language = front.get("language") or front.get("lang", "")
        draft = Draft(builder.finish(), front.get("title", ""), language, text_metadata(front))
        yield assemble(draft, origin_of(path, source, self.identity()))


def _page_of(text: str) -> str:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": MAX_NESTING})
    parser.enable(["table", "strikethrough"])
    parser.core.ruler.at("inline", _parse_inline)
    return f"<html><body>{parser.render(text)}</body></html>"


def _parse_inline(state: Any) -> None:
    """Parse the text of every block, but leave one alone that only makes the parser slow (its time is quadratic)."""
    for token in state.tokens:
        if token.type != "inline":
            continue
        if token.content.count("[") > MAX_BRACKETS:
            plain = type(token)("text", "", 0)
            plain.content = token.content
            token.children = [plain]
            continue
        state.md.inline.parse(token.content, state.md, state.env, token.children)
        _drop_stray_emphasis(token.children)


def _drop_stray_emphasis(children: Sequence[Any]) -> None:
    """Remove ** that CommonMark leaves in Japanese text, where 「強調」 stands between signs without spaces."""
    texts = [child for child in children if child.type == "text" and "**" in child.content]
    if sum(child.content.count("**") for child in texts) % 2 == 0:
        for child in texts:
            child.content = child.content.replace("**", "")
