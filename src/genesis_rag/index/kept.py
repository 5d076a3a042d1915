"""What was read last, in memory: values that never change, up to a number of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from itertools import islice
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """At most ``most`` values, those that were put in last. Threads may share it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[Key, Value] = {}
        self._lock = Lock()

    def find(self, keys: Iterable[Key]) -> dict[Key, Value]:
        """Return those of ``keys`` that are here, with their values."""
        known = self._values
        return {key: value for key in keys if (value := known.get(key)) is not None}

    def put(self, values: Mapping[Key, Value]) -> None:
        """Keep ``values`` and forget the oldest for them."""
        with self._lock:
            self._values |= values
            for key in list(islice(self._values, max(0, len(self._values) - self._most))):
                del self._values[key]
