"""The order of a partition's records when brokers freeze and leaders move.

Without producer ids a broker may store an old copy of a record after a retry of it was stored
elsewhere, so the log is judged by the first copy of each record. What the sender decides is judged
by the first write of each record to any broker.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import defaultdict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from kafka.errors import NotEnoughReplicasError, UnknownTopicOrPartitionError
from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker.faults import Fail, Throttle
from test.support.producer_story import cluster_and_producer, values
from test.support.stage import asked, cluster_of
from test.support.virtual_loop import VirtualLoop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kafka.testing import EmbeddedCluster

PARTITIONS = 3
RECORDS = 150


@asynccontextmanager
async def two_brokers(
    **options: Any,  # Any: options of every type
) -> AsyncIterator[tuple[EmbeddedCluster, AsyncKafkaProducer]]:
    """Two brokers and a producer connected to broker 1; broker 0 leads partition 0 of "t"."""
    async with cluster_of(2, config={"default.replication.factor": "2"}) as cluster:
        cluster.create_topic("t")
        cluster.create_topic("other")
        cluster.move_leader("t", 0, 0)
        cluster.move_leader("other", 0, 1)
        async with AsyncKafkaProducer(
            bootstrap_servers=cluster.bootstrap_servers[1], metadata_max_age_ms=500, **options
        ) as producer:
            await producer.partitions_for("t")
            # Broker 1 is connected, so that metadata is asked of it.
            await (await producer.send("other", b"warm up"))
            yield cluster, producer


@pytest.mark.parametrize("acks", [0, 1, "all"])
@pytest.mark.parametrize("unready", ["freeze", "cut_off"])
async def test_a_batch_that_waits_for_its_node_is_not_overtaken_when_the_leader_moves(
    acks: object, unready: str
) -> None:
    async with two_brokers(acks=acks) as (cluster, producer):
        loop = asyncio.get_running_loop()
        getattr(cluster.control, unready)(0)
        cluster.disconnect(0)
        await asyncio.sleep(0.1)
        first = await producer.send("t", b"A")
        await asyncio.sleep(1)
        cluster.move_leader("t", 0, 1)
        await asyncio.sleep(1)
        second = await producer.send("t", b"B")
        began = loop.time()
        await first
        await second
        assert loop.time() - began < 1
        await asyncio.sleep(1)
        assert values(cluster) == [b"A", b"B"]


async def test_a_batch_that_waits_for_the_end_of_throttling_is_not_overtaken() -> None:
    async with two_brokers() as (cluster, producer):
        cluster.inject(ProduceRequest, Throttle(20_000), node_id=0)
        await (await producer.send("t", b"throttled"))
        await producer.send("t", b"A")
        await asyncio.sleep(1)
        cluster.move_leader("t", 0, 1)
        await asyncio.sleep(1)
        await (await producer.send("t", b"B"))
        assert values(cluster) == [b"throttled", b"A", b"B"]


async def test_a_topic_that_is_missing_in_one_metadata_answer_keeps_its_batches_in_one_queue() -> (
    None
):
    """With two queues of one partition, one request would carry it twice: brokers store one."""
    async with cluster_and_producer(linger_ms=3000, metadata_max_age_ms=500) as (cluster, producer):
        first = await producer.send("t", b"A")
        cluster.inject(MetadataRequest, Fail(UnknownTopicOrPartitionError))
        await asyncio.sleep(1.5)
        second = await producer.send("t", b"B")
        await first
        await second
        partitions = [
            (topic.topic_id, data.index)
            for request in asked(cluster, ProduceRequest)
            for topic in request.topic_data
            for data in topic.partition_data
        ]
        assert len(partitions) == 1
        assert values(cluster) == [b"A", b"B"]


async def test_a_batch_in_its_back_off_is_not_overtaken_when_its_topic_is_missing_once() -> None:
    async with cluster_and_producer(
        metadata_max_age_ms=200,
        max_in_flight_requests_per_connection=1,
        retry_backoff_max_ms=5000,
    ) as (cluster, producer):
        await producer.partitions_for("t")
        cluster.inject(ProduceRequest, Fail(NotEnoughReplicasError), times=6)
        first = await producer.send("t", b"A")
        await cluster.until(lambda c: c.count(ProduceRequest) == 6)
        cluster.inject(MetadataRequest, Fail(UnknownTopicOrPartitionError))
        before = cluster.count(MetadataRequest)
        await cluster.until(lambda c: c.count(MetadataRequest) > before)
        await asyncio.sleep(0.1)
        second = await producer.send("t", b"B")
        await second
        await first
        assert values(cluster) == [b"A", b"B"]


class Wiretap:
    """Notes when each record was written for the first time, whichever broker it went to."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.network.tap = self._note
        self.first_writes: dict[bytes, int] = {}

    def _note(self, _: object, piece: bytes) -> None:
        for value in re.findall(rb"<\d+-\d+>", piece):
            self.first_writes.setdefault(value, len(self.first_writes))


