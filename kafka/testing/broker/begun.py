"""Run a coroutine at once, as far as it goes without waiting.

Most requests are answered without waiting for anything. To wake a task for each of them would cost
a round of the event loop, with a system call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator

T = TypeVar("T")


class Begun(Generic[T]):
    """A coroutine that has run up to its first wait, or to its end.

    Whoever awaits it, in a task, runs the rest and gets the result. What the coroutine does before
    its first wait must not ask for the current task.

    Args:
        coroutine: started here, so an exception that it raises before its first wait is raised.

    Attributes:
        is_done: whether it has ended.
    """

    __slots__ = ("_coroutine", "_result", "_waits_for", "is_done")

    _result: T

    def __init__(self, coroutine: Coroutine[object, object, T]) -> None:
        self._coroutine = coroutine
        self._waits_for: object = None
        self.is_done = False
        self._advance(None)

    @property
    def result(self) -> T:
        """The result; there is none before the coroutine has ended."""
        return self._result

    def __await__(self) -> Generator[object, object, T]:
        """Run the rest of the coroutine and return its result."""
        while not self.is_done:
            try:
                sent = yield self._waits_for
            except BaseException as exc:  # noqa: BLE001 - it is the coroutine's, cancellation too
                self._advance(None, exc)
            else:
                self._advance(sent)
        return self._result

    def _advance(self, sent: object, error: BaseException | None = None) -> None:
        coroutine = self._coroutine
        try:
            self._waits_for = coroutine.send(sent) if error is None else coroutine.throw(error)
        except StopIteration as end:
            self._result = end.value
            self.is_done = True

    def close(self) -> None:
        """End the coroutine where it waits."""
        self._coroutine.close()
