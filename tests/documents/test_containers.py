"""Zip files that attack their reader: each gets one line, at once."""

from __future__ import annotations

import io
import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from genesis_rag.documents.containers import Container, directory_is_sane, relationships, resolved
from genesis_rag.documents.limits import LoadLimits
from genesis_rag.errors import UnreadableDocumentError

LIMITS = LoadLimits(unpacked_bytes=40 * 2**20, part_bytes=10 * 2**20)
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
DOCUMENT = f"<w:document {W}><w:body><w:p><w:r><w:t>words</w:t></w:r></w:p></w:body></w:document>"


def zipped(parts: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_a_small_document_is_read(one: Any) -> None:
    assert one("a.docx", zipped({"word/document.xml": DOCUMENT})).text == "words"


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"word/document.xml": DOCUMENT, "word/media/x": bytes(9 * 2**20)}, "times its size, as only zip bombs do"),
        ({"word/document.xml": DOCUMENT} | {f"word/{n}": bytes(3 * 2**20) for n in range(15)}, "it unpacks to 45 MiB"),
        (
            {"word/document.xml": DOCUMENT + " " * (11 * 2**20), "word/x": bytes(range(256)) * 2**13},
            "as only zip bombs do",
        ),
    ],
)
def test_bombs(parts: dict[str, Any], told: str, reason: Any) -> None:
    started = time.perf_counter()
    assert told in reason("a.docx", zipped(parts), LIMITS)
    assert time.perf_counter() - started < 2


def test_a_part_that_is_too_large(reason: Any) -> None:
    noise = bytes(range(256)) * 2**16
    data = zipped({"word/document.xml": DOCUMENT.encode() + noise}, zipfile.ZIP_STORED)
    assert "its part word/document.xml has 16 MiB" in reason("a.docx", data, LIMITS)


def test_sizes_that_lie_are_not_believed(reason: Any) -> None:
    data = bytearray(zipped({"word/document.xml": DOCUMENT + "<!--" + "x" * 2**20 + "-->"}))
    at = data.rfind(b"PK\x01\x02")
    struct.pack_into("<L", data, at + 24, 100)
    assert "damaged" in reason("a.docx", bytes(data), LIMITS)


def test_a_directory_that_is_too_large_is_not_parsed(reason: Any) -> None:
    data = bytearray(zipped({"word/document.xml": DOCUMENT}))
    at = data.rfind(b"PK\x05\x06")
    struct.pack_into("<L", data, at + 12, 2**30)
    assert "damaged, or a zip archive" in reason("a.docx", bytes(data))


@pytest.mark.parametrize(("stated", "sane"), [(2**20, True), (2**25, False)])
@pytest.mark.parametrize("is_zip64", [False, True])
def test_the_size_of_a_directory_is_known_before_it_is_read(
    stated: int, sane: bool, is_zip64: bool, tmp_path: Path
) -> None:
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 0xFFFFFFFF if is_zip64 else stated, 0, 0)
    if is_zip64:
        record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, stated, 0)
        end = record + struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1) + end
    (tmp_path / "a.zip").write_bytes(bytes(100) + end + b"a comment")
    assert directory_is_sane(tmp_path / "a.zip") is sane


@pytest.mark.slow
def test_too_many_parts(reason: Any) -> None:
    data = zipped({"word/document.xml": DOCUMENT} | {f"word/{n}": b"" for n in range(50_001)}, zipfile.ZIP_STORED)
    assert "more than 50,000 parts" in reason("a.docx", data)


def test_protected_parts_and_unknown_packing(reason: Any) -> None:
    data = bytearray(zipped({"word/document.xml": DOCUMENT}))
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    assert "protected with a password" in reason("a.docx", bytes(data))
    assert "packed in a way" in reason("a.docx", zipped({"word/document.xml": DOCUMENT}, zipfile.ZIP_LZMA))


ENTITIES = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
    f"<!ENTITY {name} '{f'&{before};' * 10}'>" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "xml",
    [
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" + DOCUMENT.replace("words", "words&e;"),
        "<!DOCTYPE x SYSTEM 'http://127.0.0.1:9/x.dtd'>" + DOCUMENT,
    ],
)
def test_entities_are_not_expanded_and_nothing_is_fetched(xml: str, one: Any) -> None:
    started = time.perf_counter()
    assert one("a.docx", zipped({"word/document.xml": xml})).text == "words"
    assert time.perf_counter() - started < 2


def test_an_entity_bomb_is_refused_at_once(reason: Any) -> None:
    started = time.perf_counter()
    xml = ENTITIES + "]>" + DOCUMENT.replace("words", "words&i;")
    assert "damaged" in reason("a.docx", zipped({"word/document.xml": xml}))
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    "xml", [DOCUMENT[:-20], "", "not xml", "<a>" * 300 + "</a>" * 300, DOCUMENT.replace("words", "\ufffe")]
)
def test_damaged_xml_is_told(xml: str, reason: Any) -> None:
    assert "damaged" in reason("a.docx", zipped({"word/document.xml": xml, "word/x": "y"}))


def test_names_are_resolved_inside_the_container_only() -> None:
    assert resolved("ppt/slides/slide1.xml", "../media/a%20b.png") == "ppt/media/a b.png"
    assert resolved("xl/workbook.xml", "/xl/sharedStrings.xml") == "xl/sharedStrings.xml"
    assert resolved("a.xml", "../../../etc/passwd") == "../../../etc/passwd"  # the name of no part
    assert resolved("a/b.xhtml", "#x") == ""


def test_outer_relationships_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    rels = (
        '<Relationships><Relationship Id="1" Type="x/image" Target="http://example.com" TargetMode="External"/>'
        '<Relationship Id="2" Type="http://x/styles" Target="styles.xml"/></Relationships>'
    )
    path.write_bytes(zipped({"word/_rels/document.xml.rels": rels}))
    with Container(path, LIMITS) as container:
        assert relationships(container, "word/document.xml") == {"2": ("styles", "word/styles.xml")}
        with pytest.raises(UnreadableDocumentError, match=r"the part word/styles\.xml is missing"):
            container.xml("word/styles.xml")