async def trouble(cluster: EmbeddedCluster, rng: random.Random, stop: asyncio.Event) -> None:
    """Freeze and thaw brokers, cut connections, and move leaders, until *stop* is set."""
    frozen: set[int] = set()
    while not stop.is_set():
        await asyncio.sleep(rng.uniform(0.05, 1.5))
        node = rng.randrange(3)
        what = rng.choice(["freeze", "thaw", "move", "move", "disconnect"])
        if what == "freeze" and len(frozen) < 2:
            frozen.add(node)
            cluster.freeze(node)
        elif what == "thaw":
            frozen.discard(node)
            cluster.thaw(node)
        elif what == "move":
            cluster.move_leader("t", rng.randrange(PARTITIONS), node)
        elif what == "disconnect":
            cluster.disconnect(node)
    for node in frozen:
        cluster.thaw(node)


class Run(NamedTuple):
    """What was sent and what became of it, by partition."""

    sent: dict[int, list[bytes]]
    logs: dict[int, list[bytes | None]]
    first_copies: dict[int, list[bytes | None]]
    first_writes: dict[bytes, int]


async def send_in_trouble(seed: int, **options: Any) -> Run:
    """Send records while brokers have trouble; all of them are delivered in the end."""
    rng = random.Random(seed)
    sent: dict[int, list[bytes]] = defaultdict(list)
    stop = asyncio.Event()
    async with cluster_of(3, config={"default.replication.factor": "3"}) as cluster:
        cluster.create_topic("t", PARTITIONS)
        tap = Wiretap()
        async with AsyncKafkaProducer(
            bootstrap_servers=cluster.bootstrap_servers,
            metadata_max_age_ms=500,
            request_timeout_ms=2000,
            delivery_timeout_ms=1_000_000,
            **options,
        ) as producer:
            await producer.partitions_for("t")
            brokers = asyncio.create_task(trouble(cluster, rng, stop))
            deliveries = []
            for number in range(RECORDS):
                partition = rng.randrange(PARTITIONS)
                value = b"<%d-%d>" % (partition, number)
                sent[partition].append(value)
                deliveries.append(await producer.send("t", value, partition=partition))
                await asyncio.sleep(rng.uniform(0, 0.3))
            stop.set()
            await brokers
            for delivery in deliveries:
                await delivery
        logs = {partition: values(cluster, partition) for partition in sent}
        first_copies = {partition: list(dict.fromkeys(log)) for partition, log in logs.items()}
        return Run(sent, logs, first_copies, tap.first_writes)


@pytest.mark.parametrize("in_flight", [1, 5])
@pytest.mark.parametrize("seed", range(20))
async def test_an_idempotent_producer_writes_each_record_once_and_in_order(
    seed: int, in_flight: int
) -> None:
    """Regression R36."""
    found = await send_in_trouble(seed, max_in_flight_requests_per_connection=in_flight)
    assert found.logs == found.sent


@pytest.mark.parametrize("seed", range(20))
async def test_with_one_request_in_flight_the_log_keeps_the_order_of_a_partition(
    seed: int,
) -> None:
    found = await send_in_trouble(seed, acks=1, max_in_flight_requests_per_connection=1)
    assert found.first_copies == found.sent


@pytest.mark.parametrize("seed", range(20))
async def test_with_five_requests_in_flight_no_record_is_written_before_an_earlier_one(
    seed: int,
) -> None:
    """A record behind a later one in the log was written before it, and had no answer yet."""
    found = await send_in_trouble(seed, acks=1, max_in_flight_requests_per_connection=5)
    for partition, sent in found.sent.items():
        assert sorted(sent, key=found.first_writes.__getitem__) == sent
        assert set(found.first_copies[partition]) == set(sent)
