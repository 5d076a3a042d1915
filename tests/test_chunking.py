"""Chunks: exact places, nothing lost, no limit broken, lists and headings together."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_rag.chunking import CHUNKER_ID, ChunkSettings, chunk_document, contextual_text
from genesis_rag.documents.builder import DocumentBuilder
from genesis_rag.documents.plain import outline
from genesis_rag.documents.registry import SourceFile, load_documents
from genesis_rag.text.cutting import cut
from genesis_rag.text.normalize import nfc
from genesis_rag.text.sentences import sentence_spans
from genesis_rag.types import Chunk, Document, Section


def words(text: str) -> int:
    """Count words of Latin letters and single Japanese characters, as the shipped hashing embedder does."""
    return len(re.findall(r"[぀-ヿ㐀-鿿々]|[^\W぀-ヿ㐀-鿿々]+", text))


def signs(text: str) -> int:
    """Count all characters but white space: a counter under which the parts of a text add up to the whole."""
    return len("".join(text.split()))


def document(text: str, sections: tuple[Section, ...] | None = None) -> Document:
    found = outline(text).sections if sections is None else sections
    return Document("0123456789abcdef", "a.txt", "Title", text, "ja", "0" * 64, found)


def built(fill: Callable[[DocumentBuilder], None]) -> Document:
    builder = DocumentBuilder()
    fill(builder)
    body = builder.finish()
    return document(body.text, body.sections)


def cut_up(
    source: Document, limit: int, least: int = 0, overlap: int = 1, count: Callable[[str], int] = words
) -> list[Chunk]:
    return chunk_document(source, count, ChunkSettings(limit, least, overlap))


# --- What holds for every document ----------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "日本は初の国際パートナーとなる。",
        "予算は５億ドル（約750億円）です。",
        "「本当ですか？」と聞いた。",
        "The plan runs for five years. ",
        "It costs $500 million, or 3.5% of all. ",
        "\n",
        "\n\n",
        "\n- ",
        "\n・",
        "\n1. ",
        "\n第1章 はじめに\n\n",
        "\n# Heading\n\n",
        "\n■ 予算\n",
        "| a | 表 |\n",
        "、",
        "。",
        "か\u3099",
        "e\u0301\u0323",
        "👨\u200d👩\u200d👧",
        "🇯🇵🇺🇸",
        "葛\U000e0100",
        "x" * 30,
        "長" * 40,
        "漢字かな",
        " ",
        "\u3000",
        "2026年6月4日",
        "(1) ",
        "\u0323",
        "\u0301",
    ]
)
TEXTS = st.lists(PIECES, min_size=1, max_size=40).map(lambda parts: nfc("".join(parts)))
LIMITS = st.sampled_from([1, 2, 5, 12, 40, 200])
PAGES = st.sampled_from([None, 1, 2])


def cuts_a_character(text: str, place: int) -> bool:
    """Tell whether ``place`` lies in a mark, a joined emoji, a flag or a variation of those that ``PIECES`` has."""
    if not 0 < place < len(text) or text[place - 1].isspace():
        return False
    if unicodedata.combining(text[place]) or text[place] in "\u200d\U000e0100" or text[place - 1] == "\u200d":
        return True
    flags = re.search("[\U0001f1e6-\U0001f1ff]+$", text[:place])
    return "\U0001f1e6" <= text[place] <= "\U0001f1ff" and flags is not None and len(flags[0]) % 2 == 1


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Return plain texts with their outline, or with any other sections that cover some of the text."""
    text = draw(TEXTS.filter(str.strip))
    if draw(st.booleans()):
        return document(text)
    places = [
        place
        for place in sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
        if not cuts_a_character(text, place)
    ]
    kinds = st.sampled_from(["prose", "list", "table"])
    paths = st.lists(st.sampled_from(["A", "B", "はじめに"]), max_size=2).map(tuple)
    page, sections = 1, []
    for start, end in pairwise(places):
        if draw(st.booleans()):
            page += draw(st.integers(0, 1))
            sections.append(Section(draw(paths), start, end, page, draw(kinds)))
    return document(text, tuple(sections))


