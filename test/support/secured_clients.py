"""Every kind of client, reduced to what tests of security ask of it: start, and fail or not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.aio import AsyncKafkaAdminClient, AsyncKafkaConsumer, AsyncKafkaProducer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Options = dict[str, Any]  # options of every type


class Client(NamedTuple):
    """A class of clients.

    Attributes:
        construct: makes one, which connects where that is what constructors do.
        use: makes one, has it connected, and closes it.
    """

    construct: Callable[[Options], object]
    use: Callable[[Options], None]


def _producer(options: Options) -> None:
    with KafkaProducer(**options) as producer:
        producer.partitions_for("t")


def _consumer(options: Options) -> None:
    with KafkaConsumer(**options) as consumer:
        consumer.topics()


def _async_producer(options: Options) -> None:
    async def use() -> None:
        async with AsyncKafkaProducer(**options) as producer:
            await producer.partitions_for("t")

    asyncio.run(use())


def _async_consumer(options: Options) -> None:
    async def use() -> None:
        async with AsyncKafkaConsumer(**options) as consumer:
            await consumer.topics()

    asyncio.run(use())


def _admin(options: Options) -> None:
    with KafkaAdminClient(**options) as admin:
        admin.list_topics()


def _async_admin(options: Options) -> None:
    async def use() -> None:
        async with AsyncKafkaAdminClient(**options) as admin:
            await admin.list_topics()

    asyncio.run(use())


CLIENTS: Final[Mapping[str, Client]] = {
    "producer": Client(lambda options: KafkaProducer(**options), _producer),
    "consumer": Client(lambda options: KafkaConsumer(**options), _consumer),
    "async-producer": Client(lambda options: AsyncKafkaProducer(**options), _async_producer),
    "async-consumer": Client(lambda options: AsyncKafkaConsumer(**options), _async_consumer),
    "admin": Client(lambda options: KafkaAdminClient(**options), _admin),
    "async-admin": Client(lambda options: AsyncKafkaAdminClient(**options), _async_admin),
}
