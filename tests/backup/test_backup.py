"""Backups: taken while the index is written to, whole or not there, verified before anything changes."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from genesis_rag.backup import BackupReport, Places, create, restore
from genesis_rag.embedding.hashing import HashingEmbedder
from genesis_rag.errors import GenesisError, IndexLockedError, IndexMismatchError, IndexNotFoundError, UserError
from genesis_rag.index import Index, IndexIdentity, IndexWriter, copying
from genesis_rag.index.doctor import doctor
from genesis_rag.ingest import Tools, ingest
from genesis_rag.types import Chunk, Document

EMBEDDER = HashingEmbedder(dim=32)
IDENTITY = IndexIdentity(EMBEDDER.fingerprint, 32, "whole", "words")


def chunk(document: Document) -> Sequence[Chunk]:
    return [Chunk(document.id, document.id, 0, 0, len(document.text), document.text, (), None, document.language)]


def context(title: str, piece: Chunk) -> str:
    return f"{title} {piece.text}"


def terms(title: str, piece: Chunk) -> Sequence[str]:
    return context(title, piece).split()


TOOLS = Tools(IDENTITY, EMBEDDER, chunk, context, terms)


class Home:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.places = Places(root, root / "index", root / "models", root.parent / "program" / "corpus" / "documents")

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (1e9, 1e9))
        return path

    def index(self, *paths: Path) -> None:
        ingest(list(paths) or [self.root / "docs"], base=self.root, directory=self.places.index, tools=TOOLS)

    def create(self, target: Path, **options: bool) -> BackupReport:
        return create(self.places, target, version="1", **options)

    def restore(self, file: Path, analyser: str = "words", **options: bool) -> BackupReport:
        return restore(self.places, file, terms, analyser=analyser, **options)

    def texts(self) -> dict[str, str]:
        with Index.open(self.places.index, IDENTITY, terms) as index:
            assert index.repairs == ()
            for info in index.documents():
                ((ids, scores),) = index.search_dense(
                    EMBEDDER.embed_passages([context(info.title, next(iter(chunk(index.document(info.id)))))]), 1
                )
                assert len(ids) == 1 and scores[0] == pytest.approx(1.0, abs=1e-5)
            return {info.source: index.document(info.id).text for info in index.documents()}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.write("docs/a.txt", "The harbour opened in 1859.")
    made.write("docs/b.txt", "灯台は海の近くにある。")
    made.write("models.toml", "# settings\n")
    made.write("models/models.lock", '{"schema": 1, "files": {}}')
    outside = tmp_path / "outside.txt"
    outside.write_text("A text from elsewhere.")
    made.index(made.root / "docs", outside)
    return made


@pytest.fixture
def saved(home: Home, tmp_path: Path) -> Path:
    home.create(tmp_path / "b.zip")
    return tmp_path / "b.zip"


@pytest.fixture
def other(tmp_path: Path) -> Home:
    return Home(tmp_path / "other")


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_everything_comes_back(home: Home, saved: Path, other: Home, tmp_path: Path) -> None:
    report = other.restore(saved)
    assert (report.documents, report.chunks, report.originals, report.there) == (3, 3, 3, 0)
    assert other.texts() == home.texts() and len(home.texts()) == 3
    for name in ("docs/a.txt", "docs/b.txt", "models.toml", "models/models.lock"):
        assert (other.root / name).read_bytes() == (home.root / name).read_bytes()
    elsewhere = other.root / "restored" / tmp_path.relative_to("/") / "outside.txt"
    assert elsewhere.read_text() == "A text from elsewhere."
    assert (other.root / "docs/a.txt").stat().st_mtime == 1e9  # so the next run of index knows it
    assert doctor(other.places.index, terms, expected=IDENTITY).findings == ()
    assert hidden(other.root) == [] and saved.stat().st_mode & 0o077 == 0 and hidden(tmp_path) == []


def test_a_backup_is_of_one_instant_while_a_writer_goes_on(home: Home, other: Home, tmp_path: Path) -> None:
    before = home.texts()
    with IndexWriter.open(home.places.index, IDENTITY, terms) as writer:
        writer.remove_source("docs/a.txt")
        writer.save()  # not published: readers of the backup must not see it
        home.create(tmp_path / "b.zip")
        writer.commit()
    other.restore(tmp_path / "b.zip")
    assert other.texts() == before != home.texts()


def test_what_is_gone_changed_or_built_in_is_told_or_left_out(home: Home, tmp_path: Path) -> None:
    (home.root / "docs/a.txt").unlink()
    home.write("docs/b.txt", "Another text by now.")
    built_in = home.places.built_in / "c.txt"
    built_in.parent.mkdir(parents=True)
    built_in.write_text("It comes with the program.")
    ingest([built_in], base=home.places.built_in.parents[1], directory=home.places.index, tools=TOOLS)
    report = home.create(tmp_path / "b.zip")
    told = {left.source: left.reason for left in report.left}
    assert told["docs/a.txt"] == "No such file or directory" and "has changed" in told["docs/b.txt"]
    assert len(told) == 2 and report.originals == 2 and report.documents == 4


def test_nothing_is_replaced_unasked(home: Home, saved: Path, other: Home) -> None:
    with pytest.raises(UserError, match="already"):
        home.create(saved)
    assert home.create(saved, force=True).documents == 3
    with pytest.raises(UserError, match="There is an index"):
        home.restore(saved)
    other.write("docs/a.txt", "Somebody's own text.")
    with pytest.raises(UserError, match="other content"):
        other.restore(saved)
    assert not other.places.index.exists()
    other.write("models.toml", "# mine\n")
    report = other.restore(saved, force=True)
    assert (other.root / "docs/a.txt").read_text() == "The harbour opened in 1859."
    assert (other.root / "models.toml").read_text() == "# mine\n" and report.left[0].source == "models.toml"
    again = other.restore(saved, force=True)
    assert (again.originals, again.there) == (0, 3)


def test_a_reader_sees_the_old_or_the_new_index(home: Home, saved: Path) -> None:
    (home.root / "docs/a.txt").unlink()
    home.write("docs/d.txt", "Written after the backup.")
    home.index()
    with Index.open(home.places.index, IDENTITY, terms) as index:
        seen = {info.source for info in index.documents()}
        home.restore(saved, force=True)
        assert {info.source for info in index.documents()} == seen and "docs/d.txt" in seen
        index.refresh()
        assert "docs/d.txt" not in {info.source for info in index.documents()} and index.repairs == ()
    assert len(home.texts()) == 3 and (home.root / "docs/a.txt").exists()


def test_a_damaged_store_is_replaced(home: Home, saved: Path) -> None:
    before = home.texts()
    for path in home.places.index.glob("store.sqlite*"):
        path.unlink()
    (home.places.index / "store.sqlite").write_bytes(b"rubbish" * 999)
    home.restore(saved, force=True)
    assert home.texts() == before


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999])
def test_a_flipped_byte_or_a_cut_changes_nothing(home: Home, saved: Path, other: Home, share: float) -> None:
    data = saved.read_bytes()
    place = int(share * len(data))
    for broken in (data[:place], data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]):
        saved.write_bytes(broken)
        try:
            other.restore(saved)
        except GenesisError as error:
            assert error.message and error.hint  # noqa: PT017
            assert not (other.places.index / "store.sqlite").exists() and not (other.root / "docs").exists()
        else:  # a byte that means nothing, such as a date in the zip: then everything is right
            assert other.texts() == home.texts()
            shutil.rmtree(other.root)


def rewritten(file: Path, change: dict[str, bytes], listed: dict[str, object] | None = None) -> None:
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    listing = json.loads(parts["backup.json"]) | (listed or {})
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in {**parts, "backup.json": json.dumps(listing).encode(), **change}.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    ("listed", "what"),
    [
        ({"schema": "genesis-rag/backup/9"}, "another version"),
        ({"chunks": 4}, "list and its store differ"),
        ({"content": "0"}, "list and its store differ"),
        ({"parts": {}}, "parts are not those"),
        ({"unheard": 1}, "not a backup"),
    ],
)
def test_a_list_that_does_not_fit_is_refused(saved: Path, other: Home, listed: dict[str, object], what: str) -> None:
    rewritten(saved, {}, listed)
    with pytest.raises(GenesisError, match=what):
        other.restore(saved)
    assert not (other.root / "docs").exists()


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/../../evil.txt", "docs/../../evil.txt", "link/evil.txt"])
def test_a_name_that_leads_out_of_the_home_is_refused(saved: Path, other: Home, name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        listing = json.loads(archive.read("backup.json"))
    next(part for part in listing["parts"].values() if part["file"])["file"] = name
    rewritten(saved, {}, listing)
    other.root.mkdir()
    (other.root / "link").symlink_to(tmp_path)
    with pytest.raises(UserError, match="outside of the home"):
        other.restore(saved)
    assert not list(tmp_path.rglob("evil.txt"))


def test_values_damaged_before_the_backup_are_found(home: Home, tmp_path: Path, other: Home) -> None:
    with closing(sqlite3.connect(home.places.index / "store.sqlite", isolation_level=None)) as connection:
        connection.execute("UPDATE documents SET title = 'Another'")
    home.create(tmp_path / "b.zip")
    with pytest.raises(GenesisError, match="title, sections or chunks are damaged"):
        other.restore(tmp_path / "b.zip")


def test_other_tools_and_writers_are_told(home: Home, saved: Path, other: Home, tmp_path: Path) -> None:
    with pytest.raises(IndexMismatchError, match="term analyser"):
        other.restore(saved, analyser="other")
    with pytest.raises(IndexNotFoundError):
        other.create(tmp_path / "c.zip")
    with IndexWriter.open(home.places.index, IDENTITY, terms), pytest.raises(IndexLockedError):
        home.restore(saved, force=True)
    assert hidden(tmp_path) == [] and not (tmp_path / "c.zip").exists()


def test_a_cut_create_leaves_nothing_and_is_taken_over(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(
            "genesis_rag.backup.archive.ArchiveWriter.end", lambda *_: (_ for _ in ()).throw(OSError(28, "Full"))
        )
        with pytest.raises(GenesisError, match="cannot be written: Full"):
            home.create(tmp_path / "b.zip")
    assert hidden(tmp_path) == [] and not (tmp_path / "b.zip").exists()
    (tmp_path / ".b.zip.part").write_bytes(b"of a killed process" * 999)
    (tmp_path / ".b.zip.store").write_bytes(b"of a killed process")
    home.create(tmp_path / "b.zip")
    assert hidden(tmp_path) == [] and zipfile.ZipFile(tmp_path / "b.zip").testzip() is None
    with (tmp_path / ".d.zip.part").open("wb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="being written"):
            home.create(tmp_path / "d.zip")


def test_a_cut_restore_leaves_the_index_as_it_was(home: Home, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.write("docs/d.txt", "Written after the backup.")
    home.index()
    before = home.texts()
    with monkeypatch.context() as patch:
        patch.setattr(copying.derived, "build", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            home.restore(saved, force=True)
    assert home.texts() == before and not (home.places.index / ".restore").exists()
    home.restore(saved, force=True)
    assert len(home.texts()) == 3
