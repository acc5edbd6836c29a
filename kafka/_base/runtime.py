"""What every part of a client needs from its surroundings, as one value.  Pure.

`kafka._base.loop_runtime` makes it; parts take it instead of five arguments each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine

    from kafka._base.backoff import Uniform
    from kafka._base.clock import Clock
    from kafka._base.observer import Observer

T = TypeVar("T")


class Spawn(Protocol):
    """Start a background task; `kafka._base.supervisor.Supervisor.spawn` is one."""

    # Any: the two unused parameters of a coroutine's type.
    def __call__(self, work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Start *work* under *name*; raise `KafkaError` if the client no longer runs."""


class Runtime(NamedTuple):
    """The surroundings of a client.

    Args:
        clock: the time; agrees with the event loop's.
        uniform: the source of jitter.
        observer: receives facts about what the client does.
        spawn: starts a background task; loop thread only.
        post: runs a function on the loop soon; any thread, does nothing once the loop is closed.
    """

    clock: Clock
    uniform: Uniform
    observer: Observer
    spawn: Spawn
    post: Callable[[Callable[[], object]], None]
