"""The routes under /v1, in the forms of OpenAI's API, so that its clients work unchanged."""

from __future__ import annotations

import base64
import logging
import secrets
import time
from collections.abc import Generator, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, StreamingResponse

from genesis_rag.assistant import AskOptions
from genesis_rag.errors import GenesisError, UserError
from genesis_rag.server.guard import MAX_CHAT_BYTES
from genesis_rag.server.openai_forms import (
    MAX_INPUT_CHARS,
    MAX_INPUTS,
    ChatRequest,
    EmbeddingRequest,
    annotations_of,
    harmless,
    harmless_beginning,
    sources_text,
)
from genesis_rag.server.problems import UnknownModelError, problem_of, unexpected_problem
from genesis_rag.server.requests import MAX_QUESTION_CHARS
from genesis_rag.server.routes import told
from genesis_rag.server.schemas import to_line
from genesis_rag.server.streaming import event_response
from genesis_rag.types import Answer, AnswerDone, AnswerEvent, SearchFilter, TextDelta

if TYPE_CHECKING:
    from genesis_rag.server.services import Services

_LOG = logging.getLogger(__name__)


def openai_router(services: Services) -> APIRouter:
    """Return the routes under /v1."""
    router = APIRouter(prefix="/v1")
    started = int(time.time())

    @router.get("/models", response_model=None)
    def models() -> JSONResponse:
        """List what can be asked: the profile of this server."""
        return JSONResponse({"object": "list", "data": [_model(services.settings.profile, started)]})

    @router.get("/models/{name}", response_model=None)
    def model(name: str) -> JSONResponse:
        """Return the profile of this server."""
        return JSONResponse(_model(_known(services, name), started))

    _add_chat(router, services)
    _add_embeddings(router, services)
    return router


def _add_chat(router: APIRouter, services: Services) -> None:
    @router.post(
        "/chat/completions", response_model=None, max_body_size=MAX_CHAT_BYTES, dependencies=[Depends(services.turn)]
    )
    def complete(body: ChatRequest, request: Request) -> JSONResponse | StreamingResponse:
        """Answer the last message of the user from the documents; the citations are in the text and as annotations."""
        _known(services, body.model)
        question = body.question()
        if question is None:
            raise UserError(
                "There is no question.", f"The last message of the user has 1 to {MAX_QUESTION_CHARS:,} characters."
            )
        narrowed = body.in_language or body.source
        chosen = SearchFilter(language=body.in_language, source_glob=body.source) if narrowed else None
        assistant = services.holder.get()
        options = AskOptions(body.passages, body.language, chosen, assistant.conversation(body.earlier()))
        reply = _Reply(services, body.model, question, str(request.base_url))
        events = told(services.metrics.answered, assistant.stream(question, options))
        if not body.stream:
            *_, last = events
            assert isinstance(last, AnswerDone)
            return JSONResponse(reply.whole(last.answer))
        first = next(events)  # an error before the first event still gets its own status
        with_usage = body.stream_options is not None and body.stream_options.include_usage
        return event_response(reply.stream(chain((first,), events), with_usage))


class _Reply:
    """One answer in the form of a chat completion."""

    def __init__(self, services: Services, model: str, question: str, address: str) -> None:
        self._services, self._question, self._address = services, question, address
        self._id = f"chatcmpl-{secrets.token_hex(12)}"
        self._head = {"id": self._id, "created": int(time.time()), "model": model}

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return the whole at once."""
        message = {
            "role": "assistant",
            "content": harmless(answer.text) + sources_text(answer),
            "refusal": None,
            "annotations": annotations_of(answer, self._address),
        }
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return {**self._head, "object": "chat.completion", "choices": [choice], "usage": self._usage(answer)}

    def stream(self, events: Iterator[AnswerEvent], with_usage: bool) -> Generator[bytes]:
        """Yield chunks as they come; the last one with text holds the sources and the annotations."""
        try:
            yield self._chunk({"role": "assistant", "content": ""})
            text, sent = "", ""
            for event in events:
                if isinstance(event, TextDelta):
                    text += event.text
                    ready = harmless_beginning(text)
                    if len(ready) > len(sent):
                        yield self._chunk({"content": ready[len(sent) :]})
                        sent = ready
                elif isinstance(event, AnswerDone):
                    yield from self._end(event.answer, sent, with_usage)
        except GenesisError as error:
            yield _data(problem_of(error)[1])
        except Exception:
            _LOG.exception("an answer's stream failed")
            yield _data(unexpected_problem())

    def _end(self, answer: Answer, sent: str, with_usage: bool) -> Iterator[bytes]:
        content = harmless(answer.text)
        # A document that changed meanwhile makes another answer; what was sent cannot be taken back.
        rest = content[len(sent) :] if content.startswith(sent) else f"\n\n---\n\n{content}"
        yield self._chunk(
            {"content": rest + sources_text(answer), "annotations": annotations_of(answer, self._address)}
        )
        yield self._chunk({}, "stop")
        if with_usage:
            chunk = {**self._head, "object": "chat.completion.chunk", "choices": [], "usage": self._usage(answer)}
            yield _data(chunk)
        yield b"data: [DONE]\n\n"

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _data({**self._head, "object": "chat.completion.chunk", "choices": [choice]})

    def _usage(self, answer: Answer) -> dict[str, int]:
        """Return numbers of tokens as the embedder counts them: the question and the passages, and the answer."""
        read = self._services.workshop.count_tokens([self._question, *(passage.text for passage in answer.passages)])
        written = self._services.workshop.count_tokens([answer.text])
        return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _add_embeddings(router: APIRouter, services: Services) -> None:
    @router.post("/embeddings", response_model=None, max_body_size=MAX_CHAT_BYTES)
    def embed(body: EmbeddingRequest) -> JSONResponse:
        """Return the vectors of texts, made by the embedder of the profile."""
        _known(services, body.model)
        texts = body.texts()
        if texts is None:
            raise UserError(
                "The input does not fit.", f"1 to {MAX_INPUTS} texts of 1 to {MAX_INPUT_CHARS:,} characters."
            )
        rows = services.workshop.embed(texts, queries=body.input_type == "query")
        if body.dimensions not in (None, rows.shape[1]):
            raise UserError(f"This embedder has {rows.shape[1]} dimensions.", "Leave `dimensions` out.")
        as_bytes = body.encoding_format == "base64"
        vectors = (base64.b64encode(row.astype("<f4").tobytes()).decode() if as_bytes else row.tolist() for row in rows)
        data = [{"object": "embedding", "index": index, "embedding": one} for index, one in enumerate(vectors)]
        tokens = services.workshop.count_tokens(texts)
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return JSONResponse({"object": "list", "data": data, "model": body.model, "usage": usage})


def _model(name: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": "genesis-rag"}


def _known(services: Services, name: str) -> str:
    if name != services.settings.profile:
        raise UnknownModelError(f"There is no model '{name}' here.", f"Ask '{services.settings.profile}'.")
    return name


def _data(payload: dict[str, Any]) -> bytes:
    return f"data: {to_line(payload)}\n\n".encode()
