"""The first facts of a GGUF file, read without the engine, which prints warnings when it opens a file to look.

The form is that of the GGUF specification, version 2 and 3: magic, version, number of tensors, number of keys, then for
each key its name, a number for the type of its value, and the value; numbers are little-endian.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

_SIZES = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LONGEST = 1 << 20
Value = str | int | float | bool


def read_header(path: Path) -> dict[str, Value]:
    """Return the keys before those of the tokenizer, which are long; none of a damaged file.

    Raises:
        OSError: the file cannot be read.
    """
    found: dict[str, Value] = {}
    with path.open("rb") as file:
        try:
            magic, version, _, keys = struct.unpack("<4sIQQ", _read(file, 24))
            if magic != b"GGUF" or version not in (2, 3):
                return found
            for _ in range(min(keys, 1000)):
                name = _text(file)
                if name.startswith("tokenizer."):
                    break
                value = _value(file, _number(file, "I"))
                if value is not None:
                    found[name] = value
        except (ValueError, struct.error):
            return found
    return found


def _value(file: BinaryIO, kind: int) -> Value | None:
    """Return a value, or None for an array, which is passed over."""
    if kind == _STRING:
        return _text(file)
    if kind == _ARRAY:
        inner, count = _number(file, "I"), _number(file, "Q")
        for _ in range(min(count, _LONGEST)):
            _value(file, inner)
        return None
    if kind not in _SIZES:
        raise ValueError(f"there is no type {kind}")
    value: Value = struct.unpack("<" + _SIZES[kind], _read(file, struct.calcsize("<" + _SIZES[kind])))[0]
    return value


def _text(file: BinaryIO) -> str:
    return _read(file, _number(file, "Q")).decode("utf-8", "replace")


def _number(file: BinaryIO, kind: str) -> int:
    value: int = struct.unpack("<" + kind, _read(file, struct.calcsize("<" + kind)))[0]
    return value


def _read(file: BinaryIO, size: int) -> bytes:
    if size > _LONGEST:
        raise ValueError("a value is too long to be one")
    content = file.read(size)
    if len(content) < size:
        raise ValueError("the file ends early")
    return content
