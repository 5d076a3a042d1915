"""Coded rows of a vector index, how they are made, and the file that holds them; see ``coded``."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis_rag.index.vectors import checked_rows
from genesis_rag.protocols import Ids, Vectors
from genesis_rag.values import dataclass

COPIED_AT_ONCE = 50_000
MAGIC = b"GENVEC01"
_STEPS = 127
_WORD = 8


@dataclass(frozen=True, slots=True)
class CodedRows:
    """Coded rows, by rising id: ids int64[n], scales float32[n], signs uint8[n, words], codes int8[n, dim]."""

    ids: NDArray[np.int64]
    scales: NDArray[np.float32]
    signs: NDArray[np.uint8]
    codes: NDArray[np.int8]

    def only(self, chosen: NDArray[Any] | slice) -> CodedRows:
        """Return some of them."""
        return CodedRows(self.ids[chosen], self.scales[chosen], self.signs[chosen], self.codes[chosen])


def read_coded(path: Path, *, mapped: bool) -> tuple[NDArray[np.float32], CodedRows]:
    """Return centre and rows of what ``CodedFile`` wrote.

    Raises:
        ValueError: the file is not such an index.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(len(MAGIC) + 16)
    if len(head) != len(MAGIC) + 16 or not head.startswith(MAGIC):
        raise ValueError(f"{path.name} is not an index of coded vectors")
    count, dim = (int(number) for number in np.frombuffer(head, "<i8", offset=len(MAGIC)))
    if not (0 <= count <= size and 0 < dim <= size) or _size(count, dim) != size:
        raise ValueError(f"{path.name} has {size} bytes, not those of {count} rows of {dim}")
    content: NDArray[np.uint8] = np.memmap(path, np.uint8, "r").view(np.ndarray) if mapped else np.fromfile(path, "u1")
    arrays: list[NDArray[Any]] = [
        content[start : start + _length(shape, kind)].view(kind).reshape(shape)
        for start, shape, kind in _layout(count, dim)
    ]
    return np.array(arrays[0]), CodedRows(*arrays[1:])


class CodedFile:
    """Writes the file of a CodedVectorIndex a batch at a time: what it takes in memory does not grow with the rows.

    Args:
        path: the file to write.
        centre: the mean of rows like those that will come, float32[dim].
        count: how many rows will come.
    """

    def __init__(self, path: Path, centre: NDArray[np.float32], count: int) -> None:
        self._centre, self._count, self._done, self._last = np.ascontiguousarray(centre, np.float32), count, 0, -1
        dim = len(self._centre)
        self._starts = [start for start, _, _ in _layout(count, dim)][1:]
        self._stream = path.open("wb")
        head = MAGIC + np.array([count, dim], "<i8").tobytes()
        self._stream.write(head.ljust(_aligned(len(head)), b"\0") + self._centre.tobytes())
        self._stream.truncate(_size(count, dim))

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Write rows; ids rise from call to call.

        Raises:
            ValueError: they do not, or more rows come than were promised.
        """
        self.put(coded(*checked_rows(ids, vectors, len(self._centre)), self._centre))

    def copy(self, base: Path, removed: Ids) -> None:
        """Write the rows of another file with the same centre, without those ``removed``.

        It is mapped anew for every block, so that what was read does not stay resident.

        Raises:
            ValueError: the file is not such an index.
        """
        for start in range(0, len(read_coded(base, mapped=True)[1].ids), COPIED_AT_ONCE):
            _, whole = read_coded(base, mapped=True)
            rows = whole.only(slice(start, start + COPIED_AT_ONCE))
            self.put(rows.only(~np.isin(rows.ids, removed)))

    def put(self, rows: CodedRows) -> None:
        """Write rows that are coded already; see ``add``."""
        if not len(rows.ids):
            return
        if rows.ids[0] <= self._last or (rows.ids[1:] <= rows.ids[:-1]).any():
            raise ValueError("ids of coded rows must rise")
        if self._done + len(rows.ids) > self._count:
            raise ValueError(f"more than the {self._count} rows that were promised")
        for start, field in zip(self._starts, fields(rows), strict=True):
            array: NDArray[Any] = getattr(rows, field.name)
            self._stream.seek(start + self._done * array[0].nbytes)
            self._stream.write(np.ascontiguousarray(array).data)
        self._done, self._last = self._done + len(rows.ids), int(rows.ids[-1])

    def __enter__(self) -> CodedFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        if error is None and self._done != self._count:
            raise ValueError(f"{self._done} rows instead of the {self._count} that were promised")


def coded(ids: Ids, vectors: Vectors, centre: NDArray[np.float32]) -> CodedRows:
    """Return rows as they are kept."""
    scales = np.maximum(np.abs(vectors).max(axis=1), np.float32(1e-9)) / np.float32(_STEPS)
    codes = np.rint(vectors / scales[:, None]).astype(np.int8)
    return CodedRows(ids, scales.astype(np.float32), signs_of(vectors, centre), codes)


def signs_of(vectors: Vectors, centre: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return uint8[n, words of 8 bytes] of bits: which numbers are greater than the centre's."""
    bits = np.zeros((len(vectors), _words(len(centre))), dtype=np.uint8)
    packed = np.packbits(vectors > centre, axis=1)
    bits[:, : packed.shape[1]] = packed
    return bits


def _words(dim: int) -> int:
    return -(-dim // (8 * _WORD)) * _WORD


def shapes(count: int, dim: int) -> list[tuple[tuple[int, ...], type[Any]]]:
    """Return shape and kind of the arrays of ``CodedRows``."""
    kinds = (np.int64, np.float32, np.uint8, np.int8)
    return list(zip(((count,), (count,), (count, _words(dim)), (count, dim)), kinds, strict=True))


def _layout(count: int, dim: int) -> list[tuple[int, tuple[int, ...], type[Any]]]:
    """Return start in the file, shape and kind of the centre and of the arrays of ``CodedRows``."""
    found, start = list[tuple[int, tuple[int, ...], type[Any]]](), _aligned(len(MAGIC) + 16)
    for shape, kind in [((dim,), np.float32), *shapes(count, dim)]:
        found.append((start, shape, kind))
        start += _aligned(_length(shape, kind))
    return found


def _size(count: int, dim: int) -> int:
    start, shape, kind = _layout(count, dim)[-1]
    return start + _aligned(_length(shape, kind))


def _length(shape: tuple[int, ...], kind: type[Any]) -> int:
    return int(np.prod(shape)) * np.dtype(kind).itemsize


def _aligned(length: int) -> int:
    return -(-length // 64) * 64
