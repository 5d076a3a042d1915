"""Several worker processes behind one port: started, started again when one dies, and ended together."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from genesis_rag.errors import BackendError
from genesis_rag.server.guard import is_loopback
from genesis_rag.server.limits import RateLimiter
from genesis_rag.server.shared import Shared
from genesis_rag.settings import Settings

LOOK_SECONDS = 0.2
SHORT_LIFE = 5.0
"""A worker that ends within so many seconds counts as one that could not start."""

MOST_SHORT_LIVES = 3
STOP_SECONDS = 40.0
"""For the uploads at hand and the answers being given; whoever goes on longer is killed."""


def supervise(settings: Settings, listener: socket.socket, number: int) -> None:
    """Run ``number`` workers that accept from ``listener`` until SIGINT or SIGTERM.

    Raises:
        BackendError: a worker ends again and again as soon as it is started.
    """
    limiter = None if is_loopback(settings.host) else RateLimiter(settings.rate_limit)
    shared, stopping = Shared(limiter), threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        stopping.set()

    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    workers = [_Worker(settings, listener, shared) for _ in range(number)]
    try:
        failures = 0
        while not stopping.wait(LOOK_SECONDS):
            for place, worker in enumerate(workers):
                if worker.process.poll() is None:
                    continue
                failures = failures + 1 if worker.age < SHORT_LIFE else 0
                if failures > MOST_SHORT_LIVES * number:
                    raise BackendError("The worker processes end as soon as they are started.", "Try --workers 1.")
                workers[place] = _Worker(settings, listener, shared)
    finally:
        for worker in workers:
            worker.process.terminate()
        end = time.monotonic() + STOP_SECONDS
        for worker in workers:
            worker.end(max(0.1, end - time.monotonic()))
        for name, handler in before.items():
            signal.signal(name, handler)


class _Worker:
    """One worker process; it has a session of its own, so that Ctrl-C reaches only the process that ends it."""

    def __init__(self, settings: Settings, listener: socket.socket, shared: Shared) -> None:
        ours, theirs = socket.socketpair()
        descriptors = (listener.fileno(), theirs.fileno())
        command = [sys.executable, "-P", "-m", "genesis_rag.server.worker", *map(str, descriptors)]
        self._started = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=descriptors, start_new_session=True)
        theirs.close()
        shared.serve(ours)
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(settings_line(settings))
            self.process.stdin.flush()  # and stays open: its end tells the worker that we are gone
        except BrokenPipeError:
            pass  # it has ended already, which is seen at the next look

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._started

    def end(self, seconds: float) -> None:
        """Wait for its end for some seconds, then kill it."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def settings_line(settings: Settings) -> bytes:
    """Return settings as a line of JSON."""
    return json.dumps({**asdict(settings), "home": str(settings.home)}).encode() + b"\n"


def settings_from(line: bytes) -> Settings:
    """Return the settings of ``settings_line``."""
    values = json.loads(line)
    return Settings(**{**values, "home": Path(values["home"])})
