"""The future that kafka-python's users know: set once, from any thread, with callbacks.

Callbacks run where the outcome is set, or at once in the thread that adds them if it is there.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kafka._base.logs import logger
from kafka._base.reentrant_lock import reentrant_lock
from kafka.errors import RetriableError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    # Any: users' functions may take more arguments, given when they are added.
    Callback = Callable[..., Any]

log = logger(__name__)


class Future:
    """A value or an error that will be there later.

    Attributes:
        is_done: whether there is an outcome.
        value: the value, ``None`` before it is there and after a failure.
        exception: the error, ``None`` before it is there and after a success.
        error_on_callbacks: raise what a callback raises, after logging it; for tests.
    """

    error_on_callbacks: ClassVar[bool] = False

    def __init__(self) -> None:
        self.is_done = False
        self.value: Any = None  # Any: what the maker of the future promised
        self.exception: BaseException | None = None
        self._lock = reentrant_lock()
        self._callbacks: list[Callback] = []
        self._errbacks: list[Callback] = []

    def succeeded(self) -> bool:
        """Return whether there is a value."""
        return self.is_done and self.exception is None

    def failed(self) -> bool:
        """Return whether there is an error."""
        return self.is_done and self.exception is not None

    def retriable(self) -> bool:
        """Return whether it failed with an error after which trying again may help."""
        return self.is_done and isinstance(self.exception, RetriableError)

    # Any: whatever the maker of the future promises.
    def success(self, value: Any) -> Self:
        """Set the value and run the callbacks."""
        self._finish(value, None)
        return self

    def failure(self, e: BaseException | type[BaseException]) -> Self:
        """Set the error and run the errbacks.

        Args:
            e: the error, or its class.

        Raises:
            TypeError: *e* is no error.
        """
        error = e() if isinstance(e, type) else e
        if not isinstance(error, BaseException):
            raise TypeError("future failed without an exception")
        self._finish(None, error)
        return self

    # Any: arguments of the user's function.
    def add_callback(self, f: Callback, *args: Any, **kwargs: Any) -> Self:
        """Call ``f(*args, value, **kwargs)`` when there is a value."""
        callback = functools.partial(f, *args, **kwargs) if args or kwargs else f
        with self._lock:
            if not self.is_done:
                self._callbacks.append(callback)
                return self
        if self.exception is None:
            self._run([callback], self.value)
        return self

    # Any: arguments of the user's function.
    def add_errback(self, f: Callback, *args: Any, **kwargs: Any) -> Self:
        """Call ``f(*args, error, **kwargs)`` when there is an error."""
        errback = functools.partial(f, *args, **kwargs) if args or kwargs else f
        with self._lock:
            if not self.is_done:
                self._errbacks.append(errback)
                return self
        if self.exception is not None:
            self._run([errback], self.exception)
        return self

    # Any: arguments of the user's function.
    def add_both(self, f: Callback, *args: Any, **kwargs: Any) -> Self:
        """Call *f* with the value or the error, whichever there will be."""
        self.add_callback(f, *args, **kwargs)
        return self.add_errback(f, *args, **kwargs)

    def chain(self, future: Future) -> Self:
        """Give *future* the outcome of this one."""
        self.add_callback(future.success)
        return self.add_errback(future.failure)

    # Any: a value of any kind.
    def _finish(self, value: Any, error: BaseException | None) -> None:
        with self._lock:
            if self.is_done:
                raise RuntimeError("the future already has an outcome")
            self.value = value
            self.exception = error
            self.is_done = True
            waiting = self._callbacks if error is None else self._errbacks
            # What was registered may refer to this future: do not keep the cycle.
            self._callbacks, self._errbacks = [], []
        self._run(waiting, value if error is None else error)

    # Any: a value of any kind.
    def _run(self, functions: list[Callback], outcome: Any) -> None:
        for function in functions:
            try:
                function(outcome)
            except Exception:
                # The user's code: its error must not keep the others from running.
                log.exception("error in a callback of a future")
                if self.error_on_callbacks:
                    raise

    # Any: a value of any kind.
    def __await__(self) -> Generator[Future, None, Any]:
        """Wait, on a loop that knows this class, and return the value or raise the error."""
        if not self.is_done:
            yield self
        if self.exception is not None:
            raise self.exception
        return self.value

    def __repr__(self) -> str:
        """Return the state."""
        if not self.is_done:
            return "<Future PENDING>"
        outcome = repr(self.value) if self.exception is None else repr(self.exception)
        return f"<Future {'FAILED' if self.exception else 'DONE'} {outcome}>"
