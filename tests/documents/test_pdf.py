"""PDFs made with reportlab, Japanese in its CID fonts."""

# ruff: noqa: E501 (markup and tables of cases are easier to read on long lines)

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from genesis_rag.documents.limits import LoadLimits
from genesis_rag.documents.pdf import PAGES_AT_ONCE

pytest.importorskip("reportlab")
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

for font in ("HeiseiMin-W3", "HeiseiKakuGo-W5"):
    pdfmetrics.registerFont(UnicodeCIDFont(font))

WIDTH, HEIGHT = 595, 842
JAPANESE, ENGLISH, BOLD = "HeiseiMin-W3", "Helvetica", "Helvetica-Bold"


def made(draw: Callable[[Any], None], **options: object) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), **options)
    draw(canvas)
    canvas.save()
    return buffer.getvalue()


def lines(canvas: Any, top: float, *texts: str, size: float = 10.5, left: float = 60, font: str = JAPANESE) -> float:
    """Draw lines downwards and return where the next one would stand."""
    for text in texts:
        canvas.setFont(font, size)
        canvas.drawString(left, top, text)
        top -= 1.7 * size
    return top


def report(canvas: Any, pages: int = 3) -> None:
    canvas.setTitle("年次報告")
    canvas.setAuthor("当機構")
    for number in range(1, pages + 1):
        lines(canvas, 810, "年次報告書 2026", size=9)
        y = lines(canvas, 760, f"第{number}章 量子計算", size=18) - 6
        y = lines(
            canvas, y, "日本政府は二〇二六年に量子計算の研究へ五億円を投資すると発表した。この計画", "は五年間にわたり、大学と企業が共同で進める。詳しい内容は次のとおりである。",
            "・計算資源の整備", "・人材の育成",
        ) - 12  # fmt: skip
        lines(
            canvas, y, "The plan runs for five years and is open to partners in all other coun-", "tries. It was agreed in June.",
            font=ENGLISH,
        )  # fmt: skip
        lines(canvas, 30, f"- {number} -", size=9, left=290)
        canvas.showPage()


def test_pages_headings_lists_and_wrapped_lines(one: Any, outline_of: Any) -> None:
    document = one("a.pdf", made(report))
    assert document.title == "年次報告" and document.language == "ja"
    assert document.metadata["author"] == "当機構" and document.metadata["pages"] == "3"
    wanted = []
    for number in (1, 2, 3):
        heading = f"第{number}章 量子計算"
        prose = "日本政府は二〇二六年に量子計算の研究へ五億円を投資すると発表した。この計画は五年間にわたり、大学と企業が共同で進める。詳しい内容は次のとおりである。"
        wanted += [
            ((heading,), number, "prose", f"{heading}\n\n{prose}"),
            ((heading,), number, "list", "・計算資源の整備\n・人材の育成"),
            ((heading,), number, "prose", "The plan runs for five years and is open to partners in all other countries. It was agreed in June."),
        ]  # fmt: skip
    assert outline_of(document) == wanted


def test_the_outline_of_the_file_names_headings(one: Any, outline_of: Any) -> None:
    def draw(canvas: Any) -> None:
        for number, title in enumerate(("Introduction", "Results"), 1):
            canvas.bookmarkPage(title)
            canvas.addOutlineEntry(title, title, level=0)
            y = lines(canvas, 760, title, font=ENGLISH)
            lines(canvas, y - 10, f"This is the text of part {number} and it is rather long.", font=ENGLISH)
            canvas.showPage()

    assert [path for path, *_ in outline_of(one("a.pdf", made(draw)))] == [("Introduction",), ("Results",)]


def test_a_sentence_that_a_page_break_cuts_is_whole_on_the_first_page(one: Any, outline_of: Any) -> None:
    def draw(canvas: Any) -> None:
        lines(canvas, 700, "前の文である。" * 5)
        lines(canvas, 60, "この文は頁の終わりで切れており、つづきは次の頁の初めに書かれているのだが、")
        canvas.showPage()
        lines(canvas, 780, "読む人には一つの文である。次の文はこの頁にあるので、この頁のものとして扱う。")
        canvas.showPage()

    found = outline_of(one("a.pdf", made(draw)))
    assert [(page, text.rpartition("\n")[2]) for _, page, _, text in found] == [
        (1, "この文は頁の終わりで切れており、つづきは次の頁の初めに書かれているのだが、読む人には一つの文である。"),
        (2, "次の文はこの頁にあるので、この頁のものとして扱う。"),
    ]


def test_two_columns_are_read_one_after_the_other(one: Any) -> None:
    left = ["The left column of this page", "tells its story first and then", "it ends here."]
    right = ["The right column begins only", "when the left one is through."]

    def draw(canvas: Any) -> None:
        lines(canvas, 700, *left, font=ENGLISH)
        lines(canvas, 700, *right, font=ENGLISH, left=320)

    text = one("a.pdf", made(draw)).text.replace("\n\n", " ").replace("\n", " ")
    assert text == " ".join(left + right)


