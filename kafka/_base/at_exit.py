"""Close the clients that are still open when the program ends.

``import kafka`` registers what calls `close_open_clients`, without loading this module.
"""

from __future__ import annotations

import weakref
from typing import Final, Protocol

from kafka._base.log_thread import settle
from kafka._base.system import monotonic

# Seconds that all open clients together may hold up the end of the program.
EXIT_TIMEOUT: Final = 5.0


class OpenClient(Protocol):
    """A client as the end of the program finds it."""

    def hurry(self) -> None:
        """Start what `close` waits for."""

    def close(self, seconds: float) -> None:
        """Close the client, within so many *seconds*."""


_OPEN: weakref.WeakSet[OpenClient] = weakref.WeakSet()


def close_at_exit(client: OpenClient) -> None:
    """Close *client* when the program ends, if it is still referred to then."""
    _OPEN.add(client)


def close_open_clients() -> None:
    """Close all open clients, within `EXIT_TIMEOUT` seconds for all of them together.

    All are told to hurry before the first is waited for, so that they deliver at the same time.
    What their threads have logged is handled within that time, too.
    """
    end = monotonic() + EXIT_TIMEOUT
    clients = list(_OPEN)
    for client in clients:
        client.hurry()
    for client in clients:
        client.close(max(end - monotonic(), 0.0))
    settle(max(end - monotonic(), 0.0))
