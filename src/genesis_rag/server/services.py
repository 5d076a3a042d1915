"""What the routes share."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import Request

from genesis_rag.server.holder import AssistantHolder
from genesis_rag.server.metrics import Metrics
from genesis_rag.server.sessions import Sessions
from genesis_rag.server.turns import Turns
from genesis_rag.server.uploads import UploadFolder
from genesis_rag.server.workshop import Workshop
from genesis_rag.server.writing import WriteQueue
from genesis_rag.settings import Settings
from genesis_rag.values import dataclass


@dataclass(frozen=True, slots=True)
class Services:
    """One of each for the whole server."""

    settings: Settings
    holder: AssistantHolder
    workshop: Workshop
    uploads: UploadFolder
    writes: WriteQueue
    metrics: Metrics
    turns: Turns
    sessions: Sessions

    async def turn(self, request: Request) -> AsyncIterator[None]:
        """Hold a turn while a question is answered, to the end of its stream; a dependency of routes."""
        client = request.client.host if request.client else ""
        async with self.turns.turn(request.headers.get("authorization", "") + client):
            yield
