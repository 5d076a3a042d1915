"""Which chunks of a generation a filter lets through."""

from __future__ import annotations

import json
import re
from fnmatch import translate

import numpy as np

from genesis_rag.index.columns import Columns, document_label
from genesis_rag.index.snapshot import SOURCE_VISIBLE, VISIBLE, Snapshot
from genesis_rag.protocols import Ids
from genesis_rag.types import SearchFilter
from genesis_rag.values import dataclass


@dataclass(frozen=True, slots=True)
class Passing:
    """What a filter lets through.

    Attributes:
        numbers: of the chunks, rising.
        labels: for the keyword index: a row must have one of each of these groups of labels.
    """

    numbers: Ids
    labels: tuple[tuple[str, ...], ...]


def filtered(snapshot: Snapshot, columns: Columns, wanted: SearchFilter) -> Passing:
    """Return what a filter lets through.

    ``source_glob`` is matched by ``fnmatch.fnmatchcase`` against every source of a document; dates are compared as
    text, which is right for 2026-04-01 and its beginnings: "~" comes after every digit and hyphen.
    """
    documents = None
    labels: list[tuple[str, ...]] = []
    if wanted.source_glob or wanted.dated_from or wanted.dated_to:
        found = _documents(snapshot, wanted)
        documents = np.array(found, dtype=np.int64)
        labels.append(tuple(map(document_label, found)))
    if wanted.language:
        labels.append((wanted.language,))
    return Passing(columns.chosen(documents, wanted.language), tuple(labels))


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
