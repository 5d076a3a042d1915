"""Puts the web application together: guard, API, health, and the page."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.routing import Route

from genesis_rag import __version__
from genesis_rag.errors import BackendError, GenesisError
from genesis_rag.server.document_routes import document_router
from genesis_rag.server.guard import MAX_BODY_BYTES, Guard, is_loopback
from genesis_rag.server.holder import REFRESH_SECONDS, AssistantHolder
from genesis_rag.server.keys import KeyRing
from genesis_rag.server.limits import RateLimiter
from genesis_rag.server.mcp_endpoint import McpEndpoint
from genesis_rag.server.metrics import CONTENT_TYPE, Metrics, summed
from genesis_rag.server.openai_routes import openai_router
from genesis_rag.server.page_routes import page_router
from genesis_rag.server.problems import install_handlers, problem_of
from genesis_rag.server.routes import api_router
from genesis_rag.server.services import Services
from genesis_rag.server.sessions import Sessions
from genesis_rag.server.shared import Channel, SharedLimiter, SharedSessions
from genesis_rag.server.turns import Turns
from genesis_rag.server.uploads import UploadFolder
from genesis_rag.server.workshop import Workshop
from genesis_rag.server.writing import WriteQueue

if TYPE_CHECKING:
    from genesis_rag.assistant import Assistant
    from genesis_rag.settings import Settings

STATIC = Path(__file__).resolve().parent / "static"
STOP_SECONDS = 20.0
COUNT_SECONDS = 1.0
_LOG = logging.getLogger(__name__)


def create_app(
    open_assistant: Callable[[], Assistant],
    settings: Settings,
    extra_hosts: Sequence[str] = (),
    workshop: Workshop | None = None,
    shared: Channel | None = None,
) -> Guard:
    """Return the application, an ASGI callable.

    Args:
        open_assistant: makes the assistant; called when the server starts, and again at the next request if it failed.
        settings: ``host`` and ``api_key`` decide who is served.
        extra_hosts: further Host names to accept on a loopback address.
        workshop: writes to the index; one over ``settings`` if none is given.
        shared: leads to what this process has in common with others that serve the same home; None if it is alone.
    """
    services = _services(open_assistant, settings, workshop or Workshop(settings), shared)
    mcp = McpEndpoint(services.holder.get, services.metrics.answered)
    app = FastAPI(
        title="genesis-rag",
        version=__version__,
        lifespan=_lifespan(services, mcp, shared),
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        max_body_size=MAX_BODY_BYTES,
    )
    install_handlers(app)
    app.include_router(api_router(services))
    app.include_router(document_router(services))
    app.include_router(page_router(services))
    app.include_router(openai_router(services))
    app.router.routes.append(Route("/mcp", endpoint=mcp, include_in_schema=False))
    _add_health(app, services.holder)
    _add_metrics(app, services, shared)
    _add_page(app)
    limiter = None if is_loopback(settings.host) else RateLimiter(settings.rate_limit)
    if limiter is not None and shared is not None:
        limiter = SharedLimiter(shared, settings.rate_limit)
    ring = KeyRing(settings.home, settings.api_key)
    return Guard(app, settings.host, ring, services.metrics, limiter, extra_hosts)


def _services(
    open_assistant: Callable[[], Assistant], settings: Settings, workshop: Workshop, shared: Channel | None
) -> Services:
    holder = AssistantHolder(open_assistant, seconds=REFRESH_SECONDS if shared is None else 0.0)
    uploads, metrics = UploadFolder(settings.home), Metrics()
    count = partial(metrics.count, "genesis_writes_total")
    writes = WriteQueue(workshop, uploads, holder.refresh, lambda result: count(result=result))
    sessions = Sessions() if shared is None else SharedSessions(shared)
    return Services(settings, holder, workshop, uploads, writes, metrics, Turns(), sessions)


def _lifespan(
    services: Services, mcp: McpEndpoint, shared: Channel | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            await run_in_threadpool(services.holder.get)
        except GenesisError as error:
            _LOG.warning("not ready: %s %s", error.message, error.hint)
        services.writes.start()
        counting = asyncio.create_task(_share_counts(services, shared)) if shared is not None else None
        yield
        if counting is not None:
            counting.cancel()
        await mcp.close()
        await run_in_threadpool(services.writes.stop, STOP_SECONDS)
        services.holder.close()

    return lifespan


async def _share_counts(services: Services, shared: Channel) -> None:
    """Tell the other workers every second what this one has counted; whichever is asked tells the sum."""
    while True:
        await asyncio.sleep(COUNT_SECONDS)
        with suppress(OSError):
            await run_in_threadpool(shared.call, "count", services.metrics.snapshot(_waiting(services)))


def _waiting(services: Services) -> dict[str, float]:
    return {
        "genesis_writes_waiting": services.writes.waiting,
        "genesis_questions_waiting": services.turns.waiting,
    }


def _add_health(app: FastAPI, holder: AssistantHolder) -> None:
    @app.get("/health", response_model=None)
    def health() -> JSONResponse:
        """Say that the process is alive, and which one it is: there may be several workers."""
        return JSONResponse({"status": "ok", "version": __version__, "process": os.getpid()})

    @app.get("/ready", response_model=None)
    def ready() -> JSONResponse:
        """Say whether questions can be answered, and from which generation of the index; 503 if not.

        There must be an index that this profile can read, and every model server that the profile needs must answer.
        """
        assistant = holder.get()
        try:
            assistant.require_ready()
        except BackendError as error:
            return JSONResponse(problem_of(error)[1], 503)
        return JSONResponse({"status": "ready", "version": __version__, "generation": assistant.info["generation"]})


def _add_metrics(app: FastAPI, services: Services, shared: Channel | None) -> None:
    @app.get("/metrics", response_model=None)
    def metrics() -> Response:
        """Counters of all worker processes together, in the text format of Prometheus."""
        try:
            info = services.holder.get().info
        except GenesisError:
            info = {}
        names = ("documents", "chunks", "generation")
        gauges = {f"genesis_index_{name}": value for name in names if isinstance(value := info.get(name), int)}
        mine = services.metrics.snapshot(_waiting(services))
        others = shared.call("count", mine) if shared is not None else []
        return Response(summed([mine, *others], gauges), media_type=CONTENT_TYPE)


def _add_page(app: FastAPI) -> None:
    @app.get("/", response_model=None, include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(STATIC / "page.html", headers={"Cache-Control": "no-cache"})

    @app.get("/docs", response_model=None, include_in_schema=False)
    def docs() -> FileResponse:
        return FileResponse(STATIC / "docs.html", headers={"Cache-Control": "no-cache"})

    app.mount("/static", StaticFiles(directory=STATIC), name="static")
