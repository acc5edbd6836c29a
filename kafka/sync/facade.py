"""Make blocking methods out of coroutine methods, without writing them twice."""

from __future__ import annotations

import functools
import inspect
import math
from typing import TYPE_CHECKING, Any, Concatenate, Final, Generic, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from kafka._base.loop_thread import EventLoopThread

A = TypeVar("A")
P = ParamSpec("P")
T = TypeVar("T")

# Seconds that the face waits longer than a call may take. The call ends in time by itself, by the
# loop's clock, and its error says why; on a busy machine the loop may be late. This ends only the
# wait for a loop that hangs.
GRACE: Final = 5.0

_TIMEOUT_NAMES: Final = {"timeout_ms": 0.001, "timeout": 1.0}


class Facade(Generic[A]):
    """A blocking face: an object with the calls of a client, and the thread they run on."""

    def __init__(self, calls: A, thread: EventLoopThread) -> None:
        self._calls = calls
        self._thread = thread


def blocking(
    method: Callable[Concatenate[A, P], Coroutine[Any, Any, T]],
    limit: Callable[[A, float | None], float | None],
) -> Callable[Concatenate[Facade[A], P], T]:
    """Return *method* as a blocking one: same name, parameters, docstring and types.

    Args:
        method: a coroutine method of the object with the calls.
        limit: returns how long the method may take in seconds, ``None`` for no limit; called with
            that object and what the caller gave as ``timeout_ms`` or ``timeout``.
    """
    timeout_of = _timeout_reader(method)

    @functools.wraps(method)
    def call(self: Facade[A], /, *args: P.args, **kwargs: P.kwargs) -> T:
        calls = self._calls
        seconds = limit(calls, timeout_of(args, kwargs))
        wait = None if seconds is None else seconds + GRACE
        return self._thread.call(method(calls, *args, **kwargs), wait)

    return call


def local(method: Callable[Concatenate[A, P], T]) -> Callable[Concatenate[Facade[A], P], T]:
    """Return *method*, which reads immutable state on any thread, as a method of the face."""

    @functools.wraps(method)
    def call(self: Facade[A], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return method(self._calls, *args, **kwargs)

    return call


def _timeout_reader(
    method: Callable[..., object],
) -> Callable[[tuple[object, ...], dict[str, object]], float | None]:
    """Return a function that finds the time-out of a call among its arguments, in seconds."""
    parameters = inspect.signature(method).parameters
    names = list(parameters)[1:]
    name = next((name for name in names if name in _TIMEOUT_NAMES), None)
    if name is None:
        return lambda _args, _kwargs: None
    unit = _TIMEOUT_NAMES[name]
    position = names.index(name)
    default = parameters[name].default

    def read(args: tuple[object, ...], kwargs: dict[str, object]) -> float | None:
        given = kwargs.get(name, args[position] if position < len(args) else default)
        if not isinstance(given, int | float):
            return None
        try:
            return given * unit
        except OverflowError:  # larger than any float; if it is negative the method refuses it
            return math.inf

    return read
