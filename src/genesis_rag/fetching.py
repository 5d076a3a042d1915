"""Documents from the web, from hosts that the user has named and from nowhere else.

What stands against a stranger's address being turned against the network that this machine is in (server-side request
forgery): only http and https, only listed hosts; the name is resolved once, every address that it has must be a public
one, and the connection goes to that very address, so that a second answer of the name server (DNS rebinding) is never
asked for; redirects are not followed; no proxy of the environment is used; size and time are bounded.
"""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath
from urllib.parse import SplitResult, quote, unquote, urlsplit

from genesis_rag.errors import BackendError, NotAllowedError, UserError
from genesis_rag.values import dataclass

MOST_BYTES = 64 * 2**20
MOST_SECONDS = 60.0
LONGEST_URL = 2_000
_BLOCK = 2**16
_AGENT = "genesis-rag (+document fetcher)"

SUFFIX_OF_TYPE = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "application/epub+zip": ".epub",
    "application/jsonl": ".jsonl",
    "application/x-ndjson": ".jsonl",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
"""Endings by media type; the address has the last word where the type says no more than that it is a file or text."""

_SAYS_LITTLE = frozenset({"", "application/octet-stream", "binary/octet-stream", "text/plain"})
_NEVER_TEXT = frozenset({"image", "audio", "video", "font", "model"})

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_HOST = re.compile(r"[a-z0-9.-]{1,253}|[0-9a-f:.]{2,45}")

Resolve = Callable[[str, int], Sequence[str]]
"""Returns the addresses that a host name has."""

Connect = Callable[[str, int, float], socket.socket]
"""Connects to an address and port within some seconds."""


@dataclass(frozen=True, slots=True)
class Network:
    """How names are resolved and connections are made; tests put their own in.

    Attributes:
        resolve: all addresses of a name.
        connect: a connection to one of them.
    """

    resolve: Resolve
    connect: Connect


