"""Consumers in groups, and listeners that note what they are told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Self

import pytest

from kafka.consumer.async_consumer import AsyncKafkaConsumer
from kafka.structs import TopicPartition
from kafka.subscription import AsyncConsumerRebalanceListener, ConsumerRebalanceListener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kafka.structs import ConsumerRecord
    from kafka.testing import EmbeddedCluster

ALL: Final = frozenset(TopicPartition("t", number) for number in range(4))
"""All partitions of the topic of most stories."""

both_protocols = pytest.mark.parametrize("protocol", ["classic", "consumer"])


# Any: options of every type.
def member(cluster: EmbeddedCluster, protocol: str, **options: Any) -> AsyncKafkaConsumer:
    """Return a consumer in group "g" that reads from the beginning, not started."""
    options = {"group_id": "g", "auto_offset_reset": "earliest", **options}
    return AsyncKafkaConsumer(
        bootstrap_servers=cluster.bootstrap_servers, group_protocol=protocol, **options
    )


def with_records(cluster: EmbeddedCluster, count: int = 5) -> None:
    """Create the partitions of `ALL`, with *count* records each."""
    cluster.create_topic("t", len(ALL))
    add_records(cluster, count)


def add_records(cluster: EmbeddedCluster, count: int = 5) -> None:
    """Write *count* more records to each of `ALL`."""
    for tp in ALL:
        cluster.append("t", *[b"%d" % n for n in range(count)], partition=tp.partition)


def numbers(partitions: Iterable[TopicPartition]) -> list[int]:
    """Return the numbers of partitions of one topic, in order."""
    return sorted(tp.partition for tp in partitions)


class Noting(ConsumerRebalanceListener):
    """Notes its calls: ``assigned 0 1``; and does what the test wants in them."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.on_call: Callable[[str], object] = lambda _: None

    def _note(self, what: str, partitions: set[TopicPartition]) -> None:
        self.heard.append(" ".join([what, *map(str, numbers(partitions))]))
        self.on_call(what)

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self._note("revoked", revoked)

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._note("assigned", assigned)

    def on_partitions_lost(self, lost: set[TopicPartition]) -> None:
        self._note("lost", lost)


class AsyncNoting(AsyncConsumerRebalanceListener):
    """The same with coroutines; `on_call` may return something to await."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.on_call: Callable[[str], Any] = lambda _: None  # Any: awaited if it can be

    async def _note(self, what: str, partitions: set[TopicPartition]) -> None:
        self.heard.append(" ".join([what, *map(str, numbers(partitions))]))
        result = self.on_call(what)
        if result is not None:
            await result

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._note("revoked", revoked)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await self._note("assigned", assigned)

    async def on_partitions_lost(self, lost: set[TopicPartition]) -> None:
        await self._note("lost", lost)


class Polling:
    """Polls a consumer in a task of its own until the test has enough."""

    def __init__(self, consumer: AsyncKafkaConsumer) -> None:
        self.consumer = consumer
        self._task: asyncio.Task[None] | None = None

    async def _run(self) -> None:
        while True:
            await self.consumer.poll(500)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait({self._task})


async def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Return as soon as *condition* holds; fail if it does not within so many *seconds*."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - nobody could set an event for any condition
            await asyncio.sleep(0.01)


async def poll_until(
    consumer: AsyncKafkaConsumer, condition: Callable[[], object], seconds: float = 60.0
) -> list[ConsumerRecord]:
    """Poll *consumer* until *condition* holds; return the records that came."""
    found: list[ConsumerRecord] = []
    async with asyncio.timeout(seconds):
        while not condition():
            for records in (await consumer.poll(100)).values():
                found += records
    return found
