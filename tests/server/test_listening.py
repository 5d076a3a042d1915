from __future__ import annotations

import socket

import pytest

from genesis_rag.server.runner import listen


def test_the_listener_is_one_that_asyncio_sends_without_delay_on() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP  # what asyncio's transports ask before they set TCP_NODELAY


def test_a_busy_port_is_an_error_at_once() -> None:
    with listen("127.0.0.1", 0) as listener, pytest.raises(OSError, match="in use"):
        listen("127.0.0.1", listener.getsockname()[1])
