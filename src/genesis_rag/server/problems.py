"""The form of every error of the web API, and the one table from error class to HTTP status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genesis_rag.errors import (
    BackendError,
    GenesisError,
    IndexDamagedError,
    IndexLockedError,
    IndexMismatchError,
    IndexNotFoundError,
    MissingExtraError,
    ModelError,
    NotAllowedError,
    SettingsError,
    UnreadableDocumentError,
    UserError,
)

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response

STATUS: dict[type[GenesisError], tuple[int, str]] = {
    GenesisError: (500, "internal"),
    UserError: (400, "bad_request"),
    SettingsError: (500, "settings"),
    UnreadableDocumentError: (422, "unreadable_document"),
    MissingExtraError: (501, "missing_extra"),
    NotAllowedError: (403, "not_allowed"),
    IndexNotFoundError: (503, "index_not_found"),
    IndexMismatchError: (503, "index_mismatch"),
    IndexLockedError: (503, "index_locked"),
    IndexDamagedError: (500, "index_damaged"),
    ModelError: (503, "model"),
    BackendError: (502, "backend"),
}

_HTTP_TYPES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "wrong_content_type"}


class UnknownDocumentError(UserError):
    """The index holds no document of this id."""


class UnknownEvaluationError(UserError):
    """There is no run to show."""


class UnknownModelError(UserError):
    """This server does not answer under that name."""


class ExistsError(UserError):
    """What was to be made is there already, or belongs to something that has to be changed as a whole."""


class BusyError(GenesisError):
    """Too much is waiting."""


class NoSpaceError(GenesisError):
    """The disk is full."""


STATUS[UnknownDocumentError] = (404, "unknown_document")
STATUS[UnknownEvaluationError] = (404, "unknown_evaluation")
STATUS[UnknownModelError] = (404, "model_not_found")
STATUS[ExistsError] = (409, "exists")
STATUS[BusyError] = (503, "busy")
STATUS[NoSpaceError] = (507, "no_space")


def problem_body(kind: str, message: str, hint: str = "") -> dict[str, Any]:
    """Return the body of an error response."""
    return {"error": {"type": kind, "message": message, "hint": hint}}


def problem_of(error: GenesisError) -> tuple[int, dict[str, Any]]:
    """Return status and body for an error of ours; a subclass without an entry counts as its nearest base."""
    status, kind = next(STATUS[base] for base in type(error).__mro__ if base in STATUS)
    return status, problem_body(kind, error.message, error.hint)


def unexpected_problem() -> dict[str, Any]:
    """Return the body for a fault of ours: it gives nothing away."""
    return problem_body("internal", "Something went wrong on the server.", "The server's log has the details.")


def install_handlers(app: FastAPI) -> None:
    """Make every error of ``app`` one of ours in form."""
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import JSONResponse
    from starlette.exceptions import HTTPException

    def ours(_: Request, error: Exception) -> Response:
        assert isinstance(error, GenesisError)
        status, body = problem_of(error)
        return JSONResponse(body, status)

    def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return JSONResponse(problem_body("invalid_request", _told(error.errors())), 422)

    def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        kind = _HTTP_TYPES.get(error.status_code, "bad_request")
        return JSONResponse(problem_body(kind, str(error.detail)), error.status_code, dict(error.headers or {}))

    def unexpected(_: Request, __: Exception) -> Response:
        return JSONResponse(unexpected_problem(), 500)  # the server logs the exception itself

    app.add_exception_handler(GenesisError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unexpected)


def _told(errors: Any) -> str:
    """Return what is wrong with a request, without repeating what was sent."""
    told = []
    for error in errors:
        place = ".".join(str(step) for step in error["loc"] if step not in ("body", "query"))
        told.append(f"{place}: {error['msg']}" if place else str(error["msg"]))
    return "; ".join(told)
