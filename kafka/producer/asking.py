"""Calls of the blocking producer that wait for an answer, made of the coroutines of its client."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from kafka.producer.client import ProducerClient
from kafka.sync.facade import Facade, blocking

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from kafka.producer.core import ProducerCore
    from kafka.producer.drivers import ThreadDriver
    from kafka.producer.send_path import SendPath

P = ParamSpec("P")
T = TypeVar("T")


class Started(NamedTuple):
    """What calls need of a producer that has started in this process."""

    path: SendPath
    driver: ThreadDriver
    core: ProducerCore


class AskingFace(Facade[ProducerClient]):
    """A face whose calls need the parts of this process."""

    @property
    def _running(self) -> Started:
        """The parts of this process, checked."""
        raise NotImplementedError


def ask(
    method: Callable[Concatenate[ProducerClient, P], Coroutine[Any, Any, T]],  # Any: unused
    *,
    flushes: bool = False,
) -> Callable[Concatenate[AskingFace, P], T]:
    """Return a method of the client that waits, as a blocking one.

    Args:
        method: of the client.
        flushes: whether it waits for delivery callbacks, so that none may call it.
    """
    run = blocking(method, _limit)

    @wraps(method)
    def call(self: AskingFace, /, *args: P.args, **kwargs: P.kwargs) -> T:
        incomplete = self._running.core.incomplete
        incomplete.check_may_wait()
        if flushes:
            incomplete.check_not_in_callback(method.__name__)
        return run(self, *args, **kwargs)

    return call


def _limit(client: ProducerClient, seconds: float | None) -> float:
    return client.options.max_block if seconds is None else seconds