@given(documents(), LIMITS, st.integers(0, 20), st.integers(0, 2), st.sampled_from([words, signs]))
@settings(max_examples=3 * settings.default.max_examples)
def test_every_chunk_is_a_part_of_the_text_and_nothing_is_lost(
    source: Document, limit: int, least: int, overlap: int, count: Callable[[str], int]
) -> None:
    chunks = chunk_document(source, count, ChunkSettings(limit, least, overlap))
    held = bytearray(len(source.text))
    for ordinal, chunk in enumerate(chunks):
        assert chunk.text == source.text[chunk.start : chunk.end] == chunk.text.strip() != ""
        assert chunk.ordinal == ordinal and chunk.document_id == source.id
        held[chunk.start : chunk.end] = b"\x01" * len(chunk.text)
    lost = "".join(sign for sign, is_held in zip(source.text, held, strict=True) if not is_held)
    assert not lost.strip()
    assert [chunk.start for chunk in chunks] == sorted({chunk.start for chunk in chunks})
    assert [chunk.end for chunk in chunks] == sorted({chunk.end for chunk in chunks})
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    assert chunks == chunk_document(source, count, ChunkSettings(limit, least, overlap)), "the same every time"


@given(documents(), LIMITS, st.integers(0, 20), st.integers(0, 2))
@settings(max_examples=2 * settings.default.max_examples)
def test_no_chunk_has_more_tokens_than_allowed(source: Document, limit: int, least: int, overlap: int) -> None:
    for chunk in chunk_document(source, signs, ChunkSettings(limit, least, overlap)):
        one_character = all(cuts_a_character(chunk.text, at) for at in range(1, len(chunk.text)))
        assert signs(chunk.text) <= limit or one_character


@given(documents(), LIMITS, st.sampled_from([words, signs]))
@settings(max_examples=3 * settings.default.max_examples)
def test_no_character_of_several_code_points_is_cut(source: Document, limit: int, count: Callable[[str], int]) -> None:
    for chunk in chunk_document(source, count, ChunkSettings(limit, 0)):
        for place in (chunk.start, chunk.end):
            assert not cuts_a_character(source.text, place), repr(source.text[max(0, place - 3) : place + 3])


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.integers(0, 3), st.integers(0, 30))
def test_running_text_never_grows_too_long_by_what_is_repeated(lengths: list[int], overlap: int, least: int) -> None:
    text = "".join("あ" * length + "。" for length in lengths)
    for chunk in chunk_document(document(text, ()), signs, ChunkSettings(41, least, overlap)):
        assert signs(chunk.text) <= 41 and chunk.text.endswith("。")


@given(documents(), LIMITS, st.integers(0, 20))
def test_pages_are_never_crossed_and_headings_hold(source: Document, limit: int, least: int) -> None:
    for chunk in chunk_document(source, words, ChunkSettings(limit, least)):
        inside = [section for section in source.sections if section.start < chunk.end and section.end > chunk.start]
        assert {section.page for section in inside} <= {chunk.page}
        lengths = range(len(chunk.heading_path) + 1)
        for section in inside:
            prefix = section.heading_path[: len(chunk.heading_path)]
            assert prefix == chunk.heading_path[: len(prefix)] and len(prefix) in lengths


@given(TEXTS, st.integers(1, 30))
def test_sentences_that_are_too_long_are_cut_whole(text: str, limit: int) -> None:
    pieces = cut(text, signs(text), signs, limit)
    assert "".join("".join(text[piece.start : piece.end] for piece in pieces).split()) == "".join(text.split())
    assert all(piece.tokens >= signs(text[piece.start : piece.end]) for piece in pieces)


# --- Sizes ------------------------------------------------------------------------------------------------------------


