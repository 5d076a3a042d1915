"""Web pages: the main content, nothing hidden, whatever the page tries."""

# ruff: noqa: E501 (markup and tables of cases are easier to read on long lines)

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest

from genesis_rag.errors import UnreadableDocumentError

ARTICLE = "量子計算機は、量子力学の重ね合わせを使って計算する装置である。" * 8


def page(body: str, head: str = "") -> str:
    return f"<!DOCTYPE html><html lang='ja'><head><meta charset='utf-8'>{head}</head><body>{body}</body></html>"


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>X秘密</script>",
        "<style>.a{color:red} X秘密</style>",
        "<!-- X秘密 -->",
        "<div hidden>X秘密</div>",
        "<div style='display: none'>X秘密</div>",
        "<p style='visibility:hidden'>X秘密</p>",
        "<p style='font-size:0px'>X秘密</p>",
        "<p style='opacity: 0'>X秘密</p>",
        "<p style='position:absolute; left:-9999px'>X秘密</p>",
        "<p style='color:#fff;background:#ffffff'>X秘密</p>",
        "<p style='color: transparent'>X秘密</p>",
        "<span aria-hidden='true'>X秘密</span>",
        "<template>X秘密</template>",
        "<noscript>X秘密</noscript>",
        "<p class='ghost'>X秘密</p>",
        "<p id='g2'>X秘密</p>",
        "<nav>X秘密</nav>",
        "<footer>X秘密</footer>",
        "<div role='navigation'>X秘密</div>",
        "<select><option>X秘密</option></select>",
        "<textarea>X秘密</textarea>",
        "<del>X秘密</del>",
        "<svg><text>X秘密</text></svg>",
        "<iframe>X秘密</iframe>",
    ],
)
def test_hidden_text_is_left_out(hidden: str, one: Any) -> None:
    style = "<style>.ghost, #g2 { display:none }</style>"
    document = one("a.html", page(f"<h1>題</h1><p>前</p>{hidden}<p>{ARTICLE}</p><p>後</p>", style))
    assert "秘密" not in document.text
    assert document.text == f"題\n\n前\n\n{ARTICLE}\n\n後"


def test_invisible_characters_are_left_out(one: Any) -> None:
    assert one("a.html", page("<p>a\u200bb\u202ec\U000e0041d&#8203;&shy;e</p>")).text == "abcde"


def test_headings_lists_tables_and_ruby(one: Any, outline_of: Any) -> None:
    body = (
        "<h1>年次報告</h1><p>本<ruby>文<rp>(</rp><rt>ぶん</rt><rp>)</rp></ruby>\n  です。</p><h2>一覧</h2><ol start=3><li>三<ul><li>内</li></ul></li>"
        "<li>四</li></ol><table><caption>表1</caption><tr><th>国<th>額</tr><tr><td rowspan=2>日本<td>5億円</tr><tr><td>6|7</tr></table>"
        "<dl><dt>語</dt><dd>説明</dd></dl><pre>a\n  b</pre>"
    )
    document = one(
        "a.html", page(body, "<title>年次報告 - 当機構</title><meta property='og:site_name' content='当機構'>")
    )
    assert document.title == "年次報告" and document.metadata == {"publisher": "当機構"}
    assert outline_of(document) == [
        (("年次報告",), None, "prose", "年次報告\n\n本文です。"),
        (("年次報告", "一覧"), None, "list", "一覧\n\n3. 三\n  - 内\n4. 四"),
        (("年次報告", "一覧"), None, "prose", "表1"),
        (("年次報告", "一覧"), None, "table", "国 | 額\n日本 | 5億円\n日本 | 6｜7"),
        (("年次報告", "一覧"), None, "list", "語\n説明"),
        (("年次報告", "一覧"), None, "prose", "a\n  b"),
    ]


def test_tables_beside_each_other_stay_two(one: Any, outline_of: Any) -> None:
    table = "<table><tr><th>a<th>b</tr><tr><td>1<td>2</tr></table>"
    found = outline_of(one("a.html", page(table + table)))
    assert [(kind, text) for *_, kind, text in found] == [("table", "a | b\n1 | 2")] * 2


def test_the_main_content_is_taken_and_menus_are_not(one: Any) -> None:
    links = "".join(f"<li><a href='/{n}'>別の記事{n}</a></li>" for n in range(20))
    body = f"<header><a href='/'>Top</a></header><ul>{links}</ul><main><h1>題</h1><p>{ARTICLE}</p></main><aside>広告</aside>"
    assert one("a.html", page(body)).text == f"題\n\n{ARTICLE}"
    without_main = f"<div><ul>{links}</ul></div><h1>題</h1><p>{ARTICLE * 5}</p>"
    assert one("b.html", page(without_main)).text == f"題\n\n{ARTICLE * 5}"
    only_links = f"<h1>一覧</h1><ul>{links}</ul>"
    assert one("c.html", page(only_links)).text.count("別の記事") == 20


@pytest.mark.parametrize(
    ("stated", "name"),
    [("Shift_JIS", "cp932"), ("x-euc-jp", "euc_jp"), ("utf-8", "utf-8"), ("", "cp932"), ("utf-8", "cp932")],
)
def test_the_stated_charset_counts_when_it_fits(stated: str, name: str, one: Any) -> None:
    meta = f"<meta charset='{stated}'>" if stated else ""
    text = f"<html><head>{meta}</head><body><p>{ARTICLE}①～髙</p></body></html>"
    if name == "euc_jp":
        text = text.replace("①～髙", "")
    assert ARTICLE in one("a.html", text.encode(name)).text


def test_short_empty_elements_of_xhtml_swallow_nothing(one: Any) -> None:
    text = "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><head><title/><script src='x'/></head><body><p>本文<a id='x'/>です。</p></body></html>"
    assert one("a.xhtml", text).text == "本文です。"


BOMB = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
    f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        "<div>" * 100_000 + "deep",
        "<p>words</p>" + "<b>" * 50_000,
        "<table>" * 2_000 + "cell",
        "<p " + "a='b' " * 100_000 + ">words</p>",
        "<style>" + "{" * 100_000 + "</style><p>words</p>",
        "<style>" + "/*" * 100_000 + "</style><p>words</p>",
        "<style>" + "@media x{a{b}" * 10_000 + "</style><p>words</p>",
        "<p style='" + "display:" * 50_000 + "'>words</p>",
        BOMB + "]><html><body><p>words &j;</p></body></html>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><p>words &e;</p>",
        "<table><tr>" + "<td rowspan=99999 colspan=99999>words</td>" * 300 + "</tr></table>" * 2,
        "<ul><li>" * 5_000 + "words",
        "<?xml version='1.0'?>" + "<p" * 100_000 + "/>words",
    ],
)  # fmt: skip
def test_hostile_pages_end_soon_with_text_or_one_line(text: str, load: Any) -> None:
    started = time.perf_counter()
    with contextlib.suppress(UnreadableDocumentError):
        (document,) = load("a.html", text)
        assert "root:" not in document.text and len(document.text) < 1_000_000
    assert time.perf_counter() - started < 5


def test_a_page_without_text_is_refused(reason: Any) -> None:
    assert "holds no text" in reason("a.html", page("<script>x</script>"))
