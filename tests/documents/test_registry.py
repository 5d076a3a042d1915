"""Which files are found, and the one line that each unreadable one gets."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genesis_rag.documents.limits import LoadLimits
from genesis_rag.documents.registry import LOADERS, SUFFIXES, SourceFile, discover, load_documents, loader_id
from genesis_rag.errors import UnreadableDocumentError, UserError


def names(found: Any) -> list[str]:
    return [file.source for file in found]


def test_folders_are_searched_in_an_order_that_never_changes(tmp_path: Path) -> None:
    for name in ("b.txt", "a.md", "z/c.html", "z/a.pdf", "A.TXT", ".hidden.txt", "~$a.docx", "node_modules/x.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    skipped = []
    (tmp_path / "photo.png").write_bytes(b"x")
    found = discover([tmp_path], tmp_path, on_skip=skipped.append)
    assert names(found) == ["A.TXT", "a.md", "b.txt", "z/a.pdf", "z/c.html"]
    assert [path.name for path in skipped] == ["photo.png"]


def test_a_file_outside_the_base_has_its_whole_path_and_a_named_file_is_always_yielded(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    picture = tmp_path / "photo.png"
    picture.write_bytes(b"x")
    (file,) = discover([picture], tmp_path / "inside")
    assert file.source == picture.as_posix()
    with pytest.raises(UnreadableDocumentError, match=r"end in \.png are not supported"):
        list(load_documents(file))


def test_a_path_that_is_not_there_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file or folder"):
        list(discover([tmp_path / "nothing"], tmp_path))


def test_links_are_followed_once_and_never_in_circles(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    (inside / "deep").mkdir(parents=True)
    (outside / "o.txt").write_text("outside")
    (inside / "i.txt").write_text("inside")
    (inside / "deep" / "circle").symlink_to(inside)
    (inside / "to_outside").symlink_to(outside)
    (inside / "again").symlink_to(outside)
    (inside / "file.txt").symlink_to(inside / "i.txt")
    (inside / "broken.txt").symlink_to(inside / "gone.txt")
    found = list(discover([inside], inside))
    assert names(found) == ["broken.txt", "file.txt", "i.txt", "again/o.txt"]
    with pytest.raises(UnreadableDocumentError, match="cannot be opened"):
        list(load_documents(found[0]))
    (document,) = load_documents(found[1])
    assert document.text == "inside" and document.source == "file.txt"


def test_files_are_named_by_their_own_folder_not_by_a_link_to_it(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "x.txt").write_text("x")
    (tmp_path / "a_link").symlink_to(tmp_path / "real")
    assert names(discover([tmp_path], tmp_path)) == ["real/x.txt"]


def test_a_link_to_itself_is_reported(tmp_path: Path, reason: Any) -> None:
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    assert "cannot be opened" in reason("loop.txt")


def test_a_folder_that_may_not_be_listed_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "locked").mkdir()
    (tmp_path / "open.txt").write_text("x")
    scandir = os.scandir

    def guarded(path: Any) -> Any:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)  # root, as whom tests may run, can list everything
    readable, locked = discover([tmp_path], tmp_path)
    assert (readable.source, locked.source) == ("open.txt", "locked")
    with pytest.raises(UnreadableDocumentError, match="cannot be listed"):
        list(load_documents(locked))
    with pytest.raises(PermissionError):
        loader_id(locked.path)


def test_special_files_are_refused_and_never_opened(tmp_path: Path, reason: Any) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    assert "not a regular file" in reason("pipe.txt")


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_empty_and_blank_files_of_every_format(suffix: str, reason: Any) -> None:
    assert reason("empty" + suffix, b"").startswith("It is empty (0 bytes).")
    blank = reason("blank" + suffix, b" \n\t\n ")
    if SUFFIXES[suffix].content == "text":
        assert "holds no text" in blank or "holds no passage" in blank
    else:
        assert "its first bytes are wrong" in blank


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_binary_content_under_every_name_is_told(suffix: str, reason: Any) -> None:
    told = reason("wrong" + suffix, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)
    assert "PNG image" in told and suffix in told


def zipped(*parts: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for part in parts:
            archive.writestr(part, "<x/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("a.txt", b"%PDF-1.7\n", "It is a PDF, although its name ends in .txt. Rename it to end in .pdf."),
        ("a.pdf", zipped("word/document.xml"), "It is a Word document (docx)"),
        ("a.docx", zipped("xl/workbook.xml"), "It is an Excel file (xlsx)"),
        ("a.docx", zipped("readme.txt"), "a zip archive that is not a Word document"),
        ("a.csv", zipped("xl/workbook.xml"), "Rename it to end in .xlsx."),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "It is an old Office file"),
        (
            "a.xlsx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "encrypted with a password",
        ),
        ("a.docx", b"{\\rtf1 hello}", "It is an RTF file"),
        ("a.pptx", b"just words", "its first bytes are wrong"),
        ("a.md", b"\x1f\x8b\x08" + bytes(9), "It is a gzip file"),
        ("a.epub", b"PK\x03\x04" + bytes(40), "It is damaged, or a zip archive that is not an EPUB book"),
        ("a.doc", b"\xd0\xcf\x11\xe0", "Open it in Word or LibreOffice and save it as docx."),
        ("a", b"words", "Files without an ending are not supported."),
    ],
)
def test_a_wrong_ending_is_told(name: str, data: bytes, told: str, reason: Any) -> None:
    assert told in reason(name, data)


def test_files_over_a_limit_are_refused(reason: Any, one: Any) -> None:
    limits = LoadLimits(text_file_bytes=100, file_bytes=200, characters=50)
    assert "It is too big: 0 MiB" in reason("a.txt", b"a" * 101, limits)
    assert "more than 50 characters of text" in reason("a.txt", b"word " * 20, limits)
    assert "It is too big" in reason("a.pdf", b"%PDF-" + bytes(300), limits)
    assert one("a.txt", b"word " * 5, limits).text == "word " * 5


def test_whatever_a_loader_throws_becomes_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Any, path: Path, source: str) -> Iterator[Any]:
        raise KeyError("some\nlibrary")
        yield

    monkeypatch.setattr(SUFFIXES[".txt"], "load", broken)
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(
        UnreadableDocumentError, match=r"damaged, or not really plain text \(KeyError: 'some.nlibrary'\)"
    ):
        list(load_documents(SourceFile(tmp_path / "a.txt", "a.txt")))


@pytest.mark.parametrize("error", [MemoryError(), RecursionError()])
def test_running_out_of_memory_is_told_as_too_big(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def broken(self: Any, path: Path, source: str) -> Iterator[Any]:
        raise error
        yield

    monkeypatch.setattr(SUFFIXES[".txt"], "load", broken)
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UnreadableDocumentError, match="too big"):
        list(load_documents(SourceFile(tmp_path / "a.txt", "a.txt")))


def test_the_same_bytes_are_the_same_document_under_any_name(one: Any) -> None:
    first, second = one("first.txt", "同じ文章。"), one("second.txt", "同じ文章。")
    assert first.id == second.id and first.content_sha256 == second.content_sha256
    assert (first.source, second.source) == ("first.txt", "second.txt")
    assert one("first.txt", "別の文章。").id != first.id


def test_loader_ids_name_loader_and_version(tmp_path: Path) -> None:
    identities = [loader.identity() for loader in LOADERS]
    assert len(set(identities)) == len(LOADERS)
    assert loader_id(Path("a.TXT")) == "text-1" and loader_id(Path("a.unknown")) == "none"
    assert {loader_id(Path("x" + suffix)) for suffix in SUFFIXES} == set(identities)
