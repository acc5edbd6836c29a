"""Keep a client that is not thread-safe to one thread at a time."""

from __future__ import annotations

from _thread import RLock
from functools import partial

from kafka.errors import IllegalStateError


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
            f"{self._name} is not safe for multi-threaded access: another thread is in a call; "
            "only wakeup() and close() may be used meanwhile"
        )

    def reset(self) -> None:
        """Forget who is inside, in a forked child: the thread may not exist there."""
        self._at_fork_reinit()  # type: ignore[attr-defined] # the threading module's own way
