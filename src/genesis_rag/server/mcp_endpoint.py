"""/mcp of the server: the library behind it takes a second to load, so that is done when somebody comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi.concurrency import run_in_threadpool

from genesis_rag.errors import MissingExtraError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from genesis_rag.assistant import Assistant
    from genesis_rag.types import Answer


class McpEndpoint:
    """ASGI application over streamable HTTP, without sessions: any worker may serve any request.

    Host, Origin, keys and sizes are the guard's affair.

    Args:
        get: gives the assistant.
        answered: told every answer.
    """

    def __init__(self, get: Callable[[], Assistant], answered: Callable[[Answer], None]) -> None:
        self._get, self._answered = get, answered
        self._starting = asyncio.Lock()
        self._app: ASGIApp | None = None
        self._ends = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Raises:
            MissingExtraError: the library is not installed.
        """
        async with self._starting:
            if self._app is None:
                server = await run_in_threadpool(self._build)
                app, manager = _application(server)
                running = asyncio.Event()
                self._task = asyncio.create_task(self._hold(manager, running))
                await running.wait()
                self._app = app
        await self._app(scope, receive, send)

    async def close(self) -> None:
        """End what is running."""
        self._ends.set()
        if self._task is not None:
            await self._task

    def _build(self) -> Any:
        try:
            from genesis_rag.server.mcp_tools import build
        except ModuleNotFoundError as error:
            raise MissingExtraError("mcp", "mcp") from error
        return build(self._get, self._answered)

    async def _hold(self, manager: Any, running: asyncio.Event) -> None:
        """Keep the session manager's tasks in one task of ours: it must be left where it was entered."""
        async with manager.run():
            running.set()
            await self._ends.wait()


def _application(server: Any) -> tuple[ASGIApp, Any]:
    from mcp.server.transport_security import TransportSecuritySettings

    app = server.streamable_http_app(
        stateless_http=True,
        json_response=True,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    return app, server.session_manager
