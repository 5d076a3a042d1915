"""The JSON API. Endpoints are plain functions, so that each request runs in a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.sse import format_sse_event

from genesis_rag.assistant import AskOptions
from genesis_rag.errors import GenesisError
from genesis_rag.server import evaluations
from genesis_rag.server import feedback as feedback_file
from genesis_rag.server.problems import problem_of, unexpected_problem
from genesis_rag.server.requests import (
    MAX_HITS,
    MAX_QUESTION_CHARS,
    MAX_SOURCE_CHARS,
    SESSION_PATTERN,
    AskRequest,
    FeedbackRequest,
    LanguageName,
    SearchRequest,
)
from genesis_rag.server.schemas import (
    answer_payload,
    passage_payload,
    search_payload,
    to_line,
)
from genesis_rag.server.sessions import client_name
from genesis_rag.server.streaming import EVENT_STREAM, event_response
from genesis_rag.types import NO_CONVERSATION, Answer, AnswerDone, AnswerEvent, PassagesFound, TextDelta

if TYPE_CHECKING:
    from genesis_rag.server.holder import AssistantHolder
    from genesis_rag.server.services import Services

_LOG = logging.getLogger(__name__)


def api_router(services: Services) -> APIRouter:
    """Return the routes under /api that ask and search, and what is said about answers."""
    router = APIRouter(prefix="/api")
    _add_ask(router, services)
    _add_search(router, services.holder)
    _add_others(router, services)
    return router


def _add_ask(router: APIRouter, services: Services) -> None:
    @router.post("/ask", response_model=None, dependencies=[Depends(services.turn)])
    def ask(
        request: AskRequest, client: Annotated[str, Depends(asking_client)], accept: Annotated[str, Header()] = ""
    ) -> JSONResponse | StreamingResponse:
        """Answer a question: one JSON object, or events if the client accepts text/event-stream."""
        before = services.sessions.open(client, request.session) if request.session else NO_CONVERSATION
        options = AskOptions(request.passages, request.language, request.search_filter(), before)
        assistant = services.holder.get()

        def answered(answer: Answer) -> None:
            services.metrics.answered(answer)
            if request.session:
                services.sessions.keep(client, request.session, answer)

        if EVENT_STREAM not in accept.lower():
            answer = assistant.ask(request.question, options)
            answered(answer)
            return JSONResponse(answer_payload(answer))
        events = assistant.stream(request.question, options)
        first = next(events)  # an error before the first event still gets its own status
        return event_response(event_stream(told(answered, chain((first,), events))))

    @router.delete("/sessions/{session}", response_model=None)
    def forget(
        session: Annotated[str, Path(pattern=SESSION_PATTERN)], client: Annotated[str, Depends(asking_client)]
    ) -> JSONResponse:
        """Forget a conversation."""
        return JSONResponse({"forgotten": services.sessions.forget(client, session)})


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
        source: Annotated[str | None, Query(max_length=MAX_SOURCE_CHARS)] = None,
    ) -> JSONResponse:
        """Return the nearest passages with their scores by stage."""
        return find(SearchRequest(query=query, k=k, **{"in": in_language}, source=source))


def _add_others(router: APIRouter, services: Services) -> None:
    @router.get("/profiles", response_model=None)
    def profiles() -> JSONResponse:
        """List the profiles of models.toml; `current` is the one that answers here."""
        current = services.settings.profile
        listed = [
            {
                "name": profile.name,
                "summary": profile.summary,
                "embedder": profile.embedder,
                "answerer": profile.answerer,
                "current": profile.name == current,
            }
            for profile in services.workshop.profiles()
        ]
        return JSONResponse({"profiles": listed})

    @router.get("/evaluation", response_model=None)
    def evaluation() -> JSONResponse:
        """Return the latest run of `genesis-rag evaluate` on this home, without the questions that went well."""
        return JSONResponse(evaluations.latest(services.settings.home))

    @router.post("/feedback", response_model=None, status_code=201)
    def feedback(request: FeedbackRequest) -> JSONResponse:
        """Keep what someone thinks of an answer, in feedback.jsonl of the home: it never leaves this machine."""
        feedback_file.keep(services.settings.home, request.model_dump())
        return JSONResponse({"kept": True}, 201)


async def asking_client(  # async, as another thread would only take time
    authorization: Annotated[str, Header(include_in_schema=False)] = "",
    x_api_key: Annotated[str, Header(include_in_schema=False)] = "",
) -> str:
    """Return the name under which a client's conversations are kept."""
    return client_name(authorization, x_api_key)


def told(answered: Callable[[Answer], None], events: Iterator[AnswerEvent]) -> Iterator[AnswerEvent]:
    """Yield the events of an answer; ``answered`` hears of the answer before it leaves."""
    for event in events:
        if isinstance(event, AnswerDone):
            answered(event.answer)
        yield event


def event_stream(events: Iterator[AnswerEvent]) -> Generator[bytes]:
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
        return "passages", {
            "searched": event.searched,
            "passages": [passage_payload(passage) for passage in event.passages],
        }
    if isinstance(event, TextDelta):
        return "delta", {"text": event.text}
    return "done", answer_payload(event.answer)
