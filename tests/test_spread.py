"""Reading and embedding by many workers, with workers that are functions of this process: order, batches, failures."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.chunking import ChunkSettings, chunk_document, contextual_text
from genesis_rag.documents.discovery import SourceFile
from genesis_rag.documents.registry import load_documents
from genesis_rag.embedding.hashing import HashingEmbedder
from genesis_rag.errors import BackendError, GenesisError, MissingExtraError, SettingsError
from genesis_rag.index import IndexIdentity
from genesis_rag.ingest import ReadingLimits, Tools, ingest, on_ray, spread, work
from genesis_rag.ingest.on_ray import RayOptions, RayWorkers, shares
from genesis_rag.ingest.spread import SpreadEmbedder
from genesis_rag.ingest.work import Cutter, Failed, Identity, Piece
from genesis_rag.protocols import Vectors
from genesis_rag.types import IngestReport

pytestmark = pytest.mark.slow

OWN = HashingEmbedder()


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
    return Cutter(own.chunk, lambda title, chunk: OWN.count_tokens(own.context(title, chunk)))


@dataclass
class Asked:
    """A batch whose vectors are made when somebody asks for them."""

    texts: Sequence[str]
    done: Callable[[], None]
    made: Vectors | None = None

    def rows(self) -> Vectors:
        self.done()
        if self.made is None:
            self.made = OWN.embed_passages(self.texts)
        return self.made


@dataclass
class Here:
    """Workers of this process, and what they were told."""

    readers: int = 2
    embedders: int = 2
    identities: Sequence[Identity] = ()
    lost: str = ""
    broken: Failed | None = None
    breaks_after: int = 10**9
    batches: list[Sequence[str]] = field(default_factory=list)
    unasked: int = 0
    most_unasked: int = 0
    running: bool = False
    stopped: bool = False

    def start(self) -> Sequence[Identity]:
        self.running = True
        return self.identities or [Identity(spread._version(), OWN.fingerprint, OWN.dim)]

    def read(self, file: SourceFile) -> Iterator[Piece | Failed]:
        assert self.running and file.path.is_absolute()
        if self.lost and file.source.endswith(self.lost):
            yield Failed("Its reader was ended 5 times (WorkerCrashedError).", "Split it.")
            return
        if self.broken is not None:
            yield self.broken
            return
        try:
            for document in load_documents(file):
                yield work._cut(document, cutter())
        except GenesisError as error:
            yield Failed(error.message, error.hint)

    def embed(self, texts: Sequence[str]) -> Asked:
        assert self.running
        if len(self.batches) >= self.breaks_after:
            raise BackendError("An embedding worker was lost 4 times.", "Run it again.")
        self.batches.append(texts)
        self.unasked += 1
        self.most_unasked = max(self.most_unasked, self.unasked)
        return Asked(texts, self._asked)

    def stop(self) -> None:
        self.running, self.stopped = False, True

    def _asked(self) -> None:
        assert self.running
        self.unasked -= 1


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
    monkeypatch.setattr(spread, "TOKENS_A_BATCH", 500)
    here = run(corpus, "here")
    workers = Here()
    there = run(corpus, "there", workers)
    assert numbers(there) == numbers(here) and there.skipped == here.skipped and len(here.skipped) == 1
    assert contents(corpus.parent / "there") == contents(corpus.parent / "here")
    assert here.chunks > 100 and workers.stopped and not workers.running


def test_nothing_is_embedded_twice_and_nothing_that_the_index_has(corpus: Path) -> None:
    run(corpus, "index")
    changed = corpus / "plan07.md"
    changed.write_text(changed.read_text() + "\n\n## New\n\nOne new sentence about tea.")
    workers = Here()
    report = run(corpus, "index", workers)
    assert numbers(report)[:3] == (0, 1, 69)
    texts = [text for batch in workers.batches for text in batch]
    assert 1 <= len(texts) <= 2 and any("tea" in text for text in texts)
    first = Here()
    run(corpus, "another", first)
    texts = [text for batch in first.batches for text in batch]
    assert len(texts) == len(set(texts))


def test_batches_are_of_about_equally_many_tokens_and_sent_ahead(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "TOKENS_A_BATCH", 1_000)
    workers = Here(embedders=3)
    run(corpus, "index", workers)
    sizes = [sum(OWN.count_tokens(text) for text in batch) for batch in workers.batches]
    largest = max(OWN.count_tokens(text) for batch in workers.batches for text in batch)
    assert max(sizes) < 1_000 + largest
    assert sum(size >= 1_000 for size in sizes) > len(sizes) / 2
    assert workers.most_unasked >= 3


def test_a_file_that_kills_its_readers_is_told_and_the_rest_is_done(corpus: Path) -> None:
    report = run(corpus, "index", Here(lost="plan03.md"))
    assert report.added == 69 and [one.source for one in report.skipped] == ["corpus/broken.pdf", "corpus/plan03.md"]
    assert report.skipped[1].reason == "Its reader was ended 5 times (WorkerCrashedError)"
    assert run(corpus, "index", Here()).added == 1


def test_what_was_saved_before_the_workers_were_lost_is_not_done_again(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spread, "TOKENS_A_BATCH", 500)
    monkeypatch.setattr("genesis_rag.ingest.batch.FIRST_CHUNKS", 20)
    monkeypatch.setattr("genesis_rag.ingest.batch.MOST_CHUNKS", 20)
    monkeypatch.setattr("genesis_rag.ingest.batch.FEWEST_CHUNKS", 20)
    broken = Here(breaks_after=12)
    with pytest.raises(BackendError, match="lost 4 times"):
        run(corpus, "index", broken)
    assert broken.stopped
    saved = {row[8] for row in contents(corpus.parent / "index")}
    assert saved
    again = Here()
    run(corpus, "index", again)
    run(corpus, "whole")
    assert contents(corpus.parent / "index") == contents(corpus.parent / "whole")
    keys = {spread.text_key(OWN.fingerprint, text) for batch in again.batches for text in batch}
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


def test_what_is_not_the_fault_of_a_file_ends_the_run(corpus: Path) -> None:
    workers = Here(broken=Failed("The model server cannot be reached.", "Start it.", ends_run=True))
    with pytest.raises(BackendError, match="cannot be reached"):
        run(corpus, "index", workers)
    assert workers.stopped and run(corpus, "index", Here()).added == 70


@pytest.mark.parametrize("change", [{"version": "0"}, {"fingerprint": "x"}, {"dim": 3}])
def test_a_worker_with_another_model_is_refused(corpus: Path, change: dict[str, Any]) -> None:
    other = replace(Identity(spread._version(), OWN.fingerprint, OWN.dim), **change)
    workers = Here(identities=[Identity(spread._version(), OWN.fingerprint, OWN.dim), other])
    with pytest.raises(BackendError, match="does not embed as this machine does"):
        run(corpus, "index", workers)
    assert workers.stopped and not workers.batches


@given(
    st.lists(st.text(max_size=5), unique=True, max_size=12),
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 30)), max_size=20),
    st.integers(1, 40),
)
def test_vectors_are_those_of_the_texts_in_whatever_order(
    texts: list[str], prepared: list[tuple[int, int]], limit: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spread, "TOKENS_A_BATCH", limit)
        embedder = SpreadEmbedder(OWN, Here(running=True))
        for at, tokens in prepared:
            if at < len(texts):
                embedder.prepare(texts[at], tokens)
        rows = embedder.embed_passages(texts)
    assert rows.shape == (len(texts), OWN.dim) and np.array_equal(rows, OWN.embed_passages(texts))
    assert not embedder._places


@given(st.floats(1, 2_000), st.integers(0, 64), st.integers(1, 64), st.integers(0, 64))
def test_a_cluster_is_never_promised_twice(cpus: float, gpus: int, machines: int, embedders: int) -> None:
    share = shares(cpus, gpus, machines, embedders)
    assert share.embedders >= 1 and share.readers >= 1
    assert share.embedders * share.gpus <= gpus + 1e-9 and share.gpus <= 1
    assert share.readers * share.reader_cpus <= max(cpus, 1)
    assert share.reader_cpus + min(share.embedders, 100) * on_ray.ACTOR_CPUS <= cpus
    assert embedders in (0, share.embedders)


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


@pytest.mark.slow
def test_a_worker_reads_in_a_process_of_its_own_and_says_what_is_wrong(corpus: Path) -> None:
    def read(name: str) -> list[Piece | Failed]:
        file = SourceFile(corpus / name, f"corpus/{name}")
        return [piece for message in work.read_file("run", cutter, ReadingLimits(), file) for piece in message]

    try:
        (one,) = read("plan01.md")
        assert isinstance(one, Piece) and one.chunks is not None and one.chunks[0].text == ""
        (document,) = load_documents(SourceFile(corpus / "plan01.md", "corpus/plan01.md"))
        assert one.document == document and work.whole_chunks(one) == tuple(tools().chunk(document))
        assert len(one.tokens) == len(one.chunks) and min(one.tokens) > 0
        assert len(read("many.jsonl")) == 40
        (failed,) = read("broken.pdf")
        assert isinstance(failed, Failed) and failed.message
        cannot = lambda: (_ for _ in ()).throw(MissingExtraError("httpx", "openai"))  # noqa: E731
        file = SourceFile(corpus / "plan01.md", "plan01.md")
        assert next(work.read_file("other", cannot, ReadingLimits(), file))[0] == Failed(  # type: ignore[arg-type]
            "httpx is not installed.", "Install it with: pip install 'genesis-rag[openai]'", True
        )
        next(iter(work.read_file("run", cutter, ReadingLimits(), SourceFile(corpus / "many.jsonl", "m")))).clear()
        assert isinstance(read("plan02.md")[0], Piece)
    finally:
        work._close_all()
