"""Have many clients try to start at once, and tell what came of each.

Starting is mostly waiting, so hundreds of attempts take hardly longer than the slowest one.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from test.support.counting_proxy import CountingProxy
from test.support.secured_clients import CLIENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from test.support.pki import Pki
    from test.support.refusals import Refusal

_AT_ONCE: Final = 16
_PROMPT: Final = 25.0


class Secured(Protocol):
    """A cluster with the listeners of `test.support.pki`."""

    @property
    def pki(self) -> Pki:
        """Its certificates."""

    def address(self, listener: str) -> str:
        """Return ``host:port`` of a listener."""


class Outcome(NamedTuple):
    """What came of an attempt.

    Attributes:
        error: what was raised.
        address: of the broker, as the client knew it.
        connections: how often the client connected.
        seconds: how long it took.
    """

    error: Exception | None
    address: str
    connections: int
    seconds: float


class Attempts:
    """Attempts that run on threads.

    Args:
        cluster: where they go.
        cases: refusals and names of clients.
    """

    def __init__(self, cluster: Secured, cases: Iterable[tuple[Refusal, str]]) -> None:
        self._cluster = cluster
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._outcomes: dict[tuple[str, str], Future[Outcome]] = {
            (refusal.name, client): self._pool.submit(attempt, cluster, refusal, client)
            for refusal, client in cases
        }

    def outcome(self, refusal: Refusal, client: str) -> Outcome:
        """Return what came of one."""
        return self._outcomes[refusal.name, client].result()

    def close(self) -> None:
        """Wait for what still runs."""
        self._pool.shutdown()


def attempt(cluster: Secured, refusal: Refusal, client: str) -> Outcome:
    """Have a client try, and return what came of it."""
    with CountingProxy(cluster.address(refusal.listener)) as proxy:
        options = {**refusal.options(cluster.pki), "bootstrap_servers": proxy.address}
        error = None
        began = time.monotonic()
        try:
            CLIENTS[client].use(options)
        except Exception as raised:  # noqa: BLE001 - the test looks at it
            error = raised
        seconds = time.monotonic() - began
    return Outcome(error, proxy.address, proxy.attempts, seconds)


def check(refusal: Refusal, outcome: Outcome) -> None:
    """Fail unless the outcome is what the refusal is to look like.

    Raises:
        AssertionError: it does not.
    """
    error, text = outcome.error, str(outcome.error)
    assert isinstance(error, refusal.error), repr(error)
    assert outcome.address in text
    missing = [word for word in refusal.words if word.lower() not in text.lower()]
    assert not missing, text
    assert 1 <= outcome.connections <= 4, text
    # Not by a time-out: the shortest takes 30 s by default. Most take less than a second.
    assert outcome.seconds < _PROMPT, text
    if refusal.cause is not None:
        assert isinstance(error.__cause__, refusal.cause), repr(error.__cause__)
