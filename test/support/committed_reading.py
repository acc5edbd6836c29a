"""What a consumer sees of committed records, for stories of writers with names and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.consumer.async_consumer import AsyncKafkaConsumer
from kafka.structs import TopicPartition
from test.simulation.producers.oracle import Stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def stored(offset: int, value: bytes | None) -> Stored:
    """Return a record whose value is ``<writer>:<number>:<anything>``."""
    assert value is not None
    writer, number, _ = value.decode().split(":", 2)
    return Stored(offset, writer, int(number))


async def read_committed(
    servers: Sequence[str], topic: str, partitions: Iterable[int]
) -> dict[int, list[Stored]]:
    """Return the committed records of each partition, up to its end."""
    wanted = [TopicPartition(topic, number) for number in partitions]
    seen: dict[int, list[Stored]] = {tp.partition: [] for tp in wanted}
    async with AsyncKafkaConsumer(
        bootstrap_servers=servers,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    ) as consumer:
        consumer.assign(wanted)
        ends = await consumer.end_offsets(wanted)
        while any([await consumer.position(tp) < ends[tp] for tp in wanted]):
            for tp, records in (await consumer.poll(1000)).items():
                seen[tp.partition] += [stored(record.offset, record.value) for record in records]
    return seen
