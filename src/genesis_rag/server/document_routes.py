"""The routes under /api/documents: list, text, original file, upload, replace, delete; and the state of the index."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from fastapi.sse import format_sse_event

from genesis_rag.server import documents
from genesis_rag.server.receiving import receive
from genesis_rag.server.requests import MAX_SOURCE_CHARS, MAX_URL_CHARS, LanguageName
from genesis_rag.server.schemas import INDEX_SCHEMA, UPLOAD_SCHEMA, document_payload, text_payload, to_line
from genesis_rag.server.streaming import EVENT_STREAM, HEADERS
from genesis_rag.server.uploads import MAX_UPLOAD_BYTES
from genesis_rag.server.writing import Job

if TYPE_CHECKING:
    from genesis_rag.server.services import Services

MAX_LISTED = 1_000
Event = tuple[str, dict[str, Any]]

_UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["url"],
                    "properties": {"url": {"type": "string", "maxLength": MAX_URL_CHARS}},
                }
            },
        },
    }
}


def document_router(services: Services) -> APIRouter:
    """Return the routes about documents."""
    router = APIRouter(prefix="/api")
    _add_reading(router, services)
    _add_original(router, services)
    _add_upload(router, services)
    _add_delete(router, services)
    return router


def _add_reading(router: APIRouter, services: Services) -> None:
    @router.get("/documents", response_model=None)
    def list_documents(
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = MAX_LISTED,
        language: Annotated[LanguageName | Literal["other"] | None, Query()] = None,
        source: Annotated[str | None, Query(max_length=MAX_SOURCE_CHARS, description="Glob.")] = None,
        words: Annotated[str, Query(max_length=200, description="In the title or the source.")] = "",
        since: Annotated[str, Query(max_length=10, description="Earliest date, such as 2026-06.")] = "",
        until: Annotated[str, Query(max_length=10, description="Latest date.")] = "",
    ) -> JSONResponse:
        """List the documents of the index, in the order of their sources.

        `state` tells whether the file is as it was indexed: `current`, `changed`, `missing`, or `part` of a file that
        holds other documents too.
        """
        wanted = documents.Wanted(language, source, words, since, until)
        infos = [info for info in services.holder.get().documents() if wanted.lets_through(info)]
        home = services.settings.home
        shown = infos[offset : offset + limit]
        listed = [{**document_payload(info), "state": documents.state_of(info, home)} for info in shown]
        return JSONResponse({"total": len(infos), "offset": offset, "documents": listed})

    @router.get("/documents/{identifier}", response_model=None)
    def document(
        identifier: str, start: Annotated[int, Query(ge=0)] = 0, end: Annotated[int | None, Query(ge=0)] = None
    ) -> JSONResponse:
        """Return the text of a document, or the code points start:end of it, with its sections."""
        assistant = services.holder.get()
        found = documents.find(assistant.documents(), identifier)
        return JSONResponse(text_payload(assistant.document(found.id), start, end))

    @router.get("/index", response_model=None)
    def index_state() -> JSONResponse:
        """Return what is being read and what is being written."""
        current = services.writes.current
        writing = {"phase": current[0], "done": current[1], "total": current[2]} if current else None
        info = {key: list(v) if isinstance(v, tuple) else v for key, v in services.holder.get().info.items()}
        now = {"writing": writing, "waiting": services.writes.waiting, "hosts": list(services.settings.hosts)}
        return JSONResponse({"schema": INDEX_SCHEMA, **info, **now})


def _add_original(router: APIRouter, services: Services) -> None:
    @router.get("/documents/{identifier}/original", response_model=None)
    def original(identifier: str) -> FileResponse:
        """Return the file that a document was read from, while it still has the bytes that were indexed."""
        info = documents.find(services.holder.get().documents(), identifier)
        path = documents.original(info, services.settings.home)
        is_pdf = path.suffix.lower() == ".pdf"  # the one format that browsers show without running it as ours
        return FileResponse(
            path,
            media_type="application/pdf" if is_pdf else "application/octet-stream",
            filename=path.name.encode("utf-8", "replace").decode(),
            content_disposition_type="inline" if is_pdf else "attachment",
            headers={"Cache-Control": "no-store"},
        )


def _add_upload(router: APIRouter, services: Services) -> None:
    @router.post(
        "/documents", response_model=None, max_body_size=MAX_UPLOAD_BYTES, openapi_extra=_UPLOAD_BODY, status_code=201
    )
    async def upload(
        request: Request,
        name: Annotated[str | None, Query(max_length=1_000, description="Of a body that is the file itself.")] = None,
        replace: Annotated[bool, Query(description="Whether a file of the same name may be replaced.")] = False,
        accept: Annotated[str, Header()] = "",
    ) -> Response:
        """Add files to the library; what is acknowledged is committed.

        The body is a form with one or more `file`, or the file itself with its name in the address, or as JSON the
        `url` of a document on a host that the settings allow. With `Accept: text/event-stream` the answer is the
        progress, and `done` or `error` for each file.
        """
        workshop = services.workshop
        files = await receive(request, name, services.uploads, workshop.check, workshop.fetch)
        events: asyncio.Queue[Event] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        for incoming in files:
            _submit(services, Job(_teller(loop, events, incoming.name), incoming, replace=replace))
        if EVENT_STREAM in accept.lower():
            stream = _told(services, events, len(files))
            return StreamingResponse(stream, media_type=EVENT_STREAM, headers=HEADERS)
        ends = [event async for event in _finished(services, events, len(files)) if event[0] != "progress"]
        return _response(ends, [incoming.name for incoming in files])


def _add_delete(router: APIRouter, services: Services) -> None:
    @router.delete("/documents/{identifier:path}", response_model=None)
    async def delete(identifier: str) -> JSONResponse:
        """Remove a document, by its id or source, from the index, and its file if that was uploaded."""
        infos = await run_in_threadpool(lambda: services.holder.get().documents())
        meant = await run_in_threadpool(documents.removal, infos, identifier, services.uploads)
        events: asyncio.Queue[Event] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        for file, sources in meant.items():
            incoming = await run_in_threadpool(services.uploads.receive, file.name) if file else None
            _submit(services, Job(_teller(loop, events, identifier), incoming, tuple(sources)))
        kept, removed = [], 0
        async for kind, payload in _finished(services, events, len(meant)):
            if kind == "error":
                return JSONResponse({"error": payload["error"]}, payload["status"])
            if kind == "done":
                removed += payload["removed"]
                kept.append(payload["file"])
        return JSONResponse({"removed": removed, "file": "kept" if "kept" in kept else "deleted"})


def _submit(services: Services, job: Job) -> None:
    try:
        services.writes.submit(job)
    except BaseException:
        if job.incoming is not None:
            job.incoming.close()
        raise


def _teller(loop: asyncio.AbstractEventLoop, events: asyncio.Queue[Event], name: str) -> Any:
    def tell(event: str, payload: dict[str, Any]) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(events.put_nowait, (event, {"file": name, **payload}))

    return tell


async def _finished(services: Services, events: asyncio.Queue[Event], jobs: int) -> AsyncIterator[Event]:
    """Yield events until every job is over; the documents of a stored file are added to its last one."""
    while jobs:
        kind, payload = await events.get()
        jobs -= kind in ("done", "error")
        if kind == "done" and "source" in payload:
            infos = await run_in_threadpool(lambda: services.holder.get().documents())
            found = documents.of_source(infos, payload["source"])
            told = [document_payload(info) for info in found[: documents.MAX_TOLD]]
            payload = {**payload, "document_count": len(found), "documents": told}
        yield kind, payload


async def _told(services: Services, events: asyncio.Queue[Event], jobs: int) -> AsyncIterator[bytes]:
    yield format_sse_event(data_str=to_line({"waiting": services.writes.waiting}), event="received")
    async for kind, payload in _finished(services, events, jobs):
        yield format_sse_event(data_str=to_line(payload), event=kind)


def _response(ends: list[Event], names: list[str]) -> JSONResponse:
    """Return one answer for all files: 201, 200 if nothing changed, 207 if only some were taken, or the one error."""
    failed = [payload for kind, payload in ends if kind == "error"]
    if failed and len(failed) == len(ends):
        return JSONResponse({"error": failed[0]["error"]}, failed[0]["status"])
    files = sorted((payload for _, payload in ends), key=lambda payload: names.index(payload["file"]))
    changed = any(payload.get("status") in ("added", "replaced") for payload in files)
    status = 207 if failed else 201 if changed else 200
    return JSONResponse({"schema": UPLOAD_SCHEMA, "files": files}, status)
