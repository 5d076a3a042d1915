"""Regular expressions that are compiled when they are first used, and kept in compiled form for the next process.

Compiling costs more than anything else that a cold `ask` does (a fifth of its time): Python parses patterns in Python
and walks every code point of a range, and ranges of kanji are long. So one question compiles only what it needs, and
what was compiled is kept beside Python's own byte code, under the same conditions and with the same trust: where
``__pycache__`` cannot be written, or PYTHONDONTWRITEBYTECODE is set, patterns are just compiled each time. So they are
where an interpreter differs from the ones that this was written for (it uses the inside of ``re`` of CPython 3.11 on).
"""

from __future__ import annotations

import atexit
import marshal
import os
import re
import sys
from array import array
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "split", "sub", "subn", "scanner")

Key = tuple[str, int]
Parts = tuple[int, bytes, int, dict[str, int], tuple[str | None, ...]]
"""Flags, code, number of groups, groups by name, names of groups: what the engine of ``re`` makes a pattern of."""


class _Lazy:
    """Stands for ``re.compile(pattern, flags)``. After the first use a call costs what it costs on the real one."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        compiled = _compiled(self.pattern, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)

    def __repr__(self) -> str:
        return f"lazy({self.pattern!r})"


def lazy(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return what ``re.compile(pattern, flags)`` returns, compiled at its first use; for patterns that never change.

    An error in the pattern (``re.error``) comes out only then: a test compiles all of them.
    """
    return cast("re.Pattern[str]", _Lazy(pattern, int(flags)))


def _compiled(pattern: str, flags: int) -> re.Pattern[str]:
    kept = _kept()
    parts = kept.known.get((pattern, flags))
    if parts is not None:
        try:
            return assembled(pattern, parts)
        except Exception:  # whatever is wrong with what was kept
            kept.known.clear()
    try:
        parts = kept.new[pattern, flags] = taken_apart(pattern, flags)
        return assembled(pattern, parts)
    except (ImportError, AttributeError, TypeError):  # another inside of re than expected
        kept.new.clear()
        return re.compile(pattern, flags)


def taken_apart(pattern: str, flags: int) -> Parts:
    """Compile a pattern as ``re`` does, and return what the engine makes it of."""
    parser, compiler = import_module("re._parser"), import_module("re._compiler")
    parsed = parser.parse(pattern, flags)
    code = array("I", map(int, compiler._code(parsed, flags)))
    state = parsed.state
    names: list[str | None] = [None] * state.groups
    for name, number in state.groupdict.items():
        names[number] = name
    return int(flags | state.flags), code.tobytes(), state.groups - 1, dict(state.groupdict), tuple(names)


def assembled(pattern: str, parts: Parts) -> re.Pattern[str]:
    """Return the pattern; the engine checks the code before it takes it."""
    flags, code, groups, by_name, names = parts
    made = import_module("_sre").compile(pattern, flags, array("I", code).tolist(), groups, by_name, names)
    return cast("re.Pattern[str]", made)


class Kept:
    """Compiled patterns of earlier processes, and those of this one, which are added at its end.

    Args:
        place: the file; None to keep nothing.
    """

    def __init__(self, place: Path | None) -> None:
        self._place = place
        self.new: dict[Key, Parts] = {}
        self.known: dict[Key, Parts] = {}
        try:
            made_by, known = marshal.loads(place.read_bytes()) if place else (None, None)
        except (OSError, ValueError, TypeError, EOFError):
            return
        if made_by == _interpreter() and isinstance(known, dict):
            self.known = known

    def write(self) -> None:
        """Write what is known with what is new, in one step; where that is impossible, nothing is kept."""
        if not self.new or self._place is None or sys.dont_write_bytecode:
            return
        beside = self._place.with_name(f"{self._place.name}.{os.getpid()}")
        try:
            beside.write_bytes(marshal.dumps((_interpreter(), {**self.known, **self.new})))
            beside.replace(self._place)
        except (OSError, ValueError):
            beside.unlink(missing_ok=True)


def _interpreter() -> tuple[str, int, str]:
    return sys.version, array("I").itemsize, sys.byteorder


@cache
def _kept() -> Kept:
    cached = __spec__.cached if __spec__ else None
    kept = Kept(Path(cached).with_suffix(".patterns") if cached else None)
    atexit.register(kept.write)
    return kept
