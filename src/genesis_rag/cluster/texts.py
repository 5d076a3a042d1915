"""Texts and other data under the hash of their content, at any address that fsspec knows: a folder, memory, S3, ….

What is read is compared with its name, so a citation that was checked here is checked against the very bytes that were
stored, on whichever node. Credentials are found as the libraries of each kind of address find them.
"""

from __future__ import annotations

import hashlib
import json
import uuid
import zlib
from typing import Any

from genesis_rag.errors import BackendError, IndexDamagedError, MissingExtraError, SettingsError
from genesis_rag.types import Document, Section

COMPRESSION = 6
_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "az", "adl", "oss", "memory"})
_HINT = "Write them anew from the documents: genesis-rag index --rebuild PATH…"


class Texts:
    """Data under hashes, and a few files under names of their own.

    Args:
        address: of fsspec, such as a folder, ``memory://name`` or ``s3://bucket/folder``.

    Raises:
        MissingExtraError: fsspec is not installed.
        SettingsError: the address is of an unknown kind, or its library is not installed.
    """

    def __init__(self, address: str) -> None:
        try:
            import fsspec
        except ImportError as error:
            raise MissingExtraError("fsspec", "milvus") from error
        self.address = address
        try:
            self._files, self._root = fsspec.core.url_to_fs(address)
        except (ImportError, ValueError) as error:
            hint = "Install what this kind of address needs, such as s3fs for s3://."
            raise SettingsError(f"'{address}' cannot be used for texts: {error}", hint) from error
        kinds = self._files.protocol
        self._holds_objects = not _OBJECT_STORES.isdisjoint((kinds,) if isinstance(kinds, str) else kinds)

    def put(self, data: bytes) -> str:
        """Keep data and return its key, the SHA-256; what is there already is not written again."""
        key = hashlib.sha256(data).hexdigest()
        if not self._does("exists", self._place(key)):
            self.write_named(self._place(key), zlib.compress(data, COMPRESSION))
        return key

    def get(self, key: str) -> bytes:
        """Return the data under ``key``.

        Raises:
            IndexDamagedError: it is gone, or is not what was put there.
        """
        place = self._place(key)
        try:
            data = zlib.decompress(self._does("cat_file", place))
        except FileNotFoundError as error:
            raise IndexDamagedError(f"A text of the index is gone: {place}.", _HINT) from error
        except zlib.error as error:
            raise IndexDamagedError(f"A text of the index is damaged: {place}.", _HINT) from error
        if hashlib.sha256(data).hexdigest() != key:
            raise IndexDamagedError(f"A text of the index is damaged: {place}.", _HINT)
        return data

    def read_named(self, name: str) -> bytes | None:
        """Return what was written under a name, None for nothing."""
        try:
            return bytes(self._does("cat_file", self._full(name)))
        except FileNotFoundError:
            return None

    def write_named(self, name: str, data: bytes) -> None:
        """Write under a name, in one step: readers see what was there before or all of the new."""
        place = self._full(name)
        if self._holds_objects:  # an object is whole or not there, and folders are only a part of its name
            self._does("pipe_file", place, data)
            return
        self._does("makedirs", place.rpartition("/")[0], exist_ok=True)
        aside = f"{place}.{uuid.uuid4().hex[:8]}.tmp"
        self._does("pipe_file", aside, data)
        self._does("mv", aside, place)

    def create_named(self, name: str, data: bytes) -> bool:
        """Write under a name where nothing is yet; tell whether that was so. Of several who try, one succeeds."""
        place = self._full(name)
        if not self._holds_objects:
            self._does("makedirs", place.rpartition("/")[0], exist_ok=True)
        try:
            self._does("pipe_file", place, data, mode="create")
        except FileExistsError:
            return False
        return True

    def remove_named(self, name: str) -> None:
        """Remove what was written under a name, if there is something."""
        if self._does("exists", self._full(name)):
            self._does("rm_file", self._full(name))

    def _place(self, key: str) -> str:
        return self._full(f"texts/{key[:2]}/{key}.json.z")

    def _full(self, name: str) -> str:
        return name if name.startswith(f"{self._root}/") else f"{self._root.rstrip('/')}/{name}"

    def _does(self, action: str, *arguments: Any, **options: Any) -> Any:
        try:
            return getattr(self._files, action)(*arguments, **options)
        except (FileNotFoundError, FileExistsError):
            raise
        except Exception as error:  # each kind of address has errors of its own
            hint = "Check the address, its credentials and who may read and write there."
            raise BackendError(f"{self.address} cannot be used: {error}.", hint) from error


def text_data(document: Document) -> bytes:
    """Return the text and the sections of a document as JSON, the same bytes for the same content."""
    sections = [[list(s.heading_path), s.start, s.end, s.page, s.kind] for s in document.sections]
    return json.dumps({"text": document.text, "sections": sections}, separators=(",", ":")).encode()


def text_from(data: bytes) -> tuple[str, tuple[Section, ...]]:
    """Return what ``text_data`` wrote."""
    values = json.loads(data)
    sections = (Section(tuple(path), start, end, page, kind) for path, start, end, page, kind in values["sections"])
    return values["text"], tuple(sections)
