"""Stories of records that a producer delivers."""

from __future__ import annotations

import asyncio

import pytest

from kafka.protocol.messages.produce import ProduceRequest
from test.support.producer_story import cluster_and_producer, values
from test.support.stage import asked


async def test_a_delivery_says_where_the_record_is() -> None:
    async with cluster_and_producer() as (cluster, producer):
        await (await producer.send("t", b"first"))
        delivery = await producer.send(
            "t", b"value", b"key", [("h", b"x"), ("none", None)], 0, 1234
        )
        found = await delivery
        assert (found.topic, found.partition, found.offset, found.timestamp) == ("t", 0, 1, 1234)
        assert found.serialized_key_size == 3
        assert found.serialized_value_size == 5
        assert found.serialized_header_size == 6
        stored = cluster.records("t", 0)[1]
        assert (stored.key, stored.value, stored.timestamp) == (b"key", b"value", 1234)
        assert list(stored.headers) == [("h", b"x"), ("none", None)]


async def test_records_sent_together_travel_in_one_batch() -> None:
    async with cluster_and_producer(linger_ms=5) as (cluster, producer):
        deliveries = [await producer.send("t", b"%d" % n) for n in range(100)]
        assert [(await d).offset for d in deliveries] == list(range(100))
        assert len(cluster.control.state.existing("t", 0).log.batches) == 1


async def test_a_batch_lingers_no_longer_than_told() -> None:
    async with cluster_and_producer(linger_ms=3000) as (_, producer):
        loop = asyncio.get_running_loop()
        await (await producer.send("t", b"warm up"))
        began = loop.time()
        await (await producer.send("t", b"x"))
        assert loop.time() - began == pytest.approx(3.0, abs=0.01)


async def test_flush_does_not_wait_for_linger() -> None:
    async with cluster_and_producer(linger_ms=60_000) as (_, producer):
        loop = asyncio.get_running_loop()
        delivery = await producer.send("t", b"x")
        began = loop.time()
        await producer.flush()
        assert delivery.succeeded()
        assert loop.time() - began < 1


async def test_a_full_batch_goes_before_its_linger_is_over() -> None:
    async with cluster_and_producer(linger_ms=60_000, batch_size=1000) as (_, producer):
        deliveries = [await producer.send("t", b"x" * 100) for _ in range(20)]
        await deliveries[0]
        assert not deliveries[-1].is_done


@pytest.mark.parametrize("acks", [0, 1, "all"])
async def test_each_kind_of_acks_delivers(acks: object) -> None:
    async with cluster_and_producer(acks=acks) as (cluster, producer):
        found = await (await producer.send("t", b"x"))
        await producer.flush()
        assert found.offset == (-1 if acks == 0 else 0)
        await asyncio.sleep(1)
        assert values(cluster) == [b"x"]
        assert asked(cluster, ProduceRequest)[0].acks == (-1 if acks == "all" else acks)


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_each_codec_delivers(codec: str) -> None:
    async with cluster_and_producer(compression_type=codec) as (cluster, producer):
        sent = [b"%d" % n * 50 for n in range(200)]
        deliveries = [await producer.send("t", value) for value in sent]
        await producer.flush()
        assert all(d.succeeded() for d in deliveries)
        assert values(cluster) == sent


@pytest.mark.parametrize("in_flight", [1, 2, 5])
@pytest.mark.parametrize("acks", [0, 1, "all"])
async def test_a_healthy_cluster_stores_and_acknowledges_in_the_order_of_the_calls(
    acks: object, in_flight: int
) -> None:
    async with cluster_and_producer(
        acks=acks,
        batch_size=1,
        max_in_flight_requests_per_connection=in_flight,
        config={"auto.create.topics.enable": "true"},
    ) as (cluster, producer):
        acknowledged: list[int] = []
        deliveries = []
        for number in range(300):
            delivery = await producer.send("t", b"%d" % number, partition=0)
            delivery.add_callback(lambda _, number=number: acknowledged.append(number))
            deliveries.append(delivery)
            if number % 7 == 0:
                # Other requests take the places on the connection, so that some have to wait.
                asyncio.get_running_loop().create_task(producer.partitions_for(f"other-{number}"))
            if number % 3 == 0:
                await asyncio.sleep(0)
        await producer.flush()
        for delivery in deliveries:
            await delivery
        assert values(cluster) == [b"%d" % number for number in range(300)]
        assert acknowledged == list(range(300))


async def test_answers_complete_in_the_order_of_requests_whether_those_waited_or_not() -> None:
    async with cluster_and_producer() as (_, producer):
        acknowledged = []
        for number in range(3):
            delivery = await producer.send("t", b"waits for the connection", partition=0)
            delivery.add_callback(lambda _, number=number: acknowledged.append(number))
            await asyncio.sleep(0)
        await delivery
        for number in range(3, 6):
            delivery = await producer.send("t", b"written at once", partition=0)
            delivery.add_callback(lambda _, number=number: acknowledged.append(number))
            await asyncio.sleep(0)
        await producer.flush()
        assert acknowledged == list(range(6))


async def test_a_send_in_a_task_of_the_loop_does_not_wake_the_loop_as_another_thread_would() -> (
    None
):
    async with cluster_and_producer() as (_, producer):
        await (await producer.send("t", b"warm up"))
        loop = asyncio.get_running_loop()
        found = []
        threadsafe, loop.call_soon_threadsafe = loop.call_soon_threadsafe, found.append  # type: ignore[method-assign,assignment]
        try:
            delivery = await producer.send("t", b"x")
            await delivery
        finally:
            loop.call_soon_threadsafe = threadsafe  # type: ignore[method-assign]
        assert delivery.succeeded()
        assert not found


async def test_a_send_outside_of_any_task_wakes_the_loop() -> None:
    """As a signal handler does that interrupts the loop while it sleeps."""

    async with cluster_and_producer() as (_, producer):
        await (await producer.send("t", b"warm up"))
        loop = asyncio.get_running_loop()
        woken = []
        threadsafe = loop.call_soon_threadsafe

        def count(call, *args, **kwargs):
            woken.append(call)
            return threadsafe(call, *args, **kwargs)

        def send() -> None:
            with pytest.raises(StopIteration) as done:
                producer.send("t", b"x").send(None)
            sent.set_result(done.value.value)

        sent: asyncio.Future[object] = loop.create_future()
        loop.call_soon_threadsafe = count  # type: ignore[method-assign]
        try:
            loop.call_soon(send)
            found = await (await sent)
        finally:
            loop.call_soon_threadsafe = threadsafe  # type: ignore[method-assign]
        assert found.offset == 1
        assert woken
