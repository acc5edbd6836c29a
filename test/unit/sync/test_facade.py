"""Blocking methods made of asynchronous ones."""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Iterator

import pytest

from kafka._base.loop_thread import EventLoopThread
from kafka.errors import KafkaTimeoutError
from kafka.sync.facade import GRACE, Facade, blocking, local


class AsyncThing:
    """A core."""

    def __init__(self) -> None:
        self.limits: list[float | None] = []

    async def double(self, number: int, *, timeout_ms: float | None = None) -> int:
        """Return twice *number*."""
        await asyncio.sleep(0)
        return number * 2

    async def wait(self, timeout_ms: float | None = 10000) -> None:
        """Return, with a time-out of its own."""
        await asyncio.sleep(0)

    async def hang(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - a public shape
        """Never return."""
        await asyncio.get_running_loop().create_future()

    def name(self, suffix: str = "") -> str:
        """Return a name."""
        return f"thing{suffix}"


def limit(core: AsyncThing, timeout: float | None) -> float | None:
    core.limits.append(timeout)
    return timeout


def over_at_once(core: AsyncThing, timeout: float | None) -> float:
    return -GRACE


class Thing(Facade[AsyncThing]):
    """A facade."""

    double = blocking(AsyncThing.double, limit)
    wait = blocking(AsyncThing.wait, limit)
    hang = blocking(AsyncThing.hang, over_at_once)
    name = local(AsyncThing.name)


@pytest.fixture
def core() -> AsyncThing:
    return AsyncThing()


@pytest.fixture
def thing(core: AsyncThing) -> Iterator[Thing]:
    thread = EventLoopThread("kafka-facade-io")
    thread.start()
    yield Thing(core, thread)
    thread.stop()


def test_blocking_method_returns_the_result(thing: Thing) -> None:
    assert thing.double(4) == 8


def test_local_method_reads_the_core(thing: Thing) -> None:
    assert thing.name(suffix="!") == "thing!"


def test_blocking_method_keeps_its_docstring() -> None:
    assert Thing.double.__doc__ == "Return twice *number*."


def test_blocking_method_keeps_its_signature() -> None:
    assert str(inspect.signature(Thing.double)) == str(inspect.signature(AsyncThing.double))


def test_keyword_timeout_in_milliseconds_reaches_the_limit(thing: Thing, core: AsyncThing) -> None:
    thing.double(4, timeout_ms=500)
    assert core.limits == [0.5]


def test_missing_timeout_reaches_the_limit_as_none(thing: Thing, core: AsyncThing) -> None:
    thing.double(4)
    assert core.limits == [None]


def test_core_that_does_not_keep_its_time_is_cut_off(thing: Thing) -> None:
    with pytest.raises(KafkaTimeoutError):
        thing.hang()


def test_default_of_the_method_is_its_time_out(thing: Thing, core: AsyncThing) -> None:
    thing.wait()
    thing.wait(None)
    thing.wait(timeout_ms=500)
    assert core.limits == [10.0, None, 0.5]


def test_time_out_that_no_float_can_hold_is_for_ever(thing: Thing, core: AsyncThing) -> None:
    thing.double(4, timeout_ms=10**400)
    assert core.limits == [math.inf]
