"""From documents to rows of the two collections, and back.

A row is named by a hash of all that is in it, so writing it again changes nothing, and a document that changed in any
way has other rows. ``born`` and ``died`` are the generations that a row came and went with; they are not in the hash.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis_rag.cluster.table import NEVER, Row
from genesis_rag.cluster.texts import Texts, text_data, text_from
from genesis_rag.cluster.weights import chunk_weights
from genesis_rag.errors import IndexDamagedError
from genesis_rag.index.store import encode, text_check
from genesis_rag.index.stored import StoredWhole
from genesis_rag.types import Chunk, Document, DocumentInfo
from genesis_rag.values import dataclass

TEXT_LIMIT = 60_000
"""Bytes of a field; Milvus takes 65,535."""
_YEAR = re.compile(r"\d{4}", re.ASCII)
_ELSEWHERE = "@"
"""Begins a field whose content lies among the texts, as it is too long for a row."""

CHUNK_FIELDS: dict[str, Any] = {
    "chunk": str,
    "document": str,
    "ordinal": int,
    "start": int,
    "end": int,
    "page": int,
    "language": str,
    "headings": "text",
    "sources": "text",
    "date": str,
    "text": "text",
    "sum": str,
    "vector_key": str,
    "length": int,
    "born": int,
    "died": int,
    "keywords": "sparse",
}
"""``page`` is -1 for none; ``sources`` are lines, each with a line feed before and after, so that a filter finds them
whole. The vector, ``dense``, comes with its length."""
DOCUMENT_FIELDS: dict[str, Any] = {
    "document": str,
    "sources": "text",
    "info": "text",
    "text_key": str,
    "born": int,
    "died": int,
    "unused": 2,
}
"""Milvus wants a vector in every collection: ``unused``."""

CHUNK_META = tuple(name for name in CHUNK_FIELDS if name not in ("keywords", "vector_key", "length", "born", "died"))
DOCUMENT_META = ("document", "sources", "info", "text_key")


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a document beside its text; ``places`` are (source, file)."""

    title: str
    language: str
    content_sha256: str
    chunk_count: int
    modified_at: float | None
    metadata: dict[str, str]
    places: list[tuple[str, str]]


def document_row(whole: StoredWhole, texts: Texts, born: int) -> Row:
    """Return the row of a document, its text put among the texts."""
    document = whole.document
    about = About(
        title=document.title,
        language=document.language,
        content_sha256=document.content_sha256,
        chunk_count=len(whole.chunks),
        modified_at=document.modified_at,
        metadata=dict(document.metadata),
        places=[(source, file) for source, file in whole.places],
    )
    row: dict[str, Any] = {
        "document": document.id,
        "sources": source_lines([source for source, _ in whole.places]),
        "info": _packed(json.dumps(asdict(about), sort_keys=True), texts),
        "text_key": texts.put(text_data(document)),
    }
    return {**row, "number": _number(row), "born": born, "died": NEVER, "unused": [1.0, 0.0]}


def chunk_rows(
    whole: StoredWhole, owner: int, terms: Sequence[Sequence[str]], pivot: float, texts: Texts, born: int
) -> list[Row]:
    """Return the rows of a document's chunks.

    Args:
        whole: the document.
        owner: number of its own row.
        terms: of each chunk.
        pivot: length that the keyword weights are made for.
        texts: takes what is too long for a row.
        born: the generation.
    """
    sources = source_lines([source for source, _ in whole.places])
    date = _date(whole.document.metadata.get("date", ""))
    found: list[Row] = []
    for chunk, vector, key, words in zip(whole.chunks, whole.vectors, whole.keys, terms, strict=True):
        row = {
            "chunk": chunk.id,
            "document": chunk.document_id,
            "ordinal": chunk.ordinal,
            "start": chunk.start,
            "end": chunk.end,
            "page": -1 if chunk.page is None else chunk.page,
            "language": chunk.language,
            "headings": _packed(json.dumps(chunk.heading_path), texts),
            "sources": sources,
            "date": date,
            "text": _packed(json.dumps(chunk.text, ensure_ascii=not _encodable(chunk.text)), texts),
            "sum": text_check(chunk.text).hex(),
            "vector_key": key.hex(),
            "length": len(words),
        }
        weights = chunk_weights(words, pivot)
        name = {**row, "owner": owner, "vector": vector.astype("<f4").tobytes().hex()}
        found.append(
            {**row, "number": _number(name), "born": born, "died": NEVER, "dense": vector, "keywords": weights}
        )
    return found


