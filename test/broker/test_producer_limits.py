"""Stories of memory, topics that are missing, callbacks and the end of a producer."""

from __future__ import annotations

import asyncio
import logging

import pytest

from kafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    TopicAuthorizationFailedError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker.faults import Delay, Fail
from test.support.producer_story import cluster_and_producer, values
from test.support.virtual_loop import run


async def test_send_waits_for_memory_and_goes_on() -> None:
    async with cluster_and_producer(
        buffer_memory=8000, max_request_size=8000, batch_size=1000, max_block_ms=20_000
    ) as (cluster, producer):
        loop = asyncio.get_running_loop()
        await (await producer.send("t", b"warm up"))
        cluster.inject(ProduceRequest, Delay(1.0), times=4)
        began = loop.time()
        deliveries = [await producer.send("t", b"x" * 400) for _ in range(40)]
        assert loop.time() - began >= 1
        await producer.flush()
        assert all(d.succeeded() for d in deliveries)


async def test_send_gives_up_when_there_is_no_memory_in_time() -> None:
    async with cluster_and_producer(buffer_memory=8000, batch_size=1000, max_block_ms=2000) as (
        cluster,
        producer,
    ):
        loop = asyncio.get_running_loop()
        await (await producer.send("t", b"warm up"))
        cluster.kill(0)
        began = loop.time()
        with pytest.raises(KafkaTimeoutError, match=r"buffer_memory=8000"):  # noqa: PT012 - one of them
            for _ in range(100):
                await producer.send("t", b"x" * 400)
        assert loop.time() - began == pytest.approx(2, abs=0.1)
        await producer.close(0)


async def test_many_tasks_that_wait_for_memory_are_served_in_turn() -> None:
    async with cluster_and_producer(buffer_memory=8000, batch_size=1000) as (cluster, producer):
        await (await producer.send("t", b"warm up"))
        order: list[int] = []

        async def one(number: int) -> None:
            await producer.send("t", b"%03d" % number * 300)
            order.append(number)

        await asyncio.gather(*(one(number) for number in range(100)))
        await producer.flush()
        assert order == sorted(order)
        assert len(values(cluster)) == 101


async def test_unknown_topic_is_waited_for_no_longer_than_max_block() -> None:
    async with cluster_and_producer(max_block_ms=3000) as (_, producer):
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(KafkaTimeoutError, match="nowhere"):
            await producer.send("nowhere", b"x")
        assert loop.time() - began == pytest.approx(3, abs=0.1)


async def test_a_topic_created_meanwhile_is_found() -> None:
    async with cluster_and_producer() as (cluster, producer):
        asyncio.get_running_loop().call_later(2, cluster.create_topic, "late")
        found = await (await producer.send("late", b"x"))
        assert found.topic == "late"


async def test_a_topic_without_permission_fails_the_delivery() -> None:
    async with cluster_and_producer() as (cluster, producer):
        cluster.fail(MetadataRequest, TopicAuthorizationFailedError, topic="secret", times=None)
        delivery = await producer.send("secret", b"x")
        with pytest.raises(TopicAuthorizationFailedError, match="secret"):
            await delivery


async def test_a_partition_that_does_not_exist_is_an_error_of_send() -> None:
    async with cluster_and_producer() as (_, producer):
        with pytest.raises(ValueError, match="partitions 0 to 0"):
            await producer.send("t", b"x", partition=1)


async def test_a_partition_added_meanwhile_is_found() -> None:
    async with cluster_and_producer() as (cluster, producer):
        await (await producer.send("t", b"x"))
        cluster.add_partitions("t", 2)
        assert (await (await producer.send("t", b"y", partition=1))).partition == 1


async def test_headers_need_a_broker_that_stores_them() -> None:
    async with cluster_and_producer(api_versions={ProduceRequest: (0, 2)}) as (_, producer):
        with pytest.raises(UnsupportedVersionError, match="headers"):
            await producer.send("t", b"x", headers=[("a", b"b")])


async def test_a_callback_runs_before_flush_returns() -> None:
    async with cluster_and_producer(linger_ms=50) as (_, producer):
        seen: list[object] = []
        delivery = await producer.send("t", b"x")
        delivery.add_callback(seen.append)
        await producer.flush()
        assert seen == [delivery.value]


async def test_flush_inside_a_callback_is_refused() -> None:
    async with cluster_and_producer(linger_ms=50) as (_, producer):
        seen: list[BaseException] = []

        def call(_: object) -> None:
            work = producer.flush()
            try:
                work.send(None)
            except KafkaError as error:
                seen.append(error)

        (await producer.send("t", b"x")).add_callback(call)
        await producer.flush()
        assert "inside a delivery callback" in str(seen[0])


async def test_a_failing_callback_is_logged_and_the_others_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with cluster_and_producer(linger_ms=50) as (_, producer):
        seen: list[object] = []
        delivery = await producer.send("t", b"x")
        delivery.add_callback(lambda _: 1 / 0)
        delivery.add_callback(seen.append)
        await producer.flush()
        assert len(seen) == 1
    assert "a delivery callback raised" in caplog.text