def test_a_document_that_fits_is_one_chunk() -> None:
    text = "日本は初の国際パートナーとなる。予算は五億ドルです。"
    (chunk,) = cut_up(document(text), 100)
    assert (chunk.start, chunk.end, chunk.page, chunk.language) == (0, len(text), None, "ja")


def test_long_text_is_cut_between_sentences_into_chunks_of_about_equal_size() -> None:
    sentences = [f"これは{number:03d}番目の文であり、ほかの文と同じ長さである。" for number in range(60)]
    chunks = cut_up(document("".join(sentences)), 150, overlap=0)
    sizes = [words(chunk.text) for chunk in chunks]
    assert all(chunk.text.startswith("これは") and chunk.text.endswith("である。") for chunk in chunks)
    assert max(sizes) <= 150 and min(sizes) >= 0.7 * max(sizes)
    assert "".join(chunk.text for chunk in chunks) == "".join(sentences)


def test_sizes_are_balanced_where_filling_up_would_leave_a_fragment() -> None:
    text = "".join("あ" * 19 + "。" for _ in range(13))
    sizes = [signs(chunk.text) for chunk in cut_up(document(text), 120, overlap=0, count=signs)]
    assert sorted(sizes) == [80, 80, 100]


def test_sentences_overlap_as_asked() -> None:
    sentences = [f"Sentence number {number} is here. " for number in range(12)]
    for overlap in (0, 1, 2):
        chunks = cut_up(document("".join(sentences).strip()), 20, overlap=overlap)
        assert len(chunks) > 2
        for before, after in pairwise(chunks):
            shared = source_overlap(before, after)
            assert len(sentence_spans(shared)) == overlap if shared else overlap == 0


def source_overlap(before: Chunk, after: Chunk) -> str:
    return before.text[after.start - before.start :].strip() if after.start < before.end else ""


def test_a_sentence_of_a_quarter_of_a_chunk_is_not_repeated() -> None:
    sentences = ["あ" * 30 + "。", "い" * 30 + "。", "う" * 30 + "。", "え" * 30 + "。"]
    chunks = cut_up(document("".join(sentences)), 60)
    assert all(not source_overlap(*pair) for pair in pairwise(chunks))


def test_a_sentence_that_is_too_long_is_cut_after_commas() -> None:
    text = "、".join("長い文の一部である節" for _ in range(20)) + "。"
    chunks = cut_up(document(text), 35, overlap=0)
    assert all(words(chunk.text) <= 35 for chunk in chunks)
    assert all(chunk.text.endswith(("、", "。")) for chunk in chunks)


def test_settings_that_make_no_sense_are_refused() -> None:
    for wrong in ({"max_tokens": 0}, {"min_tokens": -1}, {"overlap_sentences": -1}):
        with pytest.raises(ValueError, match="no chunks can be made"):
            ChunkSettings(**wrong)


# --- Structure --------------------------------------------------------------------------------------------------------


def test_a_list_stays_with_its_heading_and_the_line_that_leads_in() -> None:
    def fill(builder: DocumentBuilder) -> None:
        builder.heading(1, "計画")
        for number in range(6):
            builder.add(f"前置きの文その{number}である。")
        builder.add("柱は次のとおりである。")
        for number in range(5):
            builder.add(f"- 項目その{number}の説明", "list")
        builder.add("後書きの文である。" * 4)

    chunks = cut_up(built(fill), 80)
    (holding,) = [chunk for chunk in chunks if "項目その0" in chunk.text]
    assert "項目その4" in holding.text and "柱は次のとおりである。" in holding.text
    assert len(chunks) > 1


def test_a_long_list_begins_a_chunk_under_its_lead_unless_that_leaves_a_fragment() -> None:
    def fill(builder: DocumentBuilder, sentences: Any) -> None:
        builder.heading(1, "計画")
        for _ in range(sentences):
            builder.add("前置きの文である。")
        builder.add("柱は次のとおりである。")
        for number in range(30):
            builder.add(f"- 項目その{number}の説明", "list")

    many = cut_up(built(lambda builder: fill(builder, 5)), 60, least=32, overlap=0)
    assert many[1].text.startswith("柱は次のとおりである。\n\n- 項目その0")
    few = cut_up(built(lambda builder: fill(builder, 1)), 60, least=32)
    assert few[0].text.startswith("計画\n\n前置きの文である。\n\n柱は次のとおりである。\n\n- 項目その0")


