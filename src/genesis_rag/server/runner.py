"""Runs the application in uvicorn until it is stopped."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from genesis_rag.server.app import create_app
from genesis_rag.server.guard import Guard, check_binding
from genesis_rag.server.keys import KeyRing
from genesis_rag.server.workers import supervise
from genesis_rag.server.workshop import Workshop
from genesis_rag.settings import Settings

GRACE_SECONDS = 5


def serve_forever(settings: Settings, started: Callable[[str], None] | None = None, workers: int = 1) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        settings: host and port to listen on, and the key.
        started: called with the address once the port is ours.
        workers: how many processes serve.

    Raises:
        SettingsError: the host is not loopback and there is no API key.
        OSError: the port cannot be used.
        BackendError: a worker process cannot be kept alive.
    """
    check_binding(settings.host, KeyRing(settings.home, settings.api_key).keys())
    with listen(settings.host, settings.port) as listener:
        if started is not None:
            name = f"[{settings.host}]" if ":" in settings.host else settings.host
            started(f"http://{name}:{listener.getsockname()[1]}/")
        if workers > 1:
            supervise(settings, listener, workers)
            return
        workshop = Workshop(settings)
        run(create_app(workshop.open_assistant, settings, workshop=workshop), listener)


def run(app: Guard, listener: socket.socket) -> None:
    """Serve an application on a listening socket until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        app, log_level="warning", server_header=False, timeout_graceful_shutdown=GRACE_SECONDS, lifespan="on"
    )
    with suppress(KeyboardInterrupt):  # Ctrl-C is how a server is meant to be stopped
        uvicorn.Server(config).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; binding here means that a busy port is an error before anything is announced."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named in full: asyncio sets TCP_NODELAY only on sockets that say IPPROTO_TCP, and without it every answer takes
    # 40 ms longer (a delayed acknowledgement between its headers and its body).
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.listen(128)
    return listener
