"""The pages of PDFs as pictures, and where quoted words stand on them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from genesis_rag.errors import UserError
from genesis_rag.server import documents
from genesis_rag.server.problems import UnknownDocumentError
from genesis_rag.server.schemas import PAGE_SCHEMA

if TYPE_CHECKING:
    from genesis_rag.server.services import Services
    from genesis_rag.types import Document

AT_ONCE = 2
"""Pages that are drawn at the same time, each by a process with a core of its own; the rest wait without a thread."""

MOST_SPANS = 50
LONGEST_SPAN = 20_000
BEFORE = 60
"""Code points before a quotation that tell it from the same words elsewhere on the page."""

_SPAN = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")

PageNumber = Annotated[int, InPath(ge=1, le=1_000_000)]


def page_router(services: Services) -> APIRouter:
    """Return the routes under /api/documents/ID/pages."""
    router = APIRouter(prefix="/api/documents")
    turns = asyncio.Semaphore(AT_ONCE)

    @router.get(
        "/{identifier}/pages/{page}",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}, "description": "The page."}},
    )
    async def picture(
        identifier: str,
        page: PageNumber,
        width: Annotated[int, Query(ge=100, le=2_400, description="Most pixels across.")] = 1_200,
    ) -> Response:
        """Return a page of a PDF as PNG, drawn from the file as it was indexed."""
        _, path = await run_in_threadpool(_pdf, services, identifier)
        async with turns:
            drawn = await run_in_threadpool(services.workshop.draw_page, path, page, width)
        return Response(drawn, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})

    @router.get("/{identifier}/pages/{page}/marks", response_model=None)
    async def marks(
        identifier: str,
        page: PageNumber,
        span: Annotated[list[str], Query(max_length=MOST_SPANS, description="start-end in the document's text.")],
    ) -> JSONResponse:
        """Return where spans of the document's text stand on a page of a PDF."""
        wanted = [_span(one) for one in span]
        document, path = await run_in_threadpool(_pdf, services, identifier)
        async with turns:
            found = await run_in_threadpool(services.workshop.find_marks, path, page, _quoted(document, wanted))
        spans = [
            {"start": start, "end": end, "boxes": boxes}
            for (start, end), boxes in zip(wanted, found["boxes"], strict=True)
        ]
        told: dict[str, Any] = {name: found[name] for name in ("pages", "width", "height")}
        return JSONResponse({"schema": PAGE_SCHEMA, "page": page, **told, "spans": spans})

    return router


def _pdf(services: Services, identifier: str) -> tuple[Document, Path]:
    """Return a document and its file."""
    assistant = services.holder.get()
    info = documents.find(assistant.documents(), identifier)
    path = documents.original(info, services.settings.home)
    if path.suffix.lower() != ".pdf":
        raise UnknownDocumentError(f"'{info.source}' has no pages to draw.", "Only PDFs have.")
    return assistant.document(info.id), path


def _span(text: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(text)
    if not found or not int(found[1]) < int(found[2]) <= int(found[1]) + LONGEST_SPAN:
        raise UserError(f"A span is START-END, at most {LONGEST_SPAN:,} characters long.", "Such as ?span=120-180.")
    return int(found[1]), int(found[2])


def _quoted(document: Document, spans: Sequence[tuple[int, int]]) -> list[tuple[str, str]]:
    text = document.text
    return [(text[max(0, start - BEFORE) : start], text[start:end]) for start, end in spans]
