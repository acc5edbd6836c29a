"""Stories of where records go, and of partitions that cannot be written to for a while."""

from __future__ import annotations

import asyncio

import pytest

from kafka.errors import NotEnoughReplicasError
from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker.faults import Delay
from test.support.producer_story import cluster_and_producer, values

A_LONG_BACK_OFF = {"retry_backoff_ms": 5000, "retry_backoff_max_ms": 5000}


async def _send_for(seconds: int, producer: AsyncKafkaProducer) -> None:
    """Send ten records without a key in each second."""
    for _ in range(10 * seconds):
        await producer.send("t", b"x")
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("trouble", ["frozen", "cut off", "slow"])
async def test_records_without_a_key_avoid_a_broker_that_takes_no_batches(trouble: str) -> None:
    async with cluster_and_producer(
        nodes=2,
        partitions=2,
        partitioner_adaptive_partitioning_enable=False,
        partitioner_availability_timeout_ms=2000,
        batch_size=100,
    ) as (cluster, producer):
        cluster.move_leader("t", 0, 0)
        cluster.move_leader("t", 1, 1)
        await asyncio.gather(*[await producer.send("t", b"warm up", partition=n) for n in (0, 1)])
        if trouble == "frozen":
            cluster.freeze(0)
        elif trouble == "cut off":
            cluster.cut_off(0)
        else:
            cluster.inject(ProduceRequest, Delay(40.0), node_id=0, times=None)
        await _send_for(20, producer)
        before = len(values(cluster, 1))
        await _send_for(5, producer)
        assert len(values(cluster, 1)) - before >= 49
        await producer.close(0)


async def test_a_broker_that_takes_batches_again_gets_records_without_a_key_again() -> None:
    async with cluster_and_producer(
        nodes=2, partitions=2, partitioner_availability_timeout_ms=2000, batch_size=100
    ) as (cluster, producer):
        cluster.move_leader("t", 0, 0)
        cluster.move_leader("t", 1, 1)
        await asyncio.gather(*[await producer.send("t", b"warm up", partition=n) for n in (0, 1)])
        cluster.freeze(0)
        await _send_for(20, producer)
        cluster.thaw(0)
        await _send_for(5, producer)
        before = len(values(cluster, 0))
        # Chance chooses for a batch, of four records: about 100 times, so that it cannot go wrong.
        await _send_for(40, producer)
        assert len(values(cluster, 0)) - before >= 40


async def test_without_the_time_out_records_without_a_key_go_on_to_every_broker() -> None:
    async with cluster_and_producer(
        nodes=2,
        partitions=2,
        partitioner_adaptive_partitioning_enable=False,
        batch_size=100,
    ) as (cluster, producer):
        cluster.move_leader("t", 0, 0)
        cluster.move_leader("t", 1, 1)
        await asyncio.gather(*[await producer.send("t", b"warm up", partition=n) for n in (0, 1)])
        cluster.freeze(0)
        # As above; less than a request may take.
        await _send_for(25, producer)
        cluster.thaw(0)
        await producer.flush()
        assert len(values(cluster, 0)) >= 50


@pytest.mark.parametrize("lock", ["", "plain"])
async def test_keys_do_not_choose_the_partition_if_they_are_to_be_ignored(
    lock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_PRODUCER_LOCK", lock)
    async with cluster_and_producer(
        partitions=4, partitioner_ignore_keys=True, batch_size=500, linger_ms=10
    ) as (cluster, producer):
        for _ in range(100):
            await producer.send("t", b"v" * 50, b"one key")
            await producer.send("t", b"v" * 50, b"one key", headers=[("h", b"x")])
        await (await producer.send_many("t", [b"v" * 50] * 200, [b"one key"] * 200))
        await producer.send("t", b"here", b"one key", partition=3)
        await producer.flush()
        counts = [len(values(cluster, partition)) for partition in range(4)]
        assert sum(counts) == 401
        assert min(counts) > 0
        assert values(cluster, 3)[-1] == b"here"


async def test_a_partition_in_its_back_off_keeps_no_other_one_waiting() -> None:
    async with cluster_and_producer(partitions=2, **A_LONG_BACK_OFF) as (cluster, producer):
        cluster.fail(ProduceRequest, NotEnoughReplicasError, topic="t", partition=0)
        slow = await producer.send("t", b"a", partition=0)
        loop = asyncio.get_running_loop()
        began = loop.time()
        while loop.time() < began + 3:
            await (await producer.send("t", b"b", partition=1))
            await asyncio.sleep(0.5)
        assert not slow.is_done
        assert len(values(cluster, 1)) == 6
        await slow
        assert loop.time() - began >= 4


async def test_a_new_leader_that_the_metadata_names_is_sent_to_without_back_off() -> None:
    """Brokers older than 3.7 do not name the new leader in their answer."""
    async with cluster_and_producer(
        nodes=2, api_versions={ProduceRequest: (0, 9)}, **A_LONG_BACK_OFF
    ) as (cluster, producer):
        await (await producer.send("t", b"1"))
        await asyncio.sleep(10)  # metadata may be asked for at once
        cluster.move_leader("t", 0, 1)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await (await producer.send("t", b"2"))
        assert loop.time() - began < 1
        assert values(cluster) == [b"1", b"2"]
