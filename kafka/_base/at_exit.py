"""Close the clients that are still open when the program ends.

``import kafka`` registers what calls `close_open_clients`, without loading this module. Children
that multiprocessing forks do not run what was registered so: multiprocessing has its own list.
"""

from __future__ import annotations

import os
import sys
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
    _tell_multiprocessing()


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


def _at_end_of_child(_: object = None) -> None:
    from multiprocessing.util import Finalize  # noqa: PLC0415 - the program has loaded it

    Finalize(None, close_open_clients, exitpriority=0)


def _tell_multiprocessing() -> None:
    """Let multiprocessing call `close_open_clients` at the end of a child that it has forked.

    Nothing happens in the program's first process, and in children that are spawned: these end as
    any program does.
    """
    is_spawned = "--multiprocessing-fork" in sys.orig_argv and not _forked
    if "multiprocessing.util" not in sys.modules or is_spawned or os.getpid() in _told:
        return
    from multiprocessing.process import parent_process  # noqa: PLC0415 - the program has loaded it
    from multiprocessing.util import register_after_fork  # noqa: PLC0415 - the same

    _told[:] = [os.getpid()]
    # A child that is being set up empties its list, and does then what was registered here.
    register_after_fork(close_open_clients, _at_end_of_child)
    if parent_process() is not None:
        _at_end_of_child()


# The process in which multiprocessing was told, and whether this one was forked.
_told: list[int] = []
_forked: list[bool] = []


def _after_fork_in_child() -> None:
    _forked[:] = [True]
    _tell_multiprocessing()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
