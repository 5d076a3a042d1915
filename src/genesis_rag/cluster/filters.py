"""From filters of a search to what Milvus looks at: partitions for languages, an expression for the rest.

Milvus knows no glob patterns, only ``like`` with ``%`` and ``_``. So a pattern becomes one that lets through whatever
``fnmatch`` would, and perhaps a little more; ``lets_through`` then decides about every row that was found. Only signs
that have no meaning to Milvus get into the expression.
"""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache

from genesis_rag.cluster.table import NEVER, Row, Where
from genesis_rag.types import SearchFilter

_SIGNS = " ./:#-"
_PARTS = re.compile(r"\*+|\[!?+\]?+[^\]]*+\]|.", re.DOTALL)
"""A bracket that begins a set, as ``fnmatch`` sees it: its first character may be the closing one."""


def living(generation: int) -> str:
    """Return the expression for the rows of one generation."""
    return f"born <= {generation} and died > {generation} and died <= {NEVER}"


def where(generation: int, wanted: SearchFilter | None) -> Where:
    """Return which rows of one generation a filter may let through."""
    found = Where(living(generation), (wanted.language,) if wanted and wanted.language else ())
    if wanted and wanted.source_glob:
        found = found.also(f'sources like "%_{like(wanted.source_glob)}_%"')
    if wanted and (wanted.dated_from or wanted.dated_to):
        first, last = _date(wanted.dated_from or "0"), _date(wanted.dated_to or "")
        found = found.also(f'date >= "{first}" and date <= "{last}~"')
    return found


def like(pattern: str) -> str:
    """Return the ``like`` pattern of a glob: it matches whatever that matches."""
    found = ""
    for part in _PARTS.findall(pattern):
        if part.startswith("*"):
            found += "%"
        else:
            found += part if _is_plain(part) else "_"
    return found


def naming(source: str) -> str:
    """Return an expression for the rows of documents found at ``source``, and perhaps of a few others."""
    return 'sources like "%_{}_%"'.format("".join(sign if _is_plain(sign) else "_" for sign in source))


def lets_through(row: Row, wanted: SearchFilter | None) -> bool:
    """Tell whether a filter lets a row of a chunk through."""
    if wanted is None:
        return True
    if wanted.language and row["language"] != wanted.language:
        return False
    if (wanted.dated_from or wanted.dated_to) and not (
        (wanted.dated_from or "0") <= row["date"] <= f"{wanted.dated_to or ''}~"
    ):
        return False
    if not wanted.source_glob:
        return True
    matches = _matcher(wanted.source_glob)
    return any(matches.match(source) for source in row["sources"].split("\n")[1:-1])


def _is_plain(text: str) -> bool:
    """Tell whether one character means itself in an expression: letters and digits of all scripts, and a few signs."""
    return len(text) == 1 and (text.isalnum() or text in _SIGNS)


@lru_cache(maxsize=64)
def _matcher(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))


def _date(text: str) -> str:
    return re.sub(r"[^0-9-]", "", text)
