"""Regular expressions that are compiled when they are first used.

Compiling costs more than anything else that importing this package does (about a tenth of a second for all patterns),
and one question in one language needs a part of them: so a cold `ask` starts sooner.
"""

from __future__ import annotations

import re
from typing import Any, cast

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "split", "sub", "subn", "scanner")


class _Lazy:
    """Stands for ``re.compile(pattern, flags)``. After the first use a call costs what it costs on the real one."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        compiled = re.compile(self.pattern, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)

    def __repr__(self) -> str:
        return f"lazy({self.pattern!r})"


def lazy(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return what ``re.compile(pattern, flags)`` returns, compiled at its first use.

    An error in the pattern (``re.error``) comes out only then: a test compiles all of them.
    """
    return cast("re.Pattern[str]", _Lazy(pattern, flags))
