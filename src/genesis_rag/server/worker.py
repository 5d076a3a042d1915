"""One of several worker processes.

python -m genesis_rag.server.worker LISTENER CHANNEL < settings

The settings come as a line on standard input, which then stays open: when it ends, the process that started this one
is gone, and nobody would ever end this one.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading

from genesis_rag.server.app import create_app
from genesis_rag.server.runner import run
from genesis_rag.server.shared import Channel
from genesis_rag.server.workers import settings_from
from genesis_rag.server.workshop import Workshop


def main(listener: int, channel: int) -> None:
    """Serve until SIGTERM, or until standard input ends."""
    line = sys.stdin.buffer.readline()
    if not line:
        return
    settings = settings_from(line)
    threading.Thread(target=_end_with_parent, name="genesis-rag parent", daemon=True).start()
    workshop = Workshop(settings)
    shared = Channel(socket.socket(fileno=channel))
    with socket.socket(fileno=listener) as accepting:
        run(create_app(workshop.open_assistant, settings, workshop=workshop, shared=shared), accepting)


def _end_with_parent() -> None:
    while sys.stdin.buffer.read(1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
