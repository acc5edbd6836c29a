"""What a consumer does costs what has changed, not the number of partitions assigned."""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import kafka
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.testing.broker.faults import Answer
from test.broker.consumer_support import T0, consumer, read
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from collections.abc import Iterator
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

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, frame: FrameType, event: str, _: object) -> Lines | None:
        if event == "call":
            return self if frame.f_code.co_filename.startswith(PARTS) else None
        self.count += event == "line"
        return self


@contextmanager
def counted() -> Iterator[Lines]:
    lines, before = Lines(), sys.gettrace()
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


WORK = (an_answer, a_seek, a_reset, a_pause, a_leader_named_by_an_error)


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
    assert min(few.values()) > 100