def test_text_off_the_page_or_too_small_to_see_is_left_out(one: Any) -> None:
    def draw(canvas: Any) -> None:
        lines(canvas, 700, "Seen by every reader.", font=ENGLISH)
        lines(canvas, -50, "SECRET below the page", font=ENGLISH)
        lines(canvas, 600, "SECRET beside the page", font=ENGLISH, left=700)
        lines(canvas, 500, "SECRET dust", font=ENGLISH, size=0.4)

    assert one("a.pdf", made(draw)).text == "Seen by every reader."


def test_running_heads_that_change_with_the_chapter_are_left_out(one: Any) -> None:
    def draw(canvas: Any) -> None:
        for number in range(8):
            head = (
                f"Chapter {number // 2 + 1}: Part {number} {number + 21}" if number % 2 else f"{number + 21} The Book"
            )
            lines(canvas, 800, head, font=ENGLISH)
            lines(canvas, 700, f"This is the only sentence of page {number} there is.", font=ENGLISH)
            canvas.showPage()

    text = one("a.pdf", made(draw)).text
    assert "Chapter" not in text and "Book" not in text and text.count("only sentence") == 8


def test_numbered_first_lines_of_slides_stay(one: Any) -> None:
    def draw(canvas: Any) -> None:
        for number, title in enumerate(("Aims", "Means", "People", "Money", "Risks"), 1):
            lines(canvas, 800, f"{number} {title} of the plan", font=ENGLISH)
            lines(canvas, 700, f"This is what we say about {title.lower()} today.", font=ENGLISH)
            canvas.showPage()

    assert one("a.pdf", made(draw)).text.count("of the plan") == 5


def test_a_bullet_of_another_size_does_not_part_its_lines(one: Any, outline_of: Any) -> None:
    def draw(canvas: Any) -> None:
        y = lines(canvas, 700, "The plan rests on these two things alone:", font=ENGLISH)
        for first, second in (("a long item that goes on", "in the line below it"), ("another one", "of two lines")):
            canvas.setFont(ENGLISH, 7)
            canvas.drawString(60, y, "\u2022")
            y = lines(canvas, y, first, second, font=ENGLISH, left=68)

    items = [text for *_, kind, text in outline_of(one("a.pdf", made(draw))) if kind == "list"]
    assert items == ["\u2022 a long item that goes on in the line below it\n\u2022 another one of two lines"]


def test_a_layer_of_recognised_text_is_read(one: Any) -> None:
    def draw(canvas: Any) -> None:
        text = canvas.beginText(60, 700)
        text.setFont(JAPANESE, 11)
        text.setTextRenderMode(3)
        text.textLine("認識された文字の層である。")
        canvas.drawText(text)

    assert one("a.pdf", made(draw)).text == "認識された文字の層である。"


def test_pages_without_text_keep_the_numbers_of_the_others(one: Any, outline_of: Any) -> None:
    def draw(canvas: Any) -> None:
        for text in ("一頁目の文である。", "", "三頁目の文である。"):
            lines(canvas, 700, text)
            canvas.showPage()

    document = one("a.pdf", made(draw))
    assert [page for _, page, *_ in outline_of(document)] == [1, 3]
    assert document.metadata["pages_without_text"] == "1"


def test_more_pages_than_are_opened_at_once(one: Any) -> None:
    def draw(canvas: Any) -> None:
        for number in range(2 * PAGES_AT_ONCE + 1):
            lines(canvas, 700, f"This is the sentence of page {number + 1} alone.", font=ENGLISH)
            canvas.showPage()

    document = one("a.pdf", made(draw))
    assert [section.page for section in document.sections] == list(range(1, 2 * PAGES_AT_ONCE + 2))
    last = document.sections[-1]
    assert document.text[last.start : last.end] == f"This is the sentence of page {2 * PAGES_AT_ONCE + 1} alone."


def test_titles_that_programs_make_up_are_not_used(one: Any) -> None:
    def draw(canvas: Any) -> None:
        canvas.setTitle("Microsoft Word - 文書1.docx")
        lines(canvas, 700, "本文だけの頁である。")

    assert one("報告.pdf", made(draw)).title == "報告"


def test_protected_files(reason: Any, one: Any) -> None:
    def draw(canvas: Any) -> None:
        lines(canvas, 700, "Words for those who may read.", font=ENGLISH)

    locked = made(draw, encrypt=StandardEncryption("user", "owner", canPrint=0))
    assert "protected with a password" in reason("a.pdf", locked)
    readable = made(draw, encrypt=StandardEncryption("", "owner", canPrint=0, canCopy=0))
    assert one("a.pdf", readable).text == "Words for those who may read."


def test_scans_damage_and_limits(reason: Any) -> None:
    scan = made(lambda canvas: canvas.rect(10, 10, 100, 100))
    assert "no text layer (scanned pages?). Run text recognition (OCR)" in reason("a.pdf", scan)
    whole = made(report)
    assert "damaged" in reason("a.pdf", whole[:300])
    assert "damaged" in reason("a.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 8)
    assert "more than 2 pages" in reason("a.pdf", whole, LoadLimits(pages=2))
    assert "characters of text" in reason("a.pdf", whole, LoadLimits(characters=100))


def test_bytes_before_the_header_do_not_matter(one: Any) -> None:
    assert one("a.pdf", b"\n\n" + made(report)).title == "年次報告"
