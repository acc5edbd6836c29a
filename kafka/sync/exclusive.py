"""Keep a client that is not thread-safe to one thread at a time."""

from __future__ import annotations

import re
import threading
from _thread import TIMEOUT_MAX, RLock, get_ident
from functools import partial
from typing import Final

from kafka.errors import IllegalStateError

_OWNER: Final = re.compile(r"owner=(\d+)")


class ExclusiveUse(RLock):  # type: ignore[misc] # typeshed calls it final; it is not
    """A context manager that one thread can be in; another one gets an error and does not wait.

    The same thread may enter again: a rebalance listener or a signal handler makes calls inside a
    call. A signal handler that raises leaves it entered exactly if the ``with`` block has begun,
    by the means of `kafka._base.reentrant_lock`; ``__exit__`` must stay the one in C.

    Args:
        name: class of the client, for the error.
    """

    __slots__ = ("_name",)

    def __new__(cls, name: str) -> ExclusiveUse:
        """Make the lock, whose own constructor takes no arguments."""
        del name
        return super().__new__(cls)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def __enter__(self) -> bool:  # type: ignore[override] # typeshed has acquire() there
        """Enter.

        Raises:
            IllegalStateError: another thread is inside.
        """
        for entered in iter(partial(self.acquire, False), None):
            if entered:
                return True
            break
        raise IllegalStateError(
            f"{self._name} is not safe for multi-threaded access: {self.owner} is in a call, and "
            f"{_name_of(get_ident())} has made another one; only wakeup() and close() may be used "
            "meanwhile"
        )

    def enter_within(self, seconds: float) -> bool:
        """Enter, waiting for another thread to leave at most *seconds*; `release` leaves."""
        return self.acquire(timeout=min(max(seconds, 0.0), TIMEOUT_MAX))

    @property
    def owner(self) -> str:
        """The thread that is inside, as words for a message."""
        # A handler of a signal may raise in code of ours that would note it; the lock tells.
        found = _OWNER.search(super().__repr__())
        return _name_of(int(found[1]) if found else 0)

    def reset(self) -> None:
        """Forget who is inside, in a forked child: the thread may not exist there."""
        self._at_fork_reinit()  # type: ignore[attr-defined] # the threading module's own way


def _name_of(ident: int) -> str:
    names = [thread.name for thread in threading.enumerate() if thread.ident == ident]
    return f"thread {names[0]!r}" if names else "another thread"
