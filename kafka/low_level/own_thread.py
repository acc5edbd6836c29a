"""The loop thread of a `KafkaClient` or a `BrokerConnection`, and what ends it if nobody does.

The program may end, or the client may be collected, without ``close()``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kafka._base.lifetime import Lifetime
from kafka._base.loop_thread import EventLoopThread

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    End = Callable[[], Coroutine[Any, Any, None]]  # Any: unused

#: Seconds that a call waits longer for the loop than its work may take.
GRACE: Final = 5.0


class OwnThread:
    """A loop thread that one client has for itself.

    Args:
        name: of the thread.

    Attributes:
        loop: the thread, started.
    """

    def __init__(self, name: str) -> None:
        self.loop = EventLoopThread(name)
        self._end: End | None = None
        self._lifetime = Lifetime(self.loop, on_fork=self._after_fork)
        self.loop.start()

    def begin(self, work: Coroutine[Any, Any, End], seconds: float) -> None:  # Any: unused
        """Run *work* on the loop, which starts the client; end the thread if that fails.

        Args:
            work: returns what ends the client, which must not refer to the client itself.
            seconds: how long it may take.
        """
        try:
            self._end = self.loop.call(work, seconds + GRACE)
        except BaseException:
            self.loop.stop()
            raise
        self.loop.keep(self._end)
        self._lifetime.close_at_exit(hurry=self._wait, close=self._close_at_exit)

    def close(self, end: End | None = None) -> None:
        """End the client, by *end* if it is given, and the thread."""
        end, self._end = end or self._end, None
        self._lifetime.on_closed()
        try:
            if end is not None and self.loop.is_running:
                self.loop.call(end(), GRACE)
        finally:
            if not self.loop.was_forked:
                self.loop.stop()

    def _wait(self) -> None:
        """Do nothing yet: there is nothing that takes time to end."""

    def _close_at_exit(self, _: float) -> None:
        self.close()

    def _after_fork(self) -> End | None:
        """Return what the child must keep: closing it would disturb the parent."""
        return self._end

    def __del__(self) -> None:
        """Warn if the client was not closed, and end it."""
        lifetime: Lifetime | None = self.__dict__.get("_lifetime")  # None: the thread did not start
        if lifetime is not None:
            lifetime.on_collected(self, self._end or _nothing)

    def __repr__(self) -> str:
        """Name the thread."""
        return f"<the client of {self.loop.name}>"


async def _nothing() -> None:
    """End a client that has not begun."""
