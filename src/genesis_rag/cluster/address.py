"""Where an index for many machines lies, in one line of text.

``milvus://host:19530/collection?texts=s3://bucket/folder`` (``milvus+tls://`` for an encrypted connection) or, for one
process on one machine, ``milvus:FILE.db`` with Milvus Lite. ``texts`` is any address of fsspec that every node reaches.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from genesis_rag.errors import SettingsError
from genesis_rag.values import dataclass

SCHEMES = {"milvus": "http", "milvus+tls": "https"}
DENSE_INDEXES = ("FLAT", "HNSW", "DISKANN", "AUTOINDEX")
"""``FLAT`` is exact; the others are approximate: they visit fewer rows, and DISKANN keeps fewer in memory."""

_PORT = 19530
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_FORM = "milvus://HOST:19530/COLLECTION?texts=ADDRESS or milvus:FILE.db"


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """A parsed address.

    Attributes:
        uri: what the client of Milvus connects to: a URL, or the file of Milvus Lite.
        collection: name of the collection, which is an alias of the real one.
        texts: where the texts of documents lie, an address of fsspec.
        dense: kind of index over the vectors, one of ``DENSE_INDEXES``; it is made with the collection.
    """

    uri: str
    collection: str
    texts: str
    dense: str


def parse_address(address: str) -> ClusterAddress:
    """Take an address apart.

    Raises:
        SettingsError: it is not one, or lacks a part.
    """
    parts = urlsplit(address)
    options = dict(parse_qsl(parts.query))
    if parts.scheme not in SCHEMES or set(options) - {"texts", "dense"}:
        raise _wrong(address)
    if not parts.netloc:
        if parts.scheme != "milvus" or not parts.path.endswith(".db"):
            raise _wrong(address)
        file = str(Path(parts.path).expanduser().absolute())
        found = ClusterAddress(file, "genesis", options.get("texts", f"{file}-texts"), options.get("dense", "FLAT"))
    else:
        host, name = parts.netloc, parts.path.strip("/")
        if not _NAME.fullmatch(name) or "@" in host:
            raise _wrong(address)
        if not options.get("texts"):
            raise SettingsError(
                f"The address '{address}' does not say where the texts of documents lie.",
                "Add an address that every node reaches: ?texts=s3://BUCKET/FOLDER, or a shared folder.",
            )
        uri = f"{SCHEMES[parts.scheme]}://{host}" + ("" if parts.port else f":{_PORT}")
        found = ClusterAddress(uri, name, options["texts"], options.get("dense", "HNSW"))
    if found.dense not in DENSE_INDEXES:
        raise SettingsError(f"There is no index '{found.dense}' of vectors.", f"Known: {', '.join(DENSE_INDEXES)}.")
    return found


def _wrong(address: str) -> SettingsError:
    return SettingsError(f"'{address}' is not an address of an index.", f"Write {_FORM}.")
