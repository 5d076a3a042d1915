"""From rows of the store to values."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from genesis_rag.index.store import damaged
from genesis_rag.protocols import Ids, Vectors
from genesis_rag.types import DocumentInfo


@contextmanager
def rows_told() -> Iterator[None]:
    """Turn what goes wrong with a stored value of an unexpected kind or form into the error for damage."""
    try:
        yield
    except (TypeError, ValueError, LookupError, AttributeError, OverflowError) as error:
        raise damaged(f"a row is not as it was stored ({type(error).__name__}: {error})") from error


def unpack_vector(data: bytes, crc: int, dim: int) -> bytes:
    """Return the bytes of a stored vector after checking length and checksum."""
    if not isinstance(data, bytes) or len(data) != 4 * dim:
        raise damaged(f"a vector has not {4 * dim} bytes")
    if zlib.crc32(data) != crc:
        raise damaged("a vector has another checksum")
    return data


def vectors_from(found: list[tuple[Any, ...]], dim: int) -> tuple[Ids, Vectors]:
    """Return numbers and vectors of rows (number, vector, crc)."""
    numbers = np.fromiter((row[0] for row in found), dtype=np.int64, count=len(found))
    data = b"".join(unpack_vector(row[1], row[2], dim) for row in found)
    return numbers, np.frombuffer(data, dtype="<f4").astype(np.float32, copy=False).reshape(len(found), dim)


def info_from(row: tuple[Any, ...], sources: tuple[str, ...]) -> DocumentInfo:
    """Return the value of a row (id, title, language, content_sha256, chunk_count, modified_at, metadata).

    Raises:
        TypeError: a value is of another kind.
    """
    if not (all(isinstance(value, str) for value in (*row[:4], *sources)) and isinstance(row[4], int)):
        raise TypeError("a title, a language, a hash, a source or a count is of another kind")
    return DocumentInfo(
        id=row[0],
        source=sources[0] if sources else "",
        sources=sources,
        title=row[1],
        language=row[2],
        content_sha256=row[3],
        chunk_count=row[4],
        modified_at=row[5],
        metadata=json.loads(row[6]),
    )


def path_from(headings: str) -> tuple[str, ...]:
    """Return a heading path of its stored form."""
    return tuple(json.loads(headings)) if headings else ()
