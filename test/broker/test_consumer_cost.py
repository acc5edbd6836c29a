"""What a consumer does costs what has changed, not the number of partitions assigned."""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import kafka
from kafka import KafkaConsumer
from kafka._base.loop_thread import EventLoopThread
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.structs import TopicPartition
from kafka.testing.broker.faults import Answer
from test.broker.consumer_support import T0, consumer, read
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from kafka.consumer.async_consumer import AsyncKafkaConsumer
    from kafka.testing import EmbeddedCluster

PACKAGE = str(Path(kafka.__file__).parent)
PARTS = tuple(
    f"{PACKAGE}/{part}" for part in ("cluster", "consumer", "coordinator", "subscription")
)
FEW, MANY = 4, 4000


class Lines:
    """Count the lines of the consumer's own code that are run: a walk over 4,000 shows."""

    def __init__(self, *parts: str) -> None:
        self.count = 0
        self._parts = parts

    def __call__(self, frame: FrameType, event: str, _: object) -> Lines | None:
        if event == "call":
            return self if frame.f_code.co_filename.startswith(self._parts) else None
        self.count += event == "line"
        return self


@contextmanager
def counted(*parts: str) -> Iterator[Lines]:
    lines, before = Lines(*(parts or PARTS)), sys.gettrace()
    sys.settrace(lines)
    try:
        yield lines
    finally:
        sys.settrace(before)


async def an_answer(cluster: EmbeddedCluster, reader: AsyncKafkaConsumer) -> None:
    cluster.append("t", b"x")
    await read(reader, 1)


async def a_seek(_: EmbeddedCluster, reader: AsyncKafkaConsumer) -> None:
    reader.seek(T0, 0)
    await read(reader, 1)


async def a_reset(_: EmbeddedCluster, reader: AsyncKafkaConsumer) -> None:
    reader.seek_to_beginning(T0)
    await reader.position(T0)
    await read(reader, 1)


async def a_pause(cluster: EmbeddedCluster, reader: AsyncKafkaConsumer) -> None:
    reader.pause(T0)
    cluster.append("t", b"x")
    await asyncio.sleep(1)
    reader.resume(T0)
    await read(reader, 1)


async def a_leader_named_by_an_error(cluster: EmbeddedCluster, reader: AsyncKafkaConsumer) -> None:
    # Metadata that names it would be looked through, once for all partitions.
    cluster.inject(MetadataRequest, Answer(MetadataResponse()), times=None)
    cluster.move_leader("t", 0, 1)
    cluster.append("t", b"x")
    await read(reader, 1)


async def a_seek_alone(_: EmbeddedCluster, reader: AsyncKafkaConsumer) -> None:
    reader.seek(T0, 0)


async def a_pause_alone(_: EmbeddedCluster, reader: AsyncKafkaConsumer) -> None:
    reader.pause(T0)


async def a_resume_alone(_: EmbeddedCluster, reader: AsyncKafkaConsumer) -> None:
    reader.resume(T0)


# The error comes last: the metadata that it needs stays broken.
WORK = (
    an_answer,
    a_seek,
    a_reset,
    a_pause,
    a_seek_alone,
    a_pause_alone,
    a_resume_alone,
    a_leader_named_by_an_error,
)


async def lines_for(partitions: int) -> dict[str, int]:
    """Return the lines that each kind of work takes with so many partitions assigned."""
    async with cluster_of(2) as cluster:
        cluster.create_topic("t", partitions=partitions)
        cluster.move_leader("t", 0, 0)
        cluster.append("t", b"a")
        async with consumer(cluster, "t") as reader:
            await read(reader, 1)
            # Now all positions are known, and the broker has been told of all partitions.
            await asyncio.sleep(2)
            found = {}
            for work in WORK:
                with counted() as lines:
                    await work(cluster, reader)
                found[work.__name__] = lines.count
            return found


async def test_work_does_not_grow_with_the_partitions_assigned() -> None:
    few, many = await lines_for(FEW), await lines_for(MANY)
    grown = {name: (few[name], many[name]) for name in few if many[name] > few[name] + 100}
    assert grown == {}
    assert min(few.values()) > 10


@pytest.mark.parametrize(
    "look",
    [
        lambda reader: reader.health(),
        lambda reader: reader.metrics(),
        lambda reader: reader.assignment(),
    ],
    ids=["health", "metrics", "assignment"],
)
async def test_looking_at_all_partitions_costs_each_of_them_the_same(
    look: Callable[[AsyncKafkaConsumer], object],
) -> None:
    costs = []
    for partitions in (100, MANY):
        async with cluster_of() as cluster:
            cluster.create_topic("t", partitions=partitions)
            for number in range(partitions):
                cluster.append("t", b"a", partition=number)
            async with consumer(cluster, "t") as reader:
                await read(reader, partitions)
                with counted(PACKAGE) as lines:
                    look(reader)
        costs.append(lines.count / partitions)
    assert costs[1] <= costs[0] * 1.5


async def test_metadata_costs_each_partition_of_the_cluster_the_same() -> None:
    costs = []
    for partitions in (1000, 10_000):
        async with cluster_of() as cluster:
            cluster.create_topic("t", partitions=partitions)
            async with consumer(cluster) as reader:
                reader.assign([T0])
                await reader.position(T0)
                with counted() as lines:
                    await reader.bootstrap(refresh=True)
        costs.append(lines.count / partitions)
    assert costs[1] <= costs[0] * 1.5


@contextmanager
def blocking_reader(partitions: int) -> Iterator[KafkaConsumer]:
    with cluster_of() as cluster:
        cluster.create_topic("t", partitions=partitions)
        cluster.append("t", *[b"v"] * 100)
        with KafkaConsumer(bootstrap_servers=cluster.bootstrap_servers) as reader:
            reader.assign([TopicPartition("t", number) for number in range(partitions)])
            reader.poll(1)
            yield reader


BLOCKING = {
    "seek": lambda reader, tp: reader.seek(tp, tp.partition),
    "pause": lambda reader, tp: reader.pause(tp),
    "resume": lambda reader, tp: reader.resume(tp),
}


def lines_of_blocking_calls(partitions: int) -> dict[str, float]:
    """Return the lines that each kind of call takes on the calling thread."""
    found = {}
    with blocking_reader(partitions) as reader:
        for name, call in BLOCKING.items():
            with counted(PACKAGE) as lines:
                for number in range(100):
                    call(reader, TopicPartition("t", number))
            found[name] = lines.count / 100
    return found


def test_blocking_call_costs_little_and_the_same_with_many_partitions() -> None:
    few, many = lines_of_blocking_calls(100), lines_of_blocking_calls(MANY)
    assert [name for name in few if many[name] > few[name] * 1.5] == []
    assert max(few.values()) < 80


class Crossings:
    """Count the calls of this thread that wait for the loop."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        self.count += event == "call" and frame.f_code is EventLoopThread.call.__code__


@pytest.mark.parametrize("name", BLOCKING)
def test_blocking_call_does_not_wait_for_the_loop(name: str) -> None:
    crossings, before = Crossings(), sys.getprofile()
    with blocking_reader(1) as reader:
        sys.setprofile(crossings)
        try:
            BLOCKING[name](reader, T0)
            of_the_call = crossings.count
            reader.position(T0)
        finally:
            sys.setprofile(before)
    assert (of_the_call, crossings.count) == (0, 1)
