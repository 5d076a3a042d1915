"""What must hold of an index after any kill: nothing committed is lost, and nothing that is found is wrong."""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
from benchmarks.kills import tools
from benchmarks.kills.corpus import Corpus

from genesis_rag.index import Index
from genesis_rag.index.derived import DERIVED_NAME, VECTORS_NAME, require_sound
from genesis_rag.index.doctor import doctor
from genesis_rag.index.snapshot import Snapshot
from genesis_rag.index.store import read_meta, read_published
from genesis_rag.index.vectors import FaissVectorIndex


class Broken(AssertionError):
    """A promise that was not kept."""


def require(holds: bool, what: str) -> None:
    if not holds:
        raise Broken(what)


def after_kill(index: Path, corpus: Corpus, committed: dict[str, str], seed: int) -> None:
    """Check an index that nobody has opened since its writer died; the checks themselves work on copies.

    Args:
        index: the index.
        corpus: what it is made from.
        committed: source -> document id, as the writer last told.
        seed: chooses the questions asked.
    """
    if not (index / "store.sqlite").exists():
        require(not committed, "the store is gone")
        return
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "index"
        shutil.copytree(index, copy)
        published = _nothing_lost(copy, corpus, committed)
        if not published:
            return
        with Index.open(copy, tools.IDENTITY, tools.terms) as opened:
            require(opened.repairs == (), f"a published generation needed repair: {opened.repairs}")
            _nothing_wrong(opened, copy, corpus, seed)
        report = doctor(copy, tools.terms, expected=tools.IDENTITY)
        unfinished = [f for f in report.findings if f.kind not in ("unfinished run", "unfinished rebuild")]
        require(not unfinished, f"the doctor found damage: {unfinished}")


def finished(index: Path, corpus: Corpus, seed: int) -> None:
    """Check an index whose run came to its end: it holds exactly the corpus."""
    with Index.open(index, tools.IDENTITY, tools.terms) as opened:
        require(opened.repairs == (), f"a finished run needed repair: {opened.repairs}")
        found = {s: opened.document(info.id).text for info in opened.documents() for s in info.sources}
        require(found == corpus.expected, f"sources differ: {sorted(set(found) ^ set(corpus.expected))[:5]}")
        _nothing_wrong(opened, index, corpus, seed)
    require(doctor(index, tools.terms, expected=tools.IDENTITY).findings == (), "the doctor found something")


def either_or(index: Path, before: dict[str, str], after: dict[str, str]) -> None:
    """Check that readers see all of the old index or all of the rebuilt one."""
    with Index.open(index, tools.IDENTITY, tools.terms, writable=False) as opened:
        found = {s: opened.document(info.id).text for info in opened.documents() for s in info.sources}
    require(found in (before, after), "readers see a part of a rebuild")


def _nothing_lost(copy: Path, corpus: Corpus, committed: dict[str, str]) -> bool:
    """Look at the store and the named derived directory before anything may repair them."""
    with closing(sqlite3.connect(copy / "store.sqlite")) as connection:
        require(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "SQLite found damage")
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            require(not committed, "the tables are gone")
            return False
        rows = "SELECT s.source, d.id FROM sources s JOIN documents d ON d.number = s.document WHERE s.died IS NULL"
        living = dict(connection.execute(rows).fetchall())
        published = read_published(connection)
        everything = Snapshot(connection, published.generation + 1 if published else 1)
        for source, document in committed.items():
            if source not in living:
                require(source not in corpus.expected, f"committed {source} is lost")
            elif living[source] != document:  # a later commit, whose report died with the process
                text = everything.document(living[source]).text
                require(text == corpus.expected.get(source), f"committed {source} is lost")
        name = read_meta(connection, "derived")
    if published is None:
        return False
    try:
        require_sound(copy / DERIVED_NAME / name, published.identity, published.generation, published.chunks, full=True)
    except ValueError as error:
        raise Broken(f"the published search files are damaged: {error}") from error
    return True


def _nothing_wrong(opened: Index, directory: Path, corpus: Corpus, seed: int) -> None:
    with closing(sqlite3.connect(directory / "store.sqlite")) as connection:
        name = read_meta(connection, "derived")
    vectors = FaissVectorIndex.load(directory / DERIVED_NAME / name / VECTORS_NAME)
    numbers = vectors.ids()
    chunks = opened.chunks(numbers)
    require(len(chunks) == len(numbers) == opened.chunk_count, "search files and store hold different chunks")
    infos = opened.documents_info(chunk.document_id for chunk in chunks.values())
    texts = {key: opened.document(key).text for key in infos}
    for info in infos.values():
        for source in info.sources:
            require(texts[info.id] in corpus.history[source], f"{source} holds a text it never had")
    made = tools.EMBEDDER.embed_passages(
        [tools.context(infos[chunks[int(n)].document_id].title, chunks[int(n)]) for n in numbers]
    )
    for number, vector in zip(numbers.tolist(), made, strict=True):
        chunk = chunks[number]
        require(texts[chunk.document_id][chunk.start : chunk.end] == chunk.text, f"chunk {number} is no span")
        require(np.array_equal(vectors.vector(number), vector), f"chunk {number} has the vector of another text")
    _ask(opened, texts, seed)


def _ask(opened: Index, texts: dict[str, str], seed: int) -> None:
    """Ask with passages of the documents: every hit must be what it says, and the right one must be among them."""
    chosen = random.Random(seed)
    for info in chosen.sample(opened.documents(), min(8, len(opened.documents()))):
        ordinal = chosen.randrange(info.chunk_count)
        number, chunk = opened.chunk_ids_at(info.id, [ordinal])[ordinal]
        vector = tools.EMBEDDER.embed_passages([tools.context(info.title, chunk)])
        ((ids, scores),) = opened.search_dense(vector, 10)
        weighted = [(term, 1.0) for term in tools.terms(info.title, chunk)]
        lexical, _ = opened.search_lexical(weighted, 10)
        hits = opened.chunks([*ids, *lexical])
        require(set(hits) == {*ids.tolist(), *lexical.tolist()}, "a hit is not in the store")
        for hit in hits.values():
            require(texts[hit.document_id][hit.start : hit.end] == hit.text, "a hit shows another text")
            require(opened.verify_quote(hit.document_id, hit.start, hit.end, hit.text), "a quote is refused")
        best = {int(n) for n, score in zip(ids, scores, strict=True) if score >= scores[0] - 1e-6}
        require(number in best or len(best) == 10, "a chunk is not found by its own vector")
        require(abs(float(scores[0]) - 1.0) < 1e-4, "a cosine is wrong")
        require(number in lexical.tolist() or len(lexical) == 10, "a chunk is not found by its own terms")
