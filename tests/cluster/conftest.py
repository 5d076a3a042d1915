"""An index in Milvus to be filled, killed, moved and searched."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genesis_rag.cluster import ClusterAddress, ClusterIndex, ClusterWriter
from genesis_rag.cluster.manifest import Cluster
from genesis_rag.index import IndexIdentity
from genesis_rag.types import Chunk, Document

DIM = 8
SIZE = 24
IDENTITY = IndexIdentity("embedder", DIM, "chunker", "words")


class Stopped(BaseException):
    """Stands for a process that is killed."""


@dataclass
class Place:
    """A cluster and the homes that write to it."""

    address: ClusterAddress
    root: Path
    identity: IndexIdentity = IDENTITY
    open: list[ClusterIndex] = field(default_factory=list)

    def cluster(self) -> Cluster:
        return Cluster.connect(self.address)

    def write(self, home: str = "home", *, rebuild: bool = False, stop_at: int = 0) -> ClusterWriter:
        """Open for writing; the ``stop_at``-th step of a commit stops everything."""
        steps: list[str] = []

        def step(name: str) -> None:
            steps.append(name)
            if len(steps) == stop_at:
                raise Stopped(name)

        return ClusterWriter.connect(
            self.cluster(), self.root / home, self.identity, self.terms, rebuild=rebuild, step=step
        )

    def read(self) -> ClusterIndex:
        self.open.append(ClusterIndex.open(self.cluster(), self.identity))
        return self.open[-1]

    def put(
        self, writer: ClusterWriter, source: str, text: str, title: str = "T", size: int = SIZE, language: Any = "en"
    ) -> None:
        content = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        metadata = {"date": "2026-04-01"}
        document = Document(content[:16], source, title, text, language, content, (), 1.5, metadata)
        chunks = [
            Chunk(
                f"{content[:8]}{n}",
                document.id,
                n,
                at,
                min(at + size, len(text)),
                text[at : at + size],
                (),
                None,
                language,
            )
            for n, at in enumerate(range(0, len(text), size))
        ]
        vectors = np.array([self.vector(chunk.text) for chunk in chunks], dtype=np.float32)
        writer.put(
            document,
            chunks,
            vectors,
            [hashlib.sha256(c.text.encode("utf-8", "surrogatepass")).digest()[:16] for c in chunks],
        )

    @staticmethod
    def vector(text: str) -> np.ndarray:
        values = np.frombuffer(
            hashlib.shake_128(text.encode("utf-8", "surrogatepass")).digest(DIM * 2), dtype=np.uint16
        ).astype(np.float32)
        values -= 32767.5
        return (values / np.linalg.norm(values)).astype(np.float32)

    @staticmethod
    def terms(title: str, chunk: Chunk) -> Sequence[str]:
        return f"{title} {chunk.text}".lower().split()

    def fill(self, texts: dict[str, str], home: str = "home", size: int = SIZE, **options: object) -> None:
        """Bring the cluster to hold exactly ``texts``, as far as nothing stops it."""
        with self.write(home, **options) as writer:  # type: ignore[arg-type]
            for source, text in texts.items():
                self.put(writer, source, text, size=size)
            for source in set(writer.files()) - set(texts):
                writer.remove_file(source)
            writer.commit()

    def require(self, texts: dict[str, str]) -> None:
        """A new reader sees exactly ``texts``: every chunk by its vector and its words, statistics and all."""
        index = self.read()
        assert {info.source: index.document(info.id).text for info in index.documents()} == texts
        assert index.check() == []
        total, terms = 0, {}
        for info in index.documents():
            for number, chunk in index.chunk_ids_at(info.id, range(info.chunk_count)).values():
                total += 1
                assert index.verify_quote(info.id, chunk.start, chunk.end, chunk.text)
                ((ids, scores),) = index.search_dense(self.vector(chunk.text)[None], 50)
                assert scores[ids == number] == pytest.approx([1.0], abs=1e-5)
                for term in set(self.terms(info.title, chunk)):
                    terms[term] = terms.get(term, 0) + 1
        assert total == index.chunk_count == sum(index.language_counts().values())
        for term, count in terms.items():
            ids, _ = index.search_lexical([(term, 1.0)], 50)
            assert len(ids) == count == index.document_frequency(term), term
        index.close()


@pytest.fixture
def place(milvus_uri: str, fresh_name: str, tmp_path: Path) -> Iterator[Place]:
    """An empty place."""
    made = Place(ClusterAddress(milvus_uri, fresh_name, str(tmp_path / "texts"), "FLAT"), tmp_path)
    yield made
    for index in made.open:
        index.close()


@pytest.fixture
def stopped() -> type[BaseException]:
    return Stopped


Fill = Callable[[dict[str, str]], None]
