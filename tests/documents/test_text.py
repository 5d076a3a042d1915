"""Plain text: its encodings, and its structure without a character moved."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.documents.encoding import decode
from genesis_rag.documents.plain import outline
from genesis_rag.errors import UnreadableDocumentError
from genesis_rag.text.normalize import nfc

JAPANESE = (
    "日本は、米国の「ジェネシス・ミッション」に参加する初の国際パートナーとなる。予算は５億ドル（約750億円）です。\n"
)
ENGLISH = "Japan becomes the first partner of the mission. The budget is $500 million over five years.\n"
SHORT = "東京タワーの高さは三百三十三メートルです。"


@pytest.mark.parametrize(
    "name", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp932", "euc_jp"]
)
@pytest.mark.parametrize("text", [JAPANESE, JAPANESE * 200, SHORT, JAPANESE + ENGLISH])
def test_every_encoding_gives_the_same_text(name: str, text: str) -> None:
    assert decode(text.encode(name)) == text


@pytest.mark.parametrize("name", ["iso2022_jp", "cp932", "euc_jp"])
def test_half_width_kana_and_mixed_lines(name: str) -> None:
    text = "カタカナとABC 123と漢字。\r\n次の行です。\r\n" * 3
    assert decode(text.encode(name)) == text


def test_half_width_kana_in_cp932() -> None:
    text = "ｶﾞﾗｽ工事の見積書です。ご確認をお願いいたします。"
    assert decode(text.encode("cp932")) == text


@pytest.mark.parametrize("text", ["“Quoted” café – it’s here, and more words follow.", "naïve résumé of the year"])
def test_windows_1252(text: str) -> None:
    assert decode(text.encode("cp1252")) == text


def test_marks_that_lie_and_bytes_that_are_no_text() -> None:
    with pytest.raises(UnreadableDocumentError, match="begins as UTF-8 but is not valid"):
        decode(codecs.BOM_UTF8 + b"\xff\xff")
    with pytest.raises(UnreadableDocumentError, match="binary data"):
        decode(bytes(range(32)) * 100)


@given(st.text(alphabet="あいうえおかきくけこ漢字東京都計算をはがの、。ABCabc012 \n", min_size=40, max_size=200))
def test_utf8_text_is_never_read_as_anything_else(text: str) -> None:
    assert decode(text.encode()) == text


def test_the_file_is_the_text(one: Any) -> None:
    raw = "  題名\n\n本文です。\r\nつづき\u200bです。\n\n\n"
    document = one("a.txt", raw)
    assert document.text == nfc(raw)
    assert document.title == "題名" and document.language == "ja"


def test_headings_lists_and_tables_are_found(one: Any, outline_of: Any) -> None:
    text = (
        "研究の概要\n\n第1章 はじめに\n\n本研究は、量子計算の応用について調べるものである。\n\n"
        "1.1 対象\n\n・計算機\n・材料\n\n■ 予算\n| 年度 | 額 |\n| 2026 | 5億円 |\n"
    )
    found = outline_of(one("a.txt", text))
    assert [(path[-1] if path else "", kind) for path, _, kind, _ in found] == [
        ("研究の概要", "prose"),
        ("第1章 はじめに", "prose"),
        ("1.1 対象", "list"),
        ("予算", "table"),
    ]
    assert found[2][0] == ("第1章 はじめに", "1.1 対象"), "the title is not repeated in every path"
    assert found[3][3].endswith("| 2026 | 5億円 |")


def test_english_headings_and_running_text(one: Any, outline_of: Any) -> None:
    text = (
        "Annual Report\n\nCHAPTER 1 Scope\n\nThis report covers the year. It is short.\n\n"
        "Members of the board\n\n- Ann\n- Bob\n\nThe end of the report comes with this longer line of text here.\n"
    )
    found = outline_of(one("a.txt", text))
    assert ("CHAPTER 1 Scope", "Members of the board") in [path for path, *_ in found]
    assert [text for *_, kind, text in found if kind == "list"] == ["Members of the board\n\n- Ann\n- Bob"]


def test_sentences_and_captions_are_no_headings() -> None:
    for line in (
        "これは文である。",
        "図1 装置の写真",
        "▲左から次官",
        "値は次のとおり：",
        "However, it was decided that",
    ):
        text = f"{line}\n\n長い段落がここに続き、見出しではない行の下にもさらに文章が書かれていることを示している。\n"
        assert outline(text).sections[0].heading_path == (), line


LINE = st.sampled_from(
    [
        "",
        "見出し",
        "# Title",
        "第2章 方法",
        "1. 項目",
        "・項目",
        "- item",
        "| a | b |",
        "=====",
        "本文がここにある。",
        "A plain sentence here.",
        "■ 予算",
        "【注】",
        "  続き",
        "2026年",
        "6月4日 署名",
    ]
)


@given(st.lists(LINE, max_size=30).map("\n".join))
def test_sections_cover_every_word(text: str) -> None:
    done = 0
    for section in outline(text).sections:
        assert done <= section.start < section.end <= len(text)
        assert not text[done : section.start].strip()
        done = section.end
    assert not text[done:].strip()


GROUPS = (
    ("製造・インフラ", 1, 6),
    ("材料・バイオ・自律研究", 7, 10),
    ("量子・加速器・基礎物理", 11, 14),
    ("エネルギー", 15, 19),
    ("核セキュリティ・抑止", 20, 26),
)


def test_the_seed_deck(one: Any, seed: Path, outline_of: Any) -> None:
    document = one(seed)
    assert document.language == "ja"
    assert document.title.startswith("日本のAI for Scienceの取組と")
    assert document.text == nfc(seed.read_text(encoding="utf-8"))
    found = {path[-1]: text for path, _, kind, text in outline_of(document) if path and kind == "list"}
    for heading, first, last in GROUPS:
        text = found[heading]
        assert text.startswith(f"{heading}\n\n{first}. "), heading
        numbers = [int(number) for number in re.findall(r"^(\d+)\. ", text, re.MULTILINE)]
        assert numbers == list(range(first, last + 1)), heading
    assert "5億ドル、合計10億ドルの戦略的投資" in found["公表内容"]
    assert [
        kind for path, _, kind, _ in outline_of(document) if path[-1:] == ("（※）日米の連携領域（2026年5月時点）",)
    ] == ["table"]