def test_a_heading_in_the_middle_stays_with_its_text() -> None:
    def fill(builder: DocumentBuilder) -> None:
        for _ in range(4):
            builder.leave(1)
            builder.heading(1, "ノート")
            builder.add("これは本文の文である。" * 3)

    chunks = cut_up(built(fill), 48)
    assert len(chunks) > 2
    assert all(not chunk.text.endswith("ノート") for chunk in chunks)


def test_a_fragment_that_fits_nowhere_keeps_its_own_headings() -> None:
    def fill(builder: DocumentBuilder) -> None:
        for heading in ("甲", "乙", "丙"):
            builder.heading(1, heading)
            builder.add("短い断片。" if heading == "乙" else "本文の文である。" * 7)

    assert [chunk.heading_path for chunk in cut_up(built(fill), 50, least=20)] == [("甲",), ("乙",), ("丙",)]


def test_a_list_that_fits_no_chunk_begins_one_and_is_cut_between_items() -> None:
    def fill(builder: DocumentBuilder) -> None:
        builder.heading(1, "一覧")
        builder.add("- " + "短い前の項目", "list")
        builder.heading(2, "長い一覧")
        for number in range(30):
            builder.add(f"{number}. 長い一覧の項目その{number}", "list")

    chunks = [chunk for chunk in cut_up(built(fill), 60) if chunk.heading_path[-1:] == ("長い一覧",)]
    assert chunks[0].text.startswith("長い一覧\n\n0. ")
    assert all(re.match(r"\d+\. ", chunk.text) for chunk in chunks[1:])
    assert sum(chunk.text.count("項目") for chunk in chunks) == 30


def test_rows_of_a_table_are_never_cut_and_know_their_header() -> None:
    def fill(builder: DocumentBuilder) -> None:
        builder.heading(1, "品名 | 価格")
        for number in range(40):
            builder.add(f"商品{number} | {number}円", "table")

    chunks = cut_up(built(fill), 50)
    assert len(chunks) > 3
    for chunk in chunks:
        assert chunk.heading_path == ("品名 | 価格",)
        assert all(line.endswith(("円", "価格")) for line in chunk.text.split("\n") if line)
        assert contextual_text("t", chunk.heading_path, chunk.text).startswith("t\n品名 | 価格\n")


def test_chunks_that_begin_within_a_table_have_its_first_row_as_heading() -> None:
    def fill(builder: DocumentBuilder) -> None:
        builder.heading(1, "価格表")
        builder.add("次のとおり。")
        builder.add("品名 | 価格", "table")
        for number in range(40):
            builder.add(f"商品{number} | {number}円", "table")
        builder.add("以上の価格は税込みである。" * 4)

    first, *others, last = cut_up(built(fill), 50, overlap=0)
    assert first.heading_path == ("価格表",) and "品名 | 価格" in first.text
    assert len(others) > 2
    assert all(chunk.heading_path == ("価格表", "品名 | 価格") and chunk.text.startswith("商品") for chunk in others)
    assert contextual_text("t", others[0].heading_path, others[0].text).startswith("t\n価格表\n品名 | 価格\n商品")
    assert last.heading_path == ("価格表",) and last.text.startswith("以上の")


def test_headings_without_text_join_what_stands_under_them() -> None:
    def fill(builder: DocumentBuilder) -> None:
        builder.heading(1, "部")
        builder.heading(2, "章")
        builder.add("本文の文である。" * 10)

    (first, *others) = cut_up(built(fill), 40)
    assert first.text.startswith("部\n\n章\n\n本文") and first.heading_path == ("部", "章")
    assert others and all(chunk.heading_path == ("部", "章") for chunk in others)


