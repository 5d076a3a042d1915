"""Something that threads use while another thread replaces it: whoever uses the old one keeps it until done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, local
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """Something that lets go of what it holds."""

    def close(self) -> None:
        """Let go."""
        ...


Resource = TypeVar("Resource", bound=Closable)


class Replaceable(Generic[Resource]):
    """Lends the newest resource and closes an older one when the last of its users is done. Nobody ever waits."""

    def __init__(self, resource: Resource) -> None:
        self._newest = resource
        self._users: dict[int, int] = {id(resource): 0}
        self._lock = Lock()
        self._mine = local()

    @property
    def newest(self) -> Resource:
        """Return the newest resource."""
        return self._newest

    @property
    def current(self) -> Resource:
        """Return the resource that this thread uses, else the newest."""
        mine: Resource | None = getattr(self._mine, "resource", None)
        return mine or self._newest

    @contextmanager
    def use(self) -> Iterator[Resource]:
        """Lend the newest resource; inside, the same thread is lent the same one again."""
        mine: Resource | None = getattr(self._mine, "resource", None)
        if mine is not None:
            yield mine
            return
        with self._lock:
            resource = self._newest
            self._users[id(resource)] += 1
        self._mine.resource = resource
        try:
            yield resource
        finally:
            self._mine.resource = None
            self._leave(resource)

    def replace(self, resource: Resource) -> None:
        """Lend ``resource`` from now on; the one before is closed once nobody uses it."""
        with self._lock:
            before, self._newest = self._newest, resource
            self._users[id(resource)] = 0
            idle = self._users[id(before)] == 0
            if idle:
                del self._users[id(before)]
        if idle:
            before.close()

    def _leave(self, resource: Resource) -> None:
        with self._lock:
            self._users[id(resource)] -= 1
            idle = resource is not self._newest and self._users[id(resource)] == 0
            if idle:
                del self._users[id(resource)]
        if idle:
            resource.close()
