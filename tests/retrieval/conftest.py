"""A small bilingual index to search, with an embedder whose vectors can be worked out by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from genesis_rag.chunking import contextual_text
from genesis_rag.index import Index, IndexIdentity, IndexWriter
from genesis_rag.protocols import Embedder
from genesis_rag.retrieval import RetrievalSettings, Retriever
from genesis_rag.text.language import detect_language
from genesis_rag.text.terms import BigramAnalyser
from genesis_rag.types import Chunk, Document

CONCEPTS = (("量子", "quantum"), ("投資", "invest"), ("温泉", "hot spring"), ("鉄道", "railway"), ("米", "rice"))


class ConceptEmbedder:
    """One axis for each concept, whatever the language, and a last one that every text has a little of."""

    fingerprint = "concepts"
    dim = len(CONCEPTS) + 1
    max_tokens = 1000

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        rows = [[*(float(any(w in t.lower() for w in words)) for words in CONCEPTS), 0.1] for t in texts]
        values = np.array(rows, dtype=np.float32).reshape(len(rows), self.dim)
        return values / np.linalg.norm(values, axis=1, keepdims=True)

    embed_queries = embed_passages

    def count_tokens(self, text: str) -> int:
        return len(text)


@dataclass(frozen=True)
class Piece:
    """One chunk to be: its text, heading path and page."""

    text: str
    heading_path: tuple[str, ...] = ()
    page: int | None = None


Pieces = Sequence[Piece | str]


class Library:
    """Puts documents, chunk by chunk as given, into a real index and opens a retriever over it."""

    analyser = BigramAnalyser()

    def __init__(self, directory: Path, embedder: Embedder) -> None:
        self.directory, self.embedder = directory, embedder
        self.identity = IndexIdentity(embedder.fingerprint, embedder.dim, "pieces", self.analyser.id)
        self.texts: dict[str, str] = {}
        self._open: list[Index] = []

    def terms(self, title: str, chunk: Chunk) -> Sequence[str]:
        return self.analyser.index_terms(contextual_text(title, chunk.heading_path, chunk.text))

    def fill(self, documents: dict[str, Pieces], titles: dict[str, str] | None = None) -> None:
        with IndexWriter.open(self.directory, self.identity, self.terms) as writer:
            for source, pieces in documents.items():
                self._put(writer, source, [p if isinstance(p, Piece) else Piece(p) for p in pieces], titles or {})
            writer.commit()

    def retriever(self, settings: RetrievalSettings | None = None) -> Retriever:
        return Retriever(self.index(), self.embedder, self.analyser, settings or RetrievalSettings())

    def index(self) -> Index:
        self._open.append(Index.open(self.directory, self.identity, self.terms))
        return self._open[-1]

    def close(self) -> None:
        for index in self._open:
            index.close()

    def _put(self, writer: IndexWriter, source: str, pieces: list[Piece], titles: dict[str, str]) -> None:
        text = self.texts[source] = "\n\n".join(piece.text for piece in pieces)
        digest = hashlib.sha256(f"{source}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()
        title = titles.get(source, "")
        document = Document(digest[:16], source, title, text, detect_language(text), digest, ())
        chunks, start = [], 0
        for ordinal, piece in enumerate(pieces):
            end = start + len(piece.text)
            key = hashlib.sha256(f"{digest}{start}{piece.text}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
            language = detect_language(piece.text)
            chunks.append(
                Chunk(key, document.id, ordinal, start, end, piece.text, piece.heading_path, piece.page, language)
            )
            start = end + 2
        texts = [contextual_text(title, chunk.heading_path, chunk.text) for chunk in chunks]
        keys = [hashlib.sha256(one.encode("utf-8", "surrogatepass")).digest()[:16] for one in texts]
        writer.put(document, chunks, self.embedder.embed_passages(texts), keys)


@pytest.fixture
def piece() -> type[Piece]:
    return Piece


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library with vectors by concept, to be filled."""
    made = Library(tmp_path / "index", ConceptEmbedder())
    yield made
    made.close()


@pytest.fixture
def make_library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Embedder], Library]]:
    """Make libraries with any embedder, each in a folder of its own."""
    made: list[Library] = []

    def make(embedder: Embedder) -> Library:
        made.append(Library(tmp_path_factory.mktemp("library") / "index", embedder))
        return made[-1]

    yield make
    for one in made:
        one.close()
