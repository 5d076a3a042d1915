"""Reading and embedding by many workers, with workers that are functions of this process: order, batches, failures."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from genesis_rag.chunking import ChunkSettings, chunk_document, contextual_text
from genesis_rag.documents.discovery import SourceFile
from genesis_rag.documents.registry import load_documents
from genesis_rag.embedding.hashing import HashingEmbedder
from genesis_rag.errors import BackendError, MissingExtraError, SettingsError
from genesis_rag.index import IndexIdentity
from genesis_rag.ingest import ReadingLimits, Tools, ingest, on_ray, spread, work
from genesis_rag.ingest.batch import text_key
from genesis_rag.ingest.on_ray import RayOptions, RayWorkers, blocks, shares
from genesis_rag.ingest.work import Cutter, End, Failed, FileReader, Identity, Piece, Row, Text, TextEmbedder
from genesis_rag.protocols import Vectors
from genesis_rag.types import IngestReport

pytestmark = pytest.mark.slow

OWN = HashingEmbedder()
IDENTITY = Identity.of(OWN)


def tools() -> Tools:
    return Tools(
        IndexIdentity(OWN.fingerprint, OWN.dim, "test", "words"),
        OWN,
        lambda document: chunk_document(document, OWN.count_tokens, ChunkSettings()),
        lambda title, chunk: contextual_text(title, chunk.heading_path, chunk.text),
        lambda title, chunk: chunk.text.split(),
    )


def cutter() -> Cutter:
    own = tools()
    return Cutter(own.chunk, own.context, OWN.count_tokens)


@dataclass
class Here:
    """Workers of this process, with the very code of those elsewhere, and what they did."""

    theirs: HashingEmbedder = OWN
    version: str = ""
    loses: Callable[[int, int, bool], bool] = lambda number, part, alone: False
    breaks_after: int = 10**9
    passes: list[tuple[list[str], bool]] = field(default_factory=list)
    batches: list[Sequence[str]] = field(default_factory=list)
    closed: int = 0

    def work(
        self, files: Sequence[SourceFile], identity: Identity, known: NDArray[np.uint64], *, alone: bool
    ) -> Iterator[Row]:
        self.passes.append(([Path(file.source).name for file in files], alone))
        assert all(file.path.is_absolute() for file in files)
        told = replace(identity, version=self.version) if self.version else identity
        reader = FileReader(f"run{len(self.passes)}", cutter, ReadingLimits(), told, known)
        embedder = TextEmbedder(lambda: self, identity)  # type: ignore[arg-type, return-value]
        try:
            for number, file in enumerate(files):
                rows = [row for row in reader({"number": number, "file": file})]
                batch = {name: [row[name] for row in rows] for name in ("number", "part", "piece")}
                done = embedder(batch)
                for one in range(len(rows)):
                    if not self.loses(number, one, alone):
                        yield {name: done[name][one] for name in done}
        finally:
            work.close_all()
            self.closed += 1

    @property
    def fingerprint(self) -> str:
        return self.theirs.fingerprint

    @property
    def dim(self) -> int:
        return self.theirs.dim

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        if len(self.batches) >= self.breaks_after:
            raise BackendError("The model server cannot be reached.", "Start it.")
        self.batches.append(texts)
        return self.theirs.embed_passages(texts)

    @property
    def texts(self) -> list[str]:
        return [text for batch in self.batches for text in batch]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(30):
        words = f"The plan number {number} costs {number} million yen and ends in {2000 + number}. " * 30
        (folder / f"plan{number:02}.md").write_text(
            f"# Plan {number}\n\n{words}\n\n## 予算\n\n計画{number}の予算。" * 3
        )
    lines = [f'{{"id": "{at}", "title": "T{at}", "text": "行{at}の本文である。"}}' for at in range(40)]
    (folder / "many.jsonl").write_text("\n".join(lines))
    (folder / "broken.pdf").write_bytes(b"no pdf")
    return folder


def run(corpus: Path, index: str, workers: Here | None = None, **more: Any) -> IngestReport:
    base = corpus.parent
    return ingest([corpus], base=base, directory=base / index, tools=tools(), workers=workers, **more)


def contents(index: Path) -> list[tuple[Any, ...]]:
    """Return every document and chunk with its place and vector."""
    with sqlite3.connect(index / "store.sqlite") as database:
        return database.execute(
            "SELECT s.source, d.id, d.title, d.text_sha256, c.id, c.ordinal, c.start, c.end, v.hash, v.vector "
            "FROM documents d JOIN sources s ON s.document = d.number JOIN chunks c ON c.document = d.number "
            "JOIN vectors v ON v.number = c.vector WHERE d.died IS NULL ORDER BY s.source, c.ordinal"
        ).fetchall()


def numbers(report: IngestReport) -> tuple[int, ...]:
    return report.added, report.updated, report.unchanged, report.removed, report.chunks


def test_the_index_is_the_one_that_one_process_makes(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "TOKENS_A_BATCH", 500)
    here = run(corpus, "here")
    workers = Here()
    there = run(corpus, "there", workers)
    assert numbers(there) == numbers(here) and there.skipped == here.skipped and len(here.skipped) == 1
    assert contents(corpus.parent / "there") == contents(corpus.parent / "here")
    assert here.chunks > 100 and workers.closed == 1 and len(workers.passes) == 1


def test_the_writer_embeds_nothing(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HashingEmbedder, "embed_passages", None)
    other = HashingEmbedder()
    monkeypatch.setattr(other, "embed_passages", lambda texts: np.eye(len(texts), other.dim, dtype=np.float32))
    assert run(corpus, "index", Here(theirs=other)).added == 70


def test_nothing_that_the_index_has_is_read_or_embedded_again(corpus: Path) -> None:
    run(corpus, "index")
    changed = corpus / "plan07.md"
    changed.write_text(changed.read_text() + "\n\n## New\n\nOne new sentence about tea.")
    workers = Here()
    report = run(corpus, "index", workers)
    assert numbers(report)[:3] == (0, 1, 69)
    assert workers.passes == [(["broken.pdf", "plan07.md"], False)]
    assert 1 <= len(workers.texts) <= 2 and any("tea" in text for text in workers.texts)
    (corpus / "broken.pdf").unlink()
    nothing = Here()
    assert run(corpus, "index", nothing).unchanged == 70 and not nothing.passes


def test_a_short_key_of_two_texts_only_costs_time(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "short_keys", lambda keys: np.arange(0))
    monkeypatch.setattr(FileReader, "_knows", lambda self, key: True)
    run(corpus, "here")
    workers = Here()
    run(corpus, "there", workers)
    assert not workers.batches and contents(corpus.parent / "there") == contents(corpus.parent / "here")


@given(st.lists(st.binary(min_size=16, max_size=16), max_size=30), st.binary(min_size=16, max_size=16))
def test_short_keys_know_every_text_that_is_stored(keys: list[bytes], other: bytes) -> None:
    reader = FileReader("run", cutter, ReadingLimits(), IDENTITY, work.short_keys(keys))
    assert all(reader._knows(key) for key in keys)
    assert reader._knows(other) == any(key[:8] == other[:8] for key in keys)


@given(st.lists(st.integers(0, 30), max_size=40), st.integers(1, 40))
def test_batches_hold_every_text_once_in_order_and_no_more_tokens_than_allowed(sizes: list[int], most: int) -> None:
    texts = [Text(b"", str(number), tokens) for number, tokens in enumerate(sizes)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "TOKENS_A_BATCH", most)
        batches = list(work.token_batches(texts))
    assert [text for batch in batches for text in batch] == texts and all(batches)
    assert all(len(batch) == 1 or sum(text.tokens for text in batch) <= most for batch in batches)
    for one, following in pairwise(batches):
        assert sum(text.tokens for text in one) + following[0].tokens > most


def test_a_text_that_stands_twice_in_what_a_worker_holds_is_embedded_once(corpus: Path) -> None:
    workers = Here()
    run(corpus, "index", workers)
    assert len(workers.texts) == len(set(workers.texts)) > 100


@pytest.mark.parametrize("part", [0, 3, 20, 39, 40])
def test_a_block_that_is_lost_comes_again_alone(corpus: Path, part: int) -> None:
    run(corpus, "whole")
    workers = Here(loses=lambda number, at, alone: not alone and number == 1 and part <= at < part + 4)
    report = run(corpus, "index", workers)
    assert report.added == 70 and [one.source for one in report.skipped] == ["corpus/broken.pdf"]
    assert workers.passes[1] == (["many.jsonl"], True) and workers.closed == 2
    assert contents(corpus.parent / "index") == contents(corpus.parent / "whole")
    assert run(corpus, "index", Here()).unchanged == 70


def test_a_file_that_kills_its_workers_is_told_and_the_rest_is_done(corpus: Path) -> None:
    workers = Here(loses=lambda number, part, alone: number == 0 if alone else 4 <= number < 8)
    report = run(corpus, "index", workers)
    assert workers.passes[1] == ([f"plan0{number}.md" for number in range(2, 6)], True)
    assert report.added == 69 and [one.source for one in report.skipped] == ["corpus/broken.pdf", "corpus/plan02.md"]
    assert report.skipped[1].reason == "Its workers were ended again and again"
    assert run(corpus, "index", Here()).added == 1


def test_many_lost_files_come_again_together_before_they_come_alone(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spread, "MOST_ALONE", 20)
    (corpus / "many.jsonl").unlink()
    workers = Here(loses=lambda number, part, alone: not alone and number >= 5)
    assert run(corpus, "index", workers).added == 30
    assert [(len(files), alone) for files, alone in workers.passes] == [(31, False), (26, False), (21, True)]


def test_progress_counts_towards_all_that_is_to_be_done(corpus: Path) -> None:
    told: list[tuple[int, int]] = []

    def progress(phase: str, done: int, total: int, source: str) -> None:
        if phase == "indexing":
            told.append((done, total))

    (corpus / "many.jsonl").unlink()
    run(corpus, "index", Here(loses=lambda number, part, alone: not alone and number in (0, 3)), progress=progress)
    assert [done for done, _ in told] == [0] * 31 + list(range(1, 31)), "looked at first, then indexed"
    assert {total for _, total in told} <= {30, 31} and told[-1] == (30, 30), "the broken file counts until it is met"


def test_what_was_saved_before_the_workers_were_lost_is_not_done_again(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "TOKENS_A_BATCH", 500)
    for name in ("FIRST_CHUNKS", "MOST_CHUNKS", "FEWEST_CHUNKS"):
        monkeypatch.setattr(f"genesis_rag.ingest.batch.{name}", 20)
    broken = Here(breaks_after=12)
    with pytest.raises(BackendError, match="cannot be reached"):
        run(corpus, "index", broken)
    assert broken.closed == 1
    saved = {row[8] for row in contents(corpus.parent / "index")}
    assert saved
    again = Here()
    run(corpus, "index", again)
    run(corpus, "whole")
    assert contents(corpus.parent / "index") == contents(corpus.parent / "whole")
    keys = {text_key(OWN.fingerprint, text) for text in again.texts}
    assert not keys & saved and keys | saved == {row[8] for row in contents(corpus.parent / "whole")}


def test_a_document_that_cannot_be_cut_is_told_as_it_is_here(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = chunk_document

    def cut(document: Any, count: Any, settings: Any) -> Any:
        if "plan05" in document.source:
            raise RuntimeError("strange")
        return real(document, count, settings)

    monkeypatch.setitem(globals(), "chunk_document", cut)
    here, there = run(corpus, "here"), run(corpus, "there", Here())
    assert there.skipped == here.skipped and "cannot be cut" in here.skipped[1].reason


def test_an_error_of_a_worker_that_nobody_foresaw_is_told(corpus: Path) -> None:
    class Odd(HashingEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> Vectors:
            raise ZeroDivisionError("by nought")

    workers = Here(theirs=Odd())
    with pytest.raises(BackendError, match=r"failed \(ZeroDivisionError: by nought\)"):
        run(corpus, "index", workers)
    assert workers.closed == 1 and run(corpus, "index", Here()).added == 70


@pytest.mark.parametrize("change", ["version", "fingerprint", "dim"])
def test_a_worker_with_another_model_or_version_is_refused(corpus: Path, change: str) -> None:
    theirs = HashingEmbedder()
    if change != "version":
        setattr(theirs, change, "x" if change == "fingerprint" else 3)
    workers = Here(theirs=theirs, version="0" if change == "version" else "")
    with pytest.raises(BackendError, match="does not embed as the writer does"):
        run(corpus, "index", workers)
    assert workers.closed == 1 and not workers.batches


@given(st.floats(1, 2_000), st.integers(0, 64), st.integers(1, 64), st.integers(0, 64))
def test_a_cluster_is_never_promised_twice(cpus: float, gpus: int, machines: int, embedders: int) -> None:
    share = shares(cpus, gpus, machines, embedders)
    assert share.embedders >= 1 and share.readers >= 1
    assert share.embedders * share.gpus <= gpus + 1e-9 and share.gpus <= 1
    assert share.readers * share.reader_cpus <= max(cpus, 1)
    assert share.reader_cpus + min(share.embedders, 100) * on_ray.ACTOR_CPUS <= cpus
    assert embedders in (0, share.embedders)


@given(st.integers(1, 10_000), st.integers(1, 500))
def test_blocks_keep_all_readers_busy_and_are_never_empty_or_too_large(files: int, readers: int) -> None:
    number = blocks(files, readers, alone=False)
    assert 1 <= number <= files and files <= number * on_ray.FILES_A_BLOCK
    assert number >= min(files, 8 * readers)
    assert blocks(files, readers, alone=True) == files


def test_only_what_a_dead_process_left_behind_is_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    for name in (f"genesis-ray-{ended.pid}-a", f"genesis-ray-{os.getpid()}-b", "genesis-ray-x-c", "other"):
        (tmp_path / name / "session").mkdir(parents=True)
    on_ray._remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [f"genesis-ray-{os.getpid()}-b", "genesis-ray-x-c", "other"]
    )


def test_addresses_and_the_missing_library_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="Ray clients") as caught:
        RayWorkers(RayOptions("ray://head:10001"), cutter, lambda: OWN, ReadingLimits())
    assert "--address" in caught.value.hint
    monkeypatch.setattr("genesis_rag.ingest.on_ray.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as missing:
        RayWorkers(RayOptions(), cutter, lambda: OWN, ReadingLimits())
    assert "genesis-rag[ray]" in missing.value.hint


def test_a_worker_reads_in_a_process_of_its_own_and_says_what_is_wrong(corpus: Path) -> None:
    def read(name: str, open_cutter: Any = cutter, run: str = "run") -> list[Any]:
        reader = FileReader(run, open_cutter, ReadingLimits(), IDENTITY, work.short_keys([]))
        rows = list(reader({"number": 7, "file": SourceFile(corpus / name, f"corpus/{name}")}))
        assert [row["part"] for row in rows] == list(range(len(rows))) and {row["number"] for row in rows} == {7}
        assert isinstance(rows[-1]["piece"], End)
        return [row["piece"] for row in rows[:-1]]

    def lacks() -> Cutter:
        raise MissingExtraError("httpx", "openai")

    try:
        (one,) = read("plan01.md")
        assert isinstance(one, Piece) and one.chunks is not None and one.chunks[0].text == ""
        (document,) = load_documents(SourceFile(corpus / "plan01.md", "corpus/plan01.md"))
        own = tools()
        assert one.document == document and work.whole_chunks(one) == tuple(own.chunk(document))
        contexts = [own.context(document.title, chunk) for chunk in own.chunk(document)]
        assert [text.text for text in one.texts] == contexts
        assert all(text.key == text_key(OWN.fingerprint, text.text) for text in one.texts)
        assert all(text.tokens == OWN.count_tokens(text.text) for text in one.texts)
        assert len(read("many.jsonl")) == 40
        (failed,) = read("broken.pdf")
        assert isinstance(failed, Failed) and failed.message and not failed.ends_run
        assert read("plan01.md", lacks, "other") == [
            Failed("httpx is not installed.", "Install it with: pip install 'genesis-rag[openai]'", True)
        ]
        left = FileReader("run", cutter, ReadingLimits(), IDENTITY, work.short_keys([]))(
            {"number": 0, "file": SourceFile(corpus / "many.jsonl", "m")}
        )
        next(left)
        left.close()  # type: ignore[attr-defined]
        assert isinstance(read("plan02.md")[0], Piece)
    finally:
        work.close_all()
