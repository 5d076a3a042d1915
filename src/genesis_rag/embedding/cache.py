"""Vectors kept on disk, so that a text is computed once by a model, whatever happens to the index.

One SQLite file; a key is the hash of the model's fingerprint, the role (question or passage) and the text.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from genesis_rag.protocols import Embedder, Remote, Vectors

_SCHEMA = """
create table if not exists vectors (key blob primary key, vector blob not null) without rowid;
"""
_JOURNAL = "pragma journal_mode = wal; pragma synchronous = normal;"
"""Writes are appended and not waited for: else every new question would wait for the disk, 30 ms on a slow one."""
_SIDECARS = ("-wal", "-shm")
_AT_ONCE = 500  # below SQLite's limit of variables in one statement
_LIMIT_MB = 2048


class CachingEmbedder:
    """An Embedder that asks ``inner`` only for texts that it has not seen. Threads may share it.

    A cache that cannot be used (damaged, locked, on a full or read-only disk) costs time, never an answer: it is made
    anew or passed by. Beyond ``limit_mb`` it is emptied when it is opened.
    """

    def __init__(self, inner: Embedder, path: Path, limit_mb: int = _LIMIT_MB) -> None:
        self._inner = inner
        self.fingerprint, self.dim, self.max_tokens = inner.fingerprint, inner.dim, inner.max_tokens
        self._lock = threading.Lock()
        self._database = _open(path, limit_mb)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a question."""
        return self._embed(texts, "query", self._inner.embed_queries)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a passage."""
        return self._embed(texts, "passage", self._inner.embed_passages)

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of ``text``."""
        return self._inner.count_tokens(text)

    def require_healthy(self) -> None:
        """Raise BackendError where ``inner`` needs a server that cannot be reached."""
        if isinstance(self._inner, Remote):
            self._inner.require_healthy()

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _embed(self, texts: Sequence[str], role: str, embed: Callable[[Sequence[str]], Vectors]) -> Vectors:
        keys = [self._key(role, text) for text in texts]
        known = self._read(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            found = dict(zip(missing, embed(list(missing.values())), strict=True))
            self._write({key: row.astype(np.float32).tobytes() for key, row in found.items()})
            known |= found
        rows = np.empty((len(texts), self.dim), np.float32)
        for at, key in enumerate(keys):
            rows[at] = known[key]
        return rows

    def _key(self, role: str, text: str) -> bytes:
        parts = (self.fingerprint, str(self.dim), role, text)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, np.ndarray[tuple[int], np.dtype[np.float32]]]:
        found: list[tuple[bytes, bytes]] = []
        with self._lock, suppress(sqlite3.Error):
            for start in range(0, len(keys) if self._database else 0, _AT_ONCE):
                some = keys[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                assert self._database is not None
                found += self._database.execute(f"select key, vector from vectors where key in ({marks})", some)
        return {key: np.frombuffer(row, np.float32) for key, row in found if len(row) == 4 * self.dim}

    def _write(self, rows: dict[bytes, bytes]) -> None:
        with self._lock, suppress(sqlite3.Error):
            if self._database is not None:
                with self._database:
                    self._database.executemany("insert or replace into vectors values (?, ?)", rows.items())


def _open(path: Path, limit_mb: int) -> sqlite3.Connection | None:
    for attempt in range(2):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and (attempt or path.stat().st_size > limit_mb * 2**20):
                for file in (path, *(path.with_name(path.name + end) for end in _SIDECARS)):
                    file.unlink(missing_ok=True)
            database = sqlite3.connect(path, timeout=2.0, check_same_thread=False)
            with suppress(sqlite3.Error):  # a file that can only be read is of use as it is
                database.executescript(_JOURNAL)
            database.executescript(_SCHEMA)
            return database
        except (OSError, sqlite3.Error):
            continue
    return None