async def test_close_fails_what_it_could_not_deliver_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with cluster_and_producer() as (cluster, producer):
        loop = asyncio.get_running_loop()
        await (await producer.send("t", b"warm up"))
        cluster.kill(0)
        deliveries = [await producer.send("t", b"x") for _ in range(3)]
        began = loop.time()
        await producer.close(2)
        assert loop.time() - began == pytest.approx(2, abs=0.1)
        assert all(isinstance(d.exception, KafkaTimeoutError) for d in deliveries[:1])
    (line,) = [r for r in caplog.records if "nobody looked" in r.message]
    assert line.levelno == logging.ERROR
    assert "topic=t: 3 records" in line.message


async def test_close_zero_drops_at_once() -> None:
    async with cluster_and_producer(linger_ms=60_000) as (_, producer):
        loop = asyncio.get_running_loop()
        delivery = await producer.send("t", b"x")
        began = loop.time()
        await producer.close(0)
        assert loop.time() - began < 0.1
        assert isinstance(delivery.exception, KafkaTimeoutError)


async def test_close_delivers_what_lingers() -> None:
    async with cluster_and_producer(linger_ms=60_000) as (_, producer):
        delivery = await producer.send("t", b"x")
        await producer.close()
        assert delivery.succeeded()


async def test_a_closed_producer_takes_no_records() -> None:
    async with cluster_and_producer() as (_, producer):
        await (await producer.send("t", b"x"))
        await producer.close()
        with pytest.raises(KafkaError, match="closed"):
            await producer.send("t", b"x")


async def test_flush_gives_up_in_time() -> None:
    async with cluster_and_producer() as (cluster, producer):
        await (await producer.send("t", b"warm up"))
        cluster.kill(0)
        await producer.send("t", b"x")
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(KafkaTimeoutError, match=r"after 1\.5 s"):
            await producer.flush(1.5)
        assert loop.time() - began == pytest.approx(1.5, abs=0.01)
        await producer.close(0)


async def test_failures_nobody_looked_at_are_logged_once_per_topic(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with cluster_and_producer(linger_ms=50) as (cluster, producer):
        cluster.inject(ProduceRequest, Fail(TopicAuthorizationFailedError))
        for _ in range(5):
            await producer.send("t", b"x")
        await producer.flush()
        await producer.flush()
    lines = [r.message for r in caplog.records if "nobody looked" in r.message]
    assert len(lines) == 1
    assert "topic=t: 5 records" in lines[0]
    assert "TopicAuthorizationFailedError" in lines[0]


def test_failures_somebody_looked_at_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def life() -> None:
        async with cluster_and_producer(linger_ms=50) as (cluster, producer):
            cluster.inject(ProduceRequest, Fail(TopicAuthorizationFailedError))
            seen: list[object] = []
            first = await producer.send("t", b"x")
            (await producer.send("t", b"x")).add_errback(seen.append)
            await producer.flush()
            assert first.failed()
            assert isinstance(seen[0], TopicAuthorizationFailedError)

    run(life())
    assert "nobody looked" not in caplog.text


async def test_a_cancelled_wait_loses_no_record() -> None:
    async with cluster_and_producer(linger_ms=1000) as (_, producer):
        delivery = await producer.send("t", b"x")
        task = asyncio.ensure_future(asyncio.wait_for(delivery, 0.5))
        with pytest.raises(TimeoutError):
            await task
        await producer.flush()
        assert delivery.succeeded()


async def test_a_broker_down_for_a_while_costs_no_record_and_few_requests() -> None:
    async with cluster_and_producer(batch_size=1000) as (cluster, producer):
        await (await producer.send("t", b"warm up"))
        cluster.kill(0)
        deliveries = [await producer.send("t", b"x" * 300) for _ in range(50)]
        await asyncio.sleep(30)
        await cluster.control.revive(0)
        await producer.flush()
        assert all(d.succeeded() for d in deliveries)
        assert len(values(cluster)) == 51


def test_a_clean_life_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def life() -> None:
        async with cluster_and_producer() as (_, producer):
            await (await producer.send("t", b"x"))

    run(life())
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


async def test_a_sender_cancelled_from_outside_fails_the_producer_loudly() -> None:
    """Regression R41."""
    async with cluster_and_producer(linger_ms=60_000) as (_, producer):
        delivery = await producer.send("t", b"x")
        (sender,) = [t for t in asyncio.all_tasks() if t.get_name() == "kafka-sender"]
        sender.cancel()
        with pytest.raises(KafkaError, match="cancelled from outside"):
            await delivery
        with pytest.raises(KafkaError, match="background task failed"):
            await producer.send("t", b"y")
        with pytest.raises(KafkaError, match="background task failed"):
            await producer.flush()
