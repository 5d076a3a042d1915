"""What a model server says when something is wrong, as one clear error each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from genesis_rag.errors import BackendError, GenesisError

Json = dict[str, Any]

WORTH_ANOTHER_TRY = frozenset({408, 425, 429, 502, 503, 504})
WORTH_ANOTHER_ADDRESS = WORTH_ANOTHER_TRY | {500}
_SHOWN = 200
_HINTS = {
    401: "Set GENESIS_MODEL_API_KEY to the server's key.",
    403: "Set GENESIS_MODEL_API_KEY to the server's key.",
    404: "Correct 'url' (it usually ends in /v1) and 'model' in models.toml.",
}


class TryAgainError(GenesisError):
    """A failure that may pass.

    Attributes:
        wait: seconds that the server asks to wait for.
        lost: the connection is gone, so the server may have been started anew, with another model.
    """

    def __init__(self, message: str, hint: str, wait: float = 0.0, *, lost: bool = False) -> None:
        super().__init__(message, hint)
        self.wait, self.lost = wait, lost


class RefusedError(BackendError):
    """The server answers with an HTTP status, or a content, that another try does not change."""

    def __init__(self, message: str, hint: str, status: int) -> None:
        super().__init__(message, hint)
        self.status = status


def silent(shown: str, seconds: float) -> TryAgainError:
    """Return the error of a server that says nothing."""
    return TryAgainError(
        f"The model server at {shown} says nothing for {seconds:g} seconds.",
        "Wait until it has loaded its model, or raise 'timeout' of the model in models.toml.",
    )


def unreachable(shown: str, error: Exception) -> TryAgainError:
    """Return the error of a server that nobody answers for."""
    return TryAgainError(
        f"The model server at {shown} cannot be reached: {error}.",
        "Start it, or correct 'url' of the model in models.toml.",
        lost=True,
    )


def broke_off(shown: str) -> TryAgainError:
    """Return the error of a connection that ended too early."""
    return TryAgainError(
        f"The model server at {shown} broke off in the middle of its answer.",
        "Look into the server's log; it may have run out of memory.",
        lost=True,
    )


def refusal(shown: str, status: int, content: bytes, headers: Mapping[str, str], *, others: bool) -> GenesisError:
    """Return the error of a status that is not 2xx; ``others``: there are other addresses to try."""
    words = said(content)
    told = f"The model server at {shown} answers {status}" + (f": {words}" if words else ".")
    if status in (WORTH_ANOTHER_ADDRESS if others else WORTH_ANOTHER_TRY):
        return TryAgainError(told, "It may be busy or still loading its model; try again.", _wait(headers))
    return RefusedError(told, _HINTS.get(status, "Compare the model's entry in models.toml with the server."), status)


def not_json(shown: str, content: bytes) -> RefusedError:
    """Return the error of an answer that is not of the API."""
    page = b"<html" in content[:1000].lower() or content.lstrip()[:1] == b"<"
    what = "a web page" if page else f"something else than expected: {said(content)}"
    return RefusedError(
        f"The model server at {shown} answers with {what}.",
        "Set 'url' in models.toml to the address of its API, which usually ends in /v1.",
        200,
    )


def said(content: bytes) -> str:
    """Return the server's message in one short line; a web page has none."""
    text = content.decode("utf-8", "replace").strip()
    if text.startswith("<"):
        return ""
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if isinstance(value, dict):
        value = value.get("error", value.get("detail", value.get("message", value)))
        if isinstance(value, dict):
            value = value.get("message", value)
    shown = " ".join(str(value).split())
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"


def _wait(headers: Mapping[str, str]) -> float:
    """Return the seconds that a Retry-After header asks for; 0 without one."""
    words = headers.get("retry-after", "")
    return float(words) if words.isdecimal() else 0.0
