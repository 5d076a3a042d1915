"""What stands before every request: who may listen, which Host names are ours, the API key, the response headers."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING

from genesis_rag.errors import SettingsError
from genesis_rag.server.problems import problem_body
from genesis_rag.server.uploads import MAX_UPLOAD_BYTES

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PROTECTED_PREFIX = "/api/"
UPLOAD_PATH = "/api/documents"
MAX_BODY_BYTES = 64 * 1024
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


def check_binding(host: str, api_key: str) -> None:
    """Refuse to listen to other machines without an API key.

    Raises:
        SettingsError: ``host`` is not a loopback address and there is no key.
    """
    if not api_key and not is_loopback(host):
        raise SettingsError(
            f"Listening on {host} would let other machines read your documents, and no API key is set.",
            "Set GENESIS_API_KEY to a long random text, or leave --host out to serve this machine alone.",
        )


class Guard:
    """ASGI middleware: refuses foreign Host names and missing keys, and adds the security headers to all responses.

    A page of another site whose name has been rebound to 127.0.0.1 still sends that name as Host; on a loopback
    address only our own names are therefore served.

    Args:
        app: the application behind.
        host: the address that the server listens on.
        api_key: empty for none.
        extra_hosts: further Host names to accept on a loopback address (tests, a local proxy).
    """

    def __init__(self, app: ASGIApp, host: str, api_key: str, extra_hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = LOOPBACK_NAMES | {host, *extra_hosts} if is_loopback(host) else None
        self._key = api_key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        guarded = _with_headers(send, SECURITY_HEADERS)
        if self._hosts is not None and host_name(headers.get(b"host", b"")) not in self._hosts:
            await _refuse(scope, receive, guarded, 421, "wrong_host", "This server answers to local names only.")
        elif not _from_here(scope, headers):
            await _refuse(scope, receive, guarded, 403, "wrong_origin", "A page of another site sent this.")
        elif self._key and scope["path"].startswith(PROTECTED_PREFIX) and not self._has_key(headers):
            await _refuse(scope, receive, guarded, 401, "unauthorized", "An API key is needed.")
        elif _announced_bytes(headers) > _most_bytes(scope):
            await _refuse(scope, receive, guarded, 413, "too_large", "The request is too large.")
        else:
            await self._app(scope, receive, guarded)

    def _has_key(self, headers: dict[bytes, bytes]) -> bool:
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        given = token.strip() if scheme.lower() == b"bearer" else headers.get(b"x-api-key", b"")
        return hmac.compare_digest(given, self._key)


def _from_here(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    """Tell whether a request that may change something comes from our page or from a program.

    A form of another site may be sent without asking first; browsers say where it comes from.
    """
    if scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return True
    origin = headers.get(b"origin")
    if origin is not None:
        return origin.partition(b"://")[2].lower() == headers.get(b"host", b"").lower()
    return headers.get(b"sec-fetch-site", b"none") in (b"none", b"same-origin")


def _most_bytes(scope: Scope) -> int:
    """Return how large the body may be; the application counts it again as it arrives."""
    is_upload = scope["method"] == "POST" and scope["path"] == UPLOAD_PATH
    return MAX_UPLOAD_BYTES if is_upload else MAX_BODY_BYTES


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


_HINTS = {
    421: "Open it as http://127.0.0.1 or http://localhost.",
    403: "Open the page of this server itself.",
    413: f"Bodies have at most {MAX_BODY_BYTES:,} bytes.",
    401: "Send it as the header Authorization: Bearer KEY.",
}


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, kind: str, message: str) -> None:
    from starlette.responses import JSONResponse

    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    await JSONResponse(problem_body(kind, message, _HINTS[status]), status, headers)(scope, receive, send)


def _with_headers(send: Send, extra: Iterable[tuple[bytes, bytes]]) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *extra]}
        await send(message)

    return wrapped