def _resolve(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


def _connect(address: str, port: int, seconds: float) -> socket.socket:
    return socket.create_connection((address, port), timeout=seconds)


INTERNET = Network(_resolve, _connect)


class Fetched:
    """A document on its way: ``name`` for the file, and its bytes, once, in blocks."""

    def __init__(
        self, name: str, response: http.client.HTTPResponse, most_bytes: int, shown: str, over: threading.Event
    ) -> None:
        self.name = name
        self._response, self._most, self._shown, self._over = response, most_bytes, shown, over

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes.

        Raises:
            UserError: there are more than allowed.
            BackendError: the connection broke, or the time is over.
        """
        size = 0
        with _told(self._shown):
            while block := self._response.read1(_BLOCK):
                size += len(block)
                if size > self._most:
                    raise _too_large(self._most)
                yield block
            if self._over.is_set():
                raise TimeoutError
            if self._response.length:  # fewer bytes came than were announced
                raise OSError("the connection broke off")


@contextmanager
def fetch(
    url: str,
    hosts: Sequence[str],
    *,
    most_bytes: int = MOST_BYTES,
    seconds: float = MOST_SECONDS,
    network: Network = INTERNET,
) -> Iterator[Fetched]:
    """Open the document at ``url``.

    Args:
        url: http or https.
        hosts: those that may be asked, each a name, ``name:port``, or ``*.name`` for all names below one.
        most_bytes: of the document.
        seconds: for all of it, after which the connection is cut.
        network: resolves and connects.

    Raises:
        UserError: the address is none, is not allowed, or has nothing that can be read.
        BackendError: the host cannot be reached, or does not answer as it should.
    """
    parts = _allowed(url, hosts)
    shown = f"{parts.scheme}://{parts.netloc}{parts.path}"
    with _told(shown):
        secured = _connected(parts, _public_address(parts, network), network, seconds)
    over = threading.Event()
    timer = threading.Timer(seconds, _cut, (secured, over))
    timer.daemon = True
    timer.start()
    try:
        with _told(shown):
            response = _asked(secured, parts)
        _check(response, most_bytes)
        yield Fetched(_name(parts, response), response, most_bytes, shown, over)
    finally:
        timer.cancel()
        secured.close()


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet, also of an IPv4 address that is wrapped in IPv6."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.teredo is not None:
            return False
        wrapped = (
            ip.ipv4_mapped or ip.sixtofour or (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)
        )
        if wrapped is not None:
            return is_public(str(wrapped))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _allowed(url: str, hosts: Sequence[str]) -> SplitResult:
    """Return the parts of an address that may be asked, its host in lower case ASCII."""
    if len(url) > LONGEST_URL or any(c.isspace() or not c.isprintable() for c in url):
        raise UserError("This is not an address.", "Give one such as https://www.example.org/report.pdf")
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii").lower().rstrip(".")
        port = parts.port
    except (ValueError, UnicodeError):
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise UserError("This is not an address of http or https.", "Give one such as https://www.example.org/a.pdf")
    if parts.username is not None or parts.password is not None:
        raise UserError("Addresses with a name or password in them are not fetched.", "Download the file yourself.")
    if not any(_matches(entry, host, port) for entry in hosts):
        raise NotAllowedError(
            f"Documents are not fetched from '{host}'.",
            "Allow it: GENESIS_URL_HOSTS=www.example.org,*.example.com (or url_hosts in models.toml).",
        )
    netloc = f"[{host}]" if ":" in host else host
    return parts._replace(netloc=netloc if port is None else f"{netloc}:{port}", fragment="")


def _matches(entry: str, host: str, port: int | None) -> bool:
    """Tell whether an entry of the list names a host; another port than the usual one has to be named with it."""
    named, colon, digits = entry.strip().lower().rpartition(":")
    if not colon or not digits.isdecimal():
        named, digits = entry.strip().lower(), ""
    if digits != ("" if port is None else str(port)):
        return False
    return host == named or (named.startswith("*.") and len(named) > 2 and host.endswith(named[1:]))


def _public_address(parts: SplitResult, network: Network) -> str:
    host = parts.hostname or ""
    addresses = network.resolve(host, _port(parts))
    if not addresses:
        raise OSError("the name has no address")
    if not all(is_public(address) for address in addresses):
        raise UserError(f"'{host}' leads into a private network.", "Only public addresses are fetched.")
    return addresses[0]


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _connected(parts: SplitResult, address: str, network: Network, seconds: float) -> socket.socket:
    """Connect to ``address``; what its certificate must prove, once it shows that, is the name."""
    plain = network.connect(address, _port(parts), seconds)
    if parts.scheme == "http":
        return plain
    try:
        context = ssl.create_default_context()
        return context.wrap_socket(plain, server_hostname=parts.hostname, do_handshake_on_connect=False)
    except OSError:
        plain.close()
        raise


def _asked(secured: socket.socket, parts: SplitResult) -> http.client.HTTPResponse:
    if isinstance(secured, ssl.SSLSocket):
        secured.do_handshake()
    connection = http.client.HTTPConnection(parts.hostname or "", _port(parts))
    connection.sock = secured
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    connection.putrequest("GET", f"{target}?{query}" if query else target, skip_host=True, skip_accept_encoding=True)
    headers = {"Host": parts.netloc, "User-Agent": _AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
    for name, value in {**headers, "Connection": "close"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    return connection.getresponse()


def _check(response: http.client.HTTPResponse, most_bytes: int) -> None:
    if 300 <= response.status < 400:
        place = response.getheader("Location", "")[:200]
        raise UserError(f"The address leads on to {place!r}; redirects are not followed.", "Give that address itself.")
    if response.status != 200:
        raise BackendError(
            f"The host answers {response.status} {response.reason[:80]}.", "Open it in a browser to see why."
        )
    if response.getheader("Content-Encoding", "identity").lower() != "identity":
        raise BackendError(
            "The host sends the document packed, though it was asked not to.", "Download the file yourself."
        )
    if (response.length or 0) > most_bytes:
        raise _too_large(most_bytes)


def _too_large(most_bytes: int) -> UserError:
    return UserError(f"The document is larger than {most_bytes / 2**20:,.0f} MiB.", "Download it and index the file.")


def _name(parts: SplitResult, response: http.client.HTTPResponse) -> str:
    """Return a name for the file: host and path in one, a query as a few letters, and the ending of what it is."""
    kind = response.getheader("Content-Type", "").partition(";")[0].strip().lower()
    if kind.partition("/")[0] in _NEVER_TEXT:
        raise UserError(f"There is something of the type {kind}, which cannot be read.", "Give a document's address.")
    path = PurePosixPath(unquote(parts.path) or "/")
    suffix = (
        path.suffix.lower() if kind in _SAYS_LITTLE and path.suffix else SUFFIX_OF_TYPE.get(kind, path.suffix.lower())
    )
    if not suffix:
        raise UserError(f"The host does not say what it sends ({kind or 'no type'}).", "Download the file yourself.")
    stem = str(path.with_suffix("") if path.suffix.lower() == suffix else path).strip("/").replace("/", "_")
    asked = "-" + hashlib.sha256(parts.query.encode()).hexdigest()[:8] if parts.query else ""
    return "_".join(part for part in (parts.hostname, stem) if part) + asked + suffix


def _cut(secured: socket.socket, over: threading.Event) -> None:
    """End a connection that takes too long, whatever it waits for."""
    over.set()
    with suppress(OSError, ValueError):
        secured.shutdown(socket.SHUT_RDWR)


@contextmanager
def _told(shown: str) -> Iterator[None]:
    """Tell what goes wrong on the way as one clear error."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise BackendError(
            f"{shown}: its certificate is not valid: {error.verify_message}.", "Do not trust it."
        ) from error
    except TimeoutError as error:
        raise BackendError(f"{shown} takes too long.", "Try again, or download the file yourself.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        raise BackendError(
            f"{shown} cannot be fetched: {reason}.", "Try again, or download the file yourself."
        ) from error
