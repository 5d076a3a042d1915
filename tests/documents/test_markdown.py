"""Markdown: what a reader of the page sees, with front matter as metadata."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.documents.front_matter import split_front_matter
from genesis_rag.errors import UnreadableDocumentError

PAGE = """---
title: "年次報告: 2026"
language: ja
date: 2026-06-04
tags: [量子, "核融合"]
publisher: 当機構   # 注記
---

# 概要

本文は**強調**と[リンク](https://example.com)と`code`を含む。<!-- 秘密 -->
次の行に続く。

## 一覧

1. 一つ目
2. 二つ目
   - 内側

| 年度 | 額 |
|------|---:|
| 2026 | 5億円 |

```python
print("x | y")
```
<script>alert(1)</script><span hidden>見えない</span>
"""


def test_a_page(one: Any, outline_of: Any) -> None:
    document = one("a.md", PAGE)
    assert document.title == "年次報告: 2026" and document.language == "ja"
    assert document.metadata == {"date": "2026-06-04", "tags": "量子, 核融合", "publisher": "当機構"}
    assert outline_of(document) == [
        (("概要",), None, "prose", "概要\n\n本文は強調とリンクとcodeを含む。次の行に続く。"),
        (("概要", "一覧"), None, "list", "一覧\n\n1. 一つ目\n2. 二つ目\n  - 内側"),
        (("概要", "一覧"), None, "table", "年度 | 額\n2026 | 5億円"),
        (("概要", "一覧"), None, "prose", 'print("x | y")'),
    ]


def test_stray_emphasis_of_japanese_is_removed(one: Any) -> None:
    assert one("a.md", "**「強調」**の後と**『語』**です。").text == "「強調」の後と『語』です。"


@pytest.mark.parametrize(
    "text",
    [
        "---\nnot a mapping\n---\nbody",
        "---\n: [\n---\nbody",
        "---\ntitle: x\nbody without an end",
        "--- \n\n- a\n- b: c: d\n",
    ],
)
def test_what_is_no_front_matter_stays_text(text: str) -> None:
    assert split_front_matter(text) == ({}, text)


def test_front_matter_of_all_kinds() -> None:
    front, rest = split_front_matter(
        "---\nTitle: 'It''s'\nlist:\n  - a\n  - b\nnested:\n  key: value\nlong: |\n  one\n  two\nfolded: >\n"
        "  one\n  two\nempty:\n# comment\n題名: 値\n---\nrest"
    )
    assert rest == "rest"
    assert front == {
        "title": "It's",
        "list": "a, b",
        "nested": '{"key": "value"}',
        "long": "one\ntwo",
        "folded": "one two",
        "empty": "",
        "題名": "値",
    }


@given(st.text(alphabet="ab:-[]{}\"'|>#\n 日", max_size=120))
def test_front_matter_never_fails_and_loses_nothing(text: str) -> None:
    front, rest = split_front_matter("---\n" + text)
    assert front or rest == "---\n" + text
    assert ("---\n" + text).endswith(rest)


@pytest.mark.parametrize(
    "text", ["[" * 50_000, "> " * 20_000, "- " * 20_000, "*a_ " * 20_000, "|" * 50_000, "<a " * 20_000]
)
def test_hostile_pages_take_little_time(text: str, load: Any, reason: Any) -> None:
    started = time.perf_counter()
    with contextlib.suppress(UnreadableDocumentError):
        load("a.md", "words\n\n" + text)
    assert time.perf_counter() - started < 10
