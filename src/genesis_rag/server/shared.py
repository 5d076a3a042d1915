"""What several worker processes have in common, kept in the process that started them: conversations, limits, counts.

A worker asks over a socket of its own, one line of JSON each way. All of it is gone when the server stops, as with one
process.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from typing import Any

from genesis_rag.server.limits import RateLimiter
from genesis_rag.server.metrics import Metrics, Snapshot
from genesis_rag.server.sessions import Sessions
from genesis_rag.types import Answer, Conversation, Turn


class Shared:
    """The side of the process that started the workers.

    Args:
        limiter: holds back clients that ask too often; None for no limit.
    """

    def __init__(self, limiter: RateLimiter | None = None) -> None:
        self.sessions = Sessions()
        self._limiter, self._lock = limiter, threading.Lock()
        self._counts: dict[int, Snapshot] = {}  # of workers that ended too, so that no sum ever falls
        self._answers: dict[str, Callable[..., Any]] = {
            "open": lambda client, session: _rows(self.sessions.open(client, session)),
            "put": lambda client, session, rows: self.sessions.put(client, session, _conversation(rows)),
            "forget": self.sessions.forget,
            "wait": self._wait,
        }

    def serve(self, channel: socket.socket) -> None:
        """Answer one worker in a thread of its own, until it is gone."""
        with self._lock:
            number = len(self._counts)
            self._counts[number] = Metrics().snapshot({})
        arguments = (channel, number)
        threading.Thread(target=self._serve, args=arguments, name="genesis-rag shared", daemon=True).start()

    def _serve(self, channel: socket.socket, number: int) -> None:
        answers = {**self._answers, "count": lambda snapshot: self._count(number, snapshot)}
        with channel, channel.makefile("rwb") as lines:
            try:
                for line in lines:
                    name, *arguments = json.loads(line)
                    lines.write(json.dumps(answers[name](*arguments)).encode() + b"\n")
                    lines.flush()
            except OSError:
                pass  # it was killed in the midst of a line
        with self._lock:
            self._counts[number] = {**self._counts[number], "gauges": {}}

    def _count(self, number: int, snapshot: Snapshot) -> list[Snapshot]:
        """Keep what a worker counted so far; return what the others did."""
        with self._lock:
            self._counts[number] = snapshot
            return [other for key, other in self._counts.items() if key != number]

    def _wait(self, client: str) -> float:
        with self._lock:
            return self._limiter.wait(client) if self._limiter else 0.0


class Channel:
    """The side of a worker. Every method may be called from several threads at once."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel, self._lines, self._lock = channel, channel.makefile("rwb"), threading.Lock()

    def close(self) -> None:
        """End it."""
        self._channel.shutdown(socket.SHUT_RDWR)
        self._lines.close()
        self._channel.close()

    def call(self, name: str, *arguments: Any) -> Any:
        """Return what the other side answers.

        Raises:
            OSError: it is gone.
        """
        with self._lock:
            self._lines.write(json.dumps([name, *arguments]).encode() + b"\n")
            self._lines.flush()
            line = self._lines.readline()
        if not line:
            raise OSError("the process that started this worker is gone")
        return json.loads(line)


class SharedSessions(Sessions):
    """The conversations of all workers; see ``sessions.Sessions``."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel

    def open(self, client: str, session: str) -> Conversation:
        """Return what the session asked before."""
        return _conversation(self._channel.call("open", client, session))

    def keep(self, client: str, session: str, answer: Answer) -> None:
        """Add a question that was answered."""
        self._channel.call("put", client, session, _rows(self.open(client, session).after(answer)))

    def forget(self, client: str, session: str) -> bool:
        """Forget a session; tell whether there was one."""
        return bool(self._channel.call("forget", client, session))


class SharedLimiter(RateLimiter):
    """The rate limits of all workers together; see ``limits.RateLimiter``."""

    def __init__(self, channel: Channel, per_minute: int) -> None:
        super().__init__(per_minute)
        self._channel = channel

    def wait(self, client: str) -> float:
        """Count a request and return 0, or the seconds after which the next one may come."""
        return float(self._channel.call("wait", client))


def _rows(conversation: Conversation) -> list[list[str | None]]:
    return [[turn.asked, turn.searched, turn.language] for turn in conversation.turns]


def _conversation(rows: list[list[Any]]) -> Conversation:
    return Conversation(tuple(Turn(*row) for row in rows))
