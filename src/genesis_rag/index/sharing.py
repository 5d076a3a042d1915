"""A lock that many readers hold together, so that a change of generation waits until they are done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, local


class SharedLock:
    """Shared or exclusive; a thread may take the shared side again while it holds it. Exclusive takes precedence."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._readers = 0
        self._waiting = 0
        self._held = local()

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold together with others."""
        depth = getattr(self._held, "depth", 0)
        if depth == 0:
            with self._condition:
                self._condition.wait_for(lambda: self._waiting == 0)
                self._readers += 1
        self._held.depth = depth + 1
        try:
            yield
        finally:
            self._held.depth = depth
            if depth == 0:
                with self._condition:
                    self._readers -= 1
                    self._condition.notify_all()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold alone. Not to be asked for by a thread that holds the shared side.

        Raises:
            RuntimeError: this thread holds the shared side and would wait for itself.
        """
        if getattr(self._held, "depth", 0):
            raise RuntimeError("a thread that reads cannot wait until nobody reads")
        with self._condition:
            self._waiting += 1
            try:
                self._condition.wait_for(lambda: self._readers == 0)
                yield
            finally:
                self._waiting -= 1
                self._condition.notify_all()
