"""From files to the index: what is new, changed, renamed, doubled, gone or unreadable, and runs that are stopped."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from genesis_rag.documents.registry import SourceFile
from genesis_rag.errors import BackendError, GenesisError, IndexMismatchError, UnreadableDocumentError
from genesis_rag.index import Index, IndexIdentity
from genesis_rag.ingest import Tools, ingest, reading, remove
from genesis_rag.ingest import run as run_module
from genesis_rag.types import Chunk, Document, IngestReport

DIM = 16
SIZE = 60
IDENTITY = IndexIdentity("fake", DIM, "windows", "pairs")


class CountingEmbedder:
    """Unit vectors from hashes; counts what it was given."""

    fingerprint = "fake"
    dim = DIM
    max_tokens = 1000

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.before: Callable[[], None] = lambda: None

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        self.before()
        self.texts += texts
        data = b"".join(hashlib.shake_128(text.encode()).digest(DIM) for text in texts)
        rows = np.frombuffer(data, dtype=np.uint8).reshape(len(texts), DIM).astype(np.float32) - 127.5
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    embed_queries = embed_passages

    def count_tokens(self, text: str) -> int:
        return len(text)


def windows(document: Document) -> list[Chunk]:
    text = document.text
    return [
        Chunk(
            id=hashlib.sha256(f"{document.id}{start}{text[start : start + SIZE]}".encode()).hexdigest()[:16],
            document_id=document.id,
            ordinal=ordinal,
            start=start,
            end=min(start + SIZE, len(text)),
            text=text[start : start + SIZE],
            heading_path=(),
            page=None,
            language=document.language,
        )
        for ordinal, start in enumerate(range(0, len(text), SIZE))
    ]


def context(title: str, chunk: Chunk) -> str:
    return f"{title}\n{chunk.text}"


def pairs(title: str, chunk: Chunk) -> list[str]:
    return [chunk.text[i : i + 2] for i in range(len(chunk.text) - 1)]


class Place:
    """A folder of documents and its index."""

    def __init__(self, root: Path) -> None:
        self.root, self.corpus, self.index = root, root / "corpus", root / "index"
        self.corpus.mkdir()
        self.embedder = CountingEmbedder()

    def write(self, name: str, text: str, *, age_s: float = 100) -> Path:
        path = self.corpus / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        then = path.stat().st_mtime - age_s
        os.utime(path, (then, then))
        return path

    def passages(self, name: str, **texts: str) -> None:
        rows = [{"id": key, "title": f"Title {key}", "text": text} for key, text in texts.items()]
        self.write(name, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))

    def run(self, *paths: Path, **options: object) -> IngestReport:
        self.embedder.texts.clear()
        return ingest(
            list(paths) or [self.corpus],
            base=self.root,
            directory=self.index,
            tools=Tools(IDENTITY, self.embedder, windows, context, pairs),
            **options,  # type: ignore[arg-type]
        )

    def open(self) -> Index:
        return Index.open(self.index, IDENTITY, pairs)

    def sources(self) -> dict[str, str]:
        """Source -> beginning of the text, one entry a source."""
        with self.open() as index:
            assert index.repairs == ()
            return {source: index.document(info.id).text[:9] for info in index.documents() for source in info.sources}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.write("a.txt", "Alpha says one thing about the mission. " * 5)
    made.write("deep/b.txt", "ベータは別のことを述べる。" * 9)
    made.passages("p.jsonl", x="Passage x, long enough to be read as a text.", y="パッセージの二つ目の本文。")
    return made


def counts(report: IngestReport) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, report.removed


def test_a_first_run_takes_everything_in(place: Place) -> None:
    report = place.run()
    assert counts(report) == (4, 0, 0, 0) and report.skipped == () and report.repairs == ()
    assert report.chunks == 4 + 2 + 1 + 1
    assert len(place.embedder.texts) == 7  # two windows of the Japanese text are equal
    assert place.sources() == {
        "corpus/a.txt": "Alpha say",
        "corpus/deep/b.txt": "ベータは別のことを",
        "corpus/p.jsonl#x": "Passage x",
        "corpus/p.jsonl#y": "パッセージの二つ目",
    }


def test_unchanged_files_are_not_even_read(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.run()
    for name in ("load_documents", "take_stamp"):
        monkeypatch.setattr(run_module, name, lambda *_: pytest.fail("it was read"))
    report = place.run()
    assert counts(report) == (0, 0, 4, 0) and report.chunks == 0 and place.embedder.texts == []
    with place.open() as index:
        assert index.generation == 1


def test_a_touched_file_is_compared_by_content_not_parsed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.run()
    os.utime(place.corpus / "a.txt", (1, 1))
    monkeypatch.setattr(run_module, "load_documents", lambda *_: pytest.fail("it was parsed"))
    assert counts(place.run()) == (0, 0, 4, 0)


def test_a_file_changed_within_the_tick_of_its_clock_is_seen(place: Place) -> None:
    path = place.write("a.txt", "Alpha one. " * 9, age_s=0)
    place.run()
    status = path.stat()
    path.write_text("Alpha two. " * 9)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # same size, same time, other content
    assert counts(place.run()) == (0, 1, 3, 0)


def test_changed_text_is_embedded_and_the_rest_is_not(place: Place) -> None:
    place.run()
    place.write("a.txt", "Alpha says one thing about the mission. " * 5 + "And one more.")
    report = place.run()
    assert counts(report) == (0, 1, 3, 0) and report.chunks == 4
    assert place.embedder.texts == ["a\n" + ("Alpha says one thing about the mission. " * 5 + "And one more.")[180:]]
    with place.open() as index:
        assert index.document(index.find_document("corpus/a.txt") or "").text.endswith("one more.")


def test_lines_of_a_passages_file_come_and_go(place: Place) -> None:
    place.run()
    place.passages("p.jsonl", y="パッセージの二つ目の本文。", z="A third passage that was not there before.")
    report = place.run()
    assert counts(report) == (1, 0, 3, 1) and len(place.embedder.texts) == 1
    assert {source for source in place.sources() if "jsonl" in source} == {"corpus/p.jsonl#y", "corpus/p.jsonl#z"}


def test_same_bytes_under_two_names(place: Place) -> None:
    place.run()
    place.write("copy.txt", (place.corpus / "a.txt").read_text())
    report = place.run()
    assert counts(report) == (1, 0, 4, 0) and place.embedder.texts == []
    with place.open() as index:
        (info,) = index.documents_info([index.find_document("corpus/copy.txt") or ""]).values()
        assert info.sources == ("corpus/a.txt", "corpus/copy.txt") and len(index.documents()) == 4
    (place.corpus / "a.txt").unlink()
    assert counts(place.run(prune=True)) == (0, 0, 4, 1)
    assert "corpus/copy.txt" in place.sources() and "corpus/a.txt" not in place.sources()


def test_two_new_files_of_the_same_bytes_in_one_run(place: Place) -> None:
    for name in ("m.txt", "n.txt"):
        place.write(name, "The very same words in two new files.")
    assert counts(place.run()) == (6, 0, 0, 0)
    with place.open() as index:
        assert index.find_document("corpus/m.txt") == index.find_document("corpus/n.txt")
        assert len(index.documents()) == 5


def test_a_renamed_file_moves_its_document(place: Place) -> None:
    place.run()
    (place.corpus / "deep" / "b.txt").rename(place.corpus / "c.txt")
    report = place.run()
    assert counts(report) == (0, 1, 3, 0)
    assert "corpus/c.txt" in place.sources() and "corpus/deep/b.txt" not in place.sources()
    with place.open() as index:  # a title that came from the file's name follows it
        (info,) = index.documents_info([index.find_document("corpus/c.txt") or ""]).values()
        assert info.title == "c"


def test_a_renamed_passages_file_embeds_nothing(place: Place) -> None:
    place.run()
    (place.corpus / "p.jsonl").rename(place.corpus / "q.jsonl")
    assert counts(place.run()) == (0, 2, 2, 0) and place.embedder.texts == []
    assert {source for source in place.sources() if "jsonl" in source} == {"corpus/q.jsonl#x", "corpus/q.jsonl#y"}


def test_what_is_gone_stays_until_it_is_pruned(place: Place) -> None:
    place.run()
    (place.corpus / "deep" / "b.txt").unlink()
    assert counts(place.run()) == (0, 0, 3, 0) and len(place.sources()) == 4
    assert counts(place.run(place.corpus / "a.txt", prune=True)) == (0, 0, 1, 0) and len(place.sources()) == 4
    assert counts(place.run(prune=True)) == (0, 0, 3, 1) and len(place.sources()) == 3


def test_unreadable_files_are_listed_and_stop_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write("empty.txt", "")
    real = run_module.load_documents

    def load(file: SourceFile):  # type: ignore[no-untyped-def]  # noqa: ANN202
        if file.path.name == "a.txt":
            raise ZeroDivisionError("a bug of a loader")
        if file.path.suffix == ".jsonl":
            yield next(iter(real(file)))
            raise UnreadableDocumentError("Line 2 is no JSON.", "Mend it.")
        yield from real(file)

    monkeypatch.setattr(run_module, "load_documents", load)
    report = place.run()
    assert counts(report) == (2, 0, 0, 0)
    told = {skipped.source: skipped.reason for skipped in report.skipped}
    assert set(told) == {"corpus/a.txt", "corpus/empty.txt", "corpus/p.jsonl"}
    assert "ZeroDivisionError" in told["corpus/a.txt"] and told["corpus/p.jsonl"] == "Line 2 is no JSON"
    again = place.run()
    assert counts(again) == (0, 0, 2, 0) and len(again.skipped) == 3  # told every time, until it can be read
    assert "keeps what it was before" in {s.source: s.reason for s in again.skipped}["corpus/p.jsonl"]
    monkeypatch.setattr(run_module, "load_documents", real)
    assert counts(place.run()) == (2, 0, 2, 0)


def test_a_file_that_becomes_unreadable_keeps_its_document(place: Place) -> None:
    place.run()
    place.write("a.txt", "")
    report = place.run()
    assert [skipped.source for skipped in report.skipped] == ["corpus/a.txt"]
    assert place.sources()["corpus/a.txt"] == "Alpha say"


def test_a_document_that_cannot_be_cut_is_told(place: Place) -> None:
    def cut(document: Document) -> list[Chunk]:
        if document.source.endswith("b.txt"):
            raise RecursionError("too deep")
        return windows(document)

    tools = Tools(IDENTITY, place.embedder, cut, context, pairs)
    report = ingest([place.corpus], base=place.root, directory=place.index, tools=tools)
    assert counts(report) == (3, 0, 0, 0) and "RecursionError" in report.skipped[0].reason
    assert counts(place.run()) == (1, 0, 3, 0)


def test_a_failing_embedder_is_an_error_and_loses_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    small_batches(monkeypatch)
    calls = iter(range(99))

    def fail() -> None:
        if next(calls) == 2:
            raise BackendError("The engine failed.")

    place.embedder.before = fail
    with pytest.raises(BackendError):
        place.run()
    place.embedder.before = lambda: None
    report = place.run()
    assert report.added + report.unchanged == 4 and report.unchanged >= 1
    assert any("were kept" in repair for repair in report.repairs)
    assert len(place.sources()) == 4


def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis_rag.ingest.batch.FEWEST_CHUNKS", 1)
    monkeypatch.setattr("genesis_rag.ingest.batch.FIRST_CHUNKS", 1)
    monkeypatch.setattr("genesis_rag.ingest.batch.MOST_CHUNKS", 1)


@pytest.mark.parametrize("rebuild", [False, True])
def test_ctrl_c_keeps_what_was_done(place: Place, monkeypatch: pytest.MonkeyPatch, rebuild: bool) -> None:
    small_batches(monkeypatch)
    if rebuild:
        place.run()
    calls = iter(range(99))

    def interrupt() -> None:
        if next(calls) == (1 if rebuild else 2):
            raise KeyboardInterrupt

    place.embedder.before = interrupt
    if rebuild:
        place.write("a.txt", "Other words. " * 20)
        place.write("deep/b.txt", "別の言葉。" * 40)
    with pytest.raises(KeyboardInterrupt):
        place.run(rebuild=rebuild)
    place.embedder.before = lambda: None
    kept = place.sources()
    assert len(kept) == (4 if rebuild else 2)
    if rebuild:  # a part of a rebuild is never published
        assert kept["corpus/a.txt"] == "Alpha say"
    report = place.run(rebuild=rebuild)
    assert len(place.sources()) == 4
    assert report.unchanged >= 1


def test_readers_see_a_long_run_in_steps(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    small_batches(monkeypatch)
    monkeypatch.setattr(run_module, "SECONDS_BETWEEN_COMMITS", 0.0)
    monkeypatch.setattr(run_module, "COMMIT_SHARE", 0.0)
    place.run()
    with place.open() as index:
        assert index.generation > 2 and len(index.documents()) == 4


def test_rebuild_starts_anew_and_embeds_only_new_texts(place: Place) -> None:
    place.run()
    (place.corpus / "deep" / "b.txt").unlink()
    report = place.run(rebuild=True)
    assert counts(report) == (3, 0, 0, 0) and place.embedder.texts == [] and len(place.sources()) == 3
    other = IndexIdentity("fake", DIM, "other", "pairs")
    with pytest.raises(IndexMismatchError, match="chunker"):
        remove(["corpus/a.txt"], directory=place.index, identity=other, term_maker=pairs)


def test_removed_sources_come_back_with_the_next_run(place: Place) -> None:
    place.run()
    sources = ["corpus/a.txt", "corpus/p.jsonl#x", "unknown"]
    assert remove(sources, directory=place.index, identity=IDENTITY, term_maker=pairs) == 2
    assert set(place.sources()) == {"corpus/deep/b.txt", "corpus/p.jsonl#y"}
    assert counts(place.run()) == (2, 0, 2, 0)


def test_progress_reaches_its_total(place: Place) -> None:
    told: list[tuple[str, int, int, str]] = []
    place.run(progress=lambda *event: told.append(event))
    indexing = [event for event in told if event[0] == "indexing"]
    assert indexing[-1][1:3] == (4, 4) and {event[3] for event in indexing} == set(place.sources())
    assert all(done <= total for _, done, total, _ in told)
    assert [event for event in told if event[0] == "keywords"][-1][1:3] == (8, 8)
    assert [event for event in told if event[0] == "vectors"][-1][1:3] == (8, 8)


def test_every_step_is_traced(place: Place) -> None:
    steps: list[str] = []
    place.run(trace=steps.append)
    assert list(dict.fromkeys(steps)) == [
        "discover",
        "read",
        "chunk",
        "embed",
        "store",
        "save",
        "vectors",
        "keywords",
        "sync",
        "publish",
        "clean",
    ]


def test_the_same_file_twice_is_read_once(place: Place) -> None:
    assert counts(place.run(place.corpus, place.corpus / "a.txt")) == (4, 0, 0, 0)


def test_a_full_disk_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.run()
    place.write("new.txt", "New words. " * 9)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("genesis_rag.index.durable.fsync_file", full)
    with pytest.raises(GenesisError, match="No space left") as error:
        place.run()
    assert "nothing that was saved is lost" in error.value.hint
    monkeypatch.undo()
    assert len(place.sources()) == 4
    assert place.run().unchanged == 5 and len(place.sources()) == 5


def test_a_damaged_store_is_told(place: Place) -> None:
    place.run()
    store = place.index / "store.sqlite"
    data = bytearray(store.read_bytes())
    for start in range(4096 * 2, len(data), 4096):
        data[start : start + 64] = b"\xa5" * 64
    store.write_bytes(data)
    place.write("new.txt", "New words. " * 9)
    with pytest.raises(GenesisError) as error:
        place.run()
    assert not isinstance(error.value, sqlite3.Error) and "--rebuild" in error.value.hint
    assert counts(place.run(rebuild=True)) == (5, 0, 0, 0)


# --- What stands in a folder and is no ordinary file --------------------------------------------------------------


def reasons(report: IngestReport) -> dict[str, str]:
    return {skipped.source: skipped.reason for skipped in report.skipped}


def test_links_in_a_circle_pipes_and_devices_are_listed_and_the_rest_is_read(place: Place) -> None:
    (place.corpus / "circle.txt").symlink_to("circle.txt")
    os.mkfifo(place.root / "pipe")
    (place.corpus / "pipe.txt").symlink_to(place.root / "pipe")
    (place.corpus / "zero.txt").symlink_to("/dev/zero")
    (place.corpus / "nowhere.txt").symlink_to("nowhere")
    report = place.run()
    assert counts(report) == (4, 0, 0, 0)
    assert {source: reason[:20] for source, reason in reasons(report).items()} == {
        "corpus/circle.txt": "Too many levels of s",
        "corpus/nowhere.txt": "No such file or dire",
        "corpus/pipe.txt": "It is not a regular ",
        "corpus/zero.txt": "It is not a regular ",
    }


def test_a_name_that_is_no_text_is_listed(place: Place) -> None:
    Path(os.fsdecode(os.fsencode(place.corpus) + b"/n\xff.txt")).write_text("A name of one byte too many.")
    report = place.run(prune=True)
    assert counts(report) == (4, 0, 0, 0)
    assert reasons(report) == {"corpus/n\\xff.txt": "Its name is not UTF-8; rename it"}
    assert place.run().skipped == report.skipped


def test_a_file_that_changes_while_it_is_read_is_read_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    real = run_module.load_documents

    def load(file: SourceFile) -> Iterator[Document]:
        yield from real(file)
        if file.source == "corpus/a.txt":
            place.write("a.txt", "Written in the meantime, and of another length.")

    with monkeypatch.context() as patch:
        patch.setattr(run_module, "load_documents", load)
        report = place.run()
    assert counts(report) == (4, 0, 0, 0)
    assert reasons(report)["corpus/a.txt"].startswith("It changed while it was read; index it again")
    assert counts(place.run()) == (0, 1, 3, 0) and place.sources()["corpus/a.txt"] == "Written i"


def test_a_folder_that_may_not_be_entered_is_not_a_folder_that_is_gone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.run()
    real = Path.stat

    def stat(path: Path, **options: bool) -> os.stat_result:
        if "deep" in path.parts:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, **options)

    monkeypatch.setattr(Path, "stat", stat)
    report = place.run(prune=True)
    assert report.removed == 0 and reasons(report) == {"corpus/deep": "Permission denied"}
    monkeypatch.undo()
    assert "corpus/deep/b.txt" in place.sources()


def test_the_documents_of_named_files_go_with_them(place: Place) -> None:
    place.run()
    (place.corpus / "a.txt").unlink()
    (place.corpus / "deep" / "b.txt").unlink()
    assert counts(place.run(place.corpus / "p.jsonl", gone=[place.corpus / "a.txt"])) == (0, 0, 2, 1)
    assert set(place.sources()) == {"corpus/deep/b.txt", "corpus/p.jsonl#x", "corpus/p.jsonl#y"}


@pytest.mark.slow
def test_many_files_are_read_elsewhere_with_the_same_result(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        place.write(f"more{number}.txt", f"Text number {number}. " * 9)
    (place.corpus / "broken.pdf").write_bytes(b"%PDF-1.7 and no more")
    report = place.run()
    here, fingerprint = place.sources(), place.open().fingerprint
    shutil.rmtree(place.index)
    monkeypatch.setattr(reading, "SECONDS_ALONE", -1.0)
    monkeypatch.setattr(run_module, "load_documents", lambda *_: pytest.fail("it was read here"))
    again = place.run()
    assert (counts(again), again.skipped, again.chunks) == (counts(report), report.skipped, report.chunks)
    assert len(again.skipped) == 1 and place.sources() == here and place.open().fingerprint == fingerprint


def test_a_source_whose_file_is_recorded_wrongly_is_not_pruned_away(place: Place) -> None:
    """As after damage of that one value: the file is read again, and its document stays."""
    place.run()
    with sqlite3.connect(place.index / "store.sqlite") as connection:
        connection.execute("UPDATE sources SET file = 'corpus/x.txt' WHERE file = 'corpus/a.txt'")
    connection.close()
    report = place.run(prune=True)
    assert report.removed == 0 and place.embedder.texts == []
    assert "corpus/a.txt" in place.sources() and len(place.sources()) == 4
