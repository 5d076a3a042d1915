"""Small documents, chunks and vectors to fill an index with, without any loader, chunker or embedder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from genesis_rag.index import Index, IndexIdentity, IndexWriter
from genesis_rag.types import Chunk, Document, Section

DIM = 32
IDENTITY = IndexIdentity("embedder-1", DIM, "chunker-1", "pairs-1")


def sha(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()


class Kit:
    """What the tests of this room build with."""

    identity = IDENTITY

    @staticmethod
    def document(source: str, text: str, title: str = "Title", **values: object) -> Document:
        content = sha(text)
        language = "ja" if any("\u3040" <= c <= "\u9fff" for c in text) else "en"
        sections = (Section(("Heading",), 0, len(text) // 2, 1), Section(("Heading", "Sub"), len(text) // 2, len(text)))
        fields = {"sections": sections, "modified_at": 1.5, "metadata": {"date": "2026-01-01"}, **values}
        return Document(content[:16], source, title, text, language, content, **fields)  # type: ignore[arg-type]

    @staticmethod
    def chunks(document: Document, size: int = 40) -> list[Chunk]:
        return [
            Chunk(
                id=sha(document.id, start, document.text[start : start + size])[:16],
                document_id=document.id,
                ordinal=ordinal,
                start=start,
                end=min(start + size, len(document.text)),
                text=document.text[start : start + size],
                heading_path=("Heading",),
                page=1,
                language=document.language,
            )
            for ordinal, start in enumerate(range(0, len(document.text), size))
        ]

    @staticmethod
    def vector(text: str) -> np.ndarray:
        row = np.frombuffer(hashlib.shake_128(text.encode("utf-8", "surrogatepass")).digest(DIM * 2), dtype=np.uint16)
        row = row.astype(np.float32) - 32767.5
        return (row / np.linalg.norm(row)).astype(np.float32)

    @staticmethod
    def terms(title: str, chunk: Chunk) -> Sequence[str]:
        text = f"{title} {chunk.text}".lower()
        return [text[i : i + 2] for i in range(len(text) - 1)]

    @classmethod
    def put(cls, writer: IndexWriter, document: Document, size: int = 40) -> list[Chunk]:
        chunks = cls.chunks(document, size)
        rows = np.array([cls.vector(c.text) for c in chunks], dtype=np.float32).reshape(len(chunks), DIM)
        writer.put(document, chunks, rows, [sha(c.text)[:16].encode() for c in chunks])
        return chunks

    @classmethod
    def fill(cls, directory: Path, *documents: Document) -> None:
        with cls.write(directory) as writer:
            for document in documents:
                cls.put(writer, document)
            writer.commit()

    @classmethod
    def write(cls, directory: Path, identity: IndexIdentity = IDENTITY, **options: object) -> IndexWriter:
        return IndexWriter.open(directory, identity, cls.terms, **options)  # type: ignore[arg-type]

    @classmethod
    def read(cls, directory: Path, **options: object) -> Index:
        return Index.open(directory, IDENTITY, cls.terms, **options)  # type: ignore[arg-type]

    @classmethod
    def require_whole(cls, index: Index, documents: dict[str, str]) -> None:
        """Every chunk is found by its own vector and its own terms, and its text is where it says."""
        assert {info.source: index.document(info.id).text for info in index.documents()} == documents
        total = 0
        for info in index.documents():
            text = documents[info.source]
            for number, chunk in index.chunk_ids_at(info.id, range(info.chunk_count)).values():
                total += 1
                assert chunk.text == text[chunk.start : chunk.end]
                assert index.verify_quote(info.id, chunk.start, chunk.end, chunk.text)
                ((ids, scores),) = index.search_dense(cls.vector(chunk.text)[None], index.chunk_count)
                assert scores[ids == number][0] == pytest.approx(1.0, abs=1e-5)
                assert len(ids) == index.chunk_count
                ids, _ = index.search_lexical([(t, 1.0) for t in cls.terms(info.title, chunk)], index.chunk_count)
                assert number in ids
        assert total == index.chunk_count == sum(index.language_counts().values())


def cluster_kit(uri: str) -> type[Kit]:
    """The same kit over a cluster: a directory stands for a collection, the store of the writer and the texts."""
    from genesis_rag.cluster import ClusterAddress, ClusterIndex, ClusterWriter
    from genesis_rag.cluster.manifest import Cluster

    def cluster(directory: Path) -> Cluster:
        name = "genesis_test_" + sha(directory)[:12]
        return Cluster.connect(ClusterAddress(uri, name, str(directory.parent / f"{directory.name}-texts"), "FLAT"))

    class ClusterKit(Kit):
        @classmethod
        def write(cls, directory: Path, identity: IndexIdentity = IDENTITY, **options: object) -> IndexWriter:
            return ClusterWriter.connect(cluster(directory), directory, identity, cls.terms, **options)  # type: ignore[arg-type]

        @classmethod
        def read(cls, directory: Path, **options: object) -> Index:
            return ClusterIndex.open(cluster(directory), IDENTITY)  # type: ignore[return-value]

    return ClusterKit


@pytest.fixture
def kit(request: pytest.FixtureRequest) -> type[Kit]:
    """The kit for the index of this machine, or with the parameter "cluster" for one in Milvus."""
    if getattr(request, "param", "here") == "cluster":
        return cluster_kit(request.getfixturevalue("milvus_uri"))
    return Kit


@pytest.fixture
def texts() -> dict[str, str]:
    return {
        "en.txt": "The Genesis Mission is a joint plan. Japan and the United States will invest. " * 4,
        "ja.txt": "日本は令和八年度に五億ドルを投資する。「共同計画」は五年間続く。" * 5,
        "same.md": "One short line.",
    }


@pytest.fixture
def filled(tmp_path: Path, kit: type[Kit], texts: dict[str, str]) -> Path:
    """An index of three documents."""
    directory = tmp_path / "index"
    kit.fill(directory, *(kit.document(source, text) for source, text in texts.items()))
    return directory


Damage = Callable[[Path], None]
