"""Conversations of clients: what each session asked before, so that a follow-up question is understood.

Kept in memory only, and bounded: in number, in number for each client, in age; turns are bounded by ``Conversation``.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from genesis_rag.types import Answer, Conversation

MOST_SESSIONS = 2_000
MOST_A_CLIENT = 100
MOST_SECONDS = 3_600.0
"""How long a session that nobody uses is kept."""

_Name = tuple[str, str]


class Sessions:
    """The conversations of all clients. Every method may be called from several threads at once.

    A client sees its own sessions only: the same id of another client is another session. The session used longest
    ago makes room, one of the same client first.

    Args:
        most: how many sessions are kept.
        most_a_client: how many of them may be one client's.
        seconds: how long one that is not used is kept.
        clock: seconds, rising.
    """

    def __init__(
        self,
        most: int = MOST_SESSIONS,
        most_a_client: int = MOST_A_CLIENT,
        seconds: float = MOST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._most_a_client, self._seconds, self._clock = most, most_a_client, seconds, clock
        self._lock = threading.Lock()
        self._sessions: OrderedDict[_Name, tuple[float, Conversation]] = OrderedDict()  # used longest ago first

    def __len__(self) -> int:
        """Return the number of sessions that are kept."""
        with self._lock:
            self._drop_old()
            return len(self._sessions)

    def open(self, client: str, session: str) -> Conversation:
        """Return what the session asked before; a new one has asked nothing."""
        with self._lock:
            self._drop_old()
            name = (client, session)
            if name not in self._sessions:
                self._make_room(client)
            _, conversation = self._sessions.pop(name, (0.0, Conversation()))
            self._sessions[name] = (self._clock(), conversation)
            return conversation

    def keep(self, client: str, session: str, answer: Answer) -> None:
        """Add a question that was answered; a session that was forgotten meanwhile stays forgotten."""
        with self._lock:
            name = (client, session)
            if name in self._sessions:
                _, conversation = self._sessions.pop(name)
                self._sessions[name] = (self._clock(), conversation.after(answer))

    def put(self, client: str, session: str, conversation: Conversation) -> None:
        """Replace what a session asked; one that was forgotten meanwhile stays forgotten."""
        with self._lock:
            if self._sessions.pop((client, session), None) is not None:
                self._sessions[(client, session)] = (self._clock(), conversation)

    def forget(self, client: str, session: str) -> bool:
        """Forget a session; tell whether there was one."""
        with self._lock:
            self._drop_old()
            return self._sessions.pop((client, session), None) is not None

    def _drop_old(self) -> None:
        oldest_allowed = self._clock() - self._seconds
        while self._sessions:
            name, (used, _) = next(iter(self._sessions.items()))
            if used >= oldest_allowed:
                return
            del self._sessions[name]

    def _make_room(self, client: str) -> None:
        own = [name for name in self._sessions if name[0] == client]
        if len(own) >= self._most_a_client:
            del self._sessions[own[0]]
        elif len(self._sessions) >= self._most:
            self._sessions.popitem(last=False)


def client_name(authorization: str, api_key: str) -> str:
    """Return a name for the holder of an API key that does not hold the key; all without a key share one."""
    token = authorization or api_key
    return hashlib.sha256(token.encode()).hexdigest() if token else ""
