"""Stories of a producer whose calls are cancelled: at every step, none hangs or loses anything."""

from __future__ import annotations

import asyncio
import gc
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from kafka.errors import KafkaError
from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker.faults import Delay
from test.support.stage import cluster_of
from test.support.virtual_loop import VirtualLoop, run

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from kafka.producer.future import FutureRecordMetadata
    from kafka.testing import EmbeddedCluster

    # Any: the two unused parameters of a coroutine's type.
    Call = Callable[[AsyncKafkaProducer, list[FutureRecordMetadata]], Coroutine[Any, Any, object]]

STEPS = range(61)


class Story:
    """A producer of a cluster, one call of which is cancelled after some steps of the loop.

    Args:
        steps: how many.
        again_after: cancel it once more so many steps later.

    Attributes:
        was_cancelled: whether the call had not ended by then.
    """

    def __init__(self, steps: int, again_after: int | None) -> None:
        self.was_cancelled = False
        self._steps = steps
        self._again_after = again_after

    async def tell(self, call: Call, *, started: bool = True) -> None:
        """Play it; *call* is the coroutine function that is cancelled."""
        async with cluster_of() as cluster:
            cluster.create_topic("t", 2)
            cluster.create_topic("new")
            before = asyncio.all_tasks()
            await self._use(cluster, call, started=started)
            await asyncio.sleep(1)  # the brokers notice that the connections are gone
            assert {task.get_name() for task in asyncio.all_tasks() - before} == set()

    async def _use(self, cluster: EmbeddedCluster, call: Call, *, started: bool) -> None:
        producer = AsyncKafkaProducer(
            bootstrap_servers=cluster.bootstrap_servers, linger_ms=5, buffer_memory=40_000
        )
        futures: list[FutureRecordMetadata] = []
        if started:
            await producer.start()
            await (await producer.send("t", b"warm up"))
            cluster.inject(ProduceRequest, Delay(0.1), optional=True)  # close(0) sends none
            futures += [await producer.send("t", b"%d" % n, partition=n % 2) for n in range(9)]
        await self._cancel(call(producer, futures))
        async with asyncio.timeout(200):
            await producer.close()
        assert all(future.is_done for future in futures)
        await producer.close()

    async def _cancel(self, call: Coroutine[Any, Any, object]) -> None:  # Any: unused
        task = asyncio.ensure_future(call)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)

        def cancel() -> None:
            task.cancel()
            if self._again_after is not None:
                loop.interrupt(self._again_after, task.cancel)

        loop.interrupt(self._steps, cancel)
        async with asyncio.timeout(200):
            await asyncio.wait({task})
        self.was_cancelled = task.cancelled()
        if not self.was_cancelled:
            with suppress(KafkaError):
                task.result()


async def _start(producer: AsyncKafkaProducer, _: list[FutureRecordMetadata]) -> None:
    await producer.start()


async def _close(producer: AsyncKafkaProducer, _: list[FutureRecordMetadata]) -> None:
    await producer.close()


async def _close_at_once(producer: AsyncKafkaProducer, futures: list[FutureRecordMetadata]) -> None:
    for future in futures:
        future.add_errback(_look)  # otherwise their failures are logged
    await producer.close(0)


def _look(_: KafkaError) -> None:
    """Look at a failure."""


async def _flush(producer: AsyncKafkaProducer, _: list[FutureRecordMetadata]) -> None:
    await producer.flush()


async def _send(producer: AsyncKafkaProducer, futures: list[FutureRecordMetadata]) -> None:
    for number in range(30):
        futures.append(await producer.send("t", bytes(2000), partition=number % 2))  # noqa: PERF401 - cancelled in between, it keeps the others


async def _send_elsewhere(
    producer: AsyncKafkaProducer, futures: list[FutureRecordMetadata]
) -> None:
    futures.append(await producer.send("new", b"x"))


async def _send_many(producer: AsyncKafkaProducer, _: list[FutureRecordMetadata]) -> None:
    await producer.send_many("t", [bytes(2000)] * 30)


async def _await_delivery(
    producer: AsyncKafkaProducer, futures: list[FutureRecordMetadata]
) -> None:
    await futures[0]


async def _await_deliveries(producer: AsyncKafkaProducer, _: list[FutureRecordMetadata]) -> None:
    await (await producer.send_many("t", [b"x"] * 30))


async def _partitions_for(producer: AsyncKafkaProducer, _: list[FutureRecordMetadata]) -> None:
    await producer.partitions_for("new")


async def _live(producer: AsyncKafkaProducer, futures: list[FutureRecordMetadata]) -> None:
    async with producer:
        futures.append(await producer.send("t", b"x"))


STARTED = [
    _close,
    _close_at_once,
    _flush,
    _send,
    _send_elsewhere,
    _send_many,
    _await_delivery,
    _await_deliveries,
    _partitions_for,
]


def _tell_at_every_step(
    call: Call,
    caplog: pytest.LogCaptureFixture,
    *,
    started: bool = True,
    again_after: int | None = None,
) -> int:
    """Cancel *call* at each step; return at how many of them it had not ended."""
    unhandled: list[dict[str, Any]] = []  # asyncio's context: values of any type
    stories = [Story(steps, again_after) for steps in STEPS]

    async def tell(story: Story) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: unhandled.append(context))
        await story.tell(call, started=started)

    for story in stories:
        run(tell(story))
    gc.collect()
    assert unhandled == []
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == []
    return sum(story.was_cancelled for story in stories)


def _name(call: Call) -> str:
    return call.__name__.strip("_")


@pytest.mark.parametrize("call", STARTED, ids=_name)
def test_after_a_cancelled_call_close_ends_and_every_record_has_an_outcome(
    call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    assert _tell_at_every_step(call, caplog) > 1


@pytest.mark.parametrize("call", [_start, _live], ids=_name)
def test_after_a_cancelled_start_close_ends(call: Call, caplog: pytest.LogCaptureFixture) -> None:
    assert _tell_at_every_step(call, caplog, started=False) > 1


@pytest.mark.parametrize("again_after", range(4))
@pytest.mark.parametrize("call", [_start, _live, _close], ids=_name)
def test_a_call_cancelled_twice_leaves_nothing_behind(
    call: Call, again_after: int, caplog: pytest.LogCaptureFixture
) -> None:
    _tell_at_every_step(call, caplog, started=call is _close, again_after=again_after)
