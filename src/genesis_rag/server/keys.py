"""API keys: stored as hashes, with a name and a role, compared in constant time.

A key is 256 random bits, so that a plain SHA-256 of it cannot be turned back. The file is read again when it changes:
a key that was removed is refused from the next request on.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from genesis_rag.errors import SettingsError, UserError
from genesis_rag.values import dataclass

FILE_NAME = "api-keys.json"
PREFIX = "grag-"
ENVIRONMENT_NAME = "GENESIS_API_KEY"

Role = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class Key:
    """A key without the key itself. ``role``: who may read may ask; who may write may upload and delete too."""

    name: str
    role: Role
    sha256: str
    created: str

    @property
    def may_write(self) -> bool:
        """Whether it may change the library."""
        return self.role == "write"


class KeyRing:
    """The keys of a home, and the one of the settings if there is one.

    Args:
        home: holds the file of keys.
        api_key: a further key that may write; empty for none.
    """

    def __init__(self, home: Path, api_key: str = "") -> None:
        self._path = home / FILE_NAME
        self._given = (Key(ENVIRONMENT_NAME, "write", _hash(api_key.encode()), ""),) if api_key else ()
        self._state: tuple[int, int] | None = None
        self._keys: tuple[Key, ...] = self._given

    def keys(self) -> Sequence[Key]:
        """Return all keys.

        Raises:
            SettingsError: the file is damaged.
        """
        try:
            status = self._path.stat()
            state = status.st_mtime_ns, status.st_size
        except FileNotFoundError:
            state = None
        if state != self._state:
            self._keys = (*self._given, *(_read(self._path) if state else ()))
            self._state = state
        return self._keys

    def find(self, token: bytes) -> Key | None:
        """Return the key that ``token`` is; all are compared, however early one fits."""
        digest, found = _hash(token), None
        for key in self.keys():
            if hmac.compare_digest(key.sha256, digest):
                found = key
        return found


def add_key(home: Path, name: str, role: Role) -> str:
    """Make a key, store its hash and return it; it cannot be had again.

    Raises:
        UserError: there is a key of this name.
    """
    keys = _stored(home)
    if any(key.name == name for key in keys):
        raise UserError(f"There is a key '{name}' already.", "Remove it first, or choose another name.")
    token = PREFIX + secrets.token_urlsafe(32)
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    _write(home / FILE_NAME, [*keys, Key(name, role, _hash(token.encode()), created)])
    return token


def remove_key(home: Path, name: str) -> None:
    """Forget a key.

    Raises:
        UserError: there is none of this name.
    """
    keys = _stored(home)
    kept = [key for key in keys if key.name != name]
    if len(kept) == len(keys):
        raise UserError(f"There is no key '{name}'.", "List them: genesis-rag keys list")
    _write(home / FILE_NAME, kept)


def _stored(home: Path) -> list[Key]:
    return list(KeyRing(home).keys())


def _read(path: Path) -> list[Key]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["keys"]
        keys = [Key(**row) for row in rows]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SettingsError(f"{path} cannot be read: {error}", "Mend it, or remove it and make new keys.") from error
    if any(key.role not in ("read", "write") or len(key.sha256) != 64 for key in keys):
        raise SettingsError(f"{path} holds something that is not a key.", "Remove it and make new keys.")
    return keys


def _write(path: Path, keys: Sequence[Key]) -> None:
    """Replace the file by one that nobody else may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump({"keys": [asdict(key) for key in keys]}, stream, ensure_ascii=False, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(path)


def _hash(token: bytes) -> str:
    return hashlib.sha256(token).hexdigest()
