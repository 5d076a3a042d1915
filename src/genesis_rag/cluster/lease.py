"""One home at a time brings changes to a cluster: a file beside the texts says who, and until when at the latest."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any

from genesis_rag.cluster.texts import Texts
from genesis_rag.errors import IndexLockedError

SECONDS = 120.0
"""After this time without a sign of its holder a lease is over; the holder renews it well before."""

_PROCESS = uuid.uuid4().hex
"""Tells this process from an earlier one of the same number, as in a container that was started again."""


class Lease:
    """Held inside ``with``.

    Args:
        texts: where the file lies.
        name: of the file.
        clock: seconds since 1970; those of all machines agree within a minute.
    """

    def __init__(self, texts: Texts, name: str, clock: Callable[[], float] = time.time) -> None:
        self._texts, self._name, self._clock = texts, name, clock
        self._token = uuid.uuid4().hex
        self._renewed = 0.0

    def __enter__(self) -> Lease:
        """Take it.

        Raises:
            IndexLockedError: another holds it; the message says which.
        """
        for _ in range(2):
            if self._texts.create_named(self._name, self._data()):
                return self
            held = self._held()
            if held and held["until"] > self._clock() and not _ended(held):
                break
            self._texts.remove_named(self._name)
        raise IndexLockedError(
            f"The cluster is being written to by {_told(held)}.",
            "Wait until it is done, or stop it, and run this again; a machine that died is waited for two minutes.",
        )

    def renew(self) -> None:
        """Go on holding it; to be called at least every minute."""
        if self._clock() - self._renewed > SECONDS / 4:
            self.require()
            self._texts.write_named(self._name, self._data())

    def require(self) -> None:
        """Make sure that it is still ours.

        Raises:
            IndexLockedError: this process was silent for so long that another took it.
        """
        held = self._held()
        if held is None or held["token"] != self._token:
            raise IndexLockedError(
                f"The cluster was taken over by {_told(held)} as this process was silent.", "Run this again."
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        held = self._held()
        if held is not None and held["token"] == self._token:
            self._texts.remove_named(self._name)

    def _data(self) -> bytes:
        self._renewed = self._clock()
        values = {"token": self._token, "process": _PROCESS, "pid": os.getpid(), "host": os.uname().nodename}
        return json.dumps({**values, "until": self._renewed + SECONDS}).encode()

    def _held(self) -> dict[str, Any] | None:
        try:
            held = json.loads(self._texts.read_named(self._name) or b"")
        except ValueError:
            return None
        known = isinstance(held, dict) and {"token", "process", "pid", "host", "until"} <= held.keys()
        return held if known else None


def _ended(held: dict[str, Any]) -> bool:
    """Tell whether the holder was a process of this machine that runs no more."""
    if held["host"] != os.uname().nodename:
        return False
    if held["pid"] == os.getpid():
        return bool(held["process"] != _PROCESS)
    try:
        os.kill(int(held["pid"]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _told(held: dict[str, Any] | None) -> str:
    return f"process {held['pid']} on {held['host']}" if held else "another process"
