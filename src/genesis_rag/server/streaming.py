"""Responses that come piece by piece, and stop being made when the client goes away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator

from fastapi.concurrency import iterate_in_threadpool
from fastapi.responses import StreamingResponse

EVENT_STREAM = "text/event-stream"
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def event_response(pieces: Generator[bytes]) -> StreamingResponse:
    """Return a response of server-sent events that are made in threads."""
    return StreamingResponse(_closing(pieces), media_type=EVENT_STREAM, headers=HEADERS)


async def _closing(pieces: Generator[bytes]) -> AsyncIterator[bytes]:
    """Yield the pieces; when nobody reads on, closing the generator stops the engine behind it."""
    try:
        async for piece in iterate_in_threadpool(pieces):
            yield piece
    finally:
        pieces.close()
