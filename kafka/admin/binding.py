"""Make methods of both admin clients out of coroutine functions that take an `Admin`."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

from kafka.config.option import warn_user
from kafka.sync.facade import blocking

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from kafka.admin.admin import Admin
    from kafka.sync.facade import Facade

P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M", bound="Callable[..., object]")


class _Face(Protocol):
    """Either client."""

    _admin: Admin


def asks(
    function: Callable[Concatenate[Admin, P], Coroutine[Any, Any, T]],  # Any: unused
) -> Callable[Concatenate[Facade[Admin], P], T]:
    """Return *function* as a method of `KafkaAdminClient`, which waits."""
    return _as_method(blocking(function, _limit), function)


def awaits(
    function: Callable[Concatenate[Admin, P], Coroutine[Any, Any, T]],  # Any: unused
) -> Callable[Concatenate[_Face, P], Coroutine[Any, Any, T]]:
    """Return *function* as a method of `AsyncKafkaAdminClient`."""

    @wraps(function)
    async def call(self: _Face, /, *args: P.args, **kwargs: P.kwargs) -> T:
        admin = self._admin
        admin.check_loop()
        return await function(admin, *args, **kwargs)

    return _as_method(call, function)


def deprecated(method: M, text: str) -> M:
    """Return *method*, a method of either client, with a warning at the first call of a client.

    The warning is raised on the thread of the caller, so that it can name the line of the call.

    Args:
        method: made by `asks` or `awaits`.
        text: what to say.
    """

    @wraps(method)
    def call(self: _Face, /, *args: object, **kwargs: object) -> object:
        if self._admin.is_new(text):
            warn_user(text)
        return method(self, *args, **kwargs)

    return call  # type: ignore[return-value]  # it has the type of what it wraps


def _limit(admin: Admin, given: float | None) -> float:
    return admin.options.default_api_timeout if given is None else given


def _as_method(method: M, function: Callable[..., object]) -> M:
    """Let ``help()`` and `inspect` show the signature of a method, not of *function*."""
    signature = inspect.signature(function)
    admin, *others = signature.parameters.values()
    shown = signature.replace(
        parameters=[admin.replace(name="self", annotation=admin.empty), *others]
    )
    method.__signature__ = shown  # type: ignore[attr-defined]  # functions take attributes
    return method
