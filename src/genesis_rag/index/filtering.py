"""Which chunks of a generation a filter lets through."""

from __future__ import annotations

import json
import re
from fnmatch import translate

import numpy as np

from genesis_rag.index.snapshot import SOURCE_VISIBLE, VISIBLE, Snapshot
from genesis_rag.protocols import Ids
from genesis_rag.types import SearchFilter


def filtered(snapshot: Snapshot, wanted: SearchFilter) -> Ids:
    """Return the numbers of the chunks that a filter lets through, rising.

    ``source_glob`` is matched by ``fnmatch.fnmatchcase`` against every source of a document; dates are compared as
    text, which is right for 2026-04-01 and its beginnings: "~" comes after every digit and hyphen.

    The numbers come from SQLite as one text: a row each would be ten thousands of objects for a large index.
    """
    if wanted.source_glob or wanted.dated_from or wanted.dated_to:
        some = json.dumps(_documents(snapshot, wanted))
        chunks = "chunks c WHERE c.document IN (SELECT value FROM json_each(:some))"
    else:
        some = ""
        chunks = f"chunks c JOIN documents d ON d.number = c.document WHERE {VISIBLE}"
    language = " AND c.language = :language" if wanted.language else ""
    sql = f"SELECT group_concat(c.number) FROM {chunks}{language}"
    told = snapshot.rows(sql, some=some, language=wanted.language)[0][0]
    return np.sort(np.fromstring(told or "", dtype=np.int64, sep=","))


def _documents(snapshot: Snapshot, wanted: SearchFilter) -> list[int]:
    """Return the numbers of the documents whose sources and dates are wanted."""
    chosen, some = [VISIBLE], ""
    if wanted.source_glob:
        matches = re.compile(translate(wanted.source_glob)).match
        sources = snapshot.rows(f"SELECT s.document, s.source FROM sources s WHERE {SOURCE_VISIBLE}")
        some = json.dumps(sorted({document for document, source in sources if matches(source)}))
        chosen.append("d.number IN (SELECT value FROM json_each(:some))")
    if wanted.dated_from or wanted.dated_to:
        date = "json_extract(d.metadata, '$.date')"
        chosen.append(f"{date} GLOB '[0-9][0-9][0-9][0-9]*' AND {date} BETWEEN :first AND :last")
    found = snapshot.rows(
        f"SELECT d.number FROM documents d WHERE {' AND '.join(chosen)}",
        some=some,
        first=wanted.dated_from or "",
        last=f"{wanted.dated_to or ''}~",
    )
    return [row[0] for row in found]
