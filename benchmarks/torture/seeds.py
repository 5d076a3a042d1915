"""Good files of every format, hostile files made by hand, and what changes them."""

from __future__ import annotations

import io
import json
import random
import zipfile
import zlib
from functools import cache
from html import escape
from pathlib import Path

CORPUS = Path(__file__).resolve().parents[2] / "corpus" / "documents"
WORDS = "日本は初の国際パートナーとなる。The plan runs for five years. 投資は五億ドル。"
STRANGE = (
    "\u202eright to left\u202c \u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u200b\u200d\ufeff\u2060zero width "
    "\U000e0041\U000e0042 tags e\u0301\u0327\u0323 " + "a\u0300" * 50 + " \ud7ff\ue000 \x85\u2028\u2029 ﷺ Ａ１ ㍿"
)
FORMATS = (".txt", ".md", ".html", ".jsonl", ".csv", ".pdf", ".docx", ".pptx", ".xlsx", ".epub")
MAIN = {
    ".docx": ("word/document.xml",),
    ".pptx": ("ppt/slides/slide1.xml",),
    ".xlsx": ("xl/worksheets/sheet1.xml",),
    ".epub": ("a.xhtml",),
}
"""The part of a container that holds its text."""

ZIPPED = tuple(MAIN)


@cache
def good(suffix: str) -> tuple[bytes, ...]:
    """Return good files of a format."""
    shipped = sorted(CORPUS.glob(f"*{suffix}"))[:4]
    return (*(path.read_bytes() for path in shipped), *_made(suffix))