def chunk_from(row: Row, texts: Texts) -> Chunk:
    """Return the chunk of a row.

    Raises:
        IndexDamagedError: its text is not what was stored.
    """
    text = json.loads(_unpacked(row["text"], texts))
    if text_check(text).hex() != row["sum"]:
        raise IndexDamagedError(f"The text of chunk {row['chunk']} is damaged.", "Run: genesis-rag doctor")
    return Chunk(
        id=row["chunk"],
        document_id=row["document"],
        ordinal=row["ordinal"],
        start=row["start"],
        end=row["end"],
        text=text,
        heading_path=tuple(json.loads(_unpacked(row["headings"], texts))),
        page=None if row["page"] < 0 else row["page"],
        language=row["language"],
    )


def about_from(row: Row, texts: Texts) -> About:
    """Return what a row tells of its document."""
    return About(**json.loads(_unpacked(row["info"], texts)))


def info_from(row: Row, texts: Texts) -> DocumentInfo:
    """Return the same as a value for readers."""
    about = about_from(row, texts)
    sources = tuple(source for source, _ in about.places)
    return DocumentInfo(
        id=row["document"],
        source=sources[0],
        sources=sources,
        title=about.title,
        language=about.language,  # type: ignore[arg-type]
        content_sha256=about.content_sha256,
        chunk_count=about.chunk_count,
        modified_at=about.modified_at,
        metadata=about.metadata,
    )


def document_from(row: Row, texts: Texts) -> Document:
    """Return the document of a row with its text, which is compared with its hash."""
    info = info_from(row, texts)
    text, sections = text_from(texts.get(row["text_key"]))
    return Document(
        id=info.id,
        source=info.source,
        title=info.title,
        text=text,
        language=info.language,
        content_sha256=info.content_sha256,
        sections=sections,
        modified_at=info.modified_at,
        metadata=info.metadata,
    )


def whole_from(row: Row, chunks: Sequence[Row], vectors: NDArray[np.float32], texts: Texts) -> StoredWhole:
    """Return a document whole from its row and those of its chunks, by rising ordinal."""
    places = [(source, file) for source, file in about_from(row, texts).places]
    found = [chunk_from(chunk, texts) for chunk in chunks]
    keys = [bytes.fromhex(chunk["vector_key"]) for chunk in chunks]
    return StoredWhole(document_from(row, texts), found, vectors, keys, places)


def source_lines(sources: Sequence[str]) -> str:
    """Return sources as lines; those beyond the limit of a field are left out, and no filter finds them."""
    lines, size = "\n", 0
    for source in sources:
        size += len(encode(source)) + 1
        if size > TEXT_LIMIT:
            break
        lines += source + "\n"
    return lines


def _packed(data: str, texts: Texts) -> str:
    return data if len(encode(data)) <= TEXT_LIMIT else _ELSEWHERE + texts.put(data.encode())


def _unpacked(data: str, texts: Texts) -> str:
    return texts.get(data[1:]).decode() if data.startswith(_ELSEWHERE) else data


def _date(text: str) -> str:
    """Return a date that begins with a year, cut to what fits; others cannot be compared and are none."""
    return text[:40] if _YEAR.match(text) and text.isascii() else ""


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _number(row: Row) -> int:
    """Return 62 bits of the hash of a row's content."""
    data = json.dumps(row, sort_keys=True).encode()
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big") >> 2
