"""Keep a client that is not thread-safe to one thread at a time."""

from __future__ import annotations

import threading

from kafka.errors import IllegalStateError


class ExclusiveUse:
    """A context manager that one thread can be in; another one gets an error and does not wait.

    The same thread may enter again: a rebalance listener or a signal handler makes calls inside a
    call.

    Args:
        name: class of the client, for the error.
    """

    __slots__ = ("_lock", "_name")

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        """Enter.

        Raises:
            IllegalStateError: another thread is inside.
        """
        if not self._lock.acquire(blocking=False):
            raise IllegalStateError(
                f"{self._name} is not safe for multi-threaded access: another thread is in a call; "
                "only wakeup() and close() may be used meanwhile"
            )

    def __exit__(self, *exc_info: object) -> None:
        """Leave."""
        self._lock.release()

    def reset(self) -> None:
        """Forget who is inside, in a forked child: the thread may not exist there."""
        self._lock = threading.RLock()
