"""What stands before every request: who may listen, Host and Origin, API keys, rate limits, sizes, response headers."""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from genesis_rag.errors import SettingsError
from genesis_rag.server.keys import Key, KeyRing
from genesis_rag.server.limits import RateLimiter, client_of
from genesis_rag.server.metrics import Metrics
from genesis_rag.server.problems import problem_body
from genesis_rag.server.uploads import MAX_UPLOAD_BYTES

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PROTECTED = ("/api/", "/v1/", "/mcp", "/metrics")
LIBRARY = "/api/documents"
READING = ("GET", "HEAD", "OPTIONS")
MAX_BODY_BYTES = 64 * 1024
MAX_CHAT_BYTES = 2 * 2**20  # a conversation is sent whole each time, and texts to embed are many
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)


def is_loopback(host: str) -> bool:
    """Return whether ``host`` is reachable from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_binding(host: str, has_key: object) -> None:
    """Refuse to listen to other machines without an API key; ``has_key`` is false in its way if there is none.

    Raises:
        SettingsError: ``host`` is not a loopback address and there is no key.
    """
    if not has_key and not is_loopback(host):
        raise SettingsError(
            f"Listening on {host} would let other machines read your documents, and no API key is set.",
            "Make one: genesis-rag keys add NAME; or set GENESIS_API_KEY to a long random text; or leave --host out.",
        )


class Guard:
    """ASGI middleware: refuses foreign names and pages, missing keys and floods, and adds the security headers.

    A page of another site whose name has been rebound to 127.0.0.1 still sends that name as Host; on a loopback
    address only our own names are therefore served. On any other address a key is always needed.

    Args:
        app: the application behind.
        host: the address that the server listens on.
        ring: the API keys.
        metrics: counts requests.
        limiter: holds back clients that ask too often; None for no limit.
        extra_hosts: further Host names to accept on a loopback address (tests, a local proxy).
    """

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        ring: KeyRing,
        metrics: Metrics,
        limiter: RateLimiter | None = None,
        extra_hosts: Iterable[str] = (),
    ) -> None:
        self._app, self._ring, self._metrics, self._limiter = app, ring, metrics, limiter
        self._hosts = LOOPBACK_NAMES | {host, *extra_hosts} if is_loopback(host) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        guarded = _with_headers(self._measured(scope, send), SECURITY_HEADERS)
        refusal = self._refusal(scope, dict(scope["headers"]))
        if refusal is not None:
            self._metrics.count("genesis_refused_total", reason=refusal.kind)
            await refusal.send(scope, receive, guarded)
            return
        self._metrics.count("genesis_requests_in_progress")
        try:
            await self._app(scope, receive, guarded)
        finally:
            self._metrics.count("genesis_requests_in_progress", -1)

    def _refusal(self, scope: Scope, headers: dict[bytes, bytes]) -> _Refusal | None:
        if self._hosts is not None and host_name(headers.get(b"host", b"")) not in self._hosts:
            return _Refusal(421, "wrong_host", "This server answers to local names only.")
        if not _from_here(scope, headers):
            return _Refusal(403, "wrong_origin", "A page of another site sent this.")
        if scope["path"].startswith(PROTECTED):
            try:
                refusal = self._unwelcome(scope, headers)
            except SettingsError as error:
                return _Refusal(500, "settings", error.message, hint=error.hint)
            if refusal is not None:
                return refusal
        if _announced_bytes(headers) > (most := _most_bytes(scope)):
            return _Refusal(413, "too_large", "The request is too large.", hint=f"Bodies have at most {most:,} bytes.")
        return None

    def _unwelcome(self, scope: Scope, headers: dict[bytes, bytes]) -> _Refusal | None:
        """Return the refusal of a client that asks too often, or without a key that suffices."""
        address = client_of((scope.get("client") or ("", 0))[0])
        waits = [self._limiter.wait(f"address {address}")] if self._limiter else []
        if self._hosts is None or self._ring.keys():
            key = self._ring.find(_token(headers))
            if key is None and not any(waits):
                return _Refusal(401, "unauthorized", "An API key is needed.", {"WWW-Authenticate": "Bearer"})
            if key is not None and self._limiter:
                waits.append(self._limiter.wait(f"key {key.name}"))
            if key is not None and not any(waits) and not _may(key, scope):
                return _Refusal(403, "forbidden", "This API key may read only.")
        if any(waits):
            seconds = str(math.ceil(max(waits)))
            return _Refusal(429, "too_many_requests", "Too many requests.", {"Retry-After": seconds})
        return None

    def _measured(self, scope: Scope, send: Send) -> Send:
        started = time.perf_counter()

        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "other")
                status = str(message["status"])
                method = scope["method"] if scope["method"] in _METHODS else "other"
                self._metrics.count("genesis_http_requests_total", method=method, route=route, status=status)
                seconds = time.perf_counter() - started
                self._metrics.observe("genesis_http_request_seconds", seconds, route=route)
            await send(message)

        return wrapped


_METHODS = frozenset({*READING, "POST", "PUT", "DELETE", "PATCH"})
_HINTS = {
    "wrong_host": "Open it as http://127.0.0.1 or http://localhost.",
    "wrong_origin": "Open the page of this server itself.",
    "unauthorized": "Send it as the header Authorization: Bearer KEY.",
    "forbidden": "Use a key that was made with --role write.",
    "too_many_requests": "Wait as long as Retry-After says.",
}


class _Refusal:
    """An answer that is given before the application sees the request."""

    def __init__(
        self, status: int, kind: str, message: str, headers: Mapping[str, str] | None = None, hint: str = ""
    ) -> None:
        self.kind = kind
        self._status, self._headers = status, headers
        self._body = problem_body(kind, message, hint or _HINTS.get(kind, ""))

    async def send(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        from starlette.responses import JSONResponse

        await JSONResponse(self._body, self._status, self._headers)(scope, receive, send)


def _token(headers: dict[bytes, bytes]) -> bytes:
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else headers.get(b"x-api-key", b"")


def _may(key: Key, scope: Scope) -> bool:
    """Tell whether a key suffices: the library is changed only by those that may write."""
    return key.may_write or scope["method"] in READING or not scope["path"].startswith(LIBRARY)


def _from_here(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    """Tell whether a request that may change something comes from our page or from a program.

    A form of another site may be sent without asking first; browsers say where it comes from.
    """
    if scope["method"] in READING:
        return True
    origin = headers.get(b"origin")
    if origin is not None:
        return origin.partition(b"://")[2].lower() == headers.get(b"host", b"").lower()
    return headers.get(b"sec-fetch-site", b"none") in (b"none", b"same-origin")


def _most_bytes(scope: Scope) -> int:
    """Return how large the body may be; the application counts it again as it arrives."""
    if scope["method"] == "POST" and scope["path"] == LIBRARY:
        return MAX_UPLOAD_BYTES
    return MAX_CHAT_BYTES if scope["path"].startswith(("/v1/", "/mcp")) else MAX_BODY_BYTES


def _announced_bytes(headers: dict[bytes, bytes]) -> int:
    """Return the Content-Length; a body without one is counted by the application as it arrives."""
    text = headers.get(b"content-length", b"0")
    return int(text) if text.isdigit() else 0


def host_name(header: bytes) -> str:
    """Return the name of a Host header without its port, in lower case; brackets of an IPv6 address dropped."""
    text = header.decode("latin-1").strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0].rstrip(".")


def _with_headers(send: Send, extra: Iterable[tuple[bytes, bytes]]) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *extra]}
        await send(message)

    return wrapped
