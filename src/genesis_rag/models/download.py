"""Fetches one file over HTTP: resumes where it was cut, hashes while it streams, takes its name only when right.

The standard library only, so that models can be fetched by the default installation.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from genesis_rag.errors import ModelError
from genesis_rag.models.checking import hash_file
from genesis_rag.models.lock import Expected
from genesis_rag.values import dataclass

_BLOCK = 1 << 18
_AGENT = "genesis-rag"
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
Tell = Callable[[int, int], None]
"""Called with the bytes that are here and the bytes in all (0 if unknown)."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try: ``tries`` in a row without a new byte; seconds before the next one, doubled each time."""

    tries: int = 4
    pause: float = 1.0
    timeout: float = 30.0


class _CutError(Exception):
    """The connection failed or ended early; another try may go on from there."""


class _UnreachableError(_CutError):
    """There is no connection; where there has been none before, one more try is enough to know."""


class _UselessError(Exception):
    """This address has no such file; another mirror may."""


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows to http and https only, and never from https back to http."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        was, now = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if now not in ("http", "https") or (was == "https" and now == "http"):
            raise _UselessError(f"it points to {now or 'something else'}:, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(
    urls: Sequence[str], target: Path, wanted: Expected, tell: Tell | None = None, patience: Patience | None = None
) -> Expected:
    """Put the file at the first of ``urls`` that has it to ``target``, and return its size and hash.

    What a broken connection left lies beside it and is used next time.

    Raises:
        ModelError: no address has the file or can be reached, or the file is not the one that is wanted.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    tag = hashlib.sha256((wanted.sha256 or urls[0]).encode()).hexdigest()[:12]
    part = target.with_name(f"{target.name}.{tag}.part")
    reasons = []
    for url in urls:
        try:
            sha256 = _Fetching(url, part, wanted, tell, patience or Patience()).run()
        except (_CutError, _UselessError) as error:
            reasons.append(f"{urlsplit(url).hostname}: {error}")
            continue
        return finish(part, target, wanted, sha256)
    raise ModelError(f"{target.name} cannot be fetched ({'; '.join(reasons)}).")


def finish(part: Path, target: Path, wanted: Expected, sha256: str) -> Expected:
    """Give a complete file its name, if it is the right one; else remove it.

    Raises:
        ModelError: size or hash are not those that are wanted.
    """
    size = part.stat().st_size
    if (wanted.size and size != wanted.size) or (wanted.sha256 and sha256 != wanted.sha256):
        part.unlink()
        raise ModelError(
            f"{target.name} is not the file that models.toml names: expected {wanted.size or 'any number of'} bytes "
            f"with sha256 {wanted.sha256 or 'unknown'}, got {size} bytes with {sha256}.",
            "It was removed. The source may have changed, or a proxy is in between; do not use such a file.",
        )
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(target)
    return Expected(size, sha256)


def require_space(folder: Path, needed: int) -> None:
    """Refuse to begin what cannot be finished; a hundredth and 64 MB stay free.

    Raises:
        ModelError: the disk has too little room.
    """
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    reserve = needed // 100 + (64 << 20)
    if needed and free < needed + reserve:
        raise ModelError(
            f"{folder} has {free / 1e9:.1f} GB free, and {(needed + reserve) / 1e9:.1f} GB are needed.",
            "Make room, or name another folder with GENESIS_MODEL_FOLDER.",
        )


class _Fetching:
    """The tries at one address."""

    def __init__(self, url: str, part: Path, wanted: Expected, tell: Tell | None, patience: Patience) -> None:
        self._url, self._part, self._wanted, self._tell, self._patience = url, part, wanted, tell, patience
        self._opener = urllib.request.build_opener(_SafeRedirects)

    def run(self) -> str:
        """Fetch all of it and return its sha256."""
        left, pause, received = self._patience.tries, self._patience.pause, False
        while True:
            before = self._have()
            try:
                return self._once()
            except _CutError as error:
                moved = self._have() > before
                left = self._patience.tries if moved else left - 1
                received = received or moved
                if isinstance(error, _UnreachableError) and not received:
                    left = min(left, 1)
                pause = self._patience.pause if moved else pause * 2
                if left < 1:
                    raise
                time.sleep(min(pause, 30.0))

    def _have(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _once(self) -> str:
        have, size = self._have(), self._wanted.size
        if size and have > size:
            self._part.unlink()
            have = 0
        if size and have == size:
            return hash_file(self._part)
        with self._open(have) as response:
            have = self._agreed(response, have)
            length = response.headers.get("Content-Length", "")
            total = have + int(length) if length.isdecimal() else 0
            self._check(response, total)
            return self._receive(response, have, total)

    def _open(self, have: int) -> Any:
        headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        request = urllib.request.Request(self._url, headers=headers)
        try:
            return self._opener.open(request, timeout=self._patience.timeout)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416:
                self._part.unlink(missing_ok=True)
                raise _CutError("it could not be resumed") from error
            if error.code in (408, 429) or error.code >= 500:
                raise _CutError(f"the server answers {error.code}") from error
            told = {401: "it wants a login", 403: "it refuses", 404: "it has no such file"}
            raise _UselessError(told.get(error.code, f"it answers {error.code}")) from error
        except urllib.error.URLError as error:
            raise _UnreachableError(f"it cannot be reached, {error.reason}") from error
        except (OSError, http.client.HTTPException) as error:
            raise _UnreachableError(f"it cannot be reached, {error}") from error

    def _agreed(self, response: Any, have: int) -> int:
        """Return from which byte on the server sends."""
        if response.status != 206:
            return 0
        found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if found is None or int(found[1]) != have:
            self._part.unlink(missing_ok=True)
            raise _CutError("it sent another part than asked for")
        return have

    def _check(self, response: Any, total: int) -> None:
        if response.headers.get_content_type() == "text/html":
            raise _UselessError("it sends a web page, so a login or a proxy stands in between")
        if self._wanted.size and total and total != self._wanted.size:
            raise _UselessError(f"it has a file of {total:,} bytes, not {self._wanted.size:,}")

    def _receive(self, response: Any, have: int, total: int) -> str:
        digest = hashlib.sha256()
        with self._part.open("rb+" if have else "wb") as file:
            while have and (block := file.read(_BLOCK)):
                digest.update(block)
            limit = self._wanted.size or total
            try:
                while block := response.read(_BLOCK):
                    file.write(block)
                    digest.update(block)
                    have += len(block)
                    if self._tell:
                        self._tell(have, limit)
                    if limit and have > limit:
                        raise _UselessError(f"it sends more than {limit:,} bytes")
            except (OSError, http.client.HTTPException) as error:
                raise _CutError(f"the connection broke after {have:,} bytes") from error
        if limit and have < limit:
            raise _CutError(f"the connection ended after {have:,} of {limit:,} bytes")
        return digest.hexdigest()
