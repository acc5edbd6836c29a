"""Wait for a condition of a real cluster, with a deadline."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_POLL_INTERVAL = 0.05


class ClusterError(Exception):
    """A broker did not start, died, or refused what the test setup asked of it."""


def until(condition: Callable[[], bool], timeout: float, failure: Callable[[], str]) -> None:
    """Return once *condition* holds; a refused or dropped connection means not yet.

    Raises:
        ClusterError: it does not hold within *timeout* seconds; *failure* makes the message.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            if condition():
                return
            cause: OSError | None = None
        except OSError as exc:
            cause = exc
        if time.monotonic() >= deadline:
            raise ClusterError(f"{failure()} (last error: {cause!r})") from cause
        time.sleep(_POLL_INTERVAL)
