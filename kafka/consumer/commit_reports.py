"""The outcomes of commits that nobody waits for, on their way to the application.

The future of a commit gets its outcome, and its callbacks run, where the application calls: inside
its next poll, commit or close. On the application's own loop there is no need to wait for that.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from kafka.future import Future

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


class CommitFuture(Future):
    """The future of a commit, which any event loop can wait for."""

    # Any: what asyncio yields, and the value of a `Future`.
    def __await__(self) -> Generator[Any, None, Any]:
        """Wait for the commit; raise its error."""
        if not self.is_done:
            loop = asyncio.get_running_loop()
            done = loop.create_future()

            def wake() -> None:
                if not done.done():  # it is if the waiting task was cancelled
                    done.set_result(None)

            self.add_both(lambda _: loop.call_soon_threadsafe(wake))
            yield from done
        if self.exception is not None:
            raise self.exception
        return self.value


class CommitReports:
    """Outcomes in the order in which they came.

    Args:
        attention: called when there is one, so that a poll that waits takes it.

    Attributes:
        at_once: whether they run without waiting for a call: the loop is the application's.
        waiting: what the application has not taken yet.
    """

    def __init__(self, attention: Callable[[], None]) -> None:
        self._attention = attention
        self.at_once = False
        self.waiting: deque[Callable[[], object]] = deque()

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<CommitReports waiting={len(self.waiting)}>"

    def put(self, report: Callable[[], object]) -> None:
        """Have *report* run on the application's side; loop thread only."""
        if self.at_once:
            # Not in this step: the user's callback may use the consumer.
            asyncio.get_running_loop().call_soon(report)
            return
        self.waiting.append(report)
        self._attention()

    def run(self) -> None:
        """Run what waits; the application's thread."""
        while True:
            try:
                report = self.waiting.popleft()
            except IndexError:  # also if a thread that closes the consumer has taken the last one
                return
            report()
