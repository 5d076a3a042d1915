"""The JSON API. Endpoints are plain functions, so that each request runs in a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.sse import format_sse_event

from genesis_rag.assistant import AskOptions
from genesis_rag.errors import GenesisError
from genesis_rag.server.problems import problem_of, unexpected_problem
from genesis_rag.server.requests import MAX_HITS, MAX_QUESTION_CHARS, AskRequest, LanguageName, SearchRequest
from genesis_rag.server.schemas import (
    answer_payload,
    passage_payload,
    search_payload,
    to_line,
)
from genesis_rag.types import AnswerEvent, PassagesFound, TextDelta

if TYPE_CHECKING:
    from genesis_rag.server.holder import AssistantHolder

_LOG = logging.getLogger(__name__)
EVENT_STREAM = "text/event-stream"


def api_router(holder: AssistantHolder) -> APIRouter:
    """Return the routes under /api over the assistant of ``holder``."""
    router = APIRouter(prefix="/api")
    _add_ask(router, holder)
    _add_search(router, holder)
    return router


def _add_ask(router: APIRouter, holder: AssistantHolder) -> None:
    @router.post("/ask", response_model=None)
    def ask(request: AskRequest, accept: Annotated[str, Header()] = "") -> JSONResponse | StreamingResponse:
        """Answer a question: one JSON object, or events if the client accepts text/event-stream."""
        options = AskOptions(
            passages=request.passages, language=request.language, search_filter=request.search_filter()
        )
        assistant = holder.get()
        if EVENT_STREAM not in accept.lower():
            return JSONResponse(answer_payload(assistant.ask(request.question, options)))
        events = assistant.stream(request.question, options)
        first = next(events)  # an error before the first event still gets its own status
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        return StreamingResponse(event_stream(chain((first,), events)), media_type=EVENT_STREAM, headers=headers)


def _add_search(router: APIRouter, holder: AssistantHolder) -> None:
    def find(request: SearchRequest) -> JSONResponse:
        hits = holder.get().search(request.query, request.k, request.search_filter())
        return JSONResponse(search_payload(request.query, hits))

    @router.post("/search", response_model=None)
    def search(request: SearchRequest) -> JSONResponse:
        """Return the nearest passages with their scores by stage."""
        return find(request)

    @router.get("/search", response_model=None)
    def search_by_address(
        query: Annotated[str, Query(max_length=MAX_QUESTION_CHARS)],
        k: Annotated[int, Query(ge=1, le=MAX_HITS)] = 10,
        in_language: Annotated[LanguageName | None, Query(alias="in")] = None,
        source: str | None = None,
    ) -> JSONResponse:
        """Return the nearest passages with their scores by stage."""
        return find(SearchRequest(query=query, k=k, **{"in": in_language}, source=source))


def event_stream(events: Iterator[AnswerEvent]) -> Iterator[bytes]:
    """Turn answer events into server-sent events: passages, delta, done; or error, and then the stream ends."""
    try:
        for event in events:
            name, payload = _event(event)
            yield format_sse_event(data_str=to_line(payload), event=name)
    except GenesisError as error:
        yield format_sse_event(data_str=to_line(problem_of(error)[1]), event="error")
    except Exception:
        _LOG.exception("an answer's stream failed")
        yield format_sse_event(data_str=to_line(unexpected_problem()), event="error")


def _event(event: AnswerEvent) -> tuple[str, dict[str, Any]]:
    if isinstance(event, PassagesFound):
        return "passages", {"passages": [passage_payload(passage) for passage in event.passages]}
    if isinstance(event, TextDelta):
        return "delta", {"text": event.text}
    return "done", answer_payload(event.answer)
