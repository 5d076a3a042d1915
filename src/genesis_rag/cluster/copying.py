"""From one index to another: documents whole, with their chunks and vectors, so that nothing is embedded again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from genesis_rag.index import IndexWriter
from genesis_rag.index.snapshot import Snapshot
from genesis_rag.index.stored import StoredWhole, read_whole
from genesis_rag.types import DocumentInfo

SAVED_TOGETHER = 200
"""Documents; what a copy that is killed may have to do again."""


class Contents(Protocol):
    """An index to copy from."""

    def documents(self) -> list[DocumentInfo]:
        """Return what is known of all documents."""
        ...

    def whole(self, document_id: str) -> StoredWhole:
        """Return one of them with everything that belongs to it."""
        ...


class StoreContents:
    """The store of one machine, as something to copy from.

    Args:
        snapshot: the generation to copy.
        dim: length of its vectors.
    """

    def __init__(self, snapshot: Snapshot, dim: int) -> None:
        self._snapshot, self._dim = snapshot, dim

    def documents(self) -> list[DocumentInfo]:
        """Return what is known of all documents."""
        return self._snapshot.infos()

    def whole(self, document_id: str) -> StoredWhole:
        """Return one of them with everything that belongs to it."""
        return read_whole(self._snapshot, document_id, self._dim)


def copy_documents(source: Contents, writer: IndexWriter, progress: Callable[[str, int, int], None]) -> int:
    """Put the documents of ``source`` that ``writer`` does not hold yet; return how many those were.

    What is there already under the same title and places is left as it is, so a copy that was stopped goes on.
    """
    infos, copied = source.documents(), 0
    for done, info in enumerate(infos, start=1):
        stored = writer.lookup(info.id)
        if stored is None or stored.title != info.title or set(stored.sources) != set(info.sources):
            put_whole(source.whole(info.id), writer)
            copied += 1
        if done % SAVED_TOGETHER == 0 or done == len(infos):
            writer.save()
            progress("copy", done, len(infos))
    return copied


def put_whole(whole: StoredWhole, writer: IndexWriter) -> None:
    """Put one document with all its places, and take away places that it no longer has."""
    document, places = whole.document, dict(whole.places)
    writer.put(document, whole.chunks, whole.vectors, whole.keys, file=places[document.source])
    stored = writer.lookup(document.id)
    there = set(stored.sources) if stored else set()
    for source, file in whole.places:
        if source != document.source:
            writer.attach(document.id, source, file=file)
    for source in there - set(places):
        writer.remove_source(source)
