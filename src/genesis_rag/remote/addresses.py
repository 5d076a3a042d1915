"""Which of several addresses of one model a request goes to: the one with the least to do that is not set aside.

An address that fails is set aside, and the longer the more often it fails. Others serve meanwhile; it comes back when
it answers a question about its health. Where all are set aside, requests go on to be tried: a health check may be
wrong, and an error of the server itself says more than ours.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

FIRST_REST = 1.0
LONGEST_REST = 30.0


@dataclass(slots=True, eq=False)
class Address:
    """One address and how it fares.

    Attributes:
        url: base address of the API, without a slash at its end.
        busy: requests under way.
        turn: number of the last request that it was chosen for.
        failures: failed requests and health checks since the last that went well.
        rests_until: seconds of the clock.
        met: what it serves has been looked at (see ``RemoteClient``).
    """

    url: str
    busy: int = 0
    turn: int = 0
    failures: int = 0
    rests_until: float = 0.0
    met: bool = False


class Addresses:
    """All addresses of one model. Threads may share it.

    Args:
        urls: at least one.
        healthy: asks an address about its health; where there is only one address, nobody asks.
        first_rest: seconds that an address is set aside after its first failure; doubled for each further one.
        clock: seconds, rising.
    """

    def __init__(
        self,
        urls: Sequence[str],
        healthy: Callable[[Address], bool],
        first_rest: float = FIRST_REST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.all = tuple(Address(url.rstrip("/")) for url in urls)
        self._healthy, self._first_rest, self._clock = healthy, first_rest, clock
        self._lock = threading.Lock()
        self._turn = 0
        self._closed = threading.Event()
        self._watched = False

    def take(self) -> Address:
        """Return the address for one request; ``hold`` and ``done`` belong together, and this holds it."""
        with self._lock:
            up = [address for address in self.all if not address.failures]
            if up:
                chosen = min(up, key=lambda address: (address.busy, address.turn))
            else:
                chosen = min(self.all, key=lambda address: (address.rests_until, address.busy))
            self._turn += 1
            chosen.turn = self._turn
            chosen.busy += 1
            return chosen

    def hold(self, address: Address) -> None:
        """Count one more request under way."""
        with self._lock:
            address.busy += 1

    def done(self, address: Address) -> None:
        """Count one request less."""
        with self._lock:
            address.busy -= 1

    def succeeded(self, address: Address) -> None:
        """Note that an address answers; whatever it was set aside for is over."""
        with self._lock:
            address.failures, address.rests_until = 0, 0.0

    def failed(self, address: Address, wait: float = 0.0) -> None:
        """Set an address aside, at least for the ``wait`` seconds that it asks for itself."""
        with self._lock:
            rest = min(LONGEST_REST, self._first_rest * 2.0 ** min(address.failures, 10))
            address.failures += 1
            address.rests_until = self._clock() + max(rest, min(wait, LONGEST_REST))
            if self._watched or len(self.all) == 1 or self._closed.is_set():
                return
            self._watched = True
        threading.Thread(target=self._watch, name="model-health", daemon=True).start()

    @property
    def some_up(self) -> bool:
        """Whether any address is not set aside."""
        with self._lock:
            return any(not address.failures for address in self.all)

    def close(self) -> None:
        """End the health checks."""
        self._closed.set()

    def look(self) -> None:
        """Ask those whose rest is over about their health, and take back who is well."""
        with self._lock:
            due = [one for one in self.all if one.failures and one.rests_until <= self._clock()]
        for address in due:
            if self._healthy(address):
                self.succeeded(address)
            else:
                self.failed(address)

    def _watch(self) -> None:
        """Look after the addresses that are set aside, until none is."""
        while True:
            with self._lock:
                ends = [address.rests_until for address in self.all if address.failures]
                if not ends or self._closed.is_set():
                    self._watched = False
                    return
            self._closed.wait(max(0.01, min(ends) - self._clock()))
            if not self._closed.is_set():
                self.look()
