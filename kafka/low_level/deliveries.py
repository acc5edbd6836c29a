"""Outcomes on their way from the loop to the thread that polls.

The loop puts them here; futures are resolved, and callbacks run, in the thread that takes them.
Several threads may take: each outcome goes to one of them, and the others are woken then.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from kafka._base.waiting import Notification

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.future import Future

Response = Any  # what the class of the request says


class Outcome(NamedTuple):
    """What became of a request.

    Attributes:
        future: of the request.
        response: the answer, ``None`` for a request that is not answered.
        error: why there is none.
    """

    future: Future
    response: Response | None = None
    error: BaseException | None = None

    def settle(self) -> None:
        """Resolve the future, unless that has been done."""
        if self.future.is_done:
            return
        if self.error is None:
            self.future.success(self.response)
        else:
            self.future.failure(self.error)


class Deliveries:
    """The outcomes that wait for a thread, and the threads that wait for outcomes."""

    def __init__(self) -> None:
        self._outcomes: deque[Outcome | Callable[[], object]] = deque()
        self._waiting: list[Notification] = []
        self._is_woken = False

    def put(self, outcome: Outcome | Callable[[], object]) -> None:
        """Hand over an outcome, or something to call; any thread."""
        self._outcomes.append(outcome)
        self._notify()

    def wake(self) -> None:
        """End one wait, the present or the next one; any thread."""
        self._is_woken = True
        self._notify()

    def wait(self, timeout: float, is_over: Callable[[], bool]) -> None:
        """Wait for an outcome, for `wake`, or until *is_over* holds when another thread has taken.

        Args:
            timeout: seconds at most.
            is_over: asked before the wait; what it looks at changes in threads that take outcomes.
        """
        note = Notification()
        self._waiting.append(note)
        try:
            if not (self._outcomes or self._is_woken or is_over()):
                note.wait(timeout)
        finally:
            self._waiting.remove(note)
            self._is_woken = False

    def take(self, use: Callable[[Outcome], None]) -> None:
        """Take all outcomes, oldest first: call *use* with each, and what is to be called."""
        took = False
        try:
            while self._outcomes:
                try:
                    outcome = self._outcomes.popleft()
                except IndexError:  # another thread was faster
                    break
                took = True
                self._use(outcome, use)
        finally:
            if took:
                # Another thread may wait for a future that was resolved here, or take what is left.
                self._notify()

    def _use(self, outcome: Outcome | Callable[[], object], use: Callable[[Outcome], None]) -> None:
        try:
            if isinstance(outcome, Outcome):
                use(outcome)
            else:
                outcome()
        except BaseException:
            # Ctrl-C: nothing is lost. What is called twice settles its future once.
            if not isinstance(outcome, Outcome) or not outcome.future.is_done:
                self._outcomes.appendleft(outcome)
            raise

    def _notify(self) -> None:
        for note in tuple(self._waiting):
            note.notify()
