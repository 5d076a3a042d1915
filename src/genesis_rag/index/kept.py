"""What was read last, in memory: values that never change, up to a number of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
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

    def get(self, keys: Iterable[Key], read: Callable[[list[Key]], Mapping[Key, Value]]) -> dict[Key, Value]:
        """Return the values of ``keys``; ``read`` is asked for those that are not here, and may leave some out."""
        wanted, values = list(keys), self._values
        found = {key: value for key in wanted if (value := values.get(key)) is not None}
        if missing := [key for key in wanted if key not in found]:
            new = read(missing)
            self._put(new)
            found.update(new)
        return found

    def _put(self, values: Mapping[Key, Value]) -> None:
        with self._lock:
            self._values.update(values)
            for key in list(islice(self._values, max(0, len(self._values) - self._most))):
                del self._values[key]
