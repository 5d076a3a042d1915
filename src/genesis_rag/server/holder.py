"""Keeps one assistant open for all requests and lets it pick up new generations of the index."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from genesis_rag.errors import GenesisError
from genesis_rag.server.memory import give_back

if TYPE_CHECKING:
    from genesis_rag.assistant import Assistant

_LOG = logging.getLogger(__name__)
REFRESH_SECONDS = 1.0


class AssistantHolder:
    """Opens the assistant at first use (again after a failure) and looks for a new generation at most once a second.

    Args:
        open_assistant: makes the assistant; may raise any GenesisError, as when there is no index yet.
        clock: seconds, rising.
        seconds: between two looks; 0 where other processes write, so that all tell at once what one has acknowledged.
    """

    def __init__(
        self,
        open_assistant: Callable[[], Assistant],
        clock: Callable[[], float] = time.monotonic,
        seconds: float = REFRESH_SECONDS,
    ) -> None:
        self._open = open_assistant
        self._clock, self._seconds = clock, seconds
        self._lock = threading.Lock()
        self._assistant: Assistant | None = None
        self._looked = 0.0

    def get(self) -> Assistant:
        """Return the open assistant. An index that cannot be refreshed goes on being served as it was."""
        with self._lock:
            now = self._clock()
            if self._assistant is None:
                self._assistant, self._looked = self._open(), now
            elif now - self._looked >= self._seconds:
                self._looked = now
                try:
                    if self._assistant.refresh():
                        give_back()
                except GenesisError as error:
                    _LOG.warning("still serving the earlier index: %s %s", error.message, error.hint)
            return self._assistant

    def refresh(self) -> None:
        """Switch to the newest generation now, as after a write of this process."""
        with self._lock:
            if self._assistant is not None:
                self._looked = self._clock()
                self._assistant.refresh()
                give_back()

    def close(self) -> None:
        """Close the assistant if it is open."""
        with self._lock:
            if self._assistant is not None:
                self._assistant.close()
                self._assistant = None