def _made(suffix: str) -> tuple[bytes, ...]:
    buffer = io.BytesIO()
    if suffix == ".pptx":
        import pptx

        deck = pptx.Presentation()
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = WORDS, STRANGE.encode("utf-8", "replace").decode()[:40]
        deck.save(buffer)
    elif suffix == ".xlsx":
        import openpyxl

        book = openpyxl.Workbook()
        for row in ([WORDS, 5.5, True], ["Name", -3, "2026-01-01"], [WORDS * 400]):
            book.active.append(row)
        book.active.merge_cells("A2:A3")
        book.save(buffer)
    elif suffix == ".epub":
        buffer.write(_zipped(_book(f"<html><body><h1>Title</h1><p>{WORDS}</p></body></html>")))
    elif suffix in (".docx", ".pdf"):
        return ()
    elif suffix == ".jsonl":
        rows = [{"id": n, "title": f"t{n}", "text": WORDS + STRANGE * (n % 2), "date": "2026-01-01"} for n in range(40)]
        return ("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("utf-8", "replace"),)
    else:
        text = WORDS + STRANGE
        row = json.dumps({"id": "a", "title": "t", "text": text})
        table = f'a,"b\n{WORDS}"\tc;d\n1,2,3\n'
        return (f"{row}\n# Title\n\n- item {text}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n<p>{text}</p>\n{table}".encode(),)
    return (buffer.getvalue(),)


def _book(page: str) -> dict[str, str]:
    item = '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
    return {
        "META-INF/container.xml": '<c><rootfiles><rootfile full-path="c.opf"/></rootfiles></c>',
        "c.opf": f'<package><manifest>{item}</manifest><spine><itemref idref="a"/></spine></package>',
        "a.xhtml": page,
    }


def _zipped(parts: dict[str, str] | dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@cache
def hostile(suffix: str) -> tuple[bytes, ...]:
    """Return files that were made to harm: bombs, circles, depths, widths, encodings."""
    if suffix in ZIPPED:
        with zipfile.ZipFile(io.BytesIO(good(suffix)[-1])) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        main = next(name for name in MAIN[suffix] if name in parts)
        evil = [{**parts, main: data} for data in _evil_xml(parts[main])]
        return tuple(_zipped(one) for one in [*evil, *_evil_parts(parts, suffix)])
    if suffix == ".pdf":
        return tuple(_evil_pdf())
    deep = 100_000
    return (
        b"<div>" * deep + WORDS.encode(),
        b"> " * deep + b"x",
        b"[" * deep + b"](" * 99,
        b"- " * deep,
        b"#" * deep,
        b"*_" * deep + b"x",
        b'{"text": ' + b"[" * deep,
        b'{"id": 1, "text": "' + b"x" * 2_000_000 + b'"}\n',
        (STRANGE * 999).encode("utf-8", "replace"),
        (STRANGE * 99).encode("utf-16", "replace"),
        WORDS.encode("cp932", "replace") + b"\x81\xff\x00" + WORDS.encode("euc-jp", "replace"),
        b"\xef\xbb\xbf" + WORDS.encode("utf-8") + b"\xed\xa0\x80\xf8\x88\x80\x80\x80",
        ("x" * 1_000_000 + "," + "y" * 1_000_000 + "\n").encode(),
        b"a,b\n" + b'"' * 300_001,
        b"," * 1_000_000,
        ("\u0300" * 300_000).encode(),
        ("ﷺ" * 300_000).encode(),
    )


def _evil_parts(parts: dict[str, bytes], suffix: str) -> list[dict[str, bytes]]:
    """Return containers that harm by what they hold: too many parts, names that lead out, bombs beside, far cells."""
    found = [
        {**parts, **{f"x/{n}.xml": b"" for n in range(20_000)}},
        {**parts, "../../outside.xml": b"<a/>", "/tmp/outside.xml": b"<a/>"},
        {**parts, "media/bomb.xml": bytes(300 * 2**20)},
        {name: data for name, data in parts.items() if not name.endswith(".rels")},
        {name: data[: len(data) // 2] for name, data in parts.items()},
    ]
    if suffix == ".xlsx":
        (sheet,) = MAIN[suffix]
        signs = random.Random(1).choices(range(0x4E00, 0x9000), k=1_000_000)  # all alike would pass for a zip bomb
        text = "".join(map(chr, signs)) + STRANGE.encode("utf-8", "replace").decode()
        cells = (
            '<c r="XFD1048576"><v>1</v></c>',
            f'<c r="A1" t="inlineStr"><is><t>{text}</t></is></c>',
            "".join(f'<c r="A1"><v>{n * 7_919 % 1_000_003}</v></c>' for n in range(300_000)),
        )
        rows = [f'<row r="1">{cell}</row>' for cell in cells]
        rows.append("".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, 50_001)))
        kind = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
        merged = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
        sheets = [f"<worksheet {kind}><sheetData>{row}</sheetData></worksheet>" for row in rows]
        sheets.append(f"<worksheet {kind}><sheetData>{rows[0]}</sheetData>{merged}</worksheet>")
        found += [{**parts, sheet: one.encode()} for one in sheets]
    return found


def _evil_xml(good_part: bytes) -> tuple[bytes, ...]:
    laughs = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{laughs}]><x>&a9;</x>'.encode()
    outside = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    middle = good_part.find(b">", len(good_part) // 2) + 1
    return (
        bomb,
        outside,
        b" " * (200 * 2**20),
        b"<a>" * 200_000,
        b"<x>" + b"<a/>" * 300_000 + b"</x>",
        good_part[:middle] + b"<a>" * 5_000 + good_part[middle:],
        good_part[:middle] + (WORDS * 20_000).encode() + good_part[middle:],
        good_part[:middle] + escape(STRANGE).encode("utf-8", "replace") * 99 + good_part[middle:],
        good_part.decode("utf-8", "replace").encode("utf-16"),
        good_part.decode("utf-8", "replace").encode("cp932", "replace"),
        b"",
    )


def _stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def _evil_pdf() -> tuple[bytes, ...]:
    def pdf(*objects: bytes) -> bytes:
        body = b"%PDF-1.7\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % (n, o) for n, o in enumerate(objects, start=1))
        return body + b"trailer << /Root 1 0 R /Size %d >>\n%%%%EOF" % (len(objects) + 1)

    root = b"<< /Type /Catalog /Pages 2 0 R /Outlines 3 0 R >>"
    own = b"/Resources << /XObject << /X 6 0 R >> >>"
    text = b"BT /F1 12 Tf 10 10 Td (" + b"x" * 200_000 + b") Tj ET"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>"
    return (
        pdf(root, b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"),
        pdf(root, b"<< /Type /Pages /Kids [3 0 R] /Count 99999999 >>", b"<< /Type /Pages /Kids [2 0 R] /Count 9 >>"),
        pdf(root, b"<< /Type /Pages /Kids [" + b"3 0 R " * 5_000 + b"] /Count 5000 >>", page, b"<< >>"),
        pdf(root, b"[" * 100_000),
        pdf(root, b"<< /A " * 50_000),
        pdf(root, b"<< /Type /Pages /Kids [5 0 R] /Count 1 >>", b"<< /First 3 0 R /Next 3 0 R /Title (a) >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text), page),
        pdf(b"1 0 R"),
        pdf(root, b"<< /Type /Pages /Kids [5 0 R] /Count 1 >>", b"<< >>", _stream(b"/X Do"),
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R " + own + b" >>",
            _stream(b"/X Do " * 99, b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] " + own)),
        pdf(root, b"<< /Type /Pages /Kids [5 0 R] /Count 1 >>", b"<< >>",
            _stream(zlib.compress(b"BT (x) Tj ET\n" * 2**24), b"/Filter /FlateDecode"), page),
        pdf(root, *(b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % n for n in range(3, 20_000)), page),
        b"%PDF-1.7\n" + b"\x00" * 100_000,
    )  # fmt: skip


def changed(data: bytes, suffix: str, chance: random.Random) -> bytes:
    """Return a file changed in one to four places; inside of a container, so that the damage reaches its parser."""
    if suffix in ZIPPED and chance.random() < 0.7:
        return _repacked(data, chance)
    return _mutated(data, chance)


def _repacked(data: bytes, chance: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name in chance.sample(sorted(parts), min(len(parts), chance.randint(1, 2))):
        parts[name] = _mutated(parts[name], chance)
    if chance.random() < 0.1:
        del parts[chance.choice(sorted(parts))]
    return _zipped(parts)


PIECES = (
    b"<", b">", b"/>", b"&x;", b"&#0;", b"&#xD800;", b"]]>", b"<!--", b'"', b"'", b"\x00", b"-1", b"99999999999",
    b"1e999", b"NaN", b"<a>" * 300, b"\xff\xfe", b"\xed\xa0\x80", b"w:", b"xmlns=", b"endobj", b"stream\n", b"<<", b"R",
    b"\n", b"\r", b"\t", b"|", b"```", b"{", b"}", b"\\u", b"\\", STRANGE.encode("utf-8", "replace"), b"%s" * 20,
)  # fmt: skip


def _mutated(data: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 4)):
        at, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
        way = chance.randrange(7)
        if way == 0:
            data = data[:at] + chance.choice(PIECES) + data[at:]
        elif way == 1:
            data = data[:at] + chance.choice(PIECES) + data[at + chance.randint(0, 20) :]
        elif way == 2 and data:
            spot = min(at, len(data) - 1)
            data = data[:spot] + bytes([data[spot] ^ 1 << chance.randrange(8)]) + data[spot + 1 :]
        elif way == 3:
            data = data[:at] + chance.randbytes(chance.randint(1, 64)) + data[at:]
        elif way == 4:
            data = data[:at] + data[end:] if chance.random() < 0.3 else data[:at] + data[at + 30 :]
        elif way == 5:
            data = data[:end] + data[at : min(end, at + 5_000)] * chance.randint(1, 5) + data[end:]
        else:
            data = data[:end] if chance.random() < 0.3 else data
    return data or b" "
