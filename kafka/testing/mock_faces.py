"""Methods of the doubles: each is written once, for the blocking and the async double."""

from __future__ import annotations

import asyncio
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

C_co = TypeVar("C_co", covariant=True)
C = TypeVar("C")
P = ParamSpec("P")
T = TypeVar("T")


class Double(Protocol[C_co]):
    """A double of a client, and the object that has its calls."""

    @property
    def _mock(self) -> C_co: ...


def direct(method: Callable[Concatenate[C, P], T]) -> Callable[Concatenate[Double[C], P], T]:
    """Return *method* as one of a double: same name, parameters, docstring and types."""

    @wraps(method)
    def call(self: Double[C], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return method(self._mock, *args, **kwargs)

    return call


def awaited(
    method: Callable[Concatenate[C, P], T],
) -> Callable[Concatenate[Double[C], P], Coroutine[Any, Any, T]]:  # Any: unused
    """Return *method* as a coroutine method of a double; it lets other tasks run first."""

    @wraps(method)
    async def call(self: Double[C], /, *args: P.args, **kwargs: P.kwargs) -> T:
        await asyncio.sleep(0)
        return method(self._mock, *args, **kwargs)

    return call
