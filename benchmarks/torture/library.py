"""A small index of documents in both languages, and what must hold of it: all is right, or it is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from benchmarks.kills import tools
from benchmarks.kills.corpus import Corpus
from genesis_rag.index import Index
from genesis_rag.index.doctor import DoctorReport, doctor
from genesis_rag.ingest import ingest

ROUNDED = 0.01
"""How far the product of a unit vector with itself may lie from 1, where rows are kept in 8 bits."""


class Library:
    """A corpus and its index, made once, copied for every turn."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        (folder / "corpus").mkdir(parents=True, exist_ok=True)
        self.corpus = Corpus(folder / "corpus", seed, documents=12, lines=12)
        self.fill(folder / "index")

    def fill(self, index: Path, **options: bool) -> None:
        """Bring an index up to date with the corpus."""
        ingest([self.corpus.folder], base=self.corpus.folder, directory=index, tools=tools.TOOLS, prune=True, **options)  # type: ignore[arg-type]

    def copy(self, place: Path) -> Path:
        """Return a fresh copy of the index."""
        shutil.rmtree(place, ignore_errors=True)
        return Path(shutil.copytree(self.folder / "index", place))


def library(folder: Path, seed: int) -> Library:
    """Return the library of a campaign's folder; made at the first need."""
    if folder not in _made:
        _made[folder] = Library(folder / "library", seed)
    return _made[folder]


_made: dict[Path, Library] = {}


def require(holds: bool, what: str) -> None:
    """Raise AssertionError unless something holds."""
    if not holds:
        raise AssertionError(what)


def examined(index: Path) -> DoctorReport:
    """Run the doctor with what filled the index."""
    return doctor(index, tools.terms, expected=tools.IDENTITY)


def require_right(index: Path, texts: dict[str, str], *, all_of_them: bool) -> int:
    """Search for every document by its own words and vector; nothing that is found may be wrong. Return how many."""
    with Index.open(index, tools.IDENTITY, tools.terms) as opened:
        found = {source: opened.document(info.id).text for info in opened.documents() for source in info.sources}
        for source, text in found.items():
            require(texts.get(source) == text, f"{source} has a text that it never had")
        require(not all_of_them or found == texts, f"lost: {sorted(set(texts) - set(found))[:3]}")
        for info in opened.documents():
            require(info.source in texts, f"a document has the source {info.source!r}")
            for number, chunk in opened.chunk_ids_at(info.id, range(info.chunk_count)).values():
                require(texts[info.source][chunk.start : chunk.end] == chunk.text, f"chunk {number} is no span")
                vector = tools.EMBEDDER.embed_passages([tools.context(info.title, chunk)])
                ((ids, scores),) = opened.search_dense(vector, opened.chunk_count)
                own = scores[ids == number]
                require(len(own) == 1 and bool(np.isclose(own[0], 1.0, atol=ROUNDED)), f"chunk {number}: wrong vector")
        return len(found)
