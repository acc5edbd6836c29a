"""Stories of a consumer whose calls are cancelled: at every step, none hangs or leaves a trace."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.testing.broker.faults import Delay
from test.broker.consumer_support import T0, T1, consumer, read
from test.support.cancelling import tell_at_every_step

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from kafka.consumer.async_consumer import AsyncKafkaConsumer
    from kafka.testing import EmbeddedCluster
    from test.support.cancelling import Cancel

    # Any: the two unused parameters of a coroutine's type.
    Call = Callable[[AsyncKafkaConsumer], Coroutine[Any, Any, object]]


def story(
    call: Call, *, started: bool = True
) -> Callable[[EmbeddedCluster, Cancel], Coroutine[Any, Any, None]]:
    """Return the story of a consumer whose *call* is cancelled."""

    async def use(cluster: EmbeddedCluster, cancel: Cancel) -> None:
        cluster.create_topic("t", 2)
        reader = consumer(cluster, "t", max_poll_records=1)
        if started:
            await reader.start()
            cluster.append("t", b"a", b"b")
            await read(reader, 1)
            for api in (FetchRequest, ListOffsetsRequest, MetadataRequest):
                cluster.inject(api, Delay(0.1), optional=True)
        await cancel(call(reader))
        async with asyncio.timeout(200):
            await reader.close()
        await reader.close()

    return use


async def start(reader: AsyncKafkaConsumer) -> None:
    await reader.start()


async def live(reader: AsyncKafkaConsumer) -> None:
    async with reader:
        await reader.position(T0)
        await reader.poll(100)


async def close(reader: AsyncKafkaConsumer) -> None:
    await reader.close()


async def stop(reader: AsyncKafkaConsumer) -> None:
    await reader.stop()


async def close_at_once(reader: AsyncKafkaConsumer) -> None:
    await reader.close(timeout_ms=0)


async def close_twice_at_the_same_time(reader: AsyncKafkaConsumer) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(reader.close())
        group.create_task(reader.close())


async def poll(reader: AsyncKafkaConsumer) -> None:
    while await reader.poll(1000):
        pass


async def poll_without_waiting(reader: AsyncKafkaConsumer) -> None:
    for _ in range(70):
        await reader.poll()


async def poll_batch(reader: AsyncKafkaConsumer) -> None:
    while await reader.poll_batch(1000):
        pass


async def consume(reader: AsyncKafkaConsumer) -> None:
    await reader.consume(9, 1000)
    await reader.consume(9, 1000)


async def getmany(reader: AsyncKafkaConsumer) -> None:
    await reader.getmany(timeout_ms=1000)
    await reader.getmany(timeout_ms=1000)


async def getone(reader: AsyncKafkaConsumer) -> None:
    await reader.getone()
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            await reader.getone()


async def iterate(reader: AsyncKafkaConsumer) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            async for _ in reader:
                pass


async def position(reader: AsyncKafkaConsumer) -> None:
    reader.seek_to_end()
    await reader.position(T1)


async def offsets_for_times(reader: AsyncKafkaConsumer) -> None:
    await reader.offsets_for_times({T0: 0, T1: 0})


async def beginning_offsets(reader: AsyncKafkaConsumer) -> None:
    await reader.beginning_offsets([T0, T1])


async def end_offsets(reader: AsyncKafkaConsumer) -> None:
    await reader.end_offsets([T0, T1])


async def partitions_for_topic(reader: AsyncKafkaConsumer) -> None:
    await reader.partitions_for_topic("unknown")


async def topics(reader: AsyncKafkaConsumer) -> None:
    await reader.topics()


async def bootstrap(reader: AsyncKafkaConsumer) -> None:
    await reader.bootstrap(refresh=True)


STARTED: list[Call] = [
    close,
    stop,
    close_at_once,
    close_twice_at_the_same_time,
    poll,
    poll_without_waiting,
    poll_batch,
    consume,
    getmany,
    getone,
    iterate,
    position,
    offsets_for_times,
    beginning_offsets,
    end_offsets,
    partitions_for_topic,
    topics,
    bootstrap,
]


def name_of(call: Call) -> str:
    return call.__name__


@pytest.mark.parametrize("call", STARTED, ids=name_of)
def test_after_a_cancelled_call_close_frees_everything(
    call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    assert tell_at_every_step(story(call), caplog) > 1


@pytest.mark.parametrize("call", [start, live], ids=name_of)
def test_after_a_cancelled_start_close_frees_everything(
    call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    assert tell_at_every_step(story(call, started=False), caplog) > 1


@pytest.mark.parametrize("again_after", range(4))
@pytest.mark.parametrize("call", [start, live, close], ids=name_of)
def test_call_cancelled_twice_leaves_nothing_behind(
    call: Call, again_after: int, caplog: pytest.LogCaptureFixture
) -> None:
    tell_at_every_step(story(call, started=call is close), caplog, again_after=again_after)
