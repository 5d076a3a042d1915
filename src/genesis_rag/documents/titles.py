"""Titles that programs fill in by themselves and that say nothing of a document."""

from __future__ import annotations

import re

from genesis_rag.documents.assembly import plain_line

_JUNK = re.compile(
    r"(?:microsoft (?:word|powerpoint|excel)\s*-.*|untitled.*|無題.*|名称未設定.*|タイトル|word (?:document|文書)"
    r"|powerpoint (?:プレゼンテーション|presentation)|プレゼンテーション"
    r"|.*\.(?:docx?|pptx?|xlsx?|indd|ai|tex|dvi|jtd|ps|qxd)"
    r"|\W*|\d+|slide \d+|スライド \d+|print|title|document\d*)",
    re.IGNORECASE,
)


def stated_title(written: str | None) -> str:
    """Return the title that a file states of itself on one line, or "" when a program made it up."""
    title = plain_line(written or "")
    return "" if _JUNK.fullmatch(title) or "\ufffd" in title else title
