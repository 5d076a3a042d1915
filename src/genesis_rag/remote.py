"""Requests to model servers (llama-server, vLLM, Ollama …): retries, time-outs, streams, and one clear error each.

The three rooms of models speak to servers through this module only.
"""

from __future__ import annotations

import json
import time
import weakref
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from genesis_rag.errors import BackendError, GenesisError, MissingExtraError, SettingsError

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
Json = dict[str, Any]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_WORTH_ANOTHER_TRY = frozenset({408, 425, 429, 502, 503, 504})
_LONGEST_PAUSE = 30.0
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Server:
    """How to reach a server.

    Attributes:
        url: base address of its API, such as ``http://127.0.0.1:8080/v1``.
        api_key: sent as a bearer token, if any.
        timeout: seconds without a byte after which a try counts as failed.
        tries: how often a request is tried; a stream that has begun is never begun again.
        pause: seconds before the second try, doubled for each further one.
    """

    url: str
    api_key: str = ""
    timeout: float = 60.0
    tries: int = 4
    pause: float = 0.5


class _TryAgain(GenesisError):
    """A failure that may pass."""

    def __init__(self, message: str, hint: str, wait: float = 0.0) -> None:
        super().__init__(message, hint)
        self.wait = wait


class RemoteClient:
    """Sends JSON and receives JSON or a stream of it. Threads may share it.

    Raises:
        MissingExtraError: httpx is not installed.
        SettingsError: the address is not one of http or https.
    """

    def __init__(self, server: Server) -> None:
        if find_spec("httpx") is None:
            raise MissingExtraError("httpx", "openai")
        parts = urlsplit(server.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(
                f"'{server.url}' is not the address of a server.",
                "Set 'url' to something like http://127.0.0.1:8080/v1",
            )
        import httpx

        self._server = server
        self._shown = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "") + parts.path
        self._client = httpx.Client(
            timeout=httpx.Timeout(server.timeout, connect=min(10.0, server.timeout)),
            headers={"Authorization": f"Bearer {server.api_key}"} if server.api_key else {},
            trust_env=parts.hostname not in _LOOPBACK,  # a proxy cannot reach this machine's own servers
        )
        weakref.finalize(self, self._client.close)

    def post(self, path: str, body: Mapping[str, object]) -> Json:
        """Return the JSON object that the server answers with.

        Raises:
            BackendError: the server is down, slow, refuses, breaks off, or answers with something else.
        """
        return self._tried(lambda: self._once(path, body))

    def stream(self, path: str, body: Mapping[str, object]) -> Generator[Json, None, None]:
        """Yield the JSON objects of a stream of server-sent events up to ``[DONE]``. Closing it ends the request.

        Raises:
            BackendError: as ``post``; a stream that breaks off or ends without ``[DONE]`` is one too.
        """
        response = self._tried(lambda: self._begun(path, body))
        try:
            yield from self._events(response)
        except _TryAgain as error:  # what was sent cannot be taken back
            raise BackendError(error.message, error.hint) from error
        finally:
            response.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _tried(self, work: Callable[[], T]) -> T:
        pause = self._server.pause
        for left in range(self._server.tries - 1, -1, -1):
            try:
                return work()
            except _TryAgain as error:
                if not left:
                    raise BackendError(error.message, error.hint) from error
                time.sleep(min(max(pause, error.wait), _LONGEST_PAUSE))
                pause *= 2
        raise ValueError("tries must be at least 1")

    def _once(self, path: str, body: Mapping[str, object]) -> Json:
        response = self._begun(path, body)
        try:
            content = self._guarded(response.read)
        finally:
            response.close()
        try:
            value = json.loads(content)
        except ValueError as error:
            raise self._not_json(content) from error
        if not isinstance(value, dict):
            raise self._not_json(content)
        return value

    def _begun(self, path: str, body: Mapping[str, object]) -> httpx.Response:
        """Send the request and return the response, its body unread, if the server accepts."""
        request = self._client.build_request("POST", self._server.url.rstrip("/") + path, json=body)
        response = self._guarded(lambda: self._client.send(request, stream=True))
        if response.is_success:
            return response
        try:
            said = _said(self._guarded(response.read))
        finally:
            response.close()
        raise self._refusal(response, said)

    def _events(self, response: httpx.Response) -> Iterator[Json]:
        if "event-stream" not in response.headers.get("content-type", ""):
            content = self._guarded(response.read)
            raise self._not_json(content)
        lines = response.iter_lines()
        while (line := self._guarded(lambda: next(lines, None))) is not None:
            if not line.startswith("data:"):
                continue
            data = line.removeprefix("data:").strip()
            if data == "[DONE]":
                return
            try:
                value = json.loads(data)
            except ValueError as error:
                raise self._not_json(data.encode()) from error
            if isinstance(value, dict):
                if value.get("error"):
                    raise BackendError(f"The model server at {self._shown} failed: {_said(data.encode())}")
                yield value
        raise self._broke_off()

    def _guarded(self, work: Callable[[], T]) -> T:
        import httpx

        try:
            return work()
        except httpx.TimeoutException as error:
            raise _TryAgain(
                f"The model server at {self._shown} says nothing for {self._server.timeout:g} seconds.",
                "Wait until it has loaded its model, or raise 'timeout' of the model in models.toml.",
            ) from error
        except httpx.ConnectError as error:
            raise _TryAgain(
                f"The model server at {self._shown} cannot be reached: {error}.",
                "Start it, or correct 'url' of the model in models.toml.",
            ) from error
        except httpx.TransportError as error:
            raise self._broke_off() from error

    def _broke_off(self) -> _TryAgain:
        return _TryAgain(
            f"The model server at {self._shown} broke off in the middle of its answer.",
            "Look into the server's log; it may have run out of memory.",
        )

    def _refusal(self, response: httpx.Response, said: str) -> GenesisError:
        status = response.status_code
        told = f"The model server at {self._shown} answers {status}" + (f": {said}" if said else ".")
        if status in _WORTH_ANOTHER_TRY:
            return _TryAgain(told, "It may be busy or still loading its model; try again.", _wait(response))
        hints = {
            401: "Set GENESIS_MODEL_API_KEY to the server's key.",
            403: "Set GENESIS_MODEL_API_KEY to the server's key.",
            404: "Correct 'url' (it usually ends in /v1) and 'model' in models.toml.",
        }
        return BackendError(told, hints.get(status, "Compare the model's entry in models.toml with the server."))

    def _not_json(self, content: bytes) -> BackendError:
        page = b"<html" in content[:1000].lower() or content.lstrip()[:1] == b"<"
        what = "a web page" if page else f"something else than expected: {_said(content)}"
        return BackendError(
            f"The model server at {self._shown} answers with {what}.",
            "Set 'url' in models.toml to the address of its API, which usually ends in /v1.",
        )


def _said(content: bytes) -> str:
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


def _wait(response: httpx.Response) -> float:
    """Return the seconds that a Retry-After header asks for; 0 without one."""
    said = response.headers.get("retry-after", "")
    return float(said) if said.isdecimal() else 0.0
