"""Whose question is next: a bounded number is answered at once, the rest wait in turns, one client after the other.

Waiting happens before a thread is taken, so that a crowd of questions leaves threads for everything else.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from genesis_rag.server.problems import BusyError

AT_ONCE = 16
MOST_WAITING = 256


class Turns:
    """Hands out turns, round robin over the clients that wait. Belongs to one event loop.

    Args:
        at_once: how many questions are answered at the same time.
        most_waiting: how many may wait; further ones are refused.
    """

    def __init__(self, at_once: int = AT_ONCE, most_waiting: int = MOST_WAITING) -> None:
        self._free, self._most_waiting = at_once, most_waiting
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(len(queue) for queue in self._waiting.values())

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[None]:
        """Wait for a turn of ``client`` and hold it.

        Raises:
            BusyError: too many wait already.
        """
        await self._enter(client)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, client: str) -> None:
        if self._free:
            self._free -= 1
            return
        if self.waiting >= self._most_waiting:
            raise BusyError("Too many questions wait to be answered.", "Ask again in a minute.")
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._leave()  # the turn came in the same moment: it is passed on
            else:
                self._forget(client, mine)
            raise

    def _leave(self) -> None:
        """Pass the turn on to the client that has waited longest for one."""
        while self._waiting:
            client, queue = self._waiting.popitem(last=False)
            following = queue.popleft()
            if queue:
                self._waiting[client] = queue
            if not following.done():
                following.set_result(None)
                return
        self._free += 1

    def _forget(self, client: str, mine: asyncio.Future[None]) -> None:
        queue = self._waiting.get(client)
        if queue is not None and mine in queue:
            queue.remove(mine)
            if not queue:
                del self._waiting[client]
