"""Sends requests to one of a model's addresses: retries, time-outs, streams, health checks, one clear error each."""

from __future__ import annotations

import json
import time
import weakref
from collections.abc import Callable, Generator, Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from genesis_rag.errors import BackendError, MissingExtraError, SettingsError
from genesis_rag.remote.addresses import FIRST_REST, Address, Addresses
from genesis_rag.remote.replies import (
    Json,
    TryAgainError,
    broke_off,
    not_json,
    refusal,
    said,
    silent,
    unreachable,
)
from genesis_rag.values import dataclass

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
Post = Callable[[str, Mapping[str, object]], Json]
"""Sends (path, body) to one address, once."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_LONGEST_PAUSE = 30.0
_HEALTH_SECONDS = 2.0
"""How long a health check may take."""
HEALTH_AGE = 2.0
"""How long its result is taken for true by those who only want to know."""
_NO_SUCH_PAGE = (404, 405, 501)


@dataclass(frozen=True, slots=True)
class Server:
    """How to reach a model.

    Attributes:
        url: base address of its API, such as ``http://127.0.0.1:8080/v1``; several with commas between them, all of
            which serve the same model.
        api_key: sent as a bearer token, if any.
        timeout: seconds without a byte after which a try counts as failed.
        tries: how often a request is tried, each address once at least; a stream that has begun is never begun again.
        pause: seconds before the next try where no other address is left; doubled for each further one.
        first_rest: seconds that an address is set aside after its first failure.
    """

    url: str
    api_key: str = ""
    timeout: float = 60.0
    tries: int = 4
    pause: float = 0.5
    first_rest: float = FIRST_REST


class RemoteClient:
    """Sends JSON and receives JSON or a stream of it. Threads may share it.

    Args:
        server: where to.
        meet: called before an address is first used, and again after its connection was lost; raises what speaks
            against it. Retries are not its business.

    Raises:
        MissingExtraError: httpx is not installed.
        SettingsError: an address is not one of http or https.
    """

    def __init__(self, server: Server, meet: Callable[[Post], None] | None = None) -> None:
        if find_spec("httpx") is None:
            raise MissingExtraError("httpx", "openai")
        urls = [url.strip() for url in server.url.split(",") if url.strip()] or [""]
        self._server, self._meet = server, meet
        clients = {url.rstrip("/"): _http_client(url, server) for url in urls}
        self._clients, self._shown = clients, {url: _shown(url) for url in clients}
        self._addresses = Addresses(list(clients), lambda one: _healthy(clients[one.url], one.url), server.first_rest)
        self._looked = (0.0, False)
        weakref.finalize(self, _close, clients, self._addresses)

    def post(self, path: str, body: Mapping[str, object]) -> Json:
        """Return the JSON object that a server answers with.

        Args:
            path: below the API's base; one that begins with ``//`` is below the root of the server.
            body: sent as JSON.

        Raises:
            RefusedError: a server answers with a status that another try does not change.
            BackendError: all servers are down or slow, or one breaks off or answers with something else.
        """
        return self._tried(lambda address: self._once(address, path, body))

    def stream(self, path: str, body: Mapping[str, object]) -> Generator[Json, None, None]:
        """Yield the JSON objects of a stream of server-sent events up to ``[DONE]``. Closing it ends the request.

        Another address is tried until the first of them has come, and never after that.

        Raises:
            BackendError: as ``post``; a stream that breaks off or ends without ``[DONE]`` is one too.
        """
        address, response, events, first = self._tried(lambda address: self._opened(address, path, body))
        self._addresses.hold(address)
        try:
            if first is not None:
                yield first
                yield from events
        except TryAgainError as error:  # what was sent cannot be taken back
            self._note_failure(address, error)
            raise BackendError(error.message, error.hint) from error
        finally:
            self._addresses.done(address)
            response.close()

    @property
    def addresses(self) -> int:
        """How many addresses there are."""
        return len(self._clients)

    def reach(self) -> None:
        """See that at least one address can be used.

        Raises:
            BackendError: none can.
        """
        self._tried(lambda _: None)

    def require_healthy(self) -> None:
        """Ask the addresses about their health, unless that was done just now.

        Raises:
            BackendError: none of them is well.
        """
        seen, well = self._looked
        if time.monotonic() - seen > HEALTH_AGE or not seen:
            known = sorted(self._addresses.all, key=lambda address: address.failures)
            well = any(_healthy(self._clients[address.url], address.url) for address in known)
            self._looked = time.monotonic(), well
        if not well:
            told = ", ".join(self._shown.values())
            raise BackendError(f"No model server is well: {told}.", "Start it, or wait until it has loaded its model.")

    def close(self) -> None:
        """Close the connections and end the health checks."""
        _close(self._clients, self._addresses)

    def _tried(self, work: Callable[[Address], T]) -> T:
        pause = self._server.pause
        for left in range(max(self._server.tries, len(self._clients)) - 1, -1, -1):
            address = self._addresses.take()
            try:
                self._require_met(address)
                found = work(address)
            except TryAgainError as error:
                self._note_failure(address, error)
                if not left:
                    raise BackendError(error.message, error.hint) from error
                wait = error.wait
            else:
                self._addresses.succeeded(address)
                return found
            finally:
                self._addresses.done(address)
            if not self._addresses.some_up:
                time.sleep(min(max(pause, wait), _LONGEST_PAUSE))
                pause *= 2
        raise ValueError("tries must be at least 1")

    def _require_met(self, address: Address) -> None:
        if self._meet is not None and not address.met:
            self._meet(lambda path, body: self._once(address, path, body))
        address.met = True

    def _note_failure(self, address: Address, error: TryAgainError) -> None:
        address.met = address.met and not error.lost
        self._addresses.failed(address, error.wait)

    def _once(self, address: Address, path: str, body: Mapping[str, object]) -> Json:
        response = self._begun(address, path, body)
        try:
            content = self._guarded(address, response.read)
        finally:
            response.close()
        try:
            value = json.loads(content)
        except ValueError as error:
            raise not_json(self._shown[address.url], content) from error
        if not isinstance(value, dict):
            raise not_json(self._shown[address.url], content)
        return value

    def _opened(
        self, address: Address, path: str, body: Mapping[str, object]
    ) -> tuple[Address, httpx.Response, Iterator[Json], Json | None]:
        """Begin a stream and wait for its first event; None where it has none."""
        response = self._begun(address, path, body)
        try:
            events = self._events(address, response)
            return address, response, events, next(events, None)
        except BaseException:
            response.close()
            raise

    def _begun(self, address: Address, path: str, body: Mapping[str, object]) -> httpx.Response:
        """Send the request and return the response, its body unread, if the server accepts."""
        client = self._clients[address.url]
        place = _root(address.url) + path[1:] if path.startswith("//") else address.url + path
        request = client.build_request("POST", place, json=body)
        response = self._guarded(address, lambda: client.send(request, stream=True))
        if response.is_success:
            return response
        try:
            content = self._guarded(address, response.read)
        finally:
            response.close()
        shown, others = self._shown[address.url], len(self._clients) > 1
        raise refusal(shown, response.status_code, content, response.headers, others=others)

    def _events(self, address: Address, response: httpx.Response) -> Iterator[Json]:
        shown = self._shown[address.url]
        if "event-stream" not in response.headers.get("content-type", ""):
            raise not_json(shown, self._guarded(address, response.read))
        lines = response.iter_lines()
        while (line := self._guarded(address, lambda: next(lines, None))) is not None:
            if not line.startswith("data:"):
                continue
            data = line.removeprefix("data:").strip()
            if data == "[DONE]":
                return
            try:
                value = json.loads(data)
            except ValueError as error:
                raise not_json(shown, data.encode()) from error
            if isinstance(value, dict):
                if value.get("error"):
                    raise BackendError(f"The model server at {shown} failed: {said(data.encode())}")
                yield value
        raise broke_off(shown)

    def _guarded(self, address: Address, work: Callable[[], T]) -> T:
        import httpx

        shown = self._shown[address.url]
        try:
            return work()
        except httpx.TimeoutException as error:
            raise silent(shown, self._server.timeout) from error
        except httpx.ConnectError as error:
            raise unreachable(shown, error) from error
        except httpx.TransportError as error:
            raise broke_off(shown) from error


def _http_client(url: str, server: Server) -> httpx.Client:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(
            f"'{url}' is not the address of a server.", "Set 'url' to something like http://127.0.0.1:8080/v1"
        )
    import httpx

    return httpx.Client(
        timeout=httpx.Timeout(server.timeout, connect=min(10.0, server.timeout)),
        headers={"Authorization": f"Bearer {server.api_key}"} if server.api_key else {},
        trust_env=parts.hostname not in _LOOPBACK,  # a proxy cannot reach this machine's own servers
    )


def _shown(url: str) -> str:
    """Return an address as people may see it: without the password that it may hold."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "") + parts.path


def _root(url: str) -> str:
    """Return the address of the server itself: that of its API without the version at its end."""
    return url.removesuffix("/v1")


def _healthy(client: httpx.Client, url: str) -> bool:
    """Tell whether a server is well: llama-server, vLLM and TEI have /health; of others the list of models is asked."""
    import httpx

    for page in (_root(url) + "/health", url + "/models"):
        try:
            status = client.get(page, timeout=_HEALTH_SECONDS).status_code
        except httpx.HTTPError:
            return False
        if status not in _NO_SUCH_PAGE:
            return status < 500 and status != 429
    return True  # it answers, and has no page for this


def _close(clients: Mapping[str, httpx.Client], addresses: Addresses) -> None:
    addresses.close()
    for client in clients.values():
        client.close()