def test_fragments_join_the_neighbour_that_shares_their_headings() -> None:
    def fill(builder: DocumentBuilder) -> None:
        builder.heading(1, "A")
        builder.add("本文の文である。" * 5)
        builder.heading(2, "A1")
        builder.add("断片。")
        builder.heading(1, "B")
        builder.add("本文の文である。" * 5)

    first, second = cut_up(built(fill), 100, least=20)
    assert first.heading_path == ("A",) and first.text.endswith("A1\n\n断片。")
    assert second.heading_path == ("B",) and second.text.startswith("B")


def test_fragments_on_different_pages_stay_apart() -> None:
    def fill(builder: DocumentBuilder) -> None:
        for page in (1, 2, 3):
            builder.leave(1)
            builder.heading(1, f"第{page}頁", page)
            builder.add("断片。", page=page)

    assert [chunk.page for chunk in cut_up(built(fill), 100, least=50)] == [1, 2, 3]


def test_ids_stay_when_the_text_stays_and_change_with_it() -> None:
    before = cut_up(document("同じ文である。" * 20 + "\n\n終わりの文。"), 40)
    after = cut_up(document("同じ文である。" * 20 + "\n\n別の結びの文。"), 40)
    assert before[0].id == after[0].id and before[-1].id != after[-1].id
    assert CHUNKER_ID == "sections-2"


def test_each_chunk_has_its_own_language() -> None:
    def fill(builder: DocumentBuilder) -> None:
        builder.heading(1, "部")
        builder.add("これは日本語の段落である。" * 4)
        builder.heading(1, "Part")
        builder.add("This is a paragraph in English. " * 4)
        builder.heading(1, "数")
        builder.add("1 2 3 4 5 6 7 8 9 10 11 12 13", "table")

    assert [chunk.language for chunk in cut_up(built(fill), 60)] == ["ja", "en", "ja"]


@pytest.mark.parametrize(
    ("title", "path", "text", "context"),
    [
        ("題", ("章", "節"), "本文。", "題\n章\n節\n本文。"),
        ("題", ("題", "節"), "本文。", "題\n節\n本文。"),
        ("題", ("章", "節"), "節\n\n本文。", "題\n章\n節\n\n本文。"),
        ("題", ("節",), "## 節\n本文。", "題\n## 節\n本文。"),
        ("", (), "本文。", "本文。"),
        ("題", (), "題は本文にもある。", "題は本文にもある。"),
    ],
)
def test_what_is_embedded(title: str, path: tuple[str, ...], text: str, context: str) -> None:
    assert contextual_text(title, path, text) == context


def test_the_seed_deck(shared: Path) -> None:
    (file,) = sorted((shared / "seed").glob("*.txt"))
    (source,) = load_documents(SourceFile(file, "seed.txt"))
    chunks = chunk_document(source, words, ChunkSettings())
    by_heading = {chunk.heading_path[-1]: chunk.text for chunk in chunks if chunk.heading_path}
    groups = {
        "製造・インフラ": (1, 6),
        "材料・バイオ・自律研究": (7, 10),
        "量子・加速器・基礎物理": (11, 14),
        "エネルギー": (15, 19),
        "核セキュリティ・抑止": (20, 26),
    }
    for heading, (first, last) in groups.items():
        numbers = [int(number) for number in re.findall(r"^(\d+)\. ", by_heading[heading], re.MULTILINE)]
        assert numbers == list(range(first, last + 1)), "a list is in one chunk with its heading"
    (investment,) = [chunk for chunk in chunks if "今後5年間で5億ドル、合計10億ドルの戦略的投資" in chunk.text]
    assert investment.heading_path[-1] == "公表内容" and "初の国際パートナー" in investment.text
    (areas,) = [chunk for chunk in chunks if "自動実験ラボ |" in chunk.text]
    assert areas.text.startswith("（※）日米の連携領域（2026年5月時点）") and "⑪ 数学のためのAI" in areas.text
    assert all(words(chunk.text) <= 256 for chunk in chunks)
