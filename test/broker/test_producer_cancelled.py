"""Stories of a producer whose calls are cancelled: at every step, none hangs or loses anything."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from kafka.errors import KafkaError
from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker.faults import Delay
from test.support.cancelling import tell_at_every_step

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from kafka.producer.future import FutureRecordMetadata
    from kafka.testing import EmbeddedCluster
    from test.support.cancelling import Cancel

    # Any: the two unused parameters of a coroutine's type.
    Call = Callable[[AsyncKafkaProducer, list[FutureRecordMetadata]], Coroutine[Any, Any, object]]


def _story(
    call: Call, *, started: bool = True
) -> Callable[[EmbeddedCluster, Cancel], Coroutine[Any, Any, None]]:
    """Return the story of a producer whose *call* is cancelled."""

    async def use(cluster: EmbeddedCluster, cancel: Cancel) -> None:
        cluster.create_topic("t", 2)
        cluster.create_topic("new")
        producer = AsyncKafkaProducer(
            bootstrap_servers=cluster.bootstrap_servers, linger_ms=5, buffer_memory=40_000
        )
        futures: list[FutureRecordMetadata] = []
        if started:
            await producer.start()
            await (await producer.send("t", b"warm up"))
            cluster.inject(ProduceRequest, Delay(0.1), optional=True)  # close(0) sends none
            futures += [await producer.send("t", b"%d" % n, partition=n % 2) for n in range(9)]
        await cancel(call(producer, futures))
        async with asyncio.timeout(200):
            await producer.close()
        assert all(future.is_done for future in futures)
        await producer.close()

    return use


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


def _name(call: Call) -> str:
    return call.__name__.strip("_")


@pytest.mark.parametrize("call", STARTED, ids=_name)
def test_after_a_cancelled_call_close_ends_and_every_record_has_an_outcome(
    call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    assert tell_at_every_step(_story(call), caplog) > 1


@pytest.mark.parametrize("call", [_start, _live], ids=_name)
def test_after_a_cancelled_start_close_ends(call: Call, caplog: pytest.LogCaptureFixture) -> None:
    assert tell_at_every_step(_story(call, started=False), caplog) > 1


@pytest.mark.parametrize("again_after", range(4))
@pytest.mark.parametrize("call", [_start, _live, _close], ids=_name)
def test_a_call_cancelled_twice_leaves_nothing_behind(
    call: Call, again_after: int, caplog: pytest.LogCaptureFixture
) -> None:
    tell_at_every_step(_story(call, started=call is _close), caplog, again_after=again_after)
